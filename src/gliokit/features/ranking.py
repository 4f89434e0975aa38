"""How much each feature alone says about an outcome, by ranks.

Each function scores all features at once, so that it can stand inside a fold: larger says more, in
either direction. Ranks make scores independent of a feature's scale and of outliers. A feature that
does not vary scores 0. A score is for choosing, not for testing: no p values are given.

Source: Kruskal and Wallis, J Am Stat Assoc 1952;47:583-621 (of two classes, the squared
distance of the AUC from one half, scaled); score test of the hazard ratio: Cox, J R Stat Soc B
1972;34:187-202, doi:10.1111/j.2517-6161.1972.tb00899.x.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from gliokit.evaluation.survival_curve import check_follow_up

# features (n, p) and outcomes (n,) or (n, 2) to scores (p,)
Ranking: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.generic]], NDArray[np.float64]]


def between_classes(X: NDArray[np.float64], y: NDArray[np.generic]) -> NDArray[np.float64]:
    """Score by the Kruskal-Wallis statistic over n - 1: the share of the ranks' variance.

    Parameters
    ----------
    X : (n, p)
        Features, all finite.
    y : (n,)
        Classes, two or more.

    Returns
    -------
    (p,)
        0 to 1. With two classes of n0 and n1 rows and without ties,
        12 n0 n1 (AUC - 1/2)² / (n² - 1).
    """
    ranks = _centered_ranks(X)
    total = (ranks**2).sum(axis=0)
    between = np.zeros(X.shape[1])
    for one in np.unique(y):
        rows = y == one
        between += ranks[rows].sum(axis=0) ** 2 / np.count_nonzero(rows)
    return np.divide(between, total, out=np.zeros_like(between), where=total > 0)


def with_number(X: NDArray[np.float64], y: NDArray[np.generic]) -> NDArray[np.float64]:
    """Score by the size of Spearman's correlation with a number y (n,): 0 to 1, (p,)."""
    ranks, wanted = _centered_ranks(X), _centered_ranks(np.asarray(y, dtype=np.float64)[:, None])
    scale = np.sqrt((ranks**2).sum(axis=0) * (wanted**2).sum())
    together = np.abs(wanted[:, 0] @ ranks)
    return np.divide(together, scale, out=np.zeros_like(together), where=scale > 0)


def with_hazard(X: NDArray[np.float64], y: NDArray[np.generic]) -> NDArray[np.float64]:
    """Score by the score test of a hazard that is proportional in the ranks.

    Parameters
    ----------
    X : (n, p)
        Features, all finite.
    y : (n, 2)
        Time, and whether the event was seen. Those not seen are at risk until their time; of equal
        times each event is held against all that are at risk (Breslow).

    Returns
    -------
    (p,)
        Size of the normal deviate; 0 without an event.

    Raises
    ------
    ValueError
        If `y` is not (n, 2), or a time is negative or not finite.
    """
    times, events = _follow_up(y, rows=len(X))
    order = np.argsort(-times, kind="stable")
    ranks, falling, seen = _centered_ranks(X)[order], times[order], events[order]
    # at risk at a time are all rows down to the last of that time
    at_risk = np.searchsorted(-falling, -falling[seen], side="right")
    mean = ranks.cumsum(axis=0)[at_risk - 1] / at_risk[:, None]
    square = (ranks**2).cumsum(axis=0)[at_risk - 1] / at_risk[:, None]
    score = np.abs((ranks[seen] - mean).sum(axis=0))
    variance = np.maximum(square - mean**2, 0).sum(axis=0)
    return np.divide(score, np.sqrt(variance), out=np.zeros_like(score), where=variance > 0)


def _follow_up(y: ArrayLike, *, rows: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    outcome = np.asarray(y, dtype=np.float64)
    if outcome.shape != (rows, 2):
        raise ValueError(
            f"outcomes have the shape {outcome.shape}; needed {(rows, 2)}: time, and whether the "
            "event was seen"
        )
    return check_follow_up(outcome[:, 0], outcome[:, 1])


def _centered_ranks(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks in each column, (n, p), with mean 0."""
    return np.asarray(rankdata(X, axis=0) - (len(X) + 1) / 2)
