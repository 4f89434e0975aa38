"""Distance between the surfaces of two segmentations.

The surface of a region is its voxels that have a face in common with a voxel outside; beyond
the image is outside. Distances run between voxel centers. This is how MONAI and MedPy define
it; BraTS draws the surface between the voxels and weighs its pieces by area, so its figures differ
by a fraction of a voxel.

Two empty masks agree: distance 0, surface Dice 1. If only one is empty there is no distance: `nan`
or a stated penalty, and surface Dice 0.
"""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import bounding_box

# about the diagonal of a BraTS image; what BraTS 2023 and 2024 charge for a missed lesion
BRATS_PENALTY_MM = 374.0

REACH = 2  # voxels along each axis that are looked at before a tree is asked
LEAF_POINTS = 32  # for trees that are asked once, faster than scipy's 10
ROUNDING_MM = 1e-6  # 3 voxels of 1.1 mm are within 3.3 mm


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceDistances:
    """From every surface voxel to the nearest one of the other mask; measured once, read often.

    Attributes
    ----------
    from_reference_mm : (n,)
        From those of the reference; infinite if the prediction is empty.
    from_prediction_mm : (m,)
        From those of the prediction; infinite if the reference is empty.
    """

    from_reference_mm: NDArray[np.float64]
    from_prediction_mm: NDArray[np.float64]

    def hausdorff_95_mm(self, one_empty_mm: float = math.nan) -> float:
        """See `hausdorff_95_mm`."""
        sides = (self.from_reference_mm, self.from_prediction_mm)
        if not all(side.size for side in sides):
            return one_empty_mm if any(side.size for side in sides) else 0.0
        return float(max(np.percentile(side, 95) for side in sides))

    def surface_dice(self, tolerance_mm: float) -> float:
        """See `surface_dice`.

        Raises
        ------
        ValueError
            If `tolerance_mm` is negative or not finite.
        """
        if not 0 <= tolerance_mm < math.inf:
            raise ValueError(f"a tolerance of {tolerance_mm:g} mm; give a finite one, 0 or more")
        distances = np.concatenate([self.from_reference_mm, self.from_prediction_mm])
        return float(np.mean(distances <= tolerance_mm + ROUNDING_MM)) if distances.size else 1.0


def measure_surfaces(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], *, spacing_mm: ArrayLike
) -> SurfaceDistances:
    """Measure all distances between two surfaces.

    Exact, and on the box around both masks only. Most surface voxels of a fair prediction have the
    other surface within a few voxels: they are looked up, nearest first; a k-d tree is asked for
    the rest. A distance transform of the box took twice as long as the tree alone for a large
    tumor, and forty times for a small one with a false part far off.

    Parameters
    ----------
    reference, prediction : (X, Y, Z)
        Voxels of the same region on the same grid; any number of dimensions.
    spacing_mm : (3,)
        Distance of voxels along each axis.

    Raises
    ------
    GeometryError
        If the shapes differ, or there is not one positive spacing per axis.
    """
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if (
        reference.shape != prediction.shape
        or spacing.shape != (reference.ndim,)
        or not (spacing > 0).all()
    ):
        raise GeometryError(
            f"reference is {reference.shape}, prediction {prediction.shape}, spacing "
            f"{spacing.tolist()} mm; give both masks on one grid, and a positive spacing per axis"
        )
    box = bounding_box(reference | prediction)
    first, second = (_surface(mask[box]) for mask in (reference, prediction))
    return SurfaceDistances(
        nearest_mm(first, second, spacing_mm=spacing), nearest_mm(second, first, spacing_mm=spacing)
    )


def hausdorff_95_mm(
    reference: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    *,
    spacing_mm: ArrayLike,
    one_empty_mm: float = math.nan,
) -> float:
    """Measure how far apart two surfaces are, leaving out the farthest 5 % of each.

    Of each surface, the 95th percentile (linear between ranks) of the distances to the nearest
    point of the other; then the larger of the two, as MONAI and BraTS do. MedPy pools the
    distances of both surfaces instead, where a small surface far off is lost among the points of
    a large one. Takes and raises what `measure_surfaces` does, and

    Parameters
    ----------
    one_empty_mm : float
        Result if exactly one mask is empty, where no distance exists: `nan`, or a penalty such as
        `BRATS_PENALTY_MM`.

    Returns
    -------
    float
        mm; 0 if both are empty.

    Source: Huttenlocher et al., IEEE TPAMI 1993;15:850-63, doi:10.1109/34.232073.
    """
    distances = measure_surfaces(reference, prediction, spacing_mm=spacing_mm)
    return distances.hausdorff_95_mm(one_empty_mm)


def surface_dice(
    reference: NDArray[np.bool_],
    prediction: NDArray[np.bool_],
    *,
    spacing_mm: ArrayLike,
    tolerance_mm: float,
) -> float:
    """Measure the share of both surfaces that lies within a tolerance of the other.

    Also called normalized surface distance. Surface voxels of both masks are pooled and weigh the
    same, as in MONAI; a voxel exactly at the tolerance is within. The tolerance is the distance
    between two readers that nobody would mend. Takes and raises what `measure_surfaces` does;
    `ValueError` if the tolerance is negative or not finite.

    Returns
    -------
    float
        0 to 1. 1 if both are empty; 0 if only one is.

    Source: Nikolov et al., J Med Internet Res 2021;23:e26151, doi:10.2196/26151 (there with the
    area of pieces of surface).
    """
    distances = measure_surfaces(reference, prediction, spacing_mm=spacing_mm)
    return distances.surface_dice(tolerance_mm)


def nearest_mm(
    surface: NDArray[np.bool_], other: NDArray[np.bool_], *, spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure from every voxel of a surface to the nearest voxel of another.

    The surfaces may be drawn in any way, such as between the voxels of a mask.

    Parameters
    ----------
    surface, other : (X, Y, Z)
        Voxels of each on the same grid.
    spacing_mm : (3,)
        Distance of voxels along each axis.

    Returns
    -------
    (n,)
        mm, in the order of the voxels of `surface`; infinite if `other` is empty.
    """
    places = np.flatnonzero(np.pad(surface, REACH))
    distances = np.full(places.size, np.inf)
    if not other.any():
        return distances
    occupied = np.pad(other, REACH)
    steps, lengths_mm = _steps_by_length(occupied.shape, spacing_mm)
    remaining = np.arange(places.size)
    for step, length_mm in zip(steps, lengths_mm, strict=True):
        if not remaining.size:
            return distances
        reached = occupied.ravel()[places[remaining] + step]
        distances[remaining[reached]] = length_mm
        remaining = remaining[~reached]
    tree = KDTree(np.argwhere(occupied) * spacing_mm, leafsize=LEAF_POINTS)
    far = np.stack(np.unravel_index(places[remaining], occupied.shape), axis=1)
    distances[remaining], _ = tree.query(far * spacing_mm)
    return distances


def _surface(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the voxels that have a face on the outside; `region` may touch the edge of the array."""
    inner = region.copy()
    for axis in range(region.ndim):
        along, inside = np.moveaxis(inner, axis, 0), np.moveaxis(region, axis, 0)
        along[1:] &= inside[:-1]
        along[:-1] &= inside[1:]
        along[:1] = along[-1:] = False
    return region & ~inner


def _steps_by_length(
    shape: tuple[int, ...], spacing_mm: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """List steps in a flat array and their lengths in mm, shortest first, leaving none out."""
    steps = np.array(list(product(range(-REACH, REACH + 1), repeat=len(shape))))
    lengths = np.linalg.norm(steps * spacing_mm, axis=1)
    order = np.argsort(lengths, kind="stable")
    # a step of more than REACH along an axis may be shorter than what lies beyond this
    order = order[lengths[order] < (REACH + 1) * spacing_mm.min()]
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    return steps[order] @ strides, lengths[order]
