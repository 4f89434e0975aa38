"""Moran's I and Geary's C against sums over all pairs, closed forms, invariances."""

import math

import numpy as np
import pytest

from gliokit.radiomics.spatial_autocorrelation import spatial_autocorrelation

SPACING = np.array([0.9, 1.3, 5.0])


def shape_at_random(seed, shape=(9, 8, 7)):
    rng = np.random.default_rng(seed)
    return rng.normal(100, 30, size=shape), rng.random(shape) > 0.6


def over_all_pairs(image, mask, spacing):
    places, values = np.argwhere(mask) * spacing, image[mask]
    apart = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(apart, np.inf)
    weights, deviations = 1 / apart, values - values.mean()
    scale = weights.sum() * (deviations**2).sum()
    squares = np.subtract.outer(values, values) ** 2
    return (
        len(values) * (weights * np.outer(deviations, deviations)).sum() / scale,
        (len(values) - 1) * (weights * squares).sum() / (2 * scale),
    )


@pytest.mark.parametrize(
    ("seed", "shape", "spacing"),
    [
        (0, (9, 8, 7), SPACING),
        (1, (12, 5, 6), np.ones(3)),
        (2, (1, 30, 11), SPACING),
        (3, (60, 1, 1), SPACING),
    ],
)
def test_both_are_the_sums_over_all_pairs(seed, shape, spacing):
    image, mask = shape_at_random(seed, shape)
    found = spatial_autocorrelation(image, mask, spacing)
    moran, geary = over_all_pairs(image, mask, spacing)
    assert found.moran_i == pytest.approx(moran, abs=1e-9)
    assert found.geary_c == pytest.approx(geary, abs=1e-9)


def test_two_voxels_are_as_unlike_as_can_be():
    mask = np.zeros((5, 5, 5), dtype=bool)
    mask[0, 0, 0] = mask[4, 2, 3] = True
    found = spatial_autocorrelation(np.arange(125.0).reshape(5, 5, 5), mask, SPACING)
    assert found.moran_i == pytest.approx(-1)
    assert found.geary_c == pytest.approx(1)


def test_smooth_intensities_are_alike_and_noise_is_not():
    mask = np.ones((16, 16, 16), dtype=bool)
    ramp = np.indices(mask.shape)[0].astype(np.float64)
    noise = np.random.default_rng(0).normal(size=mask.shape)
    smooth, rough = (spatial_autocorrelation(each, mask, np.ones(3)) for each in (ramp, noise))
    assert smooth.moran_i > 0.2
    assert smooth.geary_c < 0.9
    assert rough.moran_i == pytest.approx(0, abs=0.01)
    assert rough.geary_c == pytest.approx(1, abs=0.01)


def test_shift_scale_padding_and_spacing_as_a_whole_change_nothing():
    image, mask = shape_at_random(4)
    before = spatial_autocorrelation(image, mask, SPACING)
    for other, inside, spacing in (
        (image * 3 + 1000, mask, SPACING),
        (np.pad(image, 3, constant_values=math.nan), np.pad(mask, 3), SPACING),
        (image, mask, SPACING * 2),
    ):
        after = spatial_autocorrelation(other, inside, spacing)
        assert after.moran_i == pytest.approx(before.moran_i, abs=1e-10)
        assert after.geary_c == pytest.approx(before.geary_c, abs=1e-10)


def test_one_voxel_flat_intensities_and_none_have_no_autocorrelation():
    one = np.zeros((4, 4, 4), dtype=bool)
    one[1, 2, 3] = True
    flat, none = np.ones_like(one), np.zeros_like(one)
    for mask in (one, flat, none):
        found = spatial_autocorrelation(np.full(mask.shape, 0.1), mask, SPACING)
        assert math.isnan(found.moran_i)
        assert math.isnan(found.geary_c)
