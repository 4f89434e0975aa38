"""Smooth random fields, the raw material of every irregular shape."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gliokit.core.interpolation import at_places

FINEST = 2.0  # correlation lengths below it are drawn on the full grid


def smooth_field(
    shape: tuple[int, ...], scale: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw a smooth Gaussian random field.

    Parameters
    ----------
    shape : tuple of int
        Voxels along each axis (X, Y, Z).
    scale : float
        Correlation length in voxels: the standard deviation of the smoothing kernel.

    Returns
    -------
    (X, Y, Z)
        Mean 0, standard deviation 1 over the volume.
    """
    step = scale / FINEST if scale > FINEST else 1.0  # a smooth field needs no finer grid
    coarse = tuple(int(np.ceil(n / step)) + 1 for n in shape)
    field = gaussian_filter(rng.standard_normal(coarse, dtype=np.float32), scale / step)
    field = stretch(field, shape) if step > 1 else field[tuple(slice(n) for n in shape)]
    return (field - field.mean()) / (field.std() + np.float32(1e-6))


def stretch(
    array: NDArray[np.float32],
    shape: tuple[int, ...],
    *,
    part: tuple[slice, ...] = (slice(None),) * 3,
) -> NDArray[np.float32]:
    """Interpolate linearly to a larger shape; the outer voxels keep their places.

    Only a `part` of the larger volume is computed where one is asked for.
    """
    places = [np.linspace(0, m - 1, n) for m, n in zip(array.shape, shape, strict=True)]
    return at_places(array, [place[p] for place, p in zip(places, part, strict=True)])


def refine(array: NDArray[np.float32], step: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Interpolate what was computed on every `step`-th voxel to all of them, `shape`."""
    if step == 1:
        return array
    return at_places(array, [np.arange(n) / step for n in shape])
