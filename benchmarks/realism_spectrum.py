"""Power spectrum of what an irregular mask holds, for the realism benchmark.

The autocovariance of voxels of 1 mm is estimated from the pairs inside the mask alone, so that
the mask's shape does not color it, windowed, transformed, and averaged over directions.

Limits: resolution about 0.06 cycles/mm (lags end at `LARGEST_LAG_MM`); the estimate is noisy
where the mask is small, and may then be negative.

Source: Blackman & Tukey, The Measurement of Power Spectra, 1958.
"""

import math
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Mask = NDArray[np.bool_]

LARGEST_LAG_MM = 12
SLOPE_BAND = (0.06, 0.45)  # cycles/mm


def detrended(scores: NDArray[np.float32], mask: Mask) -> NDArray[np.float32]:
    """Take the best second-order polynomial (coil bias) from what a mask holds; 0 outside."""
    points = np.argwhere(mask)
    x = (points - points.mean(axis=0)) / points.std(axis=0).clip(1)
    powers = [(i, j, k) for i, j, k in product(range(3), repeat=3) if i + j + k <= 2]
    terms = np.stack([np.prod(x ** np.array(power), axis=1) for power in powers], axis=1)
    values = scores[mask].astype(np.float64)
    # normal equations: ten unknowns, many voxels
    weights = np.linalg.solve(terms.T @ terms, terms.T @ values)
    result = np.zeros(scores.shape, dtype=np.float32)
    result[mask] = values - terms @ weights
    return result


def autocovariance(values: NDArray[np.float32], mask: Mask) -> NDArray[np.float64]:
    """Covariance of values (X, Y, Z) of mean 0, that are 0 outside a mask, at each lag.

    Returns
    -------
    (2 L + 1, 2 L + 1, 2 L + 1)
        Lags of -L to L voxels along each axis, L = `LARGEST_LAG_MM`; 0 where no pair is.
    """
    lag = LARGEST_LAG_MM
    shape = [fft.next_fast_len(n + lag, real=True) for n in mask.shape]
    products, pairs = (
        fft.irfftn(np.abs(fft.rfftn(array.astype(np.float32), shape)) ** 2, shape)
        for array in (values, mask)
    )
    cut = np.ix_(*[np.arange(-lag, lag + 1)] * 3)
    count = np.rint(pairs[cut]).astype(np.float64)
    return np.where(count > 0.5, products[cut] / np.maximum(count, 1), 0)


def radial_spectrum(
    covariance: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power density at each frequency up to 0.5 cycles/mm, averaged over directions.

    Returns
    -------
    frequency, power : (n,)
        Cycles/mm; z² mm³, so that white noise of variance 1 has power 1 everywhere.
    """
    lag = np.arange(-LARGEST_LAG_MM, LARGEST_LAG_MM + 1)
    distance = np.sqrt(sum(axis.astype(float) ** 2 for axis in np.meshgrid(lag, lag, lag)))
    window = np.where(
        distance <= LARGEST_LAG_MM, 0.5 + 0.5 * np.cos(np.pi * distance / LARGEST_LAG_MM), 0
    )
    power = np.real(fft.fftn(fft.ifftshift(covariance * window)))
    axis = np.abs(fft.fftfreq(len(lag)))
    radius = np.sqrt(sum(part**2 for part in np.meshgrid(axis, axis, axis)))
    rings = np.rint(radius * len(lag)).astype(int).ravel()
    mean = np.bincount(rings, power.ravel()) / np.bincount(rings)
    frequency = np.arange(len(mean)) / len(lag)
    inside = frequency <= 0.5
    return frequency[inside], mean[inside]


def band_mean(
    frequency: NDArray[np.float64], power: NDArray[np.float64], band: tuple[float, float]
) -> float:
    """Logarithm (10) of the mean power in a band; noise of the estimate may make it `nan`."""
    mean = float(power[(frequency >= band[0]) & (frequency < band[1])].mean())
    return math.log10(mean) if mean > 0 else math.nan


def spectral_slope(frequency: NDArray[np.float64], power: NDArray[np.float64]) -> float:
    """Slope of the log of power on the log of frequency, 0 for white noise."""
    used = (frequency >= SLOPE_BAND[0]) & (frequency < SLOPE_BAND[1]) & (power > 0)
    return float(np.polyfit(np.log(frequency[used]), np.log(power[used]), 1)[0])
