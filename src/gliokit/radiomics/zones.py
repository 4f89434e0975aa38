"""Zones: connected voxels of the same level, for the size-zone and distance-zone matrices.

Voxels that touch by face, edge or corner are connected: 26 neighbors in the volume, 8 in a slice.

Source: IBSI reference manual, arXiv:1612.07003, sections 3.8 and 3.9.
"""

from dataclasses import dataclass, field

import cc3d
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Zones:
    """All zones of a region.

    Attributes
    ----------
    level, size, slice : (n,)
        Level, number of voxels, and slice, counted from 0 without those that are empty. In the
        volume all are of slice 0.
    zone_of_voxel : (N,)
        Number of the zone, from 0, of each voxel inside in the order of `np.nonzero`.
    """

    level: NDArray[np.int64]
    size: NDArray[np.int64]
    slice: NDArray[np.int64]
    zone_of_voxel: NDArray[np.int64] = field(repr=False)


def find_zones(levels: NDArray[np.int32], by_slice: bool) -> Zones:
    """Find the zones.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside, 1 and more inside.
    by_slice : bool
        Whether slices, along the third axis, are apart.
    """
    inside = levels > 0
    labels = _label_slices(levels) if by_slice else cc3d.connected_components(levels)
    zone = labels[inside].astype(np.int64) - 1
    size = np.bincount(zone)
    level, slice_of = np.empty_like(size), np.zeros_like(size)
    level[zone] = levels[inside]
    if by_slice:
        number = np.cumsum(inside.any(axis=(0, 1))) - 1
        slice_of[zone] = number[np.nonzero(inside)[2]]
    return Zones(level, size, slice_of, zone)


def _label_slices(levels: NDArray[np.int32]) -> NDArray[np.unsignedinteger]:
    """Label connected voxels of each slice, parted by putting an empty one between neighbors."""
    x, y, z = levels.shape
    apart = np.zeros((x, y, 2 * z), dtype=levels.dtype)
    apart[:, :, ::2] = levels
    return cc3d.connected_components(apart)[:, :, ::2]
