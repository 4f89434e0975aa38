"""Voxel axes in the order and direction of R, A and S; no voxel is changed."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, canonical_axes, spacing_mm

Voxel = TypeVar("Voxel", bound=np.generic)


def to_canonical(array: NDArray[Voxel], affine: Affine) -> NDArray[Voxel]:
    """View an array (X, Y, Z) with its axes nearest to R, A and S."""
    axes, flipped = canonical_axes(affine)
    return np.flip(array.transpose(axes), _flips(flipped))


def from_canonical(array: NDArray[Voxel], affine: Affine) -> NDArray[Voxel]:
    """View a canonical array (R, A, S) in the voxel order that `affine` describes."""
    axes, flipped = canonical_axes(affine)
    return np.flip(array, _flips(flipped)).transpose(np.argsort(axes))


def canonical_spacing_mm(affine: Affine) -> NDArray[np.float64]:
    """Distance between voxels along the axes nearest to R, A and S, (3,) in mm."""
    axes, _ = canonical_axes(affine)
    return spacing_mm(affine)[list(axes)]


def _flips(flipped: tuple[bool, bool, bool]) -> tuple[int, ...]:
    return tuple(axis for axis in range(3) if flipped[axis])
