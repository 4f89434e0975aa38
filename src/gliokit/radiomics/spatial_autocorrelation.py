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
    deviations = values - values.mean()
    shape = [2 * fft.next_fast_len(n, real=True) for n in inside.shape]  # nothing wraps around
    weights = _weights(shape, spacing_mm)
    of_mask = _spectrum(inside.astype(np.float64), shape)
    of_squares = _spectrum(_placed(deviations**2, inside), shape)
    total = _sum_over_pairs(of_mask, of_mask, weights)
    squares = _sum_over_pairs(of_mask, of_squares, weights)
    del of_mask, of_squares
    of_deviations = _spectrum(_placed(deviations, inside), shape)
    products = _sum_over_pairs(of_deviations, of_deviations, weights)
    # total, squares and products are in the same scale, which cancels
    scale = total * float(deviations @ deviations)
    return SpatialAutocorrelation(
        moran_i=values.size * products / scale,
        geary_c=(values.size - 1) * (squares - products) / scale,
    )


def _placed(values: NDArray[np.float64], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    image = np.zeros(inside.shape)
    image[inside] = values
    return image


def _weights(shape: list[int], spacing_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spectrum of the inverse distance, which is real, on the grid of `_spectrum`."""
    # the inverse distance is even along each axis: one octant and cosines are enough
    x, y, z = (np.arange(n // 2 + 1) * mm for n, mm in zip(shape, spacing_mm, strict=True))
    distance = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + z**2)
    distance[0, 0, 0] = np.inf  # a voxel is no pair with itself
    octant = fft.dctn(1 / distance, type=1, overwrite_x=True)
    folded = [np.minimum(np.arange(n), n - np.arange(n)) for n in shape[:2]]
    weights = octant[folded[0]][:, folded[1]]
    weights[..., 1:-1] *= 2  # the half of the spectrum that real images do not need
    return weights


def _spectrum(image: NDArray[np.float64], shape: list[int]) -> NDArray[np.complex128]:
    """Fourier transform of an image in a larger box of zeros, whose empty lines cost nothing."""
    lines = fft.rfft(image, shape[2], axis=2)
    planes = fft.fft(lines, shape[1], axis=1)
    return fft.fft(planes, shape[0], axis=0, overwrite_x=True)


def _sum_over_pairs(
    first: NDArray[np.complex128], second: NDArray[np.complex128], weights: NDArray[np.float64]
) -> float:
    """Sum of first times second times weight over all pairs of voxels, up to a constant scale."""
    power = first.real * second.real
    power += first.imag * second.imag
    return float(np.vdot(power, weights))
