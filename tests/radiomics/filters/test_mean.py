"""Averages over boxes."""

import numpy as np
import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.mean import Mean, mean_response


@pytest.mark.parametrize("boundary", [Boundary.NEAREST, Boundary.WRAP, Boundary.REFLECT])
def test_constant_image_stays(boundary):
    image = np.full((5, 6, 7), 3.5)
    response = mean_response(image, Mean(5, boundary=boundary), spacing_mm=1.0)
    np.testing.assert_allclose(response, 3.5)


def test_zeros_beyond_the_border_lower_the_corner():
    image = np.ones((5, 5, 5))
    response = mean_response(image, Mean(3, boundary=Boundary.CONSTANT), spacing_mm=1.0)
    assert response[0, 0, 0] == pytest.approx(8 / 27)


def test_in_slices_an_impulse_stays_in_its_slice():
    image = np.zeros((7, 7, 5))
    image[3, 3, 2] = 9
    response = mean_response(image, Mean(3, in_slices=True), spacing_mm=1.0)
    expected = np.zeros_like(image)
    expected[2:5, 2:5, 2] = 1
    np.testing.assert_allclose(response, expected, atol=1e-12)


@pytest.mark.parametrize("support", [4, 0, -3])
def test_support_without_a_middle_is_refused(support):
    with pytest.raises(SettingsError, match=f"found support_voxels {support}; needed an odd"):
        Mean(support)
