"""Where each tissue is likely to be in a head of usual shape, in MNI152 space.

The T1, gray and white matter maps of the MNI152 2009a symmetric brain are read from the installed
nilearn package. What is neither gray nor white there is fluid. Ventricles are the fluid inside
rough boxes, deep gray the gray inside another one; the brainstem counts as white matter. The maps
are blurred by as much as people differ after an affine registration.

Limits: boxes are approximate; horns that the template hardly shows are drawn as tubes.

Source: Fonov et al., NeuroImage 2011;54:313-27, doi:10.1016/j.neuroimage.2010.07.033 (template);
Ashburner and Friston, NeuroImage 2005;26:839-51, doi:10.1016/j.neuroimage.2005.02.018 (use of
tissue maps as priors)
"""

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from gliokit.core.errors import BundleError
from gliokit.core.geometry import Affine, to_voxel
from gliokit.core.image import Image
from gliokit.io.nifti import read_image
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.preprocessing.resampling import resample

MAPS = "mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"
STEP_MM = 2.0
# assumed: how far people's tissues lie from the template's after an affine registration
SPREAD_MM, VENTRICLE_SPREAD_MM = 3.5, 4.0
FLOOR = 0.01  # least probability of each tissue in the brain
FLUID = 0.5  # share of a voxel of the template
# what the template hardly shows of ventricles: axes of tubes, right or in the middle; assumed, and
# laid where eight simulated patients have them
TEMPORAL_HORN = ((33.0, -40.0, 0.0), (37.0, -8.0, -27.0))
OCCIPITAL_HORN = ((31.0, -58.0, 6.0), (23.0, -80.0, 3.0))
FOURTH_VENTRICLE = ((0.0, -42.0, -26.0), (0.0, -49.0, -44.0))
THIRD_VENTRICLE = ((0.0, 2.0, -8.0), (0.0, -22.0, 2.0))
TUBES = (TEMPORAL_HORN, OCCIPITAL_HORN, FOURTH_VENTRICLE, THIRD_VENTRICLE)
TUBE_RADIUS_MM, TUBE_CHANCE = 5.0, 0.7
BEYOND = (0.05, 0.35, 0.0, 0.6, 0.0)  # outside the template, whose outline is tight


Coordinate: TypeAlias = NDArray[np.float32] | NDArray[np.float64]


class Tissue(IntEnum):
    """What a voxel of the brain is made of."""

    NONE = 0  # outside the brain, or in the tumor
    WHITE = 1
    GRAY = 2
    DEEP_GRAY = 3
    CSF = 4  # outside the ventricles
    VENTRICLE = 5
    ATYPICAL = 6  # like none of these: lesions, vessels, choroid plexus, blood


NORMAL = (Tissue.WHITE, Tissue.GRAY, Tissue.DEEP_GRAY, Tissue.CSF, Tissue.VENTRICLE)


@dataclass(frozen=True, slots=True)
class TissuePriors:
    """Probability of each tissue in MNI space.

    Attributes
    ----------
    t1 : Image
        The stripped template, 1 mm.
    maps : (5, X, Y, Z)
        Of `NORMAL`, each 0-1; they sum to 1.
    affine : (4, 4)
        Voxel index of `maps` to MNI RAS+ mm.
    """

    t1: Image = field(repr=False)
    maps: NDArray[np.float32] = field(repr=False)
    affine: Affine

    def at(self, points_mm: NDArray[np.float64]) -> NDArray[np.float32]:
        """Look up points (n, 3) in MNI RAS+ mm: probabilities of `NORMAL`, (5, n)."""
        places = to_voxel(self.affine, points_mm).T.astype(np.float32)
        found = np.stack(
            [map_coordinates(one, places, order=1, mode="nearest") for one in self.maps]
        )
        return found / found.sum(axis=0)


@cache
def tissue_priors() -> TissuePriors:
    """Read the template, and derive the priors.

    Raises
    ------
    BundleError
        If nilearn, which brings the template, is not installed.
    """
    t1, gm, wm = (_read(kind) for kind in ("t1", "gm", "wm"))
    inside = t1.array > 0
    total = np.maximum(gm.array.max(), wm.array.max())
    gray, white = gm.array / total, wm.array / total
    x, y, z = _axes_mm(t1)
    fluid = np.where(inside, (1 - gray - white).clip(0, 1), 0).astype(np.float32)
    stem = is_brainstem(x, y, z)
    white = np.where(stem & inside, np.maximum(white, 0.8 * (gray + white)), white)
    gray = np.where(stem, np.float32(0.2) * gray, gray)
    ventricles = np.maximum(np.where(_ventricular(x, y, z), fluid, 0), _tubes(x, y, z))
    mixed = gray + white * ((0.85 - white) / 0.35).clip(0, 1)  # thalamus, pallidum: part white
    deep = np.where(is_deep(x, y, z), mixed, 0)
    rest = 1 - ventricles
    beyond = [np.where(inside, np.float32(0), np.float32(share)) for share in BEYOND]
    solid = 1 - fluid - deep
    pure = gray + white + 1e-6
    parts = [
        white / pure * solid.clip(0) * rest,
        gray / pure * solid.clip(0) * rest,
        deep * rest,
        fluid * rest,
        ventricles,
    ]
    spreads = [SPREAD_MM] * 4 + [VENTRICLE_SPREAD_MM]
    step = np.full(3, STEP_MM)
    maps = np.stack(
        [
            gaussian_filter(
                resample((part + out).astype(np.float32), np.ones(3), step), s / STEP_MM
            )
            for part, out, s in zip(parts, beyond, spreads, strict=True)
        ]
    )
    affine = t1.affine @ np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = t1.affine[:3, 3] + (STEP_MM - 1) / 2
    maps = maps + np.float32(FLOOR)
    return TissuePriors(t1, maps / maps.sum(axis=0), affine)


def _read(kind: str) -> Image:
    package = find_spec("nilearn")
    if package is None or package.origin is None:
        raise BundleError("nilearn, which brings the MNI152 brain, is missing: pip install nilearn")
    image = read_image(Path(package.origin).parent / "datasets" / "data" / MAPS.format(kind))
    turned = np.ascontiguousarray(turn_to_ras(image.array, image.affine))
    return Image(turned, grid_in_ras(image.grid).affine, f"MNI152 {kind}")


def _axes_mm(image: Image) -> tuple[NDArray[np.float32], ...]:
    """Coordinates along each axis, ready to broadcast; x without its sign."""
    x, y, z = (
        (np.arange(n) + image.affine[a, 3]).astype(np.float32)
        for a, n in enumerate(image.array.shape)
    )
    return np.abs(x)[:, None, None], y[None, :, None], z[None, None, :]


def _ventricular(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.bool_]:
    """Tell which places hold fluid of ventricles only; x is the distance from the midline."""
    lateral = (x > 1) & (x < 38) & (y > -56) & (y < 36) & (z > -4) & (z < 32)
    lateral &= (y > -26) | (x > 13) | (z > 14)  # not the cistern behind the pineal gland
    lateral &= (z > 1) | (x < 12) | (x > 18) | (y < -30)  # nor the insula's
    lateral &= (x < 29) | (y < -18)
    third = (x < 4) & (y > -24) & (y < 6) & (z > -13) & (z < 10)
    fourth = (x < 10) & (y > -52) & (y < -36) & (z > -46) & (z < -22)
    return lateral | third | fourth


def is_deep(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.bool_]:
    """Tell which gray is deep: caudate, putamen, pallidum, thalamus; x from the midline."""
    return (
        (x > 1)
        & (x < 34)
        & (y > -34)
        & (y < 24)
        & (z > -11)
        & (z < 24)
        & (x < 36 - 0.5 * z.clip(0))
    )


def is_brainstem(x: Coordinate, y: Coordinate, z: Coordinate) -> NDArray[np.bool_]:
    """Tell what is brainstem, below the thalamus; x from the midline."""
    return (
        (x < 18)
        & (y > -42)
        & (y < -10)
        & (z < -9)
        & (z < -0.5 * (y + 10))
        & ~((y > -16) & (z > -14))
    )


def _tubes(
    x: NDArray[np.float32], y: NDArray[np.float32], z: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Give a chance to what lies near the axes of tubes, (X, Y, Z); x from the midline."""
    near = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), dtype=np.float32)
    for start, end in TUBES:
        along = np.subtract(end, start)
        apart = [axis - first for axis, first in zip((x, y, z), start, strict=True)]
        share = sum(gap * step for gap, step in zip(apart, along, strict=True)) / (along @ along)
        share = np.clip(share, 0, 1)
        away = sum((gap - share * step) ** 2 for gap, step in zip(apart, along, strict=True))
        near[away < TUBE_RADIUS_MM**2] = TUBE_CHANCE
    return near
