"""Whether the probabilities of a class mean what they say, patient by patient.

Three questions, from coarse to fine: are probabilities right on average (intercept), are they as
extreme as they should be (slope), and are they right in every range (reliability curve)? The parts
are those of `gliokit.evaluation.calibration`, which asks the same of voxels. With fewer than some
200 rows the curve is mostly noise: then intercept and slope, with their intervals
(`gliokit.evaluation.bootstrap.interval`), say all there is.

Source: Van Calster et al., BMC Med 2019;17:230, doi:10.1186/s12916-019-1466-7; Cox, Biometrika
1958;45:562-5, doi:10.1093/biomet/45.3-4.562.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from gliokit.evaluation.calibration import (
    ReliabilityCurve,
    count_reliability,
    expected_calibration_error,
    fit_recalibration,
    reliability_curve,
)
from gliokit.evaluation.classification import check_probabilities

# assumed: a model that says 0 or 1 is taken to mean one in a million
SMALLEST = 1e-6


@dataclass(frozen=True, slots=True)
class ProbabilityCalibration:
    """Calibration of the probabilities of one class.

    Attributes
    ----------
    intercept, slope : float
        See `calibration_intercept` and `calibration_slope`.
    expected_error : float
        Mean distance of the curve from the diagonal; depends on the number of bins, and is above 0
        by chance alone.
    curve : ReliabilityCurve
        In bins of equal width.
    """

    intercept: float
    slope: float
    expected_error: float
    curve: ReliabilityCurve = field(compare=False, repr=False)


def assess_calibration(
    reference: ArrayLike, probabilities: ArrayLike, *, bins: int = 10
) -> ProbabilityCalibration:
    """Answer all three questions.

    Parameters
    ----------
    reference, probabilities : (n,)
        0 or 1, and the probability of class 1.
    bins : int
        Of the reliability curve.

    Raises
    ------
    ValueError
        If shapes differ, there is no row, or a value is out of range.
    """
    y, p = check_probabilities(reference, probabilities)
    counts = count_reliability(p, y, bins=bins)
    return ProbabilityCalibration(
        calibration_intercept(reference, probabilities),
        calibration_slope(reference, probabilities),
        expected_calibration_error(counts),
        reliability_curve(counts),
    )


def calibration_intercept(reference: ArrayLike, probabilities: ArrayLike) -> float:
    """Find what must be added to the logits for the mean probability to be right.

    Parameters
    ----------
    reference, probabilities : (n,)
        0 or 1, and the probability of class 1.

    Returns
    -------
    float
        0 if right; above 0 if too low. `nan` if only one class is there.
    """
    y, z = _classes_and_logits(reference, probabilities)
    if np.ptp(y) == 0:
        return math.nan
    # the mean probability rises with the offset, from 0 to 1, past that of the reference
    bound = float(np.abs(z).max()) + abs(float(logit(y.mean()))) + 1
    return float(brentq(lambda offset: float(np.mean(expit(z + offset) - y)), -bound, bound))


def calibration_slope(reference: ArrayLike, probabilities: ArrayLike) -> float:
    """Find what the logits must be multiplied by, beside the best offset.

    Parameters
    ----------
    reference, probabilities : (n,)
        0 or 1, and the probability of class 1.

    Returns
    -------
    float
        1 if right; below 1 if the model is too sure, as one is that was fitted to too few rows.
        `nan` if only one class is there, or all probabilities are the same.
    """
    y, z = _classes_and_logits(reference, probabilities)
    if np.ptp(y) == 0 or np.ptp(z) == 0:
        return math.nan
    return fit_recalibration(z, y).slope


def _classes_and_logits(
    reference: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, p = check_probabilities(reference, probabilities)
    return y.astype(np.float64), logit(np.clip(p, SMALLEST, 1 - SMALLEST))
