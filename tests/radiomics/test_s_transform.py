"""S-transform: inverse, energy, bands of known waves, turns and flips, bad input."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.radiomics.s_transform import (
    DEFINITIONS,
    bands,
    describe_s_transform,
    inverse_s_transform,
    radial_spectrum,
    s_transform,
)

SIDE = 64
WHOLE = np.ones((SIDE, SIDE), dtype=bool)


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).standard_normal((SIDE, SIDE))


@pytest.fixture(scope="module")
def volume():
    return np.random.default_rng(1).normal(100, 20, (80, 72, 6))


def region(shape, sides=(30, 22)):
    mask = np.zeros(shape, dtype=bool)
    corner = [(n - side) // 2 + 3 for n, side in zip(shape, sides, strict=False)]
    mask[corner[0] : corner[0] + sides[0], corner[1] : corner[1] + sides[1], 2] = True
    mask[corner[0] : corner[0] + 5, corner[1] : corner[1] + 9, 2] = False
    return mask


def wave(row, column):
    rows, columns = np.indices((SIDE, SIDE))
    return np.cos(2 * np.pi * (row * rows + column * columns) / SIDE + 0.7)


@pytest.mark.parametrize("side", [4, 8, 64])
def test_bands_hold_each_frequency_once(side):
    found = np.concatenate([band.frequencies for band in bands(side)]) % side
    assert np.array_equal(np.sort(found), np.arange(side))


def test_inverse_gives_the_image_back(noise):
    np.testing.assert_allclose(inverse_s_transform(s_transform(noise)), noise, atol=1e-12)


def test_energy_is_preserved(noise):
    energy = (np.abs(s_transform(noise)) ** 2).sum()
    assert energy == pytest.approx((noise**2).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("row", "column", "order"),
    [(1, 0, 1), (0, 3, 2), (5, 0, 3), (0, 12, 4), (6, 1, 3), (20, 3, 5), (32, 0, 6), (24, 24, 6)],
)
def test_plane_wave_stands_in_the_order_of_its_frequency(row, column, order):
    spectrum = radial_spectrum(s_transform(wave(row, column)), WHOLE)
    assert spectrum.argmax() == order
    assert spectrum[order] > 50 * np.delete(spectrum, order).max()


def test_chirp_stands_in_higher_orders_where_it_is_faster():
    along = np.arange(SIDE)
    chirp = np.cos(2 * np.pi * (2 * along + 26 * along**2 / (2 * SIDE)) / SIDE)
    coefficients = s_transform(np.tile(chirp, (SIDE, 1)))
    slow, fast = np.zeros_like(WHOLE), np.zeros_like(WHOLE)
    slow[:, :8] = True  # 2 to 5 cycles
    fast[:, -16:-4] = True  # 21 to 27 cycles
    # tiles of orders below 3 are half the image or more: they see all of it
    assert 3 + radial_spectrum(coefficients, slow)[3:].argmax() == 3
    assert 3 + radial_spectrum(coefficients, fast)[3:].argmax() == 5


def test_point_stands_in_its_tile():
    image = np.zeros((SIDE, SIDE))
    image[37, 10] = 1
    for band in bands(SIDE):
        tiles = len(band.frequencies)
        block = np.abs(s_transform(image)[np.ix_(band.frequencies, band.frequencies)])
        brightest = np.unravel_index(block.argmax(), block.shape)
        assert brightest == (37 * tiles // SIDE, 10 * tiles // SIDE)


@pytest.mark.parametrize("turn", [np.rot90, np.flipud, np.fliplr, np.transpose])
def test_local_spectrum_is_that_of_the_turned_image(noise, turn):
    mask = np.random.default_rng(2).random((SIDE, SIDE)) < 0.3
    mask[:20] = False
    turned = radial_spectrum(s_transform(turn(noise)), turn(mask))
    np.testing.assert_allclose(turned, radial_spectrum(s_transform(noise), mask), rtol=1e-10)


def test_features_do_not_change_when_the_study_is_turned_by_90_degrees(volume):
    mask = region(volume.shape)
    here = describe_s_transform(volume, mask, side=32)
    turned = describe_s_transform(np.rot90(volume), np.rot90(mask), side=32)
    np.testing.assert_allclose(list(turned.values()), list(here.values()), rtol=1e-10)


def test_gain_and_offset_do_not_matter(volume):
    mask = region(volume.shape)
    here, scaled = describe_s_transform(volume, mask), describe_s_transform(3 * volume + 50, mask)
    np.testing.assert_allclose(list(scaled.values()), list(here.values()), rtol=1e-9)


def test_features_come_in_the_order_of_their_definitions(volume):
    described = describe_s_transform(volume, region(volume.shape))
    assert list(described) == [definition.name for definition in DEFINITIONS]
    assert len(described) == 6


def test_fine_texture_raises_high_orders_and_coarse_texture_low_ones(volume):
    mask = region(volume.shape)
    rows = np.indices(volume.shape)[0]
    fine, coarse = (
        describe_s_transform(np.cos(2 * np.pi * rows / period), mask, side=64)
        for period in (3.0, 24.0)
    )
    assert fine["dost_radial_5"] > 3 * coarse["dost_radial_5"]
    assert coarse["dost_radial_2"] > 3 * fine["dost_radial_2"]


def test_only_the_slice_with_most_of_the_region_counts(volume):
    mask = region(volume.shape)
    changed, more = volume.copy(), mask.copy()
    changed[..., 4] = 0
    more[30:34, 30:34, 4] = True
    assert describe_s_transform(changed, more) == describe_s_transform(volume, mask)


def test_region_larger_than_the_crop_or_at_the_border_is_described(volume):
    mask = np.zeros(volume.shape, dtype=bool)
    mask[:, :40, 1] = True
    assert np.isfinite(list(describe_s_transform(volume, mask, side=32).values())).all()


def test_empty_and_flat_regions_have_no_texture(volume):
    mask = region(volume.shape)
    for image, where in ((volume, mask & False), (np.full(volume.shape, 7.0), mask)):
        assert np.isnan(list(describe_s_transform(image, where).values())).all()


def test_single_voxel_has_no_texture(volume):
    mask = np.zeros(volume.shape, dtype=bool)
    mask[40, 40, 3] = True
    assert np.isnan(list(describe_s_transform(volume, mask).values())).all()


@pytest.mark.parametrize("side", [0, 2, 48, 100])
def test_side_must_be_a_power_of_two(volume, side):
    with pytest.raises(SettingsError, match="power of 2"):
        describe_s_transform(volume, region(volume.shape), side=side)


def test_other_grid_and_values_that_are_not_finite_are_refused(volume):
    mask = region(volume.shape)
    with pytest.raises(GeometryError, match="resample the mask"):
        describe_s_transform(volume, mask[1:])
    with pytest.raises(ImageError, match="not finite"):
        describe_s_transform(np.where(mask, np.nan, volume), mask)
