"""How well a model tells who has the event earlier, and how likely by when.

Times are in any one unit. Patients whose event was not seen are known to have lived that long and
no more; what they hide is made up for by weighing those seen by one over the chance to have been
seen (IPCW), which needs censoring that has nothing to do with the event. By default that chance is
estimated on the rows themselves; for small test sides give the curve of the training side.

One row per patient. Pairs are held in memory at once: 1,000 patients take some 10 MB.

Source: Harrell et al., Stat Med 1996;15:361-87; Uno et al., Stat Med 2011;30:1105-17,
doi:10.1002/sim.4154; cumulative/dynamic AUC: Uno et al., J Am Stat Assoc 2007;102:527-37,
doi:10.1198/016214507000000149, averaged as in Lambert and Chevret, Stat Methods Med Res
2016;25:2088-102, doi:10.1177/0962280213515571; Brier score: Graf et al., Stat Med
1999;18:2529-45.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.evaluation.survival_curve import (
    SurvivalCurve,
    censoring_curve,
    check_follow_up,
    kaplan_meier,
)


@dataclass(frozen=True, slots=True, eq=False)
class HorizonCalibration:
    """Predicted and observed event probability at one time.

    Attributes
    ----------
    predicted, observed : (groups,)
        In groups of rising predicted probability: the mean, and 1 - Kaplan-Meier; `nan` where
        nobody was observed that long.
    count : (groups,)
        Rows.
    observed_to_expected : float
        Ratio over all rows; 1 if right on average, above 1 if too low.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    count: NDArray[np.int64]
    observed_to_expected: float


def harrell_c(
    time: ArrayLike, event: ArrayLike, risk: ArrayLike, *, groups: ArrayLike | None = None
) -> float:
    """Chance that the patient with the earlier event has the larger risk.

    Of all pairs of patients whose order is known.

    Parameters
    ----------
    time, event : (n,)
        Of the event, or of the last observation; whether the event was seen.
    risk : (n,)
        Larger means earlier; equal risks count half.
    groups : (n,), optional
        Pairs are formed within these only, such as folds, whose models must not be ordered
        together (`gliokit.evaluation.out_of_fold.mean_over_folds`).

    Returns
    -------
    float
        `nan` if the order of no pair is known. What it estimates depends on how long was observed.

    Raises
    ------
    ValueError
        If shapes differ, there is no row, or a value is out of range or not finite.
    """
    times, events, risks = _follow_up(time, event, risk)
    together = _groups(groups, times.size)
    return _concordance(times, events, risks, np.ones(times.size), groups=together)


def uno_c(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    *,
    censoring: SurvivalCurve | None = None,
    tau: float | None = None,
    groups: ArrayLike | None = None,
) -> float:
    """Chance as in `harrell_c`, for events before `tau`, whatever the censoring.

    Parameters
    ----------
    time, event, risk : (n,)
        As for `harrell_c`.
    censoring : SurvivalCurve
        From `censoring_curve`; of these rows if not given.
    tau : float
        Later events do not count as the earlier of a pair.
    groups : (n,), optional
        As for `harrell_c`; censoring is estimated over all rows.

    Returns
    -------
    float
        `nan` if the order of no pair is known.

    Raises
    ------
    ValueError
        As `harrell_c`; or if nobody can have been seen so long.
    """
    times, events, risks = _follow_up(time, event, risk)
    counted = events if tau is None else events & (times < tau)
    curve = censoring or censoring_curve(times, events)
    weights = _inverse_probability(curve, times, counted)
    return _concordance(times, events, risks, weights**2, groups=_groups(groups, times.size))


def cumulative_dynamic_auc(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    *,
    times: ArrayLike,
    censoring: SurvivalCurve | None = None,
) -> NDArray[np.float64]:
    """AUC at each time: those with the event by then against those still without.

    Parameters
    ----------
    time, event, risk : (n,)
        As for `harrell_c`.
    times : (k,)
        When to ask.
    censoring : SurvivalCurve
        As for `uno_c`.

    Returns
    -------
    (k,)
        `nan` where one of the groups is empty.

    Raises
    ------
    ValueError
        As `uno_c`.
    """
    seen, events, risks = _follow_up(time, event, risk)
    asked = np.asarray(times, dtype=np.float64)
    last = asked.max(initial=-math.inf)
    curve = censoring or censoring_curve(seen, events)
    weights = _inverse_probability(curve, seen, events & (seen <= last))
    return np.array([_auc_at(t, seen, risks, weights) for t in asked.tolist()])


def mean_auc(aucs: ArrayLike, *, times: ArrayLike, survival: SurvivalCurve) -> float:
    """Average AUCs over time, each weighed by the events since the time before.

    Parameters
    ----------
    aucs, times : (k,)
        From `cumulative_dynamic_auc`, times rising.
    survival : SurvivalCurve
        From `kaplan_meier`, of the same rows.

    Returns
    -------
    float
        `nan` if there is no event up to the last time, or one AUC with a weight is `nan`.
    """
    events = -np.diff(survival.at(times), prepend=1.0)
    counted = events > 0
    if not counted.any():
        return math.nan
    return float(np.average(np.asarray(aucs)[counted], weights=events[counted]))


def brier_scores(
    time: ArrayLike,
    event: ArrayLike,
    survival: ArrayLike,
    *,
    times: ArrayLike,
    censoring: SurvivalCurve | None = None,
) -> NDArray[np.float64]:
    """Mean squared difference of survival, 0 or 1, and its probability, at each time.

    Parameters
    ----------
    time, event : (n,)
        As for `harrell_c`.
    survival : (n, k)
        Probability of each patient to be without the event at each time.
    times : (k,)
        When to ask.
    censoring : SurvivalCurve
        As for `uno_c`.

    Returns
    -------
    (k,)
        0 is best; a constant 0.5 has 0.25.

    Raises
    ------
    ValueError
        As `uno_c`; or if `survival` is not (n, k), or not in 0-1.
    """
    seen, events = check_follow_up(time, event)
    asked, predicted = np.asarray(times, dtype=np.float64), np.asarray(survival, dtype=np.float64)
    if predicted.shape != (seen.size, asked.size):
        raise ValueError(
            f"survival has the shape {predicted.shape}; needed {seen.size} rows and "
            f"{asked.size} times"
        )
    if not np.all((predicted >= 0) & (predicted <= 1)):
        raise ValueError("survival must lie in 0-1 at every time")
    curve = censoring or censoring_curve(seen, events)
    dead = events[:, None] & (seen[:, None] <= asked)  # (n, k)
    alive = seen[:, None] > asked
    weight_dead = _inverse_probability(curve, seen, np.any(dead, axis=1))[:, None]
    weight_alive = _inverse_probability(curve, asked, np.any(alive, axis=0))
    error = dead * weight_dead * predicted**2 + alive * weight_alive * (1 - predicted) ** 2
    return error.mean(axis=0)


def integrated_brier(scores: ArrayLike, *, times: ArrayLike) -> float:
    """Average Brier scores (k,) over the span of their times (k,), at least two, rising."""
    asked = np.asarray(times, dtype=np.float64)
    if asked.size < 2 or np.any(np.diff(asked) <= 0):
        raise ValueError(f"{asked.size} times; needed two or more, rising")
    return float(np.trapezoid(np.asarray(scores), asked) / (asked[-1] - asked[0]))


def calibrate_at(
    time: ArrayLike, event: ArrayLike, probability: ArrayLike, *, horizon: float, groups: int = 5
) -> HorizonCalibration:
    """Compare predicted and observed event probability at one time.

    Parameters
    ----------
    time, event : (n,)
        As for `harrell_c`.
    probability : (n,)
        Of the event by the horizon.
    horizon : float
        When to ask.
    groups : int
        Of about as many rows each, at most one per row.

    Raises
    ------
    ValueError
        As `harrell_c`; or if there are fewer rows than groups.
    """
    times, events, p = _follow_up(time, event, probability)
    if not 1 <= groups <= times.size:
        raise ValueError(f"{groups} groups of {times.size} rows; needed one row or more in each")
    parts = np.array_split(np.argsort(p, kind="stable"), groups)
    return HorizonCalibration(
        np.array([p[rows].mean() for rows in parts]),
        np.array([_observed(times[rows], events[rows], horizon) for rows in parts]),
        np.array([rows.size for rows in parts]),
        _observed(times, events, horizon) / float(p.mean()) if p.any() else math.nan,
    )


def _observed(time: NDArray[np.float64], event: NDArray[np.bool_], horizon: float) -> float:
    curve = kaplan_meier(time, event)
    followed = time.max() >= horizon or curve.probability[-1] == 0
    return 1 - float(curve.at(horizon)) if followed else math.nan


def _concordance(
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    risk: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    groups: NDArray[np.generic],
) -> float:
    """Share of pairs in order, weighed by the patient with the earlier event."""
    first = np.flatnonzero(event & (weights > 0))
    # of the same time, who was censored lived longer
    later = (time > time[first, None]) | ((time == time[first, None]) & ~event)
    later &= groups == groups[first, None]
    pairs = weights[first] @ later
    higher = (risk < risk[first, None]) + 0.5 * (risk == risk[first, None])
    total = float(pairs.sum())
    return float(weights[first] @ (later * higher).sum(axis=1)) / total if total else math.nan


def _groups(groups: ArrayLike | None, rows: int) -> NDArray[np.generic]:
    """Give the group of each row, (n,); without any they are all of one."""
    found = np.zeros(rows) if groups is None else np.asarray(groups)
    if found.shape != (rows,):
        raise ValueError(f"{found.shape} groups for {rows} rows; give one to each")
    return found


def _auc_at(
    t: float, seen: NDArray[np.float64], risk: NDArray[np.float64], weights: NDArray[np.float64]
) -> float:
    """AUC of those with weight up to t against those seen longer."""
    case, control = (seen <= t) & (weights > 0), seen > t
    if not (case.any() and control.any()):
        return math.nan
    a, b = risk[case, None], risk[control]
    right = ((b < a) + 0.5 * (b == a)).mean(axis=1)
    return float(np.average(right, weights=weights[case]))


def _inverse_probability(
    censoring: SurvivalCurve, times: NDArray[np.float64], wanted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """One over the chance not to be censored by each time; 0 where it is not wanted."""
    chance = censoring.at(times)
    if np.any(chance[wanted] <= 0):
        raise ValueError(
            f"nobody can have been observed until {times[wanted].max():g}; ask for earlier times "
            "(tau), or give the censoring curve of a cohort observed longer"
        )
    return np.where(wanted, 1 / np.where(wanted, chance, 1), 0.0)


def _follow_up(
    time: ArrayLike, event: ArrayLike, values: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    times, events = check_follow_up(time, event)
    predicted = np.asarray(values, dtype=np.float64)
    if predicted.shape != times.shape:
        raise ValueError(f"{predicted.shape} predictions for {times.shape} rows; give one to each")
    if not np.isfinite(predicted).all():
        raise ValueError("a prediction is not finite; leave the row out, and say so")
    return times, events, predicted
