"""What lies beyond the border, the same for convolution and padding."""

import numpy as np
import pytest

from gliokit.radiomics.filters.boundary import (
    Boundary,
    convolve,
    filtered_axes,
    local_mean,
    padded,
    sampled_gaussian,
)

LINE = np.array([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1)
BEYOND = {  # two voxels on either side
    Boundary.CONSTANT: [0, 0, 1, 2, 3, 4, 0, 0],
    Boundary.NEAREST: [1, 1, 1, 2, 3, 4, 4, 4],
    Boundary.WRAP: [3, 4, 1, 2, 3, 4, 1, 2],
    Boundary.REFLECT: [2, 1, 1, 2, 3, 4, 4, 3],
}


@pytest.mark.parametrize("boundary", Boundary)
def test_image_goes_on_as_the_rule_says(boundary):
    np.testing.assert_array_equal(padded(LINE, (2, 0, 0), boundary).ravel(), BEYOND[boundary])


@pytest.mark.parametrize("boundary", Boundary)
def test_convolution_is_that_of_the_padded_image(boundary):
    kernel = (1.0, 2.0, 5.0, 0.0, -3.0)
    expected = np.convolve(BEYOND[boundary], kernel, mode="valid")
    found = convolve(LINE, kernel, axis=0, boundary=boundary)
    np.testing.assert_allclose(found.ravel(), expected)


def test_kernel_of_an_impulse_is_not_mirrored():
    impulse = np.zeros((5, 1, 1))
    impulse[2] = 1
    kernel = (1.0, 2.0, 3.0)
    found = convolve(impulse, kernel, axis=0, boundary=Boundary.CONSTANT)
    np.testing.assert_array_equal(found.ravel(), [0, 1, 2, 3, 0])


@pytest.mark.parametrize("boundary", [Boundary.WRAP, Boundary.REFLECT])
def test_local_mean_keeps_the_mean_of_the_image(boundary):
    image = np.random.default_rng(0).normal(size=(6, 5, 4))
    found = local_mean(image, 3, axes=(0, 1, 2), boundary=boundary)
    assert found.mean() == pytest.approx(image.mean())


def test_gaussian_has_integral_one():
    assert sampled_gaussian(2.0, 16).sum() == pytest.approx(1, abs=1e-12)


def test_slices_run_along_the_third_axis():
    assert filtered_axes(in_slices=True) == (0, 1)
