"""Voxel axes turned to run to R, A and S; no voxel is changed and nothing is copied."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, Grid, canonical_axes

Voxel = TypeVar("Voxel", bound=np.generic)


def turn_to_ras(array: NDArray[Voxel], affine: Affine) -> NDArray[Voxel]:
    """View an array (X, Y, Z) with its axes nearest to R, A and S."""
    axes, flipped = canonical_axes(affine)
    return array.transpose(axes)[_steps(flipped)]


def turn_from_ras(array: NDArray[Voxel], affine: Affine) -> NDArray[Voxel]:
    """View an array with RAS axes in the voxel order that `affine` describes."""
    axes, flipped = canonical_axes(affine)
    return array[_steps(flipped)].transpose(np.argsort(axes))


def grid_in_ras(grid: Grid) -> Grid:
    """Give the grid that an array has after `turn_to_ras`."""
    axes, flipped = canonical_axes(grid.affine)
    x, y, z = (grid.shape[axis] for axis in axes)
    turn = np.zeros((4, 4))  # from voxels of the turned array to voxels of the given one
    turn[3, 3] = 1
    for world, (axis, backwards) in enumerate(zip(axes, flipped, strict=True)):
        turn[axis, world] = -1 if backwards else 1
        turn[axis, 3] = grid.shape[axis] - 1 if backwards else 0
    return Grid((x, y, z), grid.affine @ turn)


def _steps(flipped: tuple[bool, bool, bool]) -> tuple[slice, ...]:
    return tuple(slice(None, None, -1 if backwards else 1) for backwards in flipped)
