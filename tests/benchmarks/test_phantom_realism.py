"""The figures of the realism benchmark, where their value is known in closed form."""

import numpy as np
import pytest

from gliokit.core.vocabulary import Label, MRSequence


@pytest.fixture
def figures(load):
    return load("realism_figures")


@pytest.fixture
def spectrum(load):
    return load("realism_spectrum")


@pytest.fixture
def realism(load):
    return load("phantom_realism")


def box(shape, *sides):
    mask = np.zeros(shape, dtype=bool)
    mask[sides] = True
    return mask


@pytest.mark.parametrize("radius", [5, 10, 18])
def test_a_ball_has_sphericity_one(figures, radius):
    points = np.moveaxis(np.indices((41, 41, 41)), 0, -1) - 20
    ball = np.linalg.norm(points, axis=-1) <= radius
    assert figures.sphericity(ball) == pytest.approx(1, abs=0.02)


def test_a_long_ellipsoid_has_the_sphericity_of_its_surface(figures):
    points = np.moveaxis(np.indices((81, 41, 41)), 0, -1) - [40, 20, 20]
    ellipsoid = np.linalg.norm(points / [36, 12, 12], axis=-1) <= 1
    eccentricity = np.sqrt(1 - (12 / 36) ** 2)
    surface = 2 * np.pi * 12**2 * (1 + 36 / 12 / eccentricity * np.arcsin(eccentricity))
    assert figures.surface_mm2(ellipsoid) == pytest.approx(surface, rel=0.02)


def test_a_region_of_few_voxels_has_no_sphericity(figures):
    assert np.isnan(figures.sphericity(box((9, 9, 9), slice(2, 4), slice(2, 4), slice(2, 4))))


def test_a_step_has_its_height_as_edge(figures):
    inside = box((12, 8, 8), slice(0, 6))
    scores = np.where(inside, 2.5, 1.0).astype(np.float32)
    assert figures.edge(scores, inside, ~inside) == pytest.approx(1.5)


def test_a_ramp_has_its_slope_as_edge(figures):
    inside = box((12, 8, 8), slice(0, 6))
    ramp = np.broadcast_to(0.25 * np.arange(12)[:, None, None], (12, 8, 8)).astype(np.float32)
    assert figures.edge(ramp, inside, ~inside) == pytest.approx(0.25)


def test_contrast_is_signed_and_leaves_the_border_out(figures):
    inside = box((20, 16, 16), slice(0, 10))
    scores = np.where(inside, 3.0, 1.0).astype(np.float32)
    scores[9:11] = 100
    sides = figures.side_masks(inside, ~inside)
    assert figures.contrast(scores, sides) == pytest.approx(2.0)


def test_white_noise_has_a_flat_spectrum_of_its_variance(figures, spectrum):
    rng = np.random.default_rng(0)
    mask = box((64, 64, 64), slice(4, 60), slice(4, 60), slice(4, 60))
    noise = np.where(mask, 2 * rng.standard_normal(mask.shape), 0).astype(np.float32)
    frequency, power = spectrum.radial_spectrum(spectrum.autocovariance(noise, mask))
    for band in figures.BANDS:
        assert spectrum.band_mean(frequency, power, band) == pytest.approx(np.log10(4), abs=0.05)


def test_a_wave_has_its_power_in_its_own_band(spectrum):
    x = np.arange(72)[:, None, None]
    mask = np.ones((72, 40, 40), dtype=bool)
    wave = np.broadcast_to(np.cos(2 * np.pi * 0.25 * x), mask.shape).astype(np.float32)
    frequency, power = spectrum.radial_spectrum(spectrum.autocovariance(wave, mask))
    assert abs(frequency[power.argmax()] - 0.25) < 0.03


def test_the_shape_of_the_mask_does_not_color_white_noise(spectrum):
    rng = np.random.default_rng(1)
    mask = rng.random((64, 64, 64)) < 0.4
    noise = np.where(mask, rng.standard_normal(mask.shape), 0).astype(np.float32)
    frequency, power = spectrum.radial_spectrum(spectrum.autocovariance(noise, mask))
    assert spectrum.spectral_slope(frequency, power) == pytest.approx(0, abs=0.05)


def test_coil_bias_of_second_order_is_taken_out(spectrum):
    x, y, z = np.indices((20, 24, 16)) / 10
    mask = np.ones(x.shape, dtype=bool)
    mask[:5, :5] = False
    bias = (1 + x - 0.5 * y * z + x**2).astype(np.float32)
    assert np.abs(spectrum.detrended(bias, mask)).max() < 1e-4


def test_a_core_is_in_the_lobe_that_the_stretched_atlas_shows(figures):
    atlas = np.full((11, 11, 11), 30, dtype=np.uint8)  # frontal
    atlas[:, :5] = 73  # occipital, behind
    labels = np.zeros((21, 21, 15), dtype=np.uint8)
    labels[8:12, 2:8, 10:12] = Label.ENHANCING
    labels[8:12, 8:20, 10:12] = Label.EDEMA
    scores = dict.fromkeys(MRSequence, np.zeros(labels.shape, dtype=np.float32))
    case = figures.Case(scores, labels, np.ones(labels.shape, dtype=bool))
    assert figures.lobe_of(case, atlas) == "occipital"


def test_distance_is_between_medians_in_quartile_spreads(realism):
    real, simulated = np.arange(1.0, 10.0), np.arange(1.0, 10.0) + 8
    row = realism.compare("x", real, simulated)
    assert row.distance == pytest.approx(2.0)  # both spreads are 4
    assert row.outside == pytest.approx(8 / 9)
    assert row.uncovered == pytest.approx(8 / 9)


def test_what_a_study_lacks_is_left_out(realism):
    row = realism.compare("x", np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0, np.nan]))
    assert row.real[1] == 2
    assert row.simulated[1] == 2


def test_only_what_stands_between_the_marks_is_replaced(realism, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{realism.START}\nold\n{realism.END}\nafter\n")
    realism.write_table(page, "new")
    assert page.read_text() == f"before\n{realism.START}\n\nnew\n\n{realism.END}\nafter\n"
