"""Which voxels a wall surrounds, also one with gaps.

A voxel is surrounded if it looks at the wall in most of the six directions along the axes of the
grid. A closed ring that is cut open in one place still surrounds what lies in it.
"""

import numpy as np
from numpy.typing import NDArray

MOST_DIRECTIONS = 4  # of six (assumed)


def surrounded(mask: NDArray[np.bool_], wall: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep the voxels of a mask that a wall surrounds, (X, Y, Z) each."""
    looks = np.zeros(mask.shape, dtype=np.uint8)
    for axis in range(mask.ndim):
        looks += np.logical_or.accumulate(wall, axis=axis)
        looks += np.flip(np.logical_or.accumulate(np.flip(wall, axis), axis=axis), axis)
    return np.asarray(mask & (looks >= MOST_DIRECTIONS))
