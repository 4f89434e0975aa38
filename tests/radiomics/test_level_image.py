"""The flat image: neighbors by one number, nothing wraps around, bad input."""

import numpy as np
import pytest

from gliokit.core.errors import ImageError, SettingsError
from gliokit.radiomics.level_image import check_levels, lay_out


def levels_with_holes():
    return np.random.default_rng(0).integers(0, 5, size=(5, 4, 6)).astype(np.int32)


@pytest.mark.parametrize("step", [(1, 0, 0), (0, -1, 0), (0, 0, 1), (1, -1, 1), (-1, 1, 0)])
def test_a_step_leads_to_the_neighbor_or_to_zero(step):
    levels = levels_with_holes()
    region = lay_out(levels, 4)
    padded = np.pad(levels, 1)
    z, x, y = np.nonzero(np.moveaxis(levels, 2, 0))
    neighbors = padded[x + 1 + step[0], y + 1 + step[1], z + 1 + step[2]]
    assert np.array_equal(region.levels[region.voxels], levels[x, y, z])
    assert np.array_equal(region.levels[region.voxels + step @ region.strides], neighbors)


def test_all_neighbors_at_once_are_those_of_each_voxel():
    region, step = lay_out(levels_with_holes(), 4), np.array([1, -1, 1])
    neighbors = region.beside(step)[region.voxels - region.voxels[0]]
    assert np.array_equal(neighbors, region.levels[region.voxels + step @ region.strides])
    assert region.beside().size == region.beside(step).size


def test_slices_without_voxels_are_left_out():
    levels = np.zeros((3, 3, 5), dtype=np.int32)
    levels[0, 0, 1], levels[:2, 2, 3] = 1, 2
    region = lay_out(levels, 2)
    assert region.slices.tolist() == [0, 1, 3]
    assert region.slice_of_voxel().tolist() == [0, 1, 1]


def test_ranks_leave_out_levels_that_do_not_occur():
    levels = np.array([3, 0, 9, 3, 7], dtype=np.int32).reshape(5, 1, 1)
    region = lay_out(levels, 12)
    assert region.ranks[region.voxels].tolist() == [1, 3, 1, 2]
    assert region.level_of.tolist() == [3, 7, 9]


def test_empty_mask_is_refused():
    with pytest.raises(ImageError, match="no voxel has a level"):
        check_levels(np.zeros((2, 2, 2), dtype=np.int32), 4)


@pytest.mark.parametrize("worst", [-1, 5])
def test_levels_out_of_range_are_refused(worst):
    levels = np.array([1, worst], dtype=np.int32).reshape(2, 1, 1)
    with pytest.raises(ImageError, match=f"levels run from {min(1, worst)} to {max(1, worst)}"):
        check_levels(levels, 4)


@pytest.mark.parametrize("image", [np.ones((2, 2), dtype=np.int32), np.ones((2, 2, 2))])
def test_what_is_no_discretized_volume_is_refused(image):
    with pytest.raises(ImageError, match="discretize the image first"):
        check_levels(image, 4)


def test_distance_of_zero_is_refused():
    with pytest.raises(SettingsError, match="a distance of 0 voxels has no neighbor"):
        lay_out(levels_with_holes(), 4, margin=0)
