"""Texture of gray tone differences: how much a voxel differs from the mean of its neighbors.

Neighbors are those of the mask; a voxel without any does not count. Where a formula divides by
nothing, IBSI sets the value: a flat region has coarseness 10⁶ and contrast, busyness and
strength 0. Only a region in which no voxel has a neighbor is `nan`.

Source: Amadasun and King, IEEE Trans Syst Man Cybern 1989;19:1264-1274, doi:10.1109/21.44046;
IBSI reference manual, arXiv:1612.07003, section 3.10.
"""

import math
from collections.abc import Collection
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.directions import compute_once, steps_within
from gliokit.radiomics.level_image import LevelImage, lay_out

COARSEST = 1e6  # of a region without differences, by IBSI

DEFINITIONS = (
    Definition("ngt_coarseness", "coarseness", "level⁻¹", "QCDE"),
    Definition("ngt_contrast", "contrast", "level³", "65HE"),
    Definition("ngt_busyness", "busyness", "1", "NQ30"),
    Definition("ngt_complexity", "complexity", "level²", "HDEZ"),
    Definition("ngt_strength", "strength", "level", "1X9X"),
)


def describe_gray_tone_differences(
    levels: NDArray[np.int32],
    n_levels: int,
    dimensions: Collection[Dimension],
    *,
    distance: int = 1,
) -> dict[str, float]:
    """Compute the 5 features of the neighborhood gray tone difference matrix.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside the mask, 1 to `n_levels` inside.
    n_levels : int
        The highest level there may be; levels that do not occur change nothing.
    dimensions : collection
        Those wanted.
    distance : int
        Of neighbors, Chebyshev, in voxels.

    Returns
    -------
    dict
        Name with dimension to value; slices in which no voxel has a neighbor are left out of
        the average, and it is `nan` if all are such.

    Raises
    ------
    ImageError
        If `levels` is no discretized image, or empty.
    SettingsError
        If `distance` is below 1.
    """
    region = lay_out(levels, n_levels, margin=distance)
    level, slices = region.levels[region.voxels], region.slice_of_voxel()
    features: dict[str, float] = {}
    for dimension, difference in compute_once(dimensions, partial(_difference, region, distance)):
        there = np.isfinite(difference)
        matrix = (slices * (dimension is Dimension.SLICES))[there]
        starts = np.flatnonzero(np.diff(matrix)) + 1  # voxels stand slice by slice
        rows = map(
            describe_matrix, np.split(level[there], starts), np.split(difference[there], starts)
        )
        values = np.mean(list(rows), axis=0)
        features |= {
            f"{definition.name}_{dimension}": float(value)
            for definition, value in zip(DEFINITIONS, values, strict=True)
        }
    return features


def describe_matrix(
    level: NDArray[np.int32], difference: NDArray[np.float64]
) -> tuple[float, float, float, float, float]:
    """Compute coarseness, contrast, busyness, complexity and strength of one matrix.

    Parameters
    ----------
    level, difference : (N,)
        Level of each voxel that has neighbors, and how far it is from their mean.

    Returns
    -------
    tuple
        All `nan` without voxels.
    """
    if not level.size:
        return (math.nan,) * 5
    count = np.bincount(level)
    i = np.flatnonzero(count)
    s = np.bincount(level, difference)[i]
    p = count[i] / level.size
    weighted = float(p @ s)
    coarseness = 1 / weighted if weighted > 0 else COARSEST
    if i.size == 1:
        return coarseness, 0.0, 0.0, 0.0, 0.0
    apart = np.abs(np.subtract.outer(i, i))
    contrast = float(p @ apart**2 @ p) / (i.size * (i.size - 1)) * s.sum() / level.size
    spread = float(np.abs(np.subtract.outer(i * p, i * p)).sum())
    busyness = weighted / spread if spread > 0 else 0.0
    mean_s = np.add.outer(p * s, p * s) / np.add.outer(p, p)
    complexity = float((apart * mean_s).sum()) / level.size
    strength = 2 * float((p @ apart**2).sum()) / s.sum() if s.sum() > 0 else 0.0
    return coarseness, contrast, busyness, complexity, strength


def _difference(region: LevelImage, distance: int, by_slice: bool) -> NDArray[np.float64]:
    """How far each voxel is from the mean of its neighbors, (N,); `nan` without any."""
    steps = steps_within(distance, in_slice=by_slice)
    total = np.zeros_like(region.beside())
    neighbors = np.zeros(total.size, dtype=np.min_scalar_type(len(steps)))
    for step in steps:
        neighbor = region.beside(step)
        total += neighbor
        neighbors += neighbor > 0
    inside = region.voxels - region.voxels[0]
    level, total, neighbors = region.beside()[inside], total[inside], neighbors[inside]
    mean = np.divide(total, neighbors, where=neighbors > 0, out=np.full(level.size, math.nan))
    return np.abs(level - mean)
