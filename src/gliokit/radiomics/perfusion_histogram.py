"""Histogram of relative cerebral blood volume over the whole tumor.

The bins are fixed before any patient is seen, so that histograms of all patients can be compared;
each holds its share of the voxels, so that the size of the tumor does not matter. Values beyond
the last bin count in it, values below 0 in the first: the shares always sum to 1.

Blood volume is relative to white matter of the other side
(`gliokit.preprocessing.relative_to_white_matter`), else bins of scanners differ.

Source: Emblem et al., Radiology 2008;247:808-17, doi:10.1148/radiol.2473070571 (histogram of the
whole tumor, normalized by area); Radiology 2015;275:228-34, doi:10.1148/radiol.14140770 (such
histograms for survival). Assumed: 100 bins up to 10.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.radiomics.definition import Definition

BINS = 100
UPPER = 10.0  # rCBV; both assumed
PERCENTILES = (5, 10, 25, 50, 75, 90, 95)
_SOURCE = "Emblem 2008"
_STATISTICS = (
    ("mean", "Mean of rCBV"),
    ("standard_deviation", "Standard deviation of rCBV"),
    ("skewness", "Skewness of rCBV"),
    ("kurtosis", "Excess kurtosis of rCBV"),
    ("peak_height", "Share of voxels in the fullest bin of rCBV"),
    ("peak_position", "Middle of the fullest bin of rCBV"),
    *((f"percentile_{p}", f"Percentile {p} of rCBV") for p in PERCENTILES),
)


def definitions(bins: int = BINS) -> tuple[Definition, ...]:
    """Define the statistics and as many bins, the lowest first."""
    width = len(str(bins))
    named = (
        *_STATISTICS,
        *(
            (f"bin_{k:0{width}d}", f"Share of voxels in bin {k} of rCBV")
            for k in range(1, bins + 1)
        ),
    )
    return tuple(Definition(f"rcbv_{name}", title, "1", source=_SOURCE) for name, title in named)


DEFINITIONS = definitions()


def describe_perfusion_histogram(
    rcbv: NDArray[np.floating],
    mask: NDArray[np.bool_],
    *,
    upper: float = UPPER,
    bins: int = BINS,
) -> dict[str, float]:
    """Describe blood volume of a region.

    All are `nan` if no voxel has a value; skewness and kurtosis also if all values are the same.

    Parameters
    ----------
    rcbv : (X, Y, Z)
        Blood volume relative to white matter; voxels that are not finite are left out.
    mask : (X, Y, Z)
        Whole tumor.
    upper : float
        Upper end of the last bin (assumed: 10).
    bins : int
        Bins of equal width from 0 (assumed: 100).

    Raises
    ------
    GeometryError
        If shapes differ.
    SettingsError
        If there is no bin, or `upper` is not positive.
    """
    if rcbv.shape != mask.shape:
        raise GeometryError(
            f"blood volume has shape {rcbv.shape}, the mask {mask.shape}; resample one to the other"
        )
    if bins < 1 or not 0 < upper < math.inf:
        raise SettingsError(
            f"{bins} bins up to {upper:g} make no histogram; give at least 1 up to a positive rCBV"
        )
    names = [definition.name for definition in definitions(bins)]
    values = rcbv[mask].astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return dict.fromkeys(names, math.nan)
    shares = histogram_shares(values, 0, upper, bins)
    fullest = int(np.argmax(shares))
    described = [
        values.mean(),
        values.std(),
        *_shape(values),
        shares[fullest],
        (fullest + 0.5) * upper / bins,
        *np.percentile(values, PERCENTILES),
        *shares,
    ]
    return dict(zip(names, map(float, described), strict=True))


def histogram_shares(
    values: NDArray[np.floating], lower: float, upper: float, bins: int
) -> NDArray[np.float64]:
    """Give the share of values (N,) in each of some bins (bins,); beyond the ends: in the end bins.

    A value on an edge belongs to the bin above it, the upper end to the last bin.
    """
    at = np.floor((values - lower) * (bins / (upper - lower)))
    counts = np.bincount(at.clip(0, bins - 1).astype(np.int64), minlength=bins)
    return np.asarray(counts / len(values))


def _shape(values: NDArray[np.float64]) -> tuple[float, float]:
    if np.ptp(values) <= 1e-12 * np.abs(values).max():
        return math.nan, math.nan
    return float(stats.skew(values)), float(stats.kurtosis(values))
