"""What edits work on, and the regions in it that a reader points at.

Points and boxes are RAS+ mm; a voxel belongs to a region if its center does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.errors import GeometryError
from gliokit.core.findings import Point
from gliokit.core.geometry import Affine, Box, to_voxel, to_world

Sides: TypeAlias = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Canvas:
    """An image of enhancement, and where tumor may be found in it.

    Attributes
    ----------
    enhancement : (X, Y, Z)
        In units of noise.
    allowed : (X, Y, Z)
        Brain within the rough outline, without blood. A reader's strokes may go beyond it.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    """

    enhancement: NDArray[np.float32] = field(repr=False)
    allowed: NDArray[np.bool_] = field(repr=False)
    affine: Affine

    def __post_init__(self) -> None:
        if self.enhancement.shape != self.allowed.shape:
            raise GeometryError(
                f"enhancement has the shape {self.enhancement.shape}, where it may be "
                f"{self.allowed.shape}; resample the outline to the image"
            )


def box_of(affine: Affine, shape: tuple[int, ...], sides: Sides) -> NDArray[np.bool_]:
    """Select the voxels in a box along R, A and S, (X, Y, Z).

    Parameters
    ----------
    sides : ((x, x), (y, y), (z, z))
        RAS+ mm, in any order.

    Raises
    ------
    GeometryError
        If it holds no voxel.
    """
    low, high = np.sort(np.array(sides, dtype=np.float64), axis=1).T
    chosen = np.zeros(shape, dtype=bool)
    part = voxels_around(affine, shape, corners(low, high))
    places = places_mm(affine, part)
    chosen[part] = ((places >= low) & (places <= high)).all(axis=-1)
    if not chosen.any():
        raise GeometryError(
            f"the box {low.tolist()} to {high.tolist()} mm holds no voxel; the image reaches "
            f"{extent_text(affine, shape)}"
        )
    return chosen


def near(
    affine: Affine, shape: tuple[int, ...], points_mm: Iterable[Point], radius_mm: float
) -> NDArray[np.bool_]:
    """Select the voxels within a distance of any of the points, (X, Y, Z).

    The voxel that a point lies in is always among them.
    """
    chosen = np.zeros(shape, dtype=bool)
    for point in points_mm:
        center = np.array(point)
        part = voxels_around(affine, shape, corners(center - radius_mm, center + radius_mm))
        apart = np.linalg.norm(places_mm(affine, part) - center, axis=-1)
        chosen[part] |= apart <= radius_mm
        chosen[voxel_at(affine, shape, point)] = True
    return chosen


def voxel_at(affine: Affine, shape: tuple[int, ...], point_mm: Point) -> tuple[int, int, int]:
    """Find the voxel that a point lies in.

    Raises
    ------
    GeometryError
        If it lies outside the image.
    """
    index = np.rint(to_voxel(affine, point_mm)).astype(int)
    if (index < 0).any() or (index >= shape).any():
        raise GeometryError(
            f"{_point_text(point_mm)} mm lies outside the image, which reaches "
            f"{extent_text(affine, shape)}; give a point in it, in RAS mm"
        )
    x, y, z = index.tolist()
    return x, y, z


def voxels_around(affine: Affine, shape: tuple[int, ...], points_mm: ArrayLike) -> Box:
    """Find the box of voxels that holds the points, cut to the image; it may be empty."""
    places = to_voxel(affine, points_mm)
    first = np.floor(places.min(axis=0)).astype(int).clip(0, shape)
    beyond = (np.ceil(places.max(axis=0)).astype(int) + 1).clip(first, shape)
    return tuple(slice(a, b) for a, b in zip(first.tolist(), beyond.tolist(), strict=True))


def extent_text(affine: Affine, shape: tuple[int, ...]) -> str:
    """Say how far the voxel centers of an image reach."""
    ends = to_world(affine, corners(np.zeros(3), np.array(shape) - 1.0))
    sides = zip("xyz", ends.min(axis=0), ends.max(axis=0), strict=True)
    return ", ".join(f"{axis} {low:.0f} to {high:.0f}" for axis, low, high in sides) + " mm"


def corners(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the eight corners (8, 3) of a box."""
    return np.where(np.array(list(np.ndindex(2, 2, 2))), high, low)


def places_mm(affine: Affine, part: Box) -> NDArray[np.float64]:
    """Give the places (..., 3) of the voxel centers of a box."""
    first = [side.start for side in part]
    size = [side.stop - side.start for side in part]
    return to_world(affine, np.moveaxis(np.indices(size), 0, -1) + first)


def _point_text(point: Point) -> str:
    return ",".join(f"{value:g}" for value in point)
