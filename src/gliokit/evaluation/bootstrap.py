"""Uncertainty of a summary over patients, by resampling patients.

Values of one patient (studies, lesions, readers) depend on each other, so patients are drawn, not
values: a patient comes with all values or with none. The interval runs between percentiles of the
summary over the resamples; with few patients (below about 20) it tends to be too narrow.

Source: Efron and Tibshirani, An Introduction to the Bootstrap, Chapman & Hall 1993, chapter
13 (percentiles); Field and Welsh, J R Stat Soc B 2007;69:369-90,
doi:10.1111/j.1467-9868.2007.00593.x (clusters).
"""

from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Statistic: TypeAlias = Callable[[NDArray[np.float64]], float | np.floating]


def mean_interval(
    values: ArrayLike,
    *,
    patients: Sequence[Hashable],
    seed: int,
    statistic: Statistic = np.mean,
    level: float = 0.95,
    resamples: int = 2000,
) -> tuple[float, float]:
    """Estimate the interval of a mean, or of another summary such as the median.

    Parameters
    ----------
    values : (n,)
        One per observation.
    patients : (n,)
        Whose observation it is.
    seed : int
        The same seed, values and order give the same interval.
    statistic : callable
        Values (m,) to their summary.
    level : float
        Share of resamples inside the interval.
    resamples : int
        How often the patients are drawn.

    Returns
    -------
    tuple of float
        Lower and upper limit.

    Raises
    ------
    ValueError
        If a value is not finite, there are not as many patients as values, or fewer than two
        different patients.
    """
    observed = np.asarray(values, dtype=np.float64)
    if observed.shape != (len(patients),):
        raise ValueError(f"{observed.shape} values for {len(patients)} patients; give one to each")
    if missing := np.count_nonzero(~np.isfinite(observed)):
        raise ValueError(
            f"{missing} of {len(observed)} values are not finite; leave them out, and say so, or "
            "give them a stated penalty"
        )
    rows_of: dict[Hashable, list[int]] = {}
    for row, patient in enumerate(patients):
        rows_of.setdefault(patient, []).append(row)
    if len(rows_of) < 2:
        raise ValueError(f"{len(rows_of)} patient; an interval over patients needs two or more")
    groups = [observed[rows] for rows in rows_of.values()]
    draws = np.random.default_rng(seed).integers(len(groups), size=(resamples, len(groups)))
    summaries = [
        float(statistic(np.concatenate([groups[drawn] for drawn in draw]))) for draw in draws
    ]
    tail = (1 - level) / 2
    low, high = np.quantile(summaries, [tail, 1 - tail])
    return float(low), float(high)
