"""Another spacing for an image and its mask, as IBSI has it: grids aligned by their centers.

Axes keep their directions, so a spline is applied axis by axis, as one matrix of weights an axis;
this equals the spline in three dimensions and touches only what has weight. Beyond the image
its last voxels are repeated. Masks are interpolated linearly and cut at a threshold.

Limits: nothing is smoothed before coarser sampling; IBSI asks for none.

Source: IBSI reference manual, arXiv:1612.07003, section 2.4 (identifiers VTM2, BPG4).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SAME = 1e-4  # relative difference of spacing below which an axis is left as it is
_ROUNDING = 1e-6  # of a voxel or of a mask's share: what floating point may add
_WEIGHTLESS = 1e-13  # weights below which a voxel is left out; those of splines fall by 4 a voxel


def center_aligned_places(n: int, from_mm: float, to_mm: float) -> NDArray[np.float64]:
    """Place new voxels along one axis.

    Parameters
    ----------
    n : int
        Voxels now.
    from_mm, to_mm : float
        Spacing now and wanted.

    Returns
    -------
    (m,)
        Centers of the new voxels as fractional indices of the old ones; as many as cover
        the old extent, with the middle of both grids in one place.
    """
    ratio = to_mm / from_mm
    if abs(ratio - 1) < SAME:
        return np.arange(n, dtype=np.float64)
    m = max(int(np.ceil(n / ratio - _ROUNDING)), 1)
    steps = np.arange(m, dtype=np.float64) - (m - 1) / 2
    return (n - 1) / 2 + steps * ratio


def interpolate(
    image: NDArray[np.floating], places: Sequence[NDArray[np.float64]], *, order: int
) -> NDArray[np.float64]:
    """Interpolate an image at fractional indices along each axis.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities.
    places : sequence of (m,)
        One per axis, as `center_aligned_places` gives them, or a part of them.
    order : int
        Of the spline: 0 nearest, 1 linear, 3 cubic; 5 at most.

    Returns
    -------
    (m, m, m)
    """
    weighted = [_weights(n, wanted, order) for n, wanted in zip(image.shape, places, strict=True)]
    result = image[tuple(used for used, _ in weighted)]
    for axis, (_, weights) in enumerate(weighted):
        if weights is not None:
            result = np.moveaxis(np.tensordot(weights, result, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(result, dtype=np.float64)


def interpolate_mask(
    mask: NDArray[np.bool_],
    places: Sequence[NDArray[np.float64]],
    *,
    threshold: float = 0.5,
) -> NDArray[np.bool_]:
    """Interpolate a mask (X, Y, Z) linearly; voxels of at least `threshold` belong to it."""
    share = interpolate(mask.astype(np.float32), places, order=1)
    return share >= threshold - _ROUNDING


def places_near(
    places: Sequence[NDArray[np.float64]],
    box: Sequence[slice],
    margin_voxels: NDArray[np.float64],
) -> list[NDArray[np.float64]]:
    """Select the places in or near a box.

    Parameters
    ----------
    places : sequence of (m,)
        One per axis; fractional indices of the old voxels.
    box : sequence of slice
        Of old voxels, not empty.
    margin_voxels : (3,)
        Old voxels added on each side of the box, beside the one to which linear weights reach.
    """
    return [
        axis[(axis > part.start - 1 - margin) & (axis < part.stop + margin)]
        for axis, part, margin in zip(places, box, margin_voxels, strict=True)
    ]


def _weights(
    n: int, places: NDArray[np.float64], order: int
) -> tuple[slice, NDArray[np.float64] | None]:
    """Give the old voxels with weight, and the weights (m, used); None where one voxel is one."""
    nearest = np.rint(places)
    if np.abs(places - nearest).max() < _ROUNDING and nearest[0] >= 0 and nearest[-1] < n:
        step = int(nearest[1] - nearest[0]) if len(nearest) > 1 else 1
        return slice(int(nearest[0]), int(nearest[-1]) + 1, step), None
    units = np.eye(n)
    weights = np.stack(
        [ndimage.map_coordinates(unit, [places], order=order, mode="nearest") for unit in units],
        axis=1,
    )
    used = np.flatnonzero(np.abs(weights).max(axis=0) > _WEIGHTLESS)
    part = slice(int(used[0]), int(used[-1]) + 1)
    return part, weights[:, part]
