"""Zones of small images, against scipy level by level."""

import numpy as np
import pytest
from scipy import ndimage

from gliokit.radiomics.zones import find_zones


def levels_with_holes():
    rng = np.random.default_rng(3)
    levels = rng.integers(1, 4, size=(9, 8, 7)) * (rng.random((9, 8, 7)) < 0.9)
    levels[:, :, 4] = 0
    return levels.astype(np.int32)


def zones_by_scipy(levels, connected):
    found = []
    for level in range(1, 4):
        labels, n = ndimage.label(levels == level, connected)
        sizes = np.bincount(labels.ravel())[1:]
        at = [int(np.nonzero(labels == label)[2][0]) for label in range(1, n + 1)]
        found += [(level, int(size), z) for size, z in zip(sizes, at, strict=True)]
    return sorted(found)


def test_zones_in_the_volume_are_those_of_26_neighbors():
    levels = levels_with_holes()
    zones = find_zones(levels, by_slice=False)
    expected = zones_by_scipy(levels, np.ones((3, 3, 3)))
    assert sorted(zip(zones.level, zones.size, strict=True)) == [zone[:2] for zone in expected]
    assert not zones.slice.any()


def test_zones_in_slices_are_those_of_8_neighbors_and_empty_slices_do_not_count():
    levels, connected = levels_with_holes(), np.zeros((3, 3, 3))
    connected[:, :, 1] = 1
    zones = find_zones(levels, by_slice=True)
    expected = [(*zone[:2], zone[2] - (zone[2] > 4)) for zone in zones_by_scipy(levels, connected)]
    assert sorted(zip(zones.level, zones.size, zones.slice, strict=True)) == expected


@pytest.mark.parametrize("by_slice", [True, False])
def test_voxels_of_a_zone_share_its_level_and_are_as_many_as_its_size(by_slice):
    levels = levels_with_holes()
    zones = find_zones(levels, by_slice=by_slice)
    assert np.array_equal(zones.level[zones.zone_of_voxel], levels[levels > 0])
    assert np.array_equal(np.bincount(zones.zone_of_voxel), zones.size)


def test_a_corner_connects():
    levels = np.zeros((2, 2, 2), dtype=np.int32)
    levels[0, 0, 0] = levels[1, 1, 1] = 2
    assert find_zones(levels, by_slice=False).size.tolist() == [2]
    assert find_zones(levels, by_slice=True).size.tolist() == [1, 1]
