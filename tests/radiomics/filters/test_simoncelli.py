"""Bands of frequencies."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.radiomics.filters.simoncelli import Simoncelli, band, simoncelli_response
from gliokit.radiomics.filters.spectrum import frequencies

CUBE = np.random.default_rng(8).normal(size=(15, 15, 15))


@pytest.mark.parametrize(
    ("n", "expected"), [(5, [0, 0.5, 1, -1, -0.5]), (4, [1 / 3, 1, -1, -1 / 3])]
)
def test_frequencies_lie_evenly_between_those_of_nyquist(n, expected):
    np.testing.assert_allclose(frequencies(n), expected, atol=1e-15)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_band_is_one_at_its_middle_and_zero_at_and_beyond_its_ends(level):
    middle = 0.5**level
    found = band(np.array([0, middle / 2, middle, 2 * middle, 3 * middle]), level)
    np.testing.assert_allclose(found, [0, 0, 1, 0, 0], atol=1e-12)


def test_squares_of_neighboring_bands_sum_to_one():
    between = np.linspace(0.125, 0.5, 100)
    total = sum(band(between, level) ** 2 for level in (1, 2, 3))
    np.testing.assert_allclose(total, 1)


@pytest.mark.parametrize("in_slices", [False, True])
def test_constant_image_of_odd_size_gives_zero(in_slices):
    response = simoncelli_response(
        np.full((9, 9, 9), 7.0), Simoncelli(1, in_slices), spacing_mm=1.0
    )
    np.testing.assert_allclose(response, 0, atol=1e-12)


@pytest.mark.parametrize("order", [(0, 2, 1), (1, 2, 0), (2, 1, 0)])
def test_exchanged_axes_exchange_those_of_the_response(order):
    expected = simoncelli_response(CUBE, Simoncelli(), spacing_mm=1.0).transpose(order)
    found = simoncelli_response(CUBE.transpose(order), Simoncelli(), spacing_mm=1.0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flipped_image_flips_the_response(axis):
    expected = np.flip(simoncelli_response(CUBE, Simoncelli(), spacing_mm=1.0), axis)
    found = simoncelli_response(np.flip(CUBE, axis), Simoncelli(), spacing_mm=1.0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_shifted_periodic_image_shifts_the_response():
    image = np.random.default_rng(9).normal(size=(8, 9, 10))
    expected = np.roll(
        simoncelli_response(image, Simoncelli(2), spacing_mm=1.0), (1, 2, 3), (0, 1, 2)
    )
    found = simoncelli_response(np.roll(image, (1, 2, 3), (0, 1, 2)), Simoncelli(2), spacing_mm=1.0)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_in_slices_other_slices_do_not_matter():
    whole = simoncelli_response(CUBE, Simoncelli(1, in_slices=True), spacing_mm=1.0)
    alone = simoncelli_response(CUBE[:, :, 3:4], Simoncelli(1, in_slices=True), spacing_mm=1.0)
    np.testing.assert_allclose(whole[:, :, 3:4], alone, atol=1e-12)


def test_one_slice_has_no_frequencies_across():
    with pytest.raises(GeometryError, match=r"image of 15×15×1 voxels.*filter in slices"):
        simoncelli_response(CUBE[:, :, :1], Simoncelli(), spacing_mm=1.0)


def test_level_zero_is_refused():
    with pytest.raises(SettingsError, match=r"found level 0; needed is 1 \(the finest\) or more"):
        Simoncelli(0)
