"""Whether acting on a model does more good than acting on all patients or on none.

Net benefit counts the rows that were rightly acted on, less those wrongly acted on times the odds
of the threshold: who acts from a probability of 20 % on takes four false alarms for one hit. Only
thresholds at which somebody would hesitate matter. Probabilities must be calibrated.

Source: Vickers and Elkin, Med Decis Making 2006;26:565-74, doi:10.1177/0272989X06295361.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.evaluation.classification import check_probabilities


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """Net benefit by threshold, (k,) each.

    Attributes
    ----------
    thresholds : (k,)
        Probability from which on one acts.
    model, treat_all : (k,)
        Net benefit of acting on the model and on everybody, in hits per row; acting on nobody
        has 0.
    """

    thresholds: NDArray[np.float64]
    model: NDArray[np.float64]
    treat_all: NDArray[np.float64]


def decision_curve(
    reference: ArrayLike, probabilities: ArrayLike, *, thresholds: ArrayLike
) -> DecisionCurve:
    """Compute the net benefit at each threshold.

    Parameters
    ----------
    reference, probabilities : (n,)
        0 or 1, and the probability of class 1.
    thresholds : (k,)
        Above 0 and below 1.

    Raises
    ------
    ValueError
        If shapes differ, there is no row, or a value is out of range.
    """
    y, p = check_probabilities(reference, probabilities)
    at = np.asarray(thresholds, dtype=np.float64)
    if not np.all((at > 0) & (at < 1)):
        raise ValueError(f"thresholds must lie between 0 and 1, got {at.min():g} to {at.max():g}")
    acted = p[None] >= at[:, None]  # (k, n)
    odds = at / (1 - at)
    prevalence = float(np.mean(y))
    hits, alarms = np.mean(acted & y, axis=1), np.mean(acted & ~y, axis=1)
    return DecisionCurve(at, hits - odds * alarms, prevalence - odds * (1 - prevalence))
