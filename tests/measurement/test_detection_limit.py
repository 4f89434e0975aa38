"""The detection limit against closed forms and against balls drawn at random places."""

import math

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.core.findings import Quantity
from gliokit.measurement.detection_limit import (
    detection_limit,
    share_for_contrast,
    smallest_ball,
)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_ball_smaller_than_a_voxel_is_eight_times_the_share(share):
    limit = smallest_ball((1, 1, 1), share=share)
    assert limit.volume.value == pytest.approx(8 * share / 1000)
    assert limit.diameter.value == pytest.approx(2 * (6 * share / math.pi) ** (1 / 3))


def test_limit_grows_with_the_voxel():
    fine, coarse = (smallest_ball((mm,) * 3).volume.value for mm in (1, 3))
    assert coarse == pytest.approx(27 * fine)


def test_full_voxel_needs_a_ball_up_to_its_far_corner():
    limit = smallest_ball((1, 2, 3), share=1 - 1e-9)
    assert limit.diameter.value == pytest.approx(2 * math.sqrt(14), rel=1e-3)


def test_very_thin_voxels_are_filled_by_a_column_of_the_ball():
    # far below the other sides, a share of the voxel is that of a quarter of a disc
    limit = smallest_ball((0.001, 10, 10), share=0.5)
    radius = math.sqrt(0.5 * 100 * 4 / math.pi)
    assert limit.diameter.value / 2 == pytest.approx(radius, rel=1e-3)


def test_limit_runs_on_where_the_ball_outgrows_the_voxel():
    share = math.pi / 6  # of a ball as wide as the voxel
    below, above = (smallest_ball((1, 1, 1), share=share + d).volume.value for d in (-1e-6, 1e-6))
    assert 0 < above - below < 1e-7


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 1.1, 5.0), (4.0, 0.5, 0.5)])
def test_ball_at_the_limit_fills_the_share_wherever_it_lies_and_no_smaller_one_does(spacing):
    spacing = np.array(spacing)
    radius = smallest_ball(spacing).diameter.value / 2
    fine = (np.indices((40, 40, 40)).reshape(3, -1).T + 0.5) / 40
    rng = np.random.default_rng(0)

    def most_filled(center, radius):
        voxels = np.indices((2, 2, 2)).reshape(3, -1).T - 1
        points = (voxels[:, None] + fine) * spacing
        return (np.linalg.norm(points - center, axis=-1) <= radius).mean(axis=1).max()

    at_corner = np.zeros(3)
    assert most_filled(at_corner, radius) == pytest.approx(0.5, abs=0.01)
    assert most_filled(at_corner, 0.95 * radius) < 0.49
    for _ in range(10):
        assert most_filled(rng.uniform(-0.5, 0.5, 3) * spacing, radius) >= 0.49


def test_smaller_parts_that_are_dropped_raise_the_limit():
    limit = smallest_ball((1, 1, 1), minimum_ml=0.1)
    assert (limit.volume.value, limit.volume.unit) == (0.1, "mL")
    assert "0.1 mL are dropped" in limit.rule
    assert "50% of a voxel" in smallest_ball((1, 1, 1)).rule


def test_share_for_contrast_is_the_noise_it_must_stand_out_of():
    assert share_for_contrast(100, 5) == 0.25
    assert share_for_contrast(100, 40) > 1


def test_impossible_figures_are_refused():
    with pytest.raises(GeometryError, match="three positive distances"):
        smallest_ball((1, 0, 1))
    with pytest.raises(SettingsError, match="share of a voxel"):
        smallest_ball((1, 1, 1), share=1.0)
    with pytest.raises(SettingsError, match="must both be positive"):
        share_for_contrast(0, 1)


MODEL = Quantity(1.234, "mL", (0.81, 2.5))
BLANK = Quantity(0.4, "mL")


def limit_of(spacing_mm=(1, 1, 1), contrast_to_noise=30, model=MODEL, blank=BLANK, **options):
    return detection_limit(spacing_mm, contrast_to_noise, model=model, blank=blank, **options)


def test_limit_of_a_study_is_the_largest_of_images_model_and_blank():
    limit = limit_of()
    assert (limit.images, limit.model, limit.blank) == (
        smallest_ball((1, 1, 1)).volume,
        MODEL,
        BLANK,
    )
    assert limit.volume == Quantity(MODEL.value, "mL")
    assert limit_of(blank=Quantity(3.0, "mL")).volume == Quantity(3.0, "mL")
    assert limit_of((10, 10, 10)).volume.value == pytest.approx(4)


def test_limit_of_a_study_is_said_with_what_it_rests_on():
    text = limit_of((1, 1, 5)).text
    assert "with 90 % probability from 1.3 mL on" in text  # rounded up
    assert "residual tumors of 1.2 mL (90 % interval 0.81 to 2.5 mL)" in text
    assert "outlines up to 0.4 mL in nine of ten without any" in text
    assert "In simulated patients after surgery" in text
    assert "voxels of 1 × 1 × 5 mm" in text


def test_noise_raises_what_the_images_show():
    clear, noisy = (limit_of(contrast_to_noise=cnr).images for cnr in (20, 12))
    assert clear.value == pytest.approx(8 * 0.5 / 1000)
    assert noisy.value > clear.value


@pytest.mark.parametrize("contrast_to_noise", [9.9, 0.0, math.nan])
def test_no_limit_where_noise_hides_a_voxel_or_is_not_known(contrast_to_noise):
    limit = limit_of(contrast_to_noise=contrast_to_noise)
    assert (limit.volume, limit.images) == (None, None)
    assert limit.model == MODEL
    assert "from 1.3 mL on" not in limit.text
    assert "the noise hides" in limit.text


def test_no_limit_of_a_model_that_was_not_measured_or_not_asked():
    unmeasured = limit_of(model=None, blank=None)
    given = limit_of(model=None, blank=None, asked=False)
    assert unmeasured.volume is given.volume is None
    assert unmeasured.images == given.images == smallest_ball((1, 1, 1)).volume
    assert "was not measured" in unmeasured.text
    assert "labels were given" in given.text
