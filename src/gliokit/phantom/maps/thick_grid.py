"""Coarser grids for maps that are acquired with larger voxels than the anatomy has.

A thick voxel is a block of whole fine voxels. It keeps the share of each tissue that it
holds, so that whatever is proportional to tissue volume (blood, power, uptake) averages
as it does in a scanner: partial volume is exact for what is linear in the shares.

Limits: block averages, no slice profile; blocks at the far edges are filled with background.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine
from gliokit.phantom.body.tissue import Tissue

Factors = tuple[int, int, int]
Voxel = TypeVar("Voxel", bound=np.generic)


def block_factors(spacing_mm: float, wanted_mm: Sequence[float]) -> Factors:
    """Give the whole number of fine voxels per axis that comes closest to a voxel size."""
    x, y, z = (max(1, round(side / spacing_mm)) for side in wanted_mm)
    return x, y, z


def thick_affine(affine: Affine, factors: Factors) -> Affine:
    """Give voxel index to RAS+ mm of the coarse grid, (4, 4): centers of blocks."""
    block = np.diag([*factors, 1.0])
    block[:3, 3] = (np.array(factors) - 1) / 2
    return affine @ block


def tissue_shares(tissues: NDArray[np.uint8], factors: Factors) -> NDArray[np.float32]:
    """Measure how much of each thick voxel each tissue fills.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per fine voxel.
    factors : (3,)
        Fine voxels per thick one along each axis.

    Returns
    -------
    (X', Y', Z', n_tissues)
        Shares, 0-1; they add up to 1.
    """
    kinds = len(Tissue)
    padded = _padded(tissues, factors)
    shape = _blocks(padded.shape, factors)
    number = np.zeros((), dtype=np.int32)
    for axis, (count, factor) in enumerate(zip(shape, factors, strict=True)):
        row = np.repeat(np.arange(count, dtype=np.int32), factor)
        number = number * count + row.reshape([-1 if i == axis else 1 for i in range(3)])
    filled = np.bincount((number * kinds + padded).ravel(), minlength=int(np.prod(shape)) * kinds)
    shares = filled.astype(np.float32) / np.float32(np.prod(factors))
    return shares.reshape(*shape, kinds)


def block_mean(array: NDArray[np.float32], factors: Factors) -> NDArray[np.float32]:
    """Average an array of (X, Y, Z) over blocks; (X', Y', Z')."""
    padded = _padded(array, factors)
    x, y, z = _blocks(padded.shape, factors)
    a, b, c = factors
    return np.asarray(padded.reshape(x, a, y, b, z, c).mean(axis=(1, 3, 5), dtype=np.float32))


def _padded(array: NDArray[Voxel], factors: Factors) -> NDArray[Voxel]:
    missing = [(0, -n % factor) for n, factor in zip(array.shape, factors, strict=True)]
    return np.pad(array, missing) if any(after for _, after in missing) else array


def _blocks(shape: tuple[int, ...], factors: Factors) -> tuple[int, int, int]:
    x, y, z = (n // factor for n, factor in zip(shape, factors, strict=True))
    return x, y, z
