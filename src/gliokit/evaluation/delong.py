"""Variance of an AUC, and the test of two AUCs on the same rows, without resampling.

Rows must be independent of each other: one per patient. With several rows per patient the
variance comes out too small; then draw patients (`gliokit.evaluation.bootstrap.interval`).
The test is for models that were both fixed before these rows were seen, and not for nested models
fitted on the same rows.

Source: DeLong et al., Biometrics 1988;44:837-45, doi:10.2307/2531595; by ranks: Sun and Xu, IEEE
Signal Process Lett 2014;21:1389-93, doi:10.1109/LSP.2014.2337313.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, ndtri
from scipy.stats import rankdata


@dataclass(frozen=True, slots=True)
class AUCDifference:
    """Two AUCs on the same rows.

    Attributes
    ----------
    first, second, difference : float
        The AUCs, and first - second.
    variance : float
        Of the difference.
    z, p_value : float
        Of no difference, two-sided; `nan` and 1 if the variance is 0.
    """

    first: float
    second: float
    difference: float
    variance: float
    z: float
    p_value: float


def delong_covariance(
    reference: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute AUCs and their covariance.

    Parameters
    ----------
    reference : (n,)
        0 or 1.
    scores : (k, n)
        Of k models; larger means class 1.

    Returns
    -------
    (k,) and (k, k)
        AUCs, and the covariance of their estimates.

    Raises
    ------
    ValueError
        If shapes differ, a score is not finite, or a class has fewer than two rows.
    """
    y, scored = np.asarray(reference), np.asarray(scores, dtype=np.float64)
    if y.ndim != 1 or scored.ndim != 2 or scored.shape[1] != y.size:
        raise ValueError(
            f"{y.shape} rows of reference and {scored.shape} scores; needed (n,), (k, n)"
        )
    if not (np.isin(y, (0, 1)).all() and np.isfinite(scored).all()):
        raise ValueError("the reference must be 0 or 1 and the scores finite; leave other rows out")
    y = y.astype(bool)
    positive, negative = int(y.sum()), int((~y).sum())
    if min(positive, negative) < 2:
        raise ValueError(f"{positive} positive and {negative} negative rows; needed two of each")
    overall = rankdata(scored, axis=1)
    # share of the other class on the right side of each row
    above = (overall[:, y] - rankdata(scored[:, y], axis=1)) / negative
    below = 1 - (overall[:, ~y] - rankdata(scored[:, ~y], axis=1)) / positive
    covariance = np.atleast_2d(np.cov(above)) / positive + np.atleast_2d(np.cov(below)) / negative
    return above.mean(axis=1), covariance


def delong_interval(
    reference: ArrayLike, scores: ArrayLike, *, level: float = 0.95
) -> tuple[float, float]:
    """Estimate the interval of one AUC, symmetric on its logit so that it stays within 0-1.

    Parameters
    ----------
    reference, scores : (n,)
        0 or 1, and the model's score.
    level : float
        Wanted share of intervals that hold the truth.

    Returns
    -------
    tuple of float
        Both equal to the AUC where it is 0 or 1: these rows say nothing about its spread.

    Raises
    ------
    ValueError
        As `delong_covariance`.
    """
    aucs, covariance = delong_covariance(reference, np.asarray(scores)[None])
    auc = float(aucs[0])
    if auc in (0.0, 1.0):
        return auc, auc
    half = float(ndtri((1 + level) / 2)) * math.sqrt(covariance[0, 0]) / (auc * (1 - auc))
    return float(expit(logit(auc) - half)), float(expit(logit(auc) + half))


def delong_test(reference: ArrayLike, first: ArrayLike, second: ArrayLike) -> AUCDifference:
    """Test whether two models have the same AUC.

    Parameters
    ----------
    reference, first, second : (n,)
        0 or 1, and the scores of both models for the same rows.

    Raises
    ------
    ValueError
        As `delong_covariance`.
    """
    aucs, covariance = delong_covariance(reference, np.stack([first, second]))
    difference = float(aucs[0] - aucs[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= 0:
        z, p_value = math.nan, 1.0
    else:
        z = difference / math.sqrt(variance)
        p_value = float(2 * ndtr(-abs(z)))
    return AUCDifference(float(aucs[0]), float(aucs[1]), difference, variance, z, p_value)
