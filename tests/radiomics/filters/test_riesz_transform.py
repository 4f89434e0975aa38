"""Riesz transforms of waves, along axes and along the wave."""

import numpy as np
import pytest

from gliokit.radiomics.filters.riesz_transform import aligned_transform, riesz_transform

SIDE = 15
CUBE = np.random.default_rng(10).normal(size=(SIDE, SIDE, SIDE))
DIRECTION = np.array([2.0, -1.0, 2.0]) / 3


def wave(phase: float) -> np.ndarray:
    """Draw a periodic wave along `DIRECTION`."""
    x, y, z = np.indices((SIDE,) * 3) * 2 * np.pi / SIDE
    return np.cos(2 * x - y + 2 * z + phase)


@pytest.mark.parametrize("order", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_first_order_is_the_cosine_of_the_angle_times_the_shifted_wave(order):
    expected = DIRECTION @ order * wave(-np.pi / 2)
    np.testing.assert_allclose(riesz_transform(wave(0), order), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("order", "weight"),
    [((2, 0, 0), -4 / 9), ((1, 1, 0), 2**0.5 * 2 / 9), ((1, 0, 1), -(2**0.5) * 4 / 9)],
)
def test_second_order_is_a_product_of_cosines(order, weight):
    expected = weight * wave(0)
    np.testing.assert_allclose(riesz_transform(wave(0), order), expected, atol=1e-12)


@pytest.mark.parametrize("total", [1, 2, 3])
def test_transforms_of_one_order_keep_the_energy(total):
    image = CUBE - CUBE.mean()
    orders = [(a, b, total - a - b) for a in range(total + 1) for b in range(total + 1 - a)]
    energy = sum((riesz_transform(image, order) ** 2).sum() for order in orders)
    assert energy == pytest.approx((image**2).sum())


@pytest.mark.parametrize(
    ("order", "weight"), [((2, 0, 0), -1), ((0, 2, 0), 0), ((1, 1, 0), 0), ((4, 0, 0), 1)]
)
def test_aligned_transform_of_a_wave_is_that_along_it(order, weight):
    found = aligned_transform(wave(0.3), order, tensor_sigma_voxels=2.0)
    np.testing.assert_allclose(found, weight * wave(0.3), atol=1e-6)


def test_aligned_first_order_points_where_it_is_positive():
    found = aligned_transform(wave(0.3), (1, 0, 0), tensor_sigma_voxels=2.0)
    np.testing.assert_allclose(found, np.abs(wave(0.3 - np.pi / 2)), atol=1e-6)


@pytest.mark.parametrize("order", [(1, 0, 0), (2, 0, 0), (0, 1, 1), (1, 1, 1)])
def test_turning_the_image_turns_the_aligned_transform(order):
    def aligned(image):
        return aligned_transform(image, order, tensor_sigma_voxels=1.0)

    expected = aligned(CUBE)
    for axes in ((0, 1), (1, 2), (0, 2)):
        found = aligned(np.rot90(CUBE, axes=axes))
        np.testing.assert_allclose(found, np.rot90(expected, axes=axes), atol=1e-10)


def test_aligned_transforms_of_one_order_keep_the_energy_of_each_voxel():
    orders = [(2, 0, 0), (0, 2, 0), (0, 0, 2), (1, 1, 0), (1, 0, 1), (0, 1, 1)]
    along_axes = sum(riesz_transform(CUBE, order) ** 2 for order in orders)
    aligned = sum(aligned_transform(CUBE, order, tensor_sigma_voxels=1.0) ** 2 for order in orders)
    np.testing.assert_allclose(aligned, along_axes)
