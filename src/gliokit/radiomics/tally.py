"""Count pairs and runs of levels into sparse matrices.

A matrix of texture has a row for each level and a column for each level or length; in a slice of
some thousand voxels most of its cells are zero. So one dense scratch matrix is counted into, the
cells that were touched are remembered, taken out and set back: the cost follows the voxels, not
the levels. The two loops over voxels are compiled, nothing else: so they are soon ready. Each
direction is walked once, for matrices by direction and for those of all directions.
"""

from collections.abc import Callable, Collection, Iterator
from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gliokit.radiomics.aggregation import Aggregation
from gliokit.radiomics.count_matrix import CountMatrices
from gliokit.radiomics.directions import WALKS, Walk
from gliokit.radiomics.level_image import LevelImage

Ints = NDArray[np.int64]
Ranks = NDArray[np.int32]
Loop = Callable[[Ranks, Ints, int, Ints, Ints], int]
Cells = tuple[Ints, Ints]  # of one matrix: number of the cell, count
Rows = tuple[Ints, Ints, Ints, Ints]  # of many: number of the matrix, row, column, count


def tally_pairs(
    region: LevelImage, aggregations: Collection[Aggregation], distance: int = 1
) -> Iterator[tuple[Aggregation, CountMatrices]]:
    """Count the pairs of levels of neighbors.

    A pair is counted once, the lower level as `level`, the higher one as `size`; the symmetric
    matrix of IBSI holds it twice. Matrices without pairs are left out.

    Parameters
    ----------
    region : LevelImage
        With a margin of at least `distance`.
    aggregations : collection
        Those wanted.
    distance : int
        Between neighbors, in voxels along the direction.

    Yields
    ------
    Aggregation
        Those wanted, in their order.
    CountMatrices
        Its matrices.
    """
    level_of = region.level_of
    scratch = np.zeros((level_of.size, level_of.size), dtype=np.int64)
    for aggregation, rows in _tally(_count_pairs, region, aggregations, scratch, distance):
        matrix, lower, higher, count = rows
        yield aggregation, CountMatrices(matrix, level_of[lower], level_of[higher], count)


def tally_runs(
    region: LevelImage, aggregations: Collection[Aggregation]
) -> Iterator[tuple[Aggregation, CountMatrices]]:
    """Count the runs of equal levels by level and length, in voxels; as `tally_pairs`.

    Each voxel belongs to one run in each direction.
    """
    scratch = np.zeros((region.longest, region.level_of.size), dtype=np.int64)
    for aggregation, rows in _tally(_count_runs, region, aggregations, scratch):
        matrix, before_last, rank, count = rows
        yield aggregation, CountMatrices(matrix, region.level_of[rank], before_last + 1, count)


def _tally(
    loop: Loop,
    region: LevelImage,
    aggregations: Collection[Aggregation],
    scratch: Ints,
    distance: int = 1,
) -> Iterator[tuple[Aggregation, Rows]]:
    """Take the walks that are needed, and give the cells of their matrices."""
    for walk in WALKS:
        if walk.averaged in aggregations or walk.combined in aggregations:
            by_direction, of_all = _take(walk, loop, region, scratch, distance)
            if walk.averaged in aggregations:
                yield walk.averaged, _list_cells(by_direction, scratch.shape[1])
            if walk.combined in aggregations:
                yield walk.combined, _list_cells(of_all, scratch.shape[1])


def _take(
    walk: Walk, loop: Loop, region: LevelImage, scratch: Ints, distance: int
) -> tuple[list[Cells], list[Cells]]:
    """Count into a matrix for each direction, and into one of all, of each slice or of all."""
    bounds = region.slices if walk.by_slice else region.slices[[0, -1]]
    flat, merged = scratch.ravel(), np.zeros(scratch.size, dtype=np.int64)
    touched = np.empty(scratch.size, dtype=np.int64)
    by_direction, of_all = [], []
    for first, end in pairwise(bounds):
        fresh = []
        for step in distance * walk.directions @ region.strides:
            found = loop(region.ranks, region.voxels[first:end], step, scratch, touched)
            cells = touched[:found].copy()
            counts = flat[cells]
            flat[cells] = 0
            by_direction.append((cells, counts))
            fresh.append(cells[merged[cells] == 0])
            merged[cells] += counts
        cells = np.concatenate(fresh)
        of_all.append((cells, merged[cells]))
        merged[cells] = 0
    return by_direction, of_all


def _list_cells(matrices: list[Cells], width: int) -> Rows:
    """Put the cells of all matrices that have any into one table."""
    filled = [cells for cells in matrices if cells[0].size] or matrices[:1]
    cell, count = (np.concatenate(arrays) for arrays in zip(*filled, strict=True))
    matrix = np.repeat(np.arange(len(filled)), [cells.size for cells, _ in filled])
    row, column = np.divmod(cell, width)
    return matrix, row, column, count


@njit(cache=True, nogil=True)
def _count_pairs(ranks: Ranks, voxels: Ints, step: int, scratch: Ints, touched: Ints) -> int:
    """Count the pairs of voxels one step apart; return how many cells have been touched."""
    flat, found = scratch.ravel(), 0
    for i in range(voxels.size):
        here, there = ranks[voxels[i]], ranks[voxels[i] + step]
        if there > 0:
            cell = (min(here, there) - 1) * scratch.shape[1] + max(here, there) - 1
            if flat[cell] == 0:
                touched[found] = cell
                found += 1
            flat[cell] += 1
    return found


@njit(cache=True, nogil=True)
def _count_runs(ranks: Ranks, voxels: Ints, step: int, scratch: Ints, touched: Ints) -> int:
    """Count the runs that go on with the same step; return how many cells have been touched."""
    flat, found = scratch.ravel(), 0
    for i in range(voxels.size):
        voxel = voxels[i]
        rank = ranks[voxel]
        if ranks[voxel - step] != rank:  # a run begins
            cell = rank - 1
            while ranks[voxel + step] == rank:
                voxel += step
                cell += scratch.shape[1]
            if flat[cell] == 0:
                touched[found] = cell
                found += 1
            flat[cell] += 1
    return found
