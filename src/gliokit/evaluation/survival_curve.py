"""Share of patients still without the event, or still under observation, over time.

Source: Kaplan and Meier, J Am Stat Assoc 1958;53:457-81, doi:10.1080/01621459.1958.10501452.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """A curve that falls in steps.

    Attributes
    ----------
    times : (k,)
        Different times of the data, rising.
    probability : (k,)
        From each time on, that time included.
    """

    times: NDArray[np.float64]
    probability: NDArray[np.float64]

    def at(self, times: ArrayLike) -> NDArray[np.float64]:
        """Read the curve at any times (...): 1 before the first, level after the last."""
        place = np.searchsorted(self.times, np.asarray(times), side="right")
        return np.concatenate([[1.0], self.probability])[place]


def kaplan_meier(time: ArrayLike, event: ArrayLike) -> SurvivalCurve:
    """Estimate the survival curve.

    Parameters
    ----------
    time : (n,)
        Of the event, or of the last observation.
    event : (n,)
        Whether the event was seen.

    Raises
    ------
    ValueError
        If shapes differ, there is no row, or a time is negative or not finite.
    """
    times, deaths, _, at_risk = _count(*check_follow_up(time, event))
    return SurvivalCurve(times, np.cumprod(1 - deaths / at_risk, dtype=np.float64))


def censoring_curve(time: ArrayLike, event: ArrayLike) -> SurvivalCurve:
    """Estimate the chance not to be censored yet, as if events were what ends observation.

    Of rows of the same time, those with the event come first: they are not at risk of censoring.

    Parameters
    ----------
    time, event : (n,)
        As for `kaplan_meier`.

    Raises
    ------
    ValueError
        As `kaplan_meier`.
    """
    times, deaths, censored, at_risk = _count(*check_follow_up(time, event))
    # nobody left at risk means nobody censored
    return SurvivalCurve(
        times, np.cumprod(1 - censored / np.maximum(at_risk - deaths, 1), dtype=np.float64)
    )


def check_follow_up(
    time: ArrayLike, event: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give times and events (n,) that can be used.

    Raises
    ------
    ValueError
        As `kaplan_meier`.
    """
    times, events = np.asarray(time, dtype=np.float64), np.asarray(event)
    if times.ndim != 1 or times.shape != events.shape or not times.size:
        raise ValueError(
            f"{times.shape} times and {events.shape} events; give one of each to a row"
        )
    if not np.all(np.isfinite(times) & (times >= 0)):
        raise ValueError("a time is negative or not finite; leave the row out, and say so")
    if not np.all((events == 0) | (events == 1)):
        raise ValueError(f"events must be 0 or 1, found {np.unique(events)[:4].tolist()}")
    return times, events.astype(bool)


def _count(
    time: NDArray[np.float64], event: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count events, censored rows and rows at risk at each different time, (k,) each."""
    times, place, rows = np.unique(time, return_inverse=True, return_counts=True)
    deaths = np.bincount(place[event], minlength=times.size)
    at_risk = time.size - np.cumsum(rows) + rows
    return times, deaths, rows - deaths, at_risk
