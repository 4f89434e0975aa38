"""Sampling along one axis."""

import numpy as np
import pytest

from gliokit.phantom.scan.sampling import along, interpolation_matrix, mean_blocks, profile_matrix

PLACES = np.arange(60.0)


@pytest.mark.parametrize("thickness", [0.0, 1.0, 3.0, 6.5])
def test_every_slice_gets_a_whole_share_of_signal(thickness):
    centers = np.arange(0, 60, max(thickness, 1.0))
    matrix = profile_matrix(PLACES, centers, blur_mm=0.5, thickness_mm=thickness)
    assert np.allclose(matrix.sum(axis=1), 1, atol=1e-5)


def test_a_thick_slice_averages_what_lies_in_it():
    matrix = profile_matrix(PLACES, np.array([20.0, 26.0]), blur_mm=0.1, thickness_mm=6.0)
    assert matrix[0] @ PLACES == pytest.approx(20, abs=0.01)
    inside = np.abs(PLACES - 20) < 2.5
    assert matrix[0][inside].sum() > 0.8
    assert np.allclose(matrix[0][inside], matrix[0][20], rtol=0.05)


def test_interpolation_is_exact_for_a_ramp():
    centers = np.arange(0, 60, 5.0)
    wanted = np.linspace(3, 50, 17)
    assert np.allclose(interpolation_matrix(wanted, centers) @ (2 * centers), 2 * wanted, atol=1e-4)


def test_beyond_the_last_slice_its_value_is_kept():
    matrix = interpolation_matrix(np.array([-4.0, 80.0]), np.arange(0, 60, 5.0))
    assert np.allclose(matrix @ np.arange(12.0), [0, 11])


def test_a_matrix_works_along_its_axis():
    image = np.random.default_rng(0).random((4, 5, 6), dtype=np.float32)
    assert np.allclose(along(np.ones((1, 5), np.float32), image, 1)[:, 0], image.sum(1), atol=1e-5)


def test_block_means_keep_the_mean():
    array = np.random.default_rng(0).random((8, 10, 6), dtype=np.float32)
    assert mean_blocks(array, 2).mean() == pytest.approx(array.mean(), rel=1e-5)
    assert mean_blocks(array, 2)[0, 0, 0] == pytest.approx(array[:2, :2, :2].mean(), rel=1e-5)
