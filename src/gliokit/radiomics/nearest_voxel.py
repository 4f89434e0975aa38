"""From each voxel of one mask to the nearest voxel of another."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree

from gliokit.core.geometry import bounding_box

FIRST_REACH_MM = 10.0  # around the mask: most distances are small, and small boxes are fast
EQUALLY_NEAR = 8  # voxels, at most, that share the smallest distance
ROUNDING_MM = 1e-6


def distances_mm(
    mask: NDArray[np.bool_], target: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance between voxel centers to the nearest voxel of a target.

    Parameters
    ----------
    mask, target : (X, Y, Z)
        Voxels to measure from, and to.

    Returns
    -------
    (mask.sum(),)
        In the order of `image[mask]`; 0 inside the target, `nan` if the target is empty.
    """
    if not mask.any() or not target.any():
        return np.full(np.count_nonzero(mask), math.nan)
    box, reach_mm = bounding_box(mask), FIRST_REACH_MM
    while True:
        near = tuple(
            slice(max(part.start - margin, 0), part.stop + margin)
            for part, margin in zip(box, np.ceil(reach_mm / spacing_mm).astype(int), strict=True)
        )
        whole = target[near].shape == target.shape
        if whole or target[near].any():
            transform = distance_transform_edt(~target[near], sampling=spacing_mm)
            distances = np.asarray(transform[mask[near]], dtype=np.float64)
            # nothing beyond the reach is nearer than what was found within it
            if whole or distances.max() <= reach_mm:
                return distances
            reach_mm = float(distances.max())
        else:
            reach_mm *= 2


def values_of_nearest(
    image: NDArray[np.float64],
    mask: NDArray[np.bool_],
    target: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Take an image's value at the nearest voxel of a target; the mean if several are as near.

    Parameters
    ----------
    image, mask, target : (X, Y, Z)
        Mask and target do not overlap; the target is not empty.

    Returns
    -------
    (mask.sum(),)
        In the order of `image[mask]`.
    """
    border = _border(target)
    number = min(EQUALLY_NEAR, len(border))
    tree = KDTree(border * spacing_mm)
    distances, which = tree.query(np.argwhere(mask) * spacing_mm, k=range(1, number + 1))
    as_near = distances <= distances[:, :1] + ROUNDING_MM
    values = image[tuple(border.T)][which]
    return np.asarray(np.average(values, axis=1, weights=as_near))


def _border(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """List voxels with a neighbor in the image that is not in the mask, (N, 3).

    The voxel nearest to one outside is among them, else that neighbor would be nearer.
    """
    surrounded = mask.copy()
    for axis in range(mask.ndim):
        moved, source = np.moveaxis(surrounded, axis, 0), np.moveaxis(mask, axis, 0)
        moved[1:] &= source[:-1]
        moved[:-1] &= source[1:]
    return np.argwhere(mask & ~surrounded)
