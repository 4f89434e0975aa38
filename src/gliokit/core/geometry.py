"""Where voxels lie: affines, spacing, orientation, grids.

World coordinates are RAS+ mm: x grows to the patient's right, y to the front, z to the
head. An affine (4, 4) maps voxel indices (i, j, k) to world coordinates.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.errors import GeometryError

Affine: TypeAlias = NDArray[np.float64]
Box: TypeAlias = tuple[slice, ...]  # one slice per axis

GRID_TOLERANCE_MM = 1e-2  # two grids are one if no corner lies further apart than this
_AXIS_CODES = (("L", "R"), ("P", "A"), ("I", "S"))


@dataclass(frozen=True, slots=True)
class Grid:
    """A voxel grid in the patient.

    Attributes
    ----------
    shape : tuple of int
        Voxels along each axis (X, Y, Z).
    affine : (4, 4)
        Voxel index to RAS+ mm.
    """

    shape: tuple[int, int, int]
    affine: Affine

    def difference(self, other: "Grid") -> str | None:
        """Say how another grid differs, or None if it is the same."""
        if self.shape != other.shape:
            return f"{_times(self.shape)} against {_times(other.shape)} voxels"
        apart = np.linalg.norm(self._corners() - other._corners(), axis=1).max()
        if apart <= GRID_TOLERANCE_MM:
            return None
        ours, theirs = spacing_mm(self.affine), spacing_mm(other.affine)
        if not np.allclose(ours, theirs, atol=1e-3):
            return f"spacing {_times(ours)} against {_times(theirs)} mm"
        if axis_codes(self.affine) != axis_codes(other.affine):
            return f"orientation {axis_codes(self.affine)} against {axis_codes(other.affine)}"
        return f"corners up to {apart:.3g} mm apart"

    def _corners(self) -> NDArray[np.float64]:
        last = np.array(self.shape) - 1
        return to_world(self.affine, np.array(list(np.ndindex(2, 2, 2))) * last)


def spacing_mm(affine: Affine) -> NDArray[np.float64]:
    """Distance between neighboring voxels along each axis, (3,) in mm."""
    return np.linalg.norm(affine[:3, :3], axis=0)


def voxel_volume_mm3(affine: Affine) -> float:
    """Volume of one voxel in mm³.

    Raises
    ------
    GeometryError
        If `affine` maps voxels onto no volume.
    """
    with np.errstate(invalid="ignore"):  # NaN is refused below
        volume = abs(float(np.linalg.det(affine[:3, :3])))
    if not np.isfinite(volume) or volume < 1e-9:
        raise GeometryError(
            f"affine maps voxels onto no volume (determinant {volume:g}); repair the header"
        )
    return volume


def to_world(affine: Affine, indices: ArrayLike) -> NDArray[np.float64]:
    """Map voxel indices (..., 3) to RAS+ mm (..., 3)."""
    return np.asarray(indices, dtype=np.float64) @ affine[:3, :3].T + affine[:3, 3]


def to_voxel(affine: Affine, points_mm: ArrayLike) -> NDArray[np.float64]:
    """Map RAS+ mm (..., 3) to fractional voxel indices (..., 3)."""
    inverse = np.linalg.inv(affine)
    return np.asarray(points_mm, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]


def canonical_axes(affine: Affine) -> tuple[tuple[int, int, int], tuple[bool, bool, bool]]:
    """Find which voxel axis runs nearest to R, A and S, and whether it runs backwards.

    The assignment maximizes the sum of squared cosines over all six permutations, so oblique
    grids up to the worst tilt get three different axes.

    Returns
    -------
    axes : tuple of int
        `axes[w]` is the voxel axis of world axis `w`.
    flipped : tuple of bool
        Whether that voxel axis runs to L, P or I.
    """
    cosines = affine[:3, :3] / spacing_mm(affine)
    permutations = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    x, y, z = max(permutations, key=lambda axes: sum(cosines[w, axes[w]] ** 2 for w in range(3)))
    flipped = (bool(cosines[0, x] < 0), bool(cosines[1, y] < 0), bool(cosines[2, z] < 0))
    return (x, y, z), flipped


def axis_codes(affine: Affine) -> str:
    """Name the direction in which each voxel axis runs, such as "RAS" or "LPS"."""
    axes, flipped = canonical_axes(affine)
    codes = {axes[w]: _AXIS_CODES[w][not flipped[w]] for w in range(3)}
    return "".join(codes[axis] for axis in range(3))


def axial_tilt_degrees(affine: Affine) -> float:
    """Angle between the slices that are nearest to axial and the true axial plane."""
    axes, _ = canonical_axes(affine)
    first, second = (affine[:3, axis] for axis in axes[:2])
    normal = np.cross(first, second)
    cosine = abs(normal[2]) / np.linalg.norm(normal)
    return float(np.degrees(np.arccos(np.clip(cosine, 0, 1))))


def bounding_box(mask: NDArray[np.generic]) -> tuple[slice, ...]:
    """Find the smallest box, one slice per axis, that holds all that is not zero.

    The slices of an empty mask are empty.
    """
    box: list[slice] = []
    for axis in range(mask.ndim):
        # what lies outside the slices that are known need not be looked at again
        inside = mask[tuple(box)]
        others = tuple(other for other in range(mask.ndim) if other != axis)
        occupied = np.flatnonzero(inside.any(axis=others))
        box.append(slice(int(occupied[0]), int(occupied[-1]) + 1) if occupied.size else slice(0))
    return tuple(box)


def _times(values: ArrayLike) -> str:
    return "×".join(f"{value:g}" for value in np.round(np.asarray(values, dtype=float), 4))
