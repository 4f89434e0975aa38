"""How well readers, or a method and a reader, agree.

Correlation is not agreement: two readers of whom one always measures twice as much correlate
perfectly. Patients are rows and readers columns throughout; for an interval draw patients
(`gliokit.evaluation.bootstrap.interval`). All coefficients depend on how much the patients
differ: the same readers agree less on a cohort of look-alikes.

Source: Shrout and Fleiss, Psychol Bull 1979;86:420-8, doi:10.1037/0033-2909.86.2.420; Cohen, Educ
Psychol Meas 1960;20:37-46, doi:10.1177/001316446002000104, weighted: Psychol Bull 1968;70:213-20,
doi:10.1037/h0026256; Krippendorff, Content Analysis, 3rd edition, Sage 2013, chapter 12; Hayes and
Krippendorff 2007, doi:10.1080/19312450709336664; Bland and Altman, Lancet 1986;327:307-10,
doi:10.1016/S0140-6736(86)90837-8.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Weighting(StrEnum):
    """What a disagreement between ordered categories costs, by how many steps they are apart."""

    NONE = "none"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


class Level(StrEnum):
    """What the differences between ratings mean."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class LimitsOfAgreement:
    """Differences of two methods, second - first, in their unit.

    Attributes
    ----------
    bias, sd : float
        Mean and standard deviation of the differences.
    lower, upper : float
        Between which 95 % of them lie, if they are normal and do not depend on the size.
    """

    bias: float
    sd: float
    lower: float
    upper: float


def icc_agreement(ratings: ArrayLike) -> float:
    """Intraclass correlation ICC(2,1): one rating of any reader, whose habits count as error.

    Parameters
    ----------
    ratings : (n, k)
        Of n patients by the same k readers, all there.

    Returns
    -------
    float
        At most 1; below 0 if readers differ more than patients do. `nan` if all ratings are the
        same.

    Raises
    ------
    ValueError
        If there are fewer than two patients or readers, or a rating is not finite.
    """
    patients, readers, error, (n, k) = _mean_squares(ratings)
    spread = patients + (k - 1) * error + k * (readers - error) / n
    return (patients - error) / spread if spread > 0 else math.nan


def icc_one_way(ratings: ArrayLike) -> float:
    """Intraclass correlation ICC(1,1): one rating of any reader, each patient's readers their own.

    Parameters
    ----------
    ratings : (n, k)
        Of n patients, k times each, in any order; all there.

    Returns
    -------
    float
        As `icc_agreement`.

    Raises
    ------
    ValueError
        As `icc_agreement`.
    """
    patients, readers, error, (n, k) = _mean_squares(ratings)
    within = (readers + (n - 1) * error) / n  # readers and the rest are one error here
    spread = patients + (k - 1) * within
    return (patients - within) / spread if spread > 0 else math.nan


def icc_consistency(ratings: ArrayLike) -> float:
    """Intraclass correlation ICC(3,1): as `icc_agreement`, but a reader may be off by a constant.

    Parameters
    ----------
    ratings : (n, k)
        Of n patients by the same k readers, all there.

    Returns
    -------
    float
        As `icc_agreement`.

    Raises
    ------
    ValueError
        As `icc_agreement`.
    """
    patients, _, error, (_, k) = _mean_squares(ratings)
    spread = patients + (k - 1) * error
    return (patients - error) / spread if spread > 0 else math.nan


def cohen_kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    *,
    categories: Sequence[Hashable],
    weighting: Weighting = Weighting.NONE,
) -> float:
    """Agreement of two readers on categories, beyond that of their habits.

    Parameters
    ----------
    first, second : (n,)
        Categories that each reader named.
    categories : sequence
        All that may be named, in their order if `weighting` looks at steps.
    weighting : Weighting
        Of disagreements.

    Returns
    -------
    float
        1 if they always agree, 0 as often as by chance; `nan` if both name one category only.

    Raises
    ------
    ValueError
        If there are not as many of both, none at all, or a category is not in the list.
    """
    if len(first) != len(second) or not len(first):
        raise ValueError(f"{len(first)} and {len(second)} ratings; needed one or more, in pairs")
    place = {category: number for number, category in enumerate(categories)}
    if unknown := {str(named) for named in (*first, *second) if named not in place}:
        raise ValueError(
            f"ratings {', '.join(sorted(unknown))} are not among the categories "
            f"{', '.join(map(str, categories))}"
        )
    table = np.zeros((len(place), len(place)))
    np.add.at(table, ([place[named] for named in first], [place[named] for named in second]), 1)
    steps = np.abs(np.subtract.outer(np.arange(len(place)), np.arange(len(place))))
    cost = {Weighting.NONE: steps > 0, Weighting.LINEAR: steps, Weighting.QUADRATIC: steps**2}
    return _one_minus_ratio(
        float((cost[weighting] * table).sum()),
        float((cost[weighting] * np.outer(table.sum(axis=1), table.sum(axis=0))).sum())
        / len(first),
    )


def krippendorff_alpha(ratings: ArrayLike, *, level: Level) -> float:
    """Agreement of any number of readers, of whom some may have left patients out.

    Parameters
    ----------
    ratings : (n, k)
        Of n patients by k readers, as numbers; `nan` where there is none. Patients with fewer
        than two ratings do not count.
    level : Level
        What differences mean; of ordinal ratings only the order counts.

    Returns
    -------
    float
        1 if they always agree, 0 as often as by chance; `nan` if all ratings are the same, or no
        patient has two.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError(f"ratings have the shape {table.shape}; needed (patients, readers)")
    there = ~np.isnan(table)
    paired = there.sum(axis=1) >= 2
    values, place = np.unique(table[paired][there[paired]], return_inverse=True)
    patient = np.nonzero(there[paired])[0]
    counts = np.zeros((int(paired.sum()), values.size))
    np.add.at(counts, (patient, place), 1)  # (patients, values)
    # every rating is paired with the others of its patient, who weighs as many as has ratings
    weighted = counts / np.maximum(counts.sum(axis=1, keepdims=True) - 1, 1)
    observed = weighted.T @ counts - np.diag(weighted.sum(axis=0))
    total = counts.sum(axis=0)
    distance = _squared_distance(values, total, level)
    expected = np.outer(total, total) / max(total.sum() - 1, 1)
    return _one_minus_ratio(float((observed * distance).sum()), float((expected * distance).sum()))


def bland_altman(first: ArrayLike, second: ArrayLike) -> LimitsOfAgreement:
    """Measure bias and limits of agreement of two methods.

    Parameters
    ----------
    first, second : (n,)
        Of the same patients, two or more, one pair each.

    Raises
    ------
    ValueError
        If shapes differ, there are fewer than two pairs, or a value is not finite.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.ndim != 1 or a.shape != b.shape or a.size < 2:
        raise ValueError(f"{a.shape} and {b.shape} values; needed two or more, in pairs")
    if not np.isfinite(b - a).all():
        raise ValueError("a value is not finite; leave the pair out, and say so")
    bias, sd = float(np.mean(b - a)), float(np.std(b - a, ddof=1))
    return LimitsOfAgreement(bias, sd, bias - 1.96 * sd, bias + 1.96 * sd)


def _mean_squares(ratings: ArrayLike) -> tuple[float, float, float, tuple[int, int]]:
    """Mean squares of patients, of readers and of what is left, and the shape."""
    x = np.asarray(ratings, dtype=np.float64)
    if x.ndim != 2 or min(x.shape) < 2:
        raise ValueError(f"ratings have the shape {x.shape}; needed two patients and two readers")
    if not np.isfinite(x).all():
        raise ValueError("a rating is missing; leave the patient out, or use krippendorff_alpha")
    n, k = x.shape
    of_patient, of_reader, mean = x.mean(axis=1), x.mean(axis=0), x.mean()
    left = x - of_patient[:, None] - of_reader + mean
    return (
        float(k * np.sum((of_patient - mean) ** 2) / (n - 1)),
        float(n * np.sum((of_reader - mean) ** 2) / (k - 1)),
        float(np.sum(left**2) / ((n - 1) * (k - 1))),
        (n, k),
    )


def _squared_distance(
    values: NDArray[np.float64], total: NDArray[np.float64], level: Level
) -> NDArray[np.float64]:
    """Cost of naming one value instead of another, (values, values)."""
    if level is Level.NOMINAL:
        return 1 - np.eye(values.size)
    # ordinal: values stand where the middle one of their ratings does, in the order of all ratings
    position = values if level is Level.INTERVAL else np.cumsum(total) - total / 2
    return np.subtract.outer(position, position) ** 2


def _one_minus_ratio(observed: float, expected: float) -> float:
    return 1 - observed / expected if expected > 0 else math.nan
