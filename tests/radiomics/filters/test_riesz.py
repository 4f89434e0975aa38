"""Riesz-transformed filters."""

import numpy as np
import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.riesz import (
    RieszLaplacianOfGaussian,
    RieszSimoncelli,
    riesz_laplacian_of_gaussian_response,
    riesz_simoncelli_response,
)

CUBE = np.random.default_rng(11).normal(size=(15, 15, 15))


def test_impulse_gives_an_odd_response_along_the_axis():
    image = np.zeros((31, 31, 31))
    image[15, 15, 15] = 1
    settings = RieszLaplacianOfGaussian((1, 0, 0), 1.5, boundary=Boundary.CONSTANT)
    response = riesz_laplacian_of_gaussian_response(image, settings, spacing_mm=1.0)
    np.testing.assert_allclose(response, -response[::-1], atol=1e-12)
    np.testing.assert_allclose(response, response[:, ::-1], atol=1e-12)
    assert np.abs(response).max() > 1e-3


@pytest.mark.parametrize("boundary", [Boundary.NEAREST, Boundary.WRAP, Boundary.REFLECT])
def test_constant_image_gives_zero(boundary):
    image = np.full((12, 13, 14), 500.0)
    settings = RieszLaplacianOfGaussian((0, 2, 0), 1.5, boundary=boundary)
    response = riesz_laplacian_of_gaussian_response(image, settings, spacing_mm=1.0)
    np.testing.assert_allclose(response, 0, atol=1e-9)


@pytest.mark.parametrize("tensor_sigma_mm", [0.0, 2.0])
def test_exchanged_axes_exchange_those_of_order_and_response(tensor_sigma_mm):
    along = [(2, 0, 0), (2, 0, 0) if tensor_sigma_mm else (0, 2, 0)]
    first, second = (RieszSimoncelli(order, 1, tensor_sigma_mm) for order in along)
    expected = riesz_simoncelli_response(CUBE, first, spacing_mm=1.0).transpose(1, 0, 2)
    found = riesz_simoncelli_response(CUBE.transpose(1, 0, 2), second, spacing_mm=1.0)
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_only_sizes_in_voxels_matter():
    fine, coarse = (
        RieszLaplacianOfGaussian((1, 0, 0), 1.5 * step, tensor_sigma_mm=2.0 * step)
        for step in (1.0, 3.0)
    )
    one = riesz_laplacian_of_gaussian_response(CUBE, fine, spacing_mm=1.0)
    other = riesz_laplacian_of_gaussian_response(CUBE, coarse, spacing_mm=3.0)
    np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("settings", [RieszLaplacianOfGaussian, RieszSimoncelli])
@pytest.mark.parametrize("order", [(0, 0, 0), (-1, 2, 0)])
def test_order_that_is_none_is_refused(settings, order):
    with pytest.raises(SettingsError, match="needed are three numbers from 0, one or more above"):
        settings(order)


@pytest.mark.parametrize("settings", [RieszLaplacianOfGaussian, RieszSimoncelli])
def test_negative_tensor_is_refused(settings):
    with pytest.raises(SettingsError, match="found tensor_sigma_mm -1"):
        settings(tensor_sigma_mm=-1.0)


def test_filter_that_is_transformed_checks_its_settings_too():
    with pytest.raises(SettingsError, match="found sigma_mm 0"):
        RieszLaplacianOfGaussian(sigma_mm=0.0)
    with pytest.raises(SettingsError, match="found level 0"):
        RieszSimoncelli(level=0)
