"""Nearest voxels against a distance transform."""

import numpy as np
import pytest
from scipy import ndimage

from gliokit.radiomics.nearest_voxel import distances_mm, values_of_nearest

SPACING = np.array([1.0, 0.7, 2.5])


@pytest.fixture(scope="module")
def masks():
    rng = np.random.default_rng(0)
    target = ndimage.gaussian_filter(rng.standard_normal((24, 22, 18)), 2) > 0.08
    return rng.random(target.shape) < 0.2, target


def test_distances_are_those_of_a_distance_transform(masks):
    mask, target = masks
    transform = ndimage.distance_transform_edt(~target, sampling=SPACING)
    np.testing.assert_allclose(distances_mm(mask, target, SPACING), transform[mask], atol=1e-9)


@pytest.mark.parametrize("far", [3, 12, 40, 90])
def test_target_is_found_however_far(far):
    mask, target = np.zeros((100, 9, 9), dtype=bool), np.zeros((100, 9, 9), dtype=bool)
    mask[:3, 4, 4], target[2 + far :, 2, 4] = True, True
    expected = np.hypot(np.arange(far + 2, far - 1, -1), 2 * SPACING[1])
    np.testing.assert_allclose(distances_mm(mask, target, SPACING), expected)


def test_values_are_those_of_the_nearest_voxels(masks):
    mask, target = masks
    mask = mask & ~target
    image = np.random.default_rng(1).random(mask.shape)
    found = values_of_nearest(image, mask, target, SPACING)
    places = np.argwhere(target)
    for voxel, value in zip(np.argwhere(mask)[::40], found[::40], strict=True):
        apart = np.linalg.norm((places - voxel) * SPACING, axis=1)
        near = places[apart < apart.min() + 1e-6]
        assert value == pytest.approx(image[tuple(near.T)].mean())


def test_target_of_one_voxel_gives_its_value():
    mask, target = np.ones((3, 3, 3), dtype=bool), np.zeros((3, 3, 3), dtype=bool)
    target[1, 1, 1], mask[1, 1, 1] = True, False
    assert (values_of_nearest(np.where(target, 7.0, 0), mask, target, SPACING) == 7).all()


def test_without_a_target_there_is_no_distance(masks):
    mask, target = masks
    assert np.isnan(distances_mm(mask, target & False, SPACING)).all()


def test_target_that_is_everywhere_is_at_no_distance(masks):
    mask, _ = masks
    assert not distances_mm(mask, np.ones_like(mask), SPACING).any()


def test_no_voxels_have_no_distances(masks):
    mask, target = masks
    assert distances_mm(mask & False, target, SPACING).shape == (0,)
