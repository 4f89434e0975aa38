"""Scanning a tissue map."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.phantom.acquisition import (
    acquire,
    coil_bias,
    draw_acquisition,
    mean_blocks,
    sampling_matrix,
)
from gliokit.phantom.tissue import Tissue


@pytest.mark.parametrize("thickness", [0.0, 1.0, 3.0, 6.5])
def test_every_voxel_gets_a_whole_share_of_signal(thickness):
    matrix = sampling_matrix(60, 1.0, blur_mm=0.5, thickness_mm=thickness, shift_mm=0.3)
    assert np.allclose(matrix.sum(axis=1), 1, atol=1e-5)


def test_a_shift_moves_the_image_by_that_much():
    matrix = sampling_matrix(60, 1.0, blur_mm=0.6, thickness_mm=0.0, shift_mm=2.0)
    point = np.zeros(60, dtype=np.float32)
    point[30] = 1
    image = matrix @ point
    assert (image * np.arange(60)).sum() / image.sum() == pytest.approx(28, abs=0.05)


def test_thick_slices_smear_a_thin_structure():
    point = np.zeros(60, dtype=np.float32)
    point[30] = 1
    thin, thick = (
        sampling_matrix(60, 1.0, blur_mm=0.4, thickness_mm=t, shift_mm=0.0) @ point for t in (1, 6)
    )
    assert thick.max() < 0.4 * thin.max()


def test_block_means_keep_the_mean():
    array = np.random.default_rng(0).random((8, 10, 6), dtype=np.float32)
    assert mean_blocks(array, 2).mean() == pytest.approx(array.mean(), rel=1e-5)
    assert mean_blocks(array, 2)[0, 0, 0] == pytest.approx(array[:2, :2, :2].mean(), rel=1e-5)


def test_a_clean_scan_of_one_tissue_is_even():
    tissues = np.full((20, 20, 20), Tissue.WHITE_MATTER, dtype=np.uint8)
    level = np.zeros(len(Tissue), dtype=np.float32)
    level[Tissue.WHITE_MATTER] = 0.5
    clean = replace(
        draw_acquisition(np.random.default_rng(0)), bias=np.zeros((4, 4, 4)), noise=0.0, gamma=1.0
    )
    image = acquire(
        tissues,
        (level, 0 * level),
        clean,
        spacing_mm=1,
        crop=(slice(None),) * 3,
        rng=np.random.default_rng(1),
    )
    assert np.allclose(image, 1.0, atol=1e-4)  # in units of the brightest tissue


def test_a_crop_has_the_coil_bias_of_its_place():
    drawn = draw_acquisition(np.random.default_rng(2))
    whole = coil_bias(drawn, (40, 50, 60), (slice(None),) * 3)
    crop = (slice(5, 20), slice(10, 30), slice(40, 60))
    assert np.allclose(coil_bias(drawn, (40, 50, 60), crop), whole[crop], atol=1e-5)
