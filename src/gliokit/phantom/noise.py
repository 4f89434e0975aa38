"""Smooth random fields, the raw material of every irregular shape."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

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

    Separable: one small matrix per axis, ten times faster than a general spline. Only a
    `part` of the larger volume is computed where one is asked for.
    """
    for axis, n in enumerate(shape):
        m = array.shape[axis]
        place = np.linspace(0, m - 1, n)[part[axis]]
        low = np.minimum(place.astype(int), m - 2)
        rows = np.arange(len(place))
        matrix = np.zeros((len(place), m), dtype=np.float32)
        matrix[rows, low] = 1 - (place - low)
        matrix[rows, low + 1] = place - low
        array = np.moveaxis(np.tensordot(matrix, array, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(array)
