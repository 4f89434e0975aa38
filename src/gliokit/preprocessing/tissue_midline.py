"""The plane between the halves of a brain, where tissue mirrors itself best.

The search starts at the midline of the template and turns and shifts it until tissue and its
mirror image agree. Fluid of ventricles, which a tumor displaces, and the tumor itself have no say.

Limits: a plane; a curved falx, or one that is pushed aside, is not followed.

Source: gliokit's own; the idea of a plane of best symmetry: Ardekani et al., IEEE Trans Med
Imaging 1997;16:947-52
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.optimize import minimize

from gliokit.core.geometry import Affine, spacing_mm, to_voxel, to_world
from gliokit.preprocessing.tissue_priors import Tissue

BLUR_MM = 3.0
POINTS = 12_000
FIRST_STEP = np.array([0.05, 0.05, 3.0])  # of the search: two slopes, and mm
PRECISE = {"xatol": 1e-3, "fatol": 1e-7, "maxiter": 200}
FEWEST = 500  # points without tumor on both sides, below which the start is kept
# what mirrors: white matter, gray matter, fluid of sulci
MIRRORED = ((Tissue.WHITE,), (Tissue.GRAY, Tissue.DEEP_GRAY), (Tissue.CSF,))


@dataclass(frozen=True, slots=True)
class Midline:
    """A plane between left and right.

    Attributes
    ----------
    normal : tuple of float
        Of length 1, to the patient's right, in RAS+ mm.
    offset_mm : float
        Distance of the plane from the origin along the normal.
    """

    normal: tuple[float, float, float]
    offset_mm: float


def right_of_midline_mm(points_mm: NDArray[np.float64], midline: Midline) -> NDArray[np.float64]:
    """How far points (..., 3) in RAS+ mm lie to the right of a midline; negative on the left."""
    return points_mm @ np.array(midline.normal) - midline.offset_mm


def mirrored(points_mm: NDArray[np.float64], midline: Midline) -> NDArray[np.float64]:
    """Mirror points (..., 3) in RAS+ mm at a midline."""
    away = right_of_midline_mm(points_mm, midline)
    return points_mm - 2 * away[..., None] * np.array(midline.normal)


def template_midline(to_template: Affine) -> Midline:
    """Carry the template's midline, x = 0, to a study by RAS+ mm of it to MNI RAS+ mm."""
    row = to_template[0]
    length = float(np.linalg.norm(row[:3]))
    x, y, z = (float(part) for part in row[:3] / length)
    return Midline((x, y, z), float(-row[3] / length))


def fit_midline(
    labels: NDArray[np.uint8], affine: Affine, start: Midline, *, tumor: NDArray[np.bool_]
) -> Midline:
    """Fit the midline to a map of tissues.

    Parameters
    ----------
    labels : (X, Y, Z)
        `Tissue` per voxel.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    start : Midline
        Where to begin, no more than about 10 degrees and 10 mm off.
    tumor : (X, Y, Z)
        Voxels that have no say, nor have those that mirror them.
    """
    blur = BLUR_MM / spacing_mm(affine)
    maps = [gaussian_filter(np.isin(labels, own).astype(np.float32), blur) for own in MIRRORED]
    silent = tumor | np.isin(labels, (Tissue.VENTRICLE, Tissue.ATYPICAL))
    voxels = np.argwhere((labels > 0) & ~silent)
    if len(voxels) < FEWEST:
        return start
    voxels = voxels[:: max(1, len(voxels) // POINTS)]
    points = to_world(affine, voxels)
    here = [one[tuple(voxels.T)] for one in maps]
    says = (~silent).astype(np.float32)
    center = points.mean(axis=0)

    def apart(numbers: NDArray[np.float64]) -> float:
        places = to_voxel(affine, mirrored(points, _moved(start, numbers, center))).T
        there = [_looked_up(one, places) for one in maps]
        weight = _looked_up(says, places, outside=1.0)
        off = sum((a - b) ** 2 for a, b in zip(here, there, strict=True))
        return float((weight * off).sum() / max(weight.sum(), FEWEST))

    simplex = np.concatenate([np.zeros((1, 3)), np.diag(FIRST_STEP)])
    found = minimize(
        apart, np.zeros(3), method="Nelder-Mead", options={**PRECISE, "initial_simplex": simplex}
    )
    return _moved(start, found.x, center)


def _moved(start: Midline, numbers: NDArray[np.float64], center: NDArray[np.float64]) -> Midline:
    """Turn a midline about a center by two slopes, and shift it by mm."""
    normal = np.array(start.normal)
    first = np.cross(normal, [0.0, 0.0, 1.0])
    first /= np.linalg.norm(first)
    turned = normal + numbers[0] * first + numbers[1] * np.cross(normal, first)
    turned /= np.linalg.norm(turned)
    distance = right_of_midline_mm(center, start)
    x, y, z = (float(part) for part in turned)
    return Midline((x, y, z), float(center @ turned - distance + numbers[2]))


def _looked_up(
    array: NDArray[np.float32], places: NDArray[np.float64], *, outside: float = 0.0
) -> NDArray[np.float32]:
    found = map_coordinates(array, places, order=1, mode="constant", cval=outside)
    return np.asarray(found, dtype=np.float32)
