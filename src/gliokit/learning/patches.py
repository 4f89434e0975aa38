"""Patches and voxels drawn from arrays; beyond the array is background."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def cut(
    array: NDArray[np.generic], center: Sequence[int], size: Sequence[int], *, outside: float = 0
) -> NDArray[np.generic]:
    """Cut a patch out of the last axes of an array.

    Parameters
    ----------
    array : (..., X, Y, Z) or (..., X, Y)
        As many last axes are cut as `center` has numbers.
    center : (d,)
        Voxel in the middle; of an even side, the one after the middle.
    size : (d,)
        Voxels a side.
    outside : float
        Value beyond the array.

    Returns
    -------
    (..., *size)
        A copy.
    """
    lead = array.shape[: array.ndim - len(center)]
    patch = np.full((*lead, *size), outside, dtype=array.dtype)
    inside: list[slice] = []
    source: list[slice] = []
    for middle, side, n in zip(center, size, array.shape[len(lead) :], strict=True):
        low = int(middle) - side // 2
        inside.append(slice(max(-low, 0), max(min(n - low, side), 0)))
        source.append(slice(max(low, 0), max(min(low + side, n), 0)))
    every = [slice(None)] * len(lead)
    patch[(*every, *inside)] = array[(*every, *source)]
    return patch


def voxels_by_class(
    classes: NDArray[np.integer], mask: NDArray[np.bool_], *, most: int, rng: np.random.Generator
) -> dict[int, NDArray[np.int32]]:
    """List voxels of each class inside a mask, (n, d) each, at most `most` of a class."""
    voxels = np.argwhere(mask).astype(np.int32)
    values = classes[mask]
    listed = {}
    for value in np.unique(values):
        own = voxels[values == value]
        if len(own) > most:
            own = own[np.sort(rng.choice(len(own), most, replace=False))]
        listed[int(value)] = own
    return listed


def draw_center(
    listed: Mapping[int, NDArray[np.integer]], rng: np.random.Generator
) -> NDArray[np.integer]:
    """Draw a class, each as likely as the others, then one of its voxels, (d,)."""
    classes = [value for value, voxels in sorted(listed.items()) if len(voxels)]
    voxels = listed[classes[int(rng.integers(len(classes)))]]
    return voxels[int(rng.integers(len(voxels)))]
