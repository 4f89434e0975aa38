"""Answers on every nth voxel of a brain, and what lies between.

Node i along an axis is voxel `stride // 2 + i * stride`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from gliokit.core.interpolation import at_places


def nodes_in(brain: NDArray[np.bool_], stride: int) -> NDArray[np.int64]:
    """Find the nodes in a brain (X, Y, Z) by their number along each axis, (n, 3)."""
    every = slice(stride // 2, None, stride)
    return np.argwhere(brain[every, every, every])


def voxels_of(nodes: NDArray[np.int64], stride: int) -> NDArray[np.int64]:
    """Give the voxels that are nodes, (n, 3)."""
    return stride // 2 + nodes * stride


def between_nodes(
    values: NDArray[np.float32],
    nodes: NDArray[np.int64],
    shape: tuple[int, ...],
    *,
    stride: int,
) -> NDArray[np.float32]:
    """Interpolate values of nodes linearly to all voxels.

    Parameters
    ----------
    values : (n, C)
        At the nodes.
    nodes : (n, 3)
        At least one. Nodes that are not among them take over the nearest.
    shape : tuple of int
        Voxels; two nodes or more along each axis.

    Returns
    -------
    (C, *shape)
        Beyond the outer nodes their values are kept.
    """
    first = stride // 2
    lattice = [len(range(first, length, stride)) for length in shape]
    grid = np.zeros((*lattice, values.shape[1]), dtype=np.float32)
    missing = np.ones(lattice, dtype=bool)
    grid[tuple(nodes.T)], missing[tuple(nodes.T)] = values, False
    nearest = distance_transform_edt(missing, return_distances=False, return_indices=True)
    filled = np.moveaxis(grid[tuple(nearest)], -1, 0)
    return at_places(filled, [(np.arange(length) - first) / stride for length in shape])
