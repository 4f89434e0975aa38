"""Planes through the patient as a radiologist looks at them.

Volumes are turned to RAS+ first; a picture's rows and columns then both run against the
world's axes, which is the radiological convention: the patient's right on the left of axial
and coronal pictures, the face on the left of sagittal ones. Picture coordinates are mm from
the upper left corner of the first pixel, to the right and down.

Oblique grids are shown along their own voxel axes, under the names of the nearest planes.
"""

from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.geometry import Grid, spacing_mm, to_voxel

Voxel: TypeAlias = tuple[int, int, int]
_Array = TypeVar("_Array", NDArray[np.float32], NDArray[np.uint8])


class Plane(StrEnum):
    """A plane of view."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"


# world axis (R, A, S) that runs across, down and through the picture, from R to L and so on
PICTURE_AXES: MappingProxyType[Plane, tuple[int, int, int]] = MappingProxyType(
    {Plane.AXIAL: (0, 1, 2), Plane.CORONAL: (0, 2, 1), Plane.SAGITTAL: (1, 2, 0)}
)
WORLD_LETTERS = (("R", "L"), ("A", "P"), ("S", "I"))


def picture(volume: _Array, plane: Plane, index: int) -> _Array:
    """Cut one slice out of a RAS+ volume as a picture (rows, columns), without copying."""
    across, down, through = PICTURE_AXES[plane]
    return volume.transpose(through, down, across)[index, ::-1, ::-1]


def pixel_mm(grid: Grid, plane: Plane) -> tuple[float, float]:
    """Width and height of a pixel of a RAS+ grid in mm."""
    across, down, _ = PICTURE_AXES[plane]
    spacing = spacing_mm(grid.affine)
    return float(spacing[across]), float(spacing[down])


def picture_points(grid: Grid, plane: Plane, points_mm: ArrayLike) -> NDArray[np.float64]:
    """Map world points (N, 3) in RAS+ mm to picture coordinates (N, 2) in mm."""
    axes = list(PICTURE_AXES[plane][:2])
    voxels = to_voxel(grid.affine, points_mm)[:, axes]
    # the last voxel comes first; its center lies half a pixel inside the picture
    return (np.array(grid.shape)[axes] - 0.5 - voxels) * np.array(pixel_mm(grid, plane))


def letters(plane: Plane) -> tuple[str, str, str, str]:
    """Name the directions at the left, right, upper and lower edge of a picture."""
    across, down, _ = PICTURE_AXES[plane]
    return *WORLD_LETTERS[across], *WORLD_LETTERS[down]


def direction_text(value_mm: float, axis: int) -> str:
    """Write a world coordinate with the letter of its side, such as "L 32"."""
    letter = WORLD_LETTERS[axis][value_mm < 0]
    return f"{letter} {abs(value_mm):.0f}"
