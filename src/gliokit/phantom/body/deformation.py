"""Smooth maps of space that fold nowhere: another individual, an older one, a pushed brain.

A velocity field on a coarse grid is integrated by scaling and squaring: the square root of a
square root ... of the map is so small a step that its Jacobian is positive, and so then is
that of the map. Affine parts have a positive determinant; a mirror image is a choice apart.

Source: Arsigny et al., MICCAI 2006, doi:10.1007/11866565_113 (stationary velocity fields).
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from gliokit.core.geometry import Affine, to_world
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.compartments import Compartment
from gliokit.phantom.body.noise import smooth_field, stretch

GRID_MM = 4  # between control points
SMALL_STEP = 0.2  # of the control grid per squaring; far below 1, where a map could fold
LEAST_JACOBIAN = 0.15
KINDS = 8  # compartments are packed into one number with the tissue


@dataclass(frozen=True, slots=True)
class Deformation:
    """A map from the points of a new individual to those of the old, in mm.

    A point goes through the local displacement, the affine part about the center of the
    volume, and the change of age, in this order.

    Attributes
    ----------
    matrix : (3, 3)
        Affine part, of positive determinant.
    displacement : (3, x, y, z)
        Local part in mm, on control points that span the volume.
    aging : (3, x, y, z) or None
        Displacement in mm that enlarges the ventricles.
    mirrored : bool
        Whether left and right are exchanged.
    """

    matrix: NDArray[np.float64]
    displacement: NDArray[np.float32] = field(repr=False)
    aging: NDArray[np.float32] | None = field(default=None, repr=False)
    mirrored: bool = False

    def origin_mm(
        self, extent_mm: NDArray[np.float64], shape: tuple[int, ...]
    ) -> NDArray[np.float32]:
        """Where each of `shape` points that span the volume comes from, (3, *shape) in mm."""
        half = (extent_mm / 2).astype(np.float32)
        axes = [np.linspace(-h, h, n, dtype=np.float32) for h, n in zip(half, shape, strict=True)]
        local = np.stack([stretch(part, shape) for part in self.displacement])
        for axis, place in enumerate(axes):
            local[axis] += place.reshape([-1 if axis == a else 1 for a in range(3)])
        turned = np.einsum("ij,j...->i...", self.matrix.astype(np.float32), local)
        turned += half[:, None, None, None]
        if self.aging is None:
            return turned
        steps = (np.array(self.aging.shape[1:]) - 1) / extent_mm
        at = turned * steps.astype(np.float32)[:, None, None, None]
        for axis, part in enumerate(self.aging):
            turned[axis] += map_coordinates(part, at, order=1, mode="nearest")
        return turned


def draw_deformation(
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    spacing_mm: float = 1.0,
    amount_mm: float = 3.0,
    aging: NDArray[np.float32] | None = None,
) -> Deformation:
    """Draw an individual: rotation, scale, shear, mirror, and local shape.

    Parameters
    ----------
    shape : tuple of int
        Voxels (X, Y, Z) of the anatomy.
    amount_mm : float
        Standard deviation of the smooth displacement.
    aging : (3, x, y, z), optional
        From `gliokit.phantom.body.aging`.
    """
    grid = control_points(shape, spacing_mm)
    scale_mm = rng.uniform(12, 20)
    velocity = np.stack([smooth_field(grid, scale_mm / GRID_MM, rng) for _ in range(3)])
    velocity *= np.float32(amount_mm * rng.uniform(0.5, 1.3))
    return Deformation(
        matrix=_draw_matrix(rng),
        displacement=integrate(velocity),
        aging=aging,
        mirrored=bool(rng.random() < 0.5),
    )


def control_points(shape: tuple[int, ...], spacing_mm: float) -> tuple[int, ...]:
    """Count the control points along each axis of a volume."""
    return tuple(max(4, round((n - 1) * spacing_mm / GRID_MM) + 1) for n in shape)


def control_indices(shape: tuple[int, ...], spacing_mm: float) -> list[NDArray[np.intp]]:
    """Voxels nearest to the control points, along each axis."""
    points = control_points(shape, spacing_mm)
    return [
        np.rint(np.linspace(0, n - 1, m)).astype(int) for n, m in zip(shape, points, strict=True)
    ]


def integrate(velocity_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Follow a stationary velocity field for a unit of time.

    Where the control grid is too coarse to follow a steep field, the field is weakened until
    no cell of the grid is squeezed below `LEAST_JACOBIAN` of its volume.

    Parameters
    ----------
    velocity_mm : (3, x, y, z)
        On control points `GRID_MM` apart.

    Returns
    -------
    (3, x, y, z)
        Displacement in mm; the map it belongs to folds nowhere.
    """
    moved = _followed(velocity_mm)
    while least_jacobian(moved) < LEAST_JACOBIAN:
        velocity_mm = velocity_mm * np.float32(0.8)
        moved = _followed(velocity_mm)
    return moved


def least_jacobian(displacement_mm: NDArray[np.float32]) -> float:
    """Smallest change of volume at any corner of any cell of the control grid."""
    steps = [np.diff(displacement_mm, axis=axis) / np.float32(GRID_MM) for axis in (1, 2, 3)]
    least = np.inf
    for corner in np.ndindex(2, 2, 2):
        rows = []
        for axis, step in enumerate(steps):
            # along its own axis a step belongs to the cell; across, to one of its edges
            index = [
                slice(None) if a == axis else slice(corner[a], n - 1 + corner[a])
                for a, n in enumerate(displacement_mm.shape[1:])
            ]
            row = list(step[:, *index])
            row[axis] = row[axis] + np.float32(1)
            rows.append(row)
        least = min(least, float(_determinant(*rows).min()))
    return least


Row: TypeAlias = list[NDArray[np.float32]]


def _determinant(a: Row, b: Row, c: Row) -> NDArray[np.float32]:
    """Of 3 × 3 matrices, entry by entry; many times faster than the general one."""
    return (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
    )


def _followed(velocity_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale down to a small step, and compose the map with itself again and again."""
    steepest = max(float(np.abs(np.diff(velocity_mm, axis=a)).max()) for a in (1, 2, 3))
    halvings = max(0, int(np.ceil(np.log2(max(steepest / GRID_MM / SMALL_STEP, 1e-9)))))
    moved = velocity_mm / np.float32(2**halvings)
    index = np.indices(velocity_mm.shape[1:], dtype=np.float32)
    for _ in range(halvings):
        at = index + moved / np.float32(GRID_MM)
        moved = moved + np.stack(
            [map_coordinates(part, at, order=1, mode="nearest") for part in moved]
        )
    return moved


def deform(
    anatomy: Anatomy,
    deformation: Deformation,
    *,
    spacing_mm: float | None = None,
    shape: tuple[int, ...] | None = None,
) -> Anatomy:
    """Apply a deformation; labels are taken from the nearest voxel.

    Parameters
    ----------
    spacing_mm, shape : float, tuple of int, optional
        Voxels of the result where they differ from the anatomy's; the centers coincide.
    """
    extent = (np.array(anatomy.tissues.shape) - 1) * anatomy.spacing_mm
    shape = shape or anatomy.tissues.shape
    new_spacing = spacing_mm or anatomy.spacing_mm
    at = _origin(deformation, extent, shape, new_spacing) / np.float32(anatomy.spacing_mm)
    tissues, compartments = seen_at(anatomy, at, mode="constant")
    if deformation.mirrored:
        tissues, compartments = tissues[::-1].copy(), _sides_exchanged(compartments[::-1])
    return Anatomy(tissues, compartments, _centered(anatomy, shape, new_spacing))


def seen_at(
    anatomy: Anatomy, at: NDArray[np.float32], *, mode: str
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take tissue and compartment from the nearest voxel to indices (3, X, Y, Z), in one go."""
    packed = anatomy.tissues.astype(np.uint16) * KINDS + anatomy.compartments
    seen = map_coordinates(packed, at, order=0, mode=mode)
    return (seen // KINDS).astype(np.uint8), (seen % KINDS).astype(np.uint8)


def _origin(
    deformation: Deformation,
    extent_mm: NDArray[np.float64],
    shape: tuple[int, ...],
    spacing_mm: float,
) -> NDArray[np.float32]:
    """Where the voxels come from, in mm from the first voxel of the anatomy, (3, X, Y, Z)."""
    own = (np.array(shape) - 1) * spacing_mm
    if np.allclose(own, extent_mm):
        return deformation.origin_mm(extent_mm, shape)
    # another window about the same center: control points are read at its voxels
    fine = control_points(tuple(int(e) + 1 for e in extent_mm), 1.0)
    known = deformation.origin_mm(extent_mm, fine)
    steps = (np.array(fine) - 1) / extent_mm
    axes = [
        ((np.arange(n) - (n - 1) / 2) * spacing_mm + e / 2) * step
        for n, e, step in zip(shape, extent_mm, steps, strict=True)
    ]
    at = np.stack(np.meshgrid(*axes, indexing="ij")).astype(np.float32)
    inside = np.all([(a >= 0) & (a <= n - 1) for a, n in zip(at, fine, strict=True)], axis=0)
    origin = np.stack([map_coordinates(part, at, order=1, mode="nearest") for part in known])
    return np.where(inside, origin, np.float32(-1e4))


def _centered(anatomy: Anatomy, shape: tuple[int, ...], spacing_mm: float) -> Affine:
    affine = anatomy.affine.copy()
    middle = to_world(affine, (np.array(anatomy.tissues.shape) - 1) / 2)
    affine[:3, :3] *= spacing_mm / anatomy.spacing_mm
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def _sides_exchanged(compartments: NDArray[np.uint8]) -> NDArray[np.uint8]:
    table = np.arange(KINDS, dtype=np.uint8)
    table[[Compartment.LEFT, Compartment.RIGHT]] = Compartment.RIGHT, Compartment.LEFT
    return table[compartments]


def _draw_matrix(rng: np.random.Generator) -> NDArray[np.float64]:
    matrix = np.eye(3)
    for axis, angle in enumerate(rng.normal(0, np.radians(6), 3)):
        matrix = matrix @ rotation(axis, angle)
    matrix = matrix @ np.diag(rng.normal(1.0, 0.05, 3).clip(0.88, 1.12))
    return matrix + rng.normal(0, 0.02, (3, 3)).clip(-0.05, 0.05)


def rotation(axis: int, angle: float) -> NDArray[np.float64]:
    """Turn about a voxel axis by an angle in radians, (3, 3)."""
    turn = np.eye(3)
    a, b = (other for other in range(3) if other != axis)
    turn[a, a] = turn[b, b] = np.cos(angle)
    turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
    return turn
