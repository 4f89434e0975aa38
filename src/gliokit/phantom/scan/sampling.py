"""Sampling along one axis as a small matrix: slice profile, interpolation, averaging.

Separable: blur, slice thickness, gap and shift along each axis are one matrix product each.
"""

import numpy as np
from numpy.typing import NDArray


def profile_matrix(
    positions: NDArray[np.float64],
    centers: NDArray[np.float64],
    *,
    blur_mm: float,
    thickness_mm: float,
) -> NDArray[np.float32]:
    """Average what lies at `positions` into samples at `centers` (mm) along one axis.

    Returns
    -------
    (n_centers, n_positions)
        Rows sum to 1 where anything is in reach.
    """
    apart = centers[:, None] - positions[None, :]
    step = positions[1] - positions[0]
    sigma = max(blur_mm, 0.3 * step)
    if thickness_mm > step:
        half = thickness_mm / 2
        profile = _edge((apart + half) / sigma) - _edge((apart - half) / sigma)
    else:
        profile = np.exp(-0.5 * (apart / sigma) ** 2)
    return (profile / (profile.sum(axis=1, keepdims=True) + 1e-12)).astype(np.float32)


def interpolation_matrix(
    wanted: NDArray[np.float64], centers: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Interpolate linearly from evenly spaced `centers` to places in mm, (n, n_centers)."""
    m = len(centers)
    place = np.clip((wanted - centers[0]) / (centers[1] - centers[0]), 0, m - 1)
    low = np.minimum(place.astype(int), m - 2)
    rows = np.arange(len(wanted))
    matrix = np.zeros((len(wanted), m), dtype=np.float32)
    matrix[rows, low] = 1 - (place - low)
    matrix[rows, low + 1] = place - low
    return matrix


def mean_blocks(array: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Average blocks of `factor`³ voxels; a remainder at the far side is cut."""
    for axis in range(3) if factor > 1 else ():
        n = array.shape[axis] // factor * factor
        ahead = np.moveaxis(array, axis, 0)[:n]
        total = np.add.reduce([ahead[start::factor] for start in range(factor)])
        array = np.moveaxis(total / np.float32(factor), 0, axis)
    return array


def along(
    matrix: NDArray[np.float32], image: NDArray[np.float32], axis: int
) -> NDArray[np.float32]:
    """Apply a matrix (m, n) along an axis of n voxels."""
    return np.moveaxis(np.tensordot(matrix, image, axes=(1, axis)), 0, axis)


def _edge(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-1.702 * np.clip(x, -30, 30)))  # close to the normal integral
