"""Another spacing along the same axes: averaged when coarser, linear when finer.

Separable, as one small matrix per axis. The two grids share their outer faces at the start
of each axis; what lies beyond the far face repeats the last voxel.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

HALF = 0.5 - 1e-6  # share of a voxel
SAME = 1e-3  # relative difference of spacing below which nothing is resampled


def resample(
    array: NDArray[np.float32],
    from_mm: NDArray[np.float64],
    to_mm: NDArray[np.float64],
    *,
    shape: tuple[int, int, int] | None = None,
) -> NDArray[np.float32]:
    """Resample the last three axes of an array.

    Parameters
    ----------
    array : (..., X, Y, Z)
        Intensities or probabilities, never label numbers.
    from_mm, to_mm : (3,)
        Spacing now and wanted.
    shape : tuple of int, optional
        Voxels wanted; by default as many as cover the volume.
    """
    for axis in range(3):
        n = array.shape[axis - 3]
        m = shape[axis] if shape else round(n * from_mm[axis] / to_mm[axis] + 0.499)
        if n == m and abs(from_mm[axis] / to_mm[axis] - 1) < SAME:
            continue
        matrix = resampling_matrix(n, m, to_mm[axis] / from_mm[axis])
        array = np.moveaxis(np.tensordot(matrix, array, axes=(1, axis - 3)), 0, axis - 3)
    return np.ascontiguousarray(array)


def resample_inside(
    image: NDArray[np.float32],
    inside: NDArray[np.bool_],
    from_mm: NDArray[np.float64],
    to_mm: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Resample an image (X, Y, Z) and its brain without mixing the background into the edge.

    Returns
    -------
    tuple
        Mean of the brain's share of each voxel, and the voxels that are at least half brain.
    """
    (found,), resampled = resample_all_inside((image,), inside, from_mm, to_mm)
    return found, resampled


def resample_all_inside(
    images: Iterable[NDArray[np.float32]],
    inside: NDArray[np.bool_],
    from_mm: NDArray[np.float64],
    to_mm: NDArray[np.float64],
) -> tuple[list[NDArray[np.float32]], NDArray[np.bool_]]:
    """Resample images of one brain, each as `resample_inside` does."""
    share = resample(inside.astype(np.float32), from_mm, to_mm)
    least = share.clip(0.25)
    totals = (resample(np.where(inside, own, np.float32(0)), from_mm, to_mm) for own in images)
    return [(own / least).astype(np.float32, copy=False) for own in totals], share >= HALF


def resampling_matrix(n: int, m: int, ratio: float) -> NDArray[np.float32]:
    """Weights (m, n) of n voxels in m voxels that are `ratio` times as large; rows sum to 1."""
    if ratio >= 1:  # overlap of each large voxel with each small one
        start, end = np.arange(m)[:, None] * ratio, np.arange(1, m + 1)[:, None] * ratio
        left = np.arange(n)[None, :]
        weights = np.minimum(end, left + 1) - np.maximum(start, left)
        weights[start[:, 0] >= n, n - 1] = 1.0
    else:  # a tent around each center
        center = (np.arange(m)[:, None] + 0.5) * ratio - 0.5
        weights = 1 - np.abs(center.clip(0, n - 1) - np.arange(n)[None, :])
    weights = weights.clip(0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
