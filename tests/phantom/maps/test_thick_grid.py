"""Blocks of voxels."""

import numpy as np
import pytest

from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.thick_grid import block_factors, block_mean, thick_affine, tissue_shares


def test_shares_are_the_counts_of_each_block():
    tissues = np.zeros((4, 2, 5), dtype=np.uint8)
    tissues[:2, :, :3] = Tissue.CORTEX
    tissues[:2, :, 3:] = Tissue.CSF
    shares = tissue_shares(tissues, (2, 2, 5))
    assert shares.shape == (2, 1, 1, len(Tissue))
    assert shares[0, 0, 0, Tissue.CORTEX] == pytest.approx(0.6)
    assert shares[0, 0, 0, Tissue.CSF] == pytest.approx(0.4)
    assert shares[1, 0, 0, Tissue.BACKGROUND] == 1


def test_volume_of_each_tissue_is_kept_when_blocks_do_not_fit():
    tissues = np.random.default_rng(0).integers(1, 20, (7, 9, 11)).astype(np.uint8)
    shares = tissue_shares(tissues, (2, 2, 5))
    assert shares.sum(axis=-1) == pytest.approx(1)
    expected = np.bincount(tissues.ravel(), minlength=len(Tissue))[1:]
    assert shares.sum(axis=(0, 1, 2))[1:] * 20 == pytest.approx(expected, abs=0.01)


def test_mean_of_blocks():
    array = np.arange(8, dtype=np.float32).reshape(2, 2, 2)
    assert block_mean(array, (2, 2, 2)).item() == 3.5
    assert block_mean(array, (1, 1, 1)) == pytest.approx(array)


def test_factors_never_fall_below_one_voxel():
    assert block_factors(1.0, (2.0, 2.0, 5.0)) == (2, 2, 5)
    assert block_factors(3.0, (2.0, 2.0, 5.0)) == (1, 1, 2)


def test_center_of_a_block_keeps_its_place():
    affine = np.array([[1.0, 0, 0, -90], [0, 1, 0, -120], [0, 0, 1, -70], [0, 0, 0, 1]])
    center = thick_affine(affine, (2, 2, 5)) @ [3, 4, 5, 1]
    fine = affine @ [3 * 2 + 0.5, 4 * 2 + 0.5, 5 * 5 + 2, 1]
    assert center == pytest.approx(fine)
