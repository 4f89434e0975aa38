"""An image and its region moved, redrawn and made noisier, as a second look would have them.

How far a feature follows these changes, against how far patients differ, is its robustness
(`gliokit.evaluation.agreement.icc_one_way`). Rotation is about the third axis, in the slice, since
slices are what patients and readers agree on. The boundary moves by a smooth random field. Noise
is white, in multiples of what the image has already.

Strengths are those of the source where it gives them; the boundary's are assumed, since the
source draws contours by superpixels.

Source: Zwanenburg et al., Sci Rep 2019;9:614, doi:10.1038/s41598-018-36938-4.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_LONGEST_SHIFT = 1.0  # voxels; a shift by one is none, up to the ends of the image


@dataclass(frozen=True, slots=True)
class Strengths:
    """How much is changed at most.

    Attributes
    ----------
    rotation_degrees : float
        To either side.
    shift_voxels : float
        Along each axis, from 0; at most 1.
    contour_mm : float
        Standard deviation of the boundary's place (assumed).
    contour_length_mm : float
        Over which the boundary moves as one (assumed).
    noise : float
        Standard deviation of the added noise as a multiple of the image's own.
    """

    rotation_degrees: float = 13.0
    shift_voxels: float = 1.0
    contour_mm: float = 0.5
    contour_length_mm: float = 5.0
    noise: float = 1.0


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One drawn change.

    Attributes
    ----------
    rotation_degrees : float
        About the third axis, through the middle of the region.
    shift_voxels : tuple of float
        Along each axis.
    contour_mm, contour_length_mm, noise : float
        As in `Strengths`.
    seed : int
        Of the boundary's field and of the noise.
    """

    rotation_degrees: float
    shift_voxels: tuple[float, float, float]
    contour_mm: float
    contour_length_mm: float
    noise: float
    seed: int


def draw_perturbation(strengths: Strengths, rng: np.random.Generator) -> Perturbation:
    """Draw a change, uniformly within its strengths.

    Raises
    ------
    ValueError
        If a shift is longer than a voxel.
    """
    if not 0 <= strengths.shift_voxels <= _LONGEST_SHIFT:
        raise ValueError(f"shift_voxels must be in 0–1, got {strengths.shift_voxels:g}")
    x, y, z = rng.uniform(0, strengths.shift_voxels, size=3)
    return Perturbation(
        rotation_degrees=float(rng.uniform(-1, 1) * strengths.rotation_degrees),
        shift_voxels=(float(x), float(y), float(z)),
        contour_mm=strengths.contour_mm,
        contour_length_mm=strengths.contour_length_mm,
        noise=strengths.noise,
        seed=int(rng.integers(2**32)),
    )


def perturb(
    image: NDArray[np.float32],
    mask: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
    change: Perturbation,
    *,
    noise_sd: float,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Change an image and the region in it.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities.
    mask : (X, Y, Z)
        The region; not empty.
    spacing_mm : (3,)
        Of the grid.
    change : Perturbation
        Drawn before, so that one study can be changed again.
    noise_sd : float
        Standard deviation of the noise that the image has, in its unit: of the whole brain
        (`gliokit.preprocessing.quality.noise`), for texture of a region is no noise.

    Returns
    -------
    image, mask : (X, Y, Z)
        On the same grid. Nothing moves along an axis of one voxel. A region that is thinner than
        the boundary moves may end empty.
    """
    rng = np.random.default_rng(change.seed)
    noisy = image.astype(np.float64)
    if change.noise:
        noisy = noisy + rng.normal(0, change.noise * noise_sd, image.shape)
    redrawn = _redrawn(mask, spacing_mm, change, rng) if change.contour_mm else mask
    if not change.rotation_degrees and not any(change.shift_voxels):
        return noisy, redrawn
    matrix, offset = _motion(mask, spacing_mm, change)
    moved = ndimage.affine_transform(noisy, matrix, offset, order=3, mode="nearest")
    inside = ndimage.affine_transform(redrawn.astype(np.float32), matrix, offset, order=1)
    return moved, inside >= 0.5


def _redrawn(
    mask: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
    change: Perturbation,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Move the boundary outwards and inwards by a smooth field."""
    padded = np.pad(mask, 1)  # what lies beyond the image is outside
    inside = ndimage.distance_transform_edt(padded, sampling=spacing_mm)
    outside = ndimage.distance_transform_edt(~padded, sampling=spacing_mm)
    half_voxel = float(np.min(spacing_mm)) / 2  # distances are to voxels, not to the boundary
    depth = np.where(padded, inside - half_voxel, half_voxel - outside)[1:-1, 1:-1, 1:-1]
    field = ndimage.gaussian_filter(
        rng.standard_normal(mask.shape), change.contour_length_mm / spacing_mm, mode="wrap"
    )  # wrapped: as rough at the ends of the image as in its middle
    spread = float(np.sqrt(np.mean(field**2)))
    return depth + (change.contour_mm / spread * field if spread > 0 else 0) > 0


def _motion(
    mask: NDArray[np.bool_], spacing_mm: NDArray[np.float64], change: Perturbation
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Matrix and offset from a voxel of the moved image to its place in the old one."""
    angle = np.deg2rad(change.rotation_degrees)
    turn = np.eye(3)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    matrix = turn * spacing_mm / spacing_mm[:, None]  # turned in mm, not in voxels
    middle = np.mean(np.nonzero(mask), axis=1)
    shift = np.where(np.array(mask.shape) > 1, change.shift_voxels, 0)
    return matrix, middle - matrix @ middle + shift
