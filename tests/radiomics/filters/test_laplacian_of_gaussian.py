"""Closed forms of the Laplacian of Gaussian."""

import numpy as np
import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.laplacian_of_gaussian import (
    LaplacianOfGaussian,
    laplacian_of_gaussian_reach,
    laplacian_of_gaussian_response,
)


@pytest.mark.parametrize("in_slices", [False, True])
@pytest.mark.parametrize("truncate", [2.0, 4.0])
def test_constant_image_gives_zero(in_slices, truncate):
    image = np.full((30, 30, 30), 1000.0)
    settings = LaplacianOfGaussian(2.0, truncate, in_slices)
    response = laplacian_of_gaussian_response(image, settings, spacing_mm=1.0)
    np.testing.assert_allclose(response, 0, atol=1e-9)


def test_impulse_gives_the_formula():
    image = np.zeros((41, 41, 41))
    image[20, 20, 20] = 1
    settings = LaplacianOfGaussian(2.5, 6.0, boundary=Boundary.CONSTANT)
    response = laplacian_of_gaussian_response(image, settings, spacing_mm=1.0)
    squares = sum((axis - 20) ** 2 for axis in np.indices(image.shape)) / 2.5**2
    bell = np.exp(-squares / 2) / (2 * np.pi * 2.5**2) ** 1.5
    np.testing.assert_allclose(response, bell * (squares - 3) / 2.5**2, atol=1e-9)


def test_paraboloid_gives_its_laplacian():
    x, y, z = np.indices((41, 41, 41)) - 20.0
    image = x**2 + 2 * y**2 - 0.5 * z**2
    settings = LaplacianOfGaussian(2.0, 6.0)
    response = laplacian_of_gaussian_response(image, settings, spacing_mm=1.0)
    assert response[20, 20, 20] == pytest.approx(2 + 4 - 1, rel=1e-4)


def test_bright_blob_of_its_scale_gives_a_negative_response():
    squares = sum((axis - 20.0) ** 2 for axis in np.indices((41, 41, 41)))
    blob = np.exp(-squares / (2 * 3.0**2))
    response = laplacian_of_gaussian_response(blob, LaplacianOfGaussian(3.0), spacing_mm=1.0)
    assert response[20, 20, 20] == response.min() < 0


def test_only_sigma_in_voxels_matters():
    image = np.random.default_rng(1).normal(size=(20, 21, 22))
    fine = laplacian_of_gaussian_response(image, LaplacianOfGaussian(1.5), spacing_mm=0.75)
    coarse = laplacian_of_gaussian_response(image, LaplacianOfGaussian(4.0), spacing_mm=2.0)
    np.testing.assert_allclose(fine, coarse)


def test_reach_is_rounded_to_whole_voxels():
    assert laplacian_of_gaussian_reach(LaplacianOfGaussian(1.5), spacing_mm=0.977) == 6


@pytest.mark.parametrize("settings", [{"sigma_mm": 0.0}, {"truncate": -1.0}])
def test_scale_that_is_not_positive_is_refused(settings):
    with pytest.raises(SettingsError, match="needed are numbers above 0"):
        LaplacianOfGaussian(**settings)
