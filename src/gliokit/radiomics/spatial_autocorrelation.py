"""Whether near voxels of a region have similar intensities: Moran's I and Geary's C.

Each pair of voxels counts by the inverse of its distance in mm. There are N² pairs, but their
weights depend on the difference in position alone, so all sums over pairs are convolutions and
are had exactly from the Fourier transforms of mask, deviations and squared deviations, in
B log B for a box of B voxels.

Source: IBSI reference manual, arXiv:1612.07003, section 3.1; Moran, Biometrika 1950;37:17-23,
doi:10.1093/biomet/37.1-2.17; Geary, Inc Statist 1954;5:115-146, doi:10.2307/2986645.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from gliokit.core.geometry import bounding_box


@dataclass(frozen=True, slots=True)
class SpatialAutocorrelation:
    """Likeness of near voxels.

    Attributes
    ----------
    moran_i : float
        Near 0 without correlation (-1 / (N - 1) is expected), 1 at most.
    geary_c : float
        About 1 without correlation, less with it.
    """

    moran_i: float
    geary_c: float


def spatial_autocorrelation(
    image: NDArray[np.float64], mask: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> SpatialAutocorrelation:
    """Measure the spatial autocorrelation of intensities.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities, finite in the mask.
    mask : (X, Y, Z)
        Voxels that count.
    spacing_mm : (3,)
        Between neighboring voxels.

    Returns
    -------
    SpatialAutocorrelation
        `nan` if there are fewer than two voxels or all have the same intensity.
    """
    box = bounding_box(mask)
    inside = mask[box]
    values = image[box][inside]
    if values.size < 2 or values.min() == values.max():
        return SpatialAutocorrelation(math.nan, math.nan)
    images = np.zeros((3, *inside.shape))
    images[0] = inside
    images[1][inside] = values - values.mean()
    images[2] = images[1] ** 2
    # total, products and squares are in the same scale, which cancels
    total, products, squares = _sums_over_pairs(images, spacing_mm).tolist()
    scale = total * float(images[2].sum())
    return SpatialAutocorrelation(
        moran_i=values.size * products / scale,
        geary_c=(values.size - 1) * (squares - products) / scale,
    )


def _sums_over_pairs(
    images: NDArray[np.float64], spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum products over all pairs of voxels by their weight, up to a constant scale.

    Parameters
    ----------
    images : (3, X, Y, Z)
        Mask, deviations and squared deviations.

    Returns
    -------
    (3,)
        Mask times mask, deviation times deviation, mask times squared deviation.
    """
    half = [fft.next_fast_len(n, real=True) for n in images.shape[1:]]
    x, y, z = (2 * n for n in half)  # nothing wraps around
    along_y = np.minimum(np.arange(y), y - np.arange(y))
    along_z = np.minimum(np.arange(z), z - np.arange(z)).repeat(2)  # real and imaginary part
    sums = np.zeros(3)
    # slab by slab, which stays in the cache of the processor; and einsum, for the threads of BLAS
    # would go on waiting busily
    slabs = np.moveaxis(fft.rfft(images, x, axis=1), 1, 0)
    for slab, octant in zip(slabs, _weights(half, spacing_mm), strict=True):
        spectra = fft.fft(fft.fft(slab, y, axis=1), z, axis=2, overwrite_x=True)
        mask, deviations, squares = spectra.view(np.float64)
        weights = octant[along_y][:, along_z]
        weighted = mask * weights
        pairs = (mask, weighted), (deviations, deviations * weights), (squares, weighted)
        sums += [np.einsum("ij,ij->", *pair) for pair in pairs]
    return sums


def _weights(half: list[int], spacing_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spectrum of the inverse distance: real, and even along each axis, so that an octant does."""
    x, y, z = (np.arange(n + 1) * mm for n, mm in zip(half, spacing_mm, strict=True))
    distance = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
    distance[0, 0, 0] = np.inf  # a voxel is no pair with itself
    octant = fft.dctn(1 / distance, type=1, overwrite_x=True)
    octant[1:-1] *= 2  # the half of the spectrum that real images do not need
    return octant
