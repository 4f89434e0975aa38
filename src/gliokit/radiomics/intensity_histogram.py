"""How discretized intensities of a region are distributed.

The first 17 features are those of `gliokit.radiomics.intensity_statistics`, of levels in place of
intensities; the others are of the histogram itself. Its gradient is the central difference of
the voxels in neighboring levels, at both ends the difference to the only neighbor.

Source: IBSI reference manual, arXiv:1612.07003, section 3.4.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.intensity_statistics import describe_intensities

DEFINITIONS = (
    Definition("ih_mean", "mean level", "level", "X6K6"),
    Definition("ih_var", "variance of level", "level²", "CH89"),
    Definition("ih_skew", "skewness of level", "1", "88K1"),
    Definition("ih_kurt", "excess kurtosis of level", "1", "C3I7"),
    Definition("ih_median", "median level", "level", "WIFQ"),
    Definition("ih_min", "minimum level", "level", "1PR8"),
    Definition("ih_p10", "10th percentile of level", "level", "GPMT"),
    Definition("ih_p90", "90th percentile of level", "level", "OZ0C"),
    Definition("ih_max", "maximum level", "level", "3NCY"),
    Definition("ih_mode", "most frequent level, nearest to the mean if several", "level", "AMMC"),
    Definition("ih_iqr", "interquartile range of level", "level", "WR0O"),
    Definition("ih_range", "range of level", "level", "5Z3W"),
    Definition("ih_mad", "mean absolute deviation from the mean level", "level", "D2ZX"),
    Definition(
        "ih_rmad",
        "mean absolute deviation of level between the 10th and 90th percentile",
        "level",
        "WRZB",
    ),
    Definition("ih_medad", "mean absolute deviation from the median level", "level", "4RNL"),
    Definition("ih_cov", "coefficient of variation of level", "1", "CWYJ"),
    Definition("ih_qcod", "quartile coefficient of dispersion of level", "1", "SLWD"),
    Definition("ih_entropy", "entropy of the histogram", "bit", "TLU2"),
    Definition("ih_uniformity", "sum of squared probabilities of the levels", "1", "BJ5W"),
    Definition("ih_max_grad", "maximum histogram gradient", "1/level", "12CE"),
    Definition("ih_max_grad_g", "level of the maximum histogram gradient", "level", "8E6O"),
    Definition("ih_min_grad", "minimum histogram gradient", "1/level", "VQB3"),
    Definition("ih_min_grad_g", "level of the minimum histogram gradient", "level", "RHQZ"),
)


def describe_histogram(levels: NDArray[np.int32], n_levels: int) -> dict[str, float]:
    """Describe the histogram of discretized intensities.

    Parameters
    ----------
    levels : (N,)
        Levels of the voxels of a region, 1 to `n_levels`.
    n_levels : int
        Levels that there are, occupied or not.

    Returns
    -------
    dict of str to float
        By name, in the order of `DEFINITIONS`. `nan` where `describe_intensities` has none, and
        the gradients if there is one level only. Of several levels with the same gradient the
        lowest counts.

    Raises
    ------
    NotAssessableError
        If there are no voxels.
    ImageError
        If a level is not one of 1 to `n_levels`.
    """
    level = np.asarray(levels).ravel()
    described = {
        name.replace("stat_", "ih_"): value
        for name, value in describe_intensities(level.astype(np.float64)).items()
    }
    if level.min() < 1 or level.max() > n_levels:
        raise ImageError(
            f"levels run from {level.min()} to {level.max()}; needed 1 to {n_levels}: discretize "
            "the image, and give only the voxels of the region"
        )
    counts = np.bincount(level, minlength=n_levels + 1)[1:]
    described |= _shape(counts, described["ih_mean"]) | _gradients(counts)
    return {each.name: described[each.name] for each in DEFINITIONS}


def _shape(counts: NDArray[np.int_], mean: float) -> dict[str, float]:
    modes = np.flatnonzero(counts == counts.max()) + 1
    probability = counts[counts > 0] / counts.sum()
    entropy = -float(np.sum(probability * np.log2(probability)))
    return {
        "ih_mode": float(modes[np.argmin(np.abs(modes - mean))]),
        "ih_entropy": entropy + 0.0,  # a single level gives 0, not -0
        "ih_uniformity": float(np.sum(probability**2)),
    }


def _gradients(counts: NDArray[np.int_]) -> dict[str, float]:
    names = ("ih_max_grad", "ih_max_grad_g", "ih_min_grad", "ih_min_grad_g")
    if counts.size < 2:
        return dict.fromkeys(names, math.nan)
    gradient = np.gradient(counts.astype(np.float64))
    highest, lowest = int(gradient.argmax()), int(gradient.argmin())
    found = (gradient[highest], highest + 1, gradient[lowest], lowest + 1)
    return {name: float(value) for name, value in zip(names, found, strict=True)}
