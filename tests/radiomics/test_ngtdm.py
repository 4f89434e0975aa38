"""Gray tone differences against a slow count, and the values that IBSI sets."""

import math
from itertools import product

import numpy as np
import pytest

from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.ngtdm import describe_gray_tone_differences


def levels_with_holes():
    rng = np.random.default_rng(5)
    levels = rng.choice([1, 2, 5, 6], size=(6, 5, 4)) * (rng.random((6, 5, 4)) < 0.7)
    return levels.astype(np.int32)


def features_slowly(levels, reach):
    """Compute the five features with sums over levels, neighbors looked up one by one."""
    n, s = {}, {}
    for voxel in zip(*np.nonzero(levels), strict=True):
        box = tuple(slice(max(v - r, 0), v + r + 1) for v, r in zip(voxel, reach, strict=True))
        level = int(levels[voxel])
        others = list(levels[box][levels[box] > 0])
        others.remove(level)
        if others:
            n[level] = n.get(level, 0) + 1
            s[level] = s.get(level, 0) + abs(level - np.mean(others))
    total = sum(n.values())
    p = {level: count / total for level, count in n.items()}
    weighted, spread = sum(p[i] * s[i] for i in p), sum(s.values())
    pairs = list(product(p, p))
    return [
        1 / weighted,
        sum(p[i] * p[j] * (i - j) ** 2 for i, j in pairs)
        / (len(p) * (len(p) - 1))
        * spread
        / total,
        weighted / sum(abs(i * p[i] - j * p[j]) for i, j in pairs),
        sum(abs(i - j) * (p[i] * s[i] + p[j] * s[j]) / (p[i] + p[j]) for i, j in pairs) / total,
        sum((p[i] + p[j]) * (i - j) ** 2 for i, j in pairs) / spread,
    ]


@pytest.mark.parametrize("distance", [1, 2])
def test_features_in_the_volume_are_those_of_a_slow_count(distance):
    levels = levels_with_holes()
    found = describe_gray_tone_differences(levels, 6, [Dimension.VOLUME], distance=distance)
    assert list(found.values()) == pytest.approx(features_slowly(levels, (distance,) * 3))


def test_features_of_slices_are_those_of_a_slow_count():
    levels = levels_with_holes()
    found = describe_gray_tone_differences(levels, 6, [Dimension.SLICES, Dimension.MERGED_SLICES])
    by_slice = [features_slowly(levels[:, :, z : z + 1], (1, 1, 0)) for z in range(4)]
    expected = [*np.mean(by_slice, axis=0), *features_slowly(levels, (1, 1, 0))]
    assert list(found.values()) == pytest.approx(expected)


def test_flat_region_has_the_values_that_ibsi_sets():
    flat = np.full((3, 3, 3), 4, dtype=np.int32)
    found = describe_gray_tone_differences(flat, 4, [Dimension.VOLUME])
    assert list(found.values()) == [1e6, 0, 0, 0, 0]


def test_two_flat_parts_apart_have_no_strength_but_are_told_from_one():
    levels = np.zeros((5, 3, 3), dtype=np.int32)
    levels[:2], levels[3:] = 1, 2
    found = describe_gray_tone_differences(levels, 2, [Dimension.VOLUME])
    assert list(found.values()) == [1e6, 0, 0, 0, 0]


def test_levels_of_equal_weight_have_no_busyness():
    levels = np.array([1, 1, 2], dtype=np.int32).reshape(3, 1, 1)
    found = describe_gray_tone_differences(levels, 2, [Dimension.VOLUME])
    assert found["ngt_busyness_3D"] == 0  # 1 × 2/3 is 2 × 1/3
    assert found["ngt_coarseness_3D"] == pytest.approx(1 / (2 / 3 * 0.5 + 1 / 3 * 1))


def test_voxels_without_neighbors_do_not_count():
    levels = np.zeros((9, 3, 3), dtype=np.int32)
    levels[:4] = levels_with_holes()[:4, :3, :3]
    lonely = levels.copy()
    lonely[8, 1, 1] = 6
    with_it, without = (
        describe_gray_tone_differences(image, 6, [Dimension.VOLUME]) for image in (lonely, levels)
    )
    assert with_it == without


def test_region_without_neighbors_is_undefined():
    levels = np.zeros((3, 3, 3), dtype=np.int32)
    levels[0, 0, 0], levels[2, 2, 2] = 1, 2
    found = describe_gray_tone_differences(levels, 2, list(Dimension))
    assert all(map(math.isnan, found.values()))
