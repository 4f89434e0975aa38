"""Matrices of pairs and runs against the manual's example and against slow counts."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from gliokit.radiomics.aggregation import Aggregation
from gliokit.radiomics.level_image import lay_out
from gliokit.radiomics.tally import tally_pairs, tally_runs

MANUAL = np.array([[1, 2, 2, 3], [1, 2, 3, 3], [4, 2, 4, 1], [4, 1, 2, 3]], dtype=np.int32)
DIRECTIONS = [step for step in product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]
IN_SLICE = [step for step in DIRECTIONS if step[2] == 0]


def levels_with_holes(n_levels=4):
    rng = np.random.default_rng(1)
    levels = rng.integers(1, n_levels + 1, size=(6, 5, 4)) * (rng.random((6, 5, 4)) < 0.8)
    levels[:, :, 2] = 0
    return levels.astype(np.int32)


def by_matrix(tally, aggregation):
    """Give each matrix of the one aggregation as a dictionary of its cells, in some order."""
    ((given, counts),) = tally
    assert given is aggregation
    matrices = [{} for _ in range(counts.n_matrices)]
    cells = zip(counts.matrix, counts.level, counts.size, counts.count, strict=True)
    for matrix, level, size, count in cells:
        assert (level, size) not in matrices[matrix]
        matrices[matrix][int(level), int(size)] = int(count)
    return sorted(matrices, key=lambda matrix: sorted(matrix.items()))


def count_slowly(levels, aggregation, things):
    """Count things (of a voxel and direction) into each matrix, without those left empty."""
    slices = [z for z in range(levels.shape[2]) if levels[:, :, z].any()]
    groups = [[z] for z in slices] if aggregation.startswith("2D") else [slices]
    directions = DIRECTIONS if aggregation.startswith("3D") else IN_SLICE
    batches = [directions] if aggregation.endswith("comb") else [[one] for one in directions]
    matrices = []
    for group, batch in product(groups, batches):
        found = Counter()
        for voxel in zip(*map(list, np.nonzero(levels)), strict=True):
            if voxel[2] in group:
                found.update(cell for step in batch if (cell := things(levels, voxel, step)))
        matrices.append(dict(found))
    filled = [matrix for matrix in matrices if matrix]
    return sorted(filled, key=lambda matrix: sorted(matrix.items()))


def level_at(levels, voxel, step, times):
    place = tuple(v + times * s for v, s in zip(voxel, step, strict=True))
    inside = all(0 <= p < n for p, n in zip(place, levels.shape, strict=True))
    return int(levels[place]) if inside else 0


def pair(distance):
    def of(levels, voxel, step):
        here, there = int(levels[voxel]), level_at(levels, voxel, step, distance)
        return (min(here, there), max(here, there)) if there else None

    return of


def run(levels, voxel, step):
    level = int(levels[voxel])
    if level_at(levels, voxel, step, -1) == level:
        return None
    length = 1
    while level_at(levels, voxel, step, length) == level:
        length += 1
    return level, length


def first_direction(tally):
    """Give the matrix along the second axis, the rows of the example."""
    ((_, counts),) = tally
    matrix, first = np.zeros((4, 4), dtype=int), counts.matrix == 0
    matrix[counts.level[first] - 1, counts.size[first] - 1] = counts.count[first]
    return matrix.tolist()


def test_pairs_along_the_rows_of_the_manuals_example():
    pairs = tally_pairs(lay_out(MANUAL[:, :, None], 4), [Aggregation.DIRECTIONS_AVERAGED])
    expected = [[0, 3, 0, 2], [0, 1, 3, 2], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert first_direction(pairs) == expected


def test_runs_along_the_rows_of_the_manuals_example():
    runs = tally_runs(lay_out(MANUAL[:, :, None], 4), [Aggregation.DIRECTIONS_AVERAGED])
    assert first_direction(runs) == [[4, 0, 0, 0], [3, 1, 0, 0], [2, 1, 0, 0], [3, 0, 0, 0]]


@pytest.mark.parametrize("aggregation", Aggregation)
@pytest.mark.parametrize("distance", [1, 2])
def test_pairs_are_those_of_a_slow_count(aggregation, distance):
    levels = levels_with_holes()
    pairs = tally_pairs(lay_out(levels, 4, distance), [aggregation], distance)
    expected = count_slowly(levels, aggregation, pair(distance))
    assert by_matrix(pairs, aggregation) == expected


@pytest.mark.parametrize("aggregation", Aggregation)
@pytest.mark.parametrize("n_levels", [1, 2, 4])
def test_runs_are_those_of_a_slow_count(aggregation, n_levels):
    levels = levels_with_holes(n_levels)
    runs = tally_runs(lay_out(levels, n_levels), [aggregation])
    assert by_matrix(runs, aggregation) == count_slowly(levels, aggregation, run)


def test_one_voxel_has_no_pair_and_a_run_in_each_direction():
    region, way = lay_out(np.full((1, 1, 1), 3, dtype=np.int32), 3), Aggregation.VOLUME_COMBINED
    assert by_matrix(tally_pairs(region, [way]), way) == []
    assert by_matrix(tally_runs(region, [way]), way) == [{(3, 1): 13}]
