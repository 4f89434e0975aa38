"""Patches: cut where they are asked for, and classes drawn alike."""

from collections import Counter

import numpy as np
import pytest

from gliokit.learning.patches import cut, draw_center, voxels_by_class


def test_a_patch_is_the_neighborhood_of_its_center():
    array = np.arange(2 * 6 * 7).reshape(2, 6, 7)
    assert np.array_equal(cut(array, (3, 2), (3, 3)), array[:, 2:5, 1:4])
    assert np.array_equal(cut(array, (3, 2), (4, 2)), array[:, 1:5, 1:3])


@pytest.mark.parametrize("center", [(0, 0), (5, 6), (-9, 3), (20, 20)])
@pytest.mark.parametrize("size", [(3, 3), (4, 5), (9, 9)])
def test_beyond_the_array_is_background(center, size):
    array = np.arange(1, 43).reshape(6, 7)
    padded = np.pad(array, 40, constant_values=-1)
    low = [c + 40 - side // 2 for c, side in zip(center, size, strict=True)]
    expected = padded[low[0] : low[0] + size[0], low[1] : low[1] + size[1]]
    assert np.array_equal(cut(array, center, size, outside=-1), expected)


def test_a_patch_is_a_copy():
    array = np.zeros((5, 5))
    cut(array, (2, 2), (3, 3))[:] = 1
    assert not array.any()


def test_voxels_are_listed_by_class_inside_the_mask():
    classes = np.random.default_rng(0).integers(0, 3, (8, 9, 10))
    mask = np.zeros(classes.shape, dtype=bool)
    mask[2:7, 1:8, 3:9] = True
    listed = voxels_by_class(classes, mask, most=20, rng=np.random.default_rng(1))
    assert sorted(listed) == [0, 1, 2]
    for value, voxels in listed.items():
        assert voxels.shape == (20, 3)
        assert len(np.unique(voxels, axis=0)) == 20
        assert np.all(classes[tuple(voxels.T)] == value)
        assert np.all(mask[tuple(voxels.T)])


def test_classes_are_drawn_alike_and_empty_ones_never():
    listed = {0: np.zeros((900, 1), int), 1: np.ones((3, 1), int), 2: np.zeros((0, 1), int)}
    rng = np.random.default_rng(0)
    drawn = Counter(int(draw_center(listed, rng)[0]) for _ in range(1000))
    assert set(drawn) == {0, 1}
    assert drawn[1] == pytest.approx(500, abs=60)
