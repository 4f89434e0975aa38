"""How far voxels are from a region, from face to face.

The gap is the way between two voxels less half a voxel at each end, along the line between their
centers. Voxels that touch by face, edge or corner have no gap; across a row of n voxels it is n
voxels wide, on any spacing.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from gliokit.core.geometry import bounding_box


def gaps_mm(
    mask: NDArray[np.bool_], region: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure the gap from each voxel of a mask to the nearest voxel of a region.

    Parameters
    ----------
    mask, region : (X, Y, Z)
        From where, and to where; they do not overlap.
    spacing_mm : (3,)
        Of the grid.

    Returns
    -------
    (n,)
        In mm, in the order of the mask's voxels; infinite where there is no region.
    """
    if not region.any() or not mask.any():
        return np.full(int(np.count_nonzero(mask)), np.inf)
    box = bounding_box(mask | region)
    nearest = distance_transform_edt(
        ~region[box], sampling=spacing_mm, return_distances=False, return_indices=True
    )
    voxels = np.argwhere(mask[box])
    steps = nearest[:, *voxels.T].T - voxels
    length = np.linalg.norm(steps * spacing_mm, axis=1)
    most = np.maximum(np.abs(steps).max(axis=1), 1)
    return np.asarray(length * (1 - 1 / most))


def depths_mm(
    mask: NDArray[np.bool_], brain: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure how deep each voxel of a mask lies under the surface of the brain, (n,) in mm."""
    return gaps_mm(mask & brain, ~brain, spacing_mm)
