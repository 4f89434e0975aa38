"""Laws kernels and their energy."""

import numpy as np
import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.laws import Laws, laws_kernel, laws_reach, laws_response
from gliokit.radiomics.filters.rotation import Pooling

NAMES = ("L3", "E3", "S3", "L5", "E5", "S5", "W5", "R5")


@pytest.mark.parametrize("name", NAMES)
def test_kernel_has_norm_one(name):
    assert np.linalg.norm(laws_kernel(name)) == pytest.approx(1)


@pytest.mark.parametrize("name", [name for name in NAMES if name[0] != "L"])
def test_kernel_sums_to_zero_unless_it_is_a_level(name):
    assert sum(laws_kernel(name)) == pytest.approx(0, abs=1e-12)


def test_impulse_gives_the_product_of_the_kernels():
    image = np.zeros((9, 9, 9))
    image[4, 4, 4] = 1
    settings = Laws("E5L5S5", False, Pooling.MAX, 0, Boundary.CONSTANT)
    response = laws_response(image, settings, spacing_mm=1.0)
    expected = np.einsum("i,j,k", *(laws_kernel(name) for name in ("E5", "L5", "S5")))
    np.testing.assert_allclose(response[2:7, 2:7, 2:7], expected, atol=1e-12)


def test_energy_is_the_local_mean_of_absolute_responses():
    image = np.random.default_rng(3).normal(size=(12, 12, 12))
    plain = laws_response(image, Laws("E3S3W5", energy_distance_voxels=0), spacing_mm=1.0)
    energy = laws_response(image, Laws("E3S3W5", energy_distance_voxels=2), spacing_mm=1.0)
    assert energy[5, 6, 5] == pytest.approx(np.abs(plain[3:8, 4:9, 3:8]).mean())


def test_two_kernels_filter_slices_one_by_one():
    image = np.random.default_rng(4).normal(size=(16, 15, 3))
    whole = laws_response(image, Laws("L5E5"), spacing_mm=1.0)
    alone = laws_response(image[:, :, 1:2], Laws("L5E5"), spacing_mm=1.0)
    np.testing.assert_allclose(whole[:, :, 1:2], alone, atol=1e-12)


def test_reach_is_that_of_the_longest_kernel_and_of_energy():
    assert laws_reach(Laws("L3E5", energy_distance_voxels=7), spacing_mm=1.0) == 9


@pytest.mark.parametrize("kernels", ["L5", "L5E5S5W5", "L5X5", "l5e5", "L5E", ""])
def test_unknown_kernels_are_refused(kernels):
    with pytest.raises(SettingsError, match="needed are two or three of L3, E3"):
        Laws(kernels)


def test_negative_distance_is_refused():
    with pytest.raises(SettingsError, match="found energy_distance_voxels -1"):
        Laws(energy_distance_voxels=-1)
