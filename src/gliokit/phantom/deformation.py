"""Another individual from the same anatomy: a smooth random deformation.

The map is an affine part plus a band-limited field. No element of the field's gradient
exceeds `MAX_GRADIENT`, so its norm stays below the smallest stretch of the affine part and
the map folds nowhere: its Jacobian keeps one sign.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from gliokit.phantom.anatomy import Anatomy
from gliokit.phantom.noise import smooth_field

MAX_GRADIENT = 0.25  # Frobenius norm then at most 0.75; the affine part stretches by 0.8 or more


@dataclass(frozen=True, slots=True)
class Deformation:
    """A map from the voxels of the new individual to those of the old.

    Attributes
    ----------
    matrix : (3, 3)
        Affine part about the center of the volume.
    displacement : (3, X, Y, Z)
        Smooth part in voxels.
    """

    matrix: NDArray[np.float32]
    displacement: NDArray[np.float32] = field(repr=False)

    def coordinates(self) -> NDArray[np.float32]:
        """Where each voxel comes from, (3, X, Y, Z) in voxels."""
        shape = self.displacement.shape[1:]
        center = (np.array(shape, dtype=np.float32)[:, None, None, None] - 1) / 2
        index = np.indices(shape, dtype=np.float32) - center
        turned = np.tensordot(self.matrix, index, axes=1) + center + self.displacement
        return turned.astype(np.float32, copy=False)


def draw_deformation(
    shape: tuple[int, ...], rng: np.random.Generator, *, amount_mm: float = 3.0
) -> Deformation:
    """Draw an individual: rotation, scale, shear, mirror, and local shape.

    Parameters
    ----------
    shape : tuple of int
        Voxels (X, Y, Z), 1 mm.
    amount_mm : float
        Standard deviation of the smooth displacement.
    """
    angles = rng.normal(0, np.radians(6), 3)
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn = np.eye(3)
        a, b = (other for other in range(3) if other != axis)
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    matrix = matrix @ np.diag(rng.normal(1.0, 0.05, 3).clip(0.88, 1.12))
    matrix += rng.normal(0, 0.02, (3, 3))
    if rng.random() < 0.5:
        matrix[:, 0] *= -1  # left and right exchanged
    fields = np.stack([smooth_field(shape, rng.uniform(12, 20), rng) for _ in range(3)])
    fields *= amount_mm * rng.uniform(0.5, 1.3)
    steepest = max(float(np.abs(np.diff(fields, axis=axis)).max()) for axis in (1, 2, 3))
    fields *= min(1.0, MAX_GRADIENT / max(steepest, 1e-6))
    return Deformation(matrix.astype(np.float32), fields.astype(np.float32))


def deform(anatomy: Anatomy, deformation: Deformation) -> Anatomy:
    """Apply a deformation; labels are taken from the nearest voxel."""
    tissues = map_coordinates(anatomy.tissues, deformation.coordinates(), order=0, mode="constant")
    return Anatomy(tissues, anatomy.affine)
