"""How the intensities of a region are distributed, before any discretization.

Variance, skewness and kurtosis are those of the voxels themselves (divided by their number, not
by one less); kurtosis is 0 for a normal distribution. Percentiles interpolate linearly between
the two nearest voxels.

Source: IBSI reference manual, arXiv:1612.07003, section 3.3.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.radiomics.definition import Definition

DEFINITIONS = (
    Definition("stat_mean", "mean intensity", "intensity", "Q4LE"),
    Definition("stat_var", "variance of intensity", "intensity²", "ECT3"),
    Definition("stat_skew", "skewness of intensity", "1", "KE2A"),
    Definition("stat_kurt", "excess kurtosis of intensity", "1", "IPH6"),
    Definition("stat_median", "median intensity", "intensity", "Y12H"),
    Definition("stat_min", "minimum intensity", "intensity", "1GSF"),
    Definition("stat_p10", "10th percentile of intensity", "intensity", "QG58"),
    Definition("stat_p90", "90th percentile of intensity", "intensity", "8DWT"),
    Definition("stat_max", "maximum intensity", "intensity", "84IY"),
    Definition("stat_iqr", "interquartile range of intensity", "intensity", "SALO"),
    Definition("stat_range", "range of intensity", "intensity", "2OJQ"),
    Definition("stat_mad", "mean absolute deviation from the mean", "intensity", "4FUA"),
    Definition(
        "stat_rmad",
        "mean absolute deviation between the 10th and 90th percentile",
        "intensity",
        "1128",
    ),
    Definition("stat_medad", "mean absolute deviation from the median", "intensity", "N72L"),
    Definition("stat_cov", "coefficient of variation", "1", "7TET"),
    Definition("stat_qcod", "quartile coefficient of dispersion", "1", "9S40"),
    Definition("stat_energy", "sum of squared intensities", "intensity²", "N8CA"),
    Definition("stat_rms", "root mean square of intensity", "intensity", "5ZWQ"),
)


def describe_intensities(values: NDArray[np.float64]) -> dict[str, float]:
    """Describe the distribution of intensities.

    Parameters
    ----------
    values : (N,)
        Intensities of a region.

    Returns
    -------
    dict of str to float
        By name, in the order of `DEFINITIONS`. `nan` are skewness and kurtosis if all values are
        the same, the coefficient of variation if their mean is 0, and the quartile coefficient
        of dispersion if the quartiles sum to 0.

    Raises
    ------
    NotAssessableError
        If there are no values.
    ImageError
        If a value is not finite.
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    _check(x)
    mean = float(x.mean())
    p10, p25, median, p75, p90 = (float(p) for p in np.percentile(x, [10, 25, 50, 75, 90]))
    lowest, highest = float(x.min()), float(x.max())
    deviations = x - mean
    squares = deviations**2
    variance = float(squares.mean()) if highest > lowest else 0.0  # the mean of equals may round
    middle = x[(x >= p10) & (x <= p90)]
    energy = float(np.square(x).sum())  # no BLAS: its waiting threads cost more than the sum
    described = (
        mean,
        variance,
        _ratio(float((squares * deviations).mean()), variance**1.5),
        _ratio(float((squares**2).mean()), variance**2) - 3,
        median,
        lowest,
        p10,
        p90,
        highest,
        p75 - p25,
        highest - lowest,
        float(np.abs(deviations).mean()),
        float(np.abs(middle - middle.mean()).mean()) if middle.size else math.nan,
        float(np.abs(x - median).mean()),
        _ratio(math.sqrt(variance), mean),
        _ratio(p75 - p25, p75 + p25),
        energy,
        math.sqrt(energy / x.size),
    )
    return {each.name: value for each, value in zip(DEFINITIONS, described, strict=True)}


def _check(values: NDArray[np.float64]) -> None:
    if not values.size:
        raise NotAssessableError(
            "the region has no voxels; needed one or more: widen the mask or the intensity range"
        )
    if bad := values.size - int(np.isfinite(values).sum()):
        raise ImageError(
            f"{bad} of {values.size} intensities in the region are not finite; mend the image, "
            "or leave these voxels out of the mask"
        )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
