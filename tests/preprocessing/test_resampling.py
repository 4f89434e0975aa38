"""Resampling against what averaging and linear interpolation must give."""

import numpy as np
import pytest

from gliokit.preprocessing.resampling import resample, resample_inside, resampling_matrix

ONE, TWO = np.full(3, 1.0), np.full(3, 2.0)


def test_twice_the_spacing_gives_the_mean_of_each_block():
    array = np.random.default_rng(0).random((8, 6, 4), dtype=np.float32)
    blocks = array.reshape(4, 2, 3, 2, 2, 2).mean(axis=(1, 3, 5))
    assert np.allclose(resample(array, ONE, TWO), blocks, atol=1e-6)


@pytest.mark.parametrize("to_mm", [0.5, 0.93, 1.0, 1.7, 2.0, 6.5])
def test_a_constant_stays_constant_at_every_spacing(to_mm):
    array = np.full((9, 10, 11), 3.25, dtype=np.float32)
    assert np.allclose(resample(array, ONE, np.full(3, to_mm)), 3.25, atol=1e-5)


def test_a_ramp_keeps_its_place_when_refined():
    ramp = np.broadcast_to(np.arange(10, dtype=np.float32)[:, None, None], (10, 4, 4))
    fine = resample(ramp, TWO, ONE)
    centers = (np.arange(20) + 0.5) / 2 - 0.5  # in voxels of the coarse grid
    assert np.allclose(fine[2:-2, 0, 0], centers[2:-2], atol=1e-5)


def test_the_same_spacing_returns_the_same_numbers():
    array = np.random.default_rng(1).random((4, 5, 6), dtype=np.float32)
    assert np.array_equal(resample(array, ONE, ONE), array)


def test_the_volume_is_covered_to_the_last_voxel():
    assert resample(np.ones((7, 7, 7), np.float32), ONE, TWO).shape == (4, 4, 4)


def test_leading_axes_are_left_alone():
    array = np.random.default_rng(2).random((3, 4, 4, 4), dtype=np.float32)
    alone = np.stack([resample(channel, TWO, ONE) for channel in array])
    assert np.allclose(resample(array, TWO, ONE), alone, atol=1e-6)


@pytest.mark.parametrize(("n", "m", "ratio"), [(10, 5, 2.0), (10, 20, 0.5), (11, 6, 1.9)])
def test_weights_of_every_voxel_sum_to_one(n, m, ratio):
    assert np.allclose(resampling_matrix(n, m, ratio).sum(axis=1), 1)


@pytest.mark.parametrize("background", [0.0, -1000.0])
def test_the_background_does_not_leak_into_the_edge_of_the_brain(background):
    inside = np.zeros((20, 20, 20), dtype=bool)
    inside[3:16, 5:16, 2:17] = True
    image = np.where(inside, 7, background).astype(np.float32)
    coarse, coarse_inside = resample_inside(image, inside, ONE, TWO)
    assert np.allclose(coarse[coarse_inside], 7, atol=1e-4)
    assert coarse_inside.sum() * 8 == pytest.approx(inside.sum(), rel=0.2)
