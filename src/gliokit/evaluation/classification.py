"""How well classes are told apart and predicted.

Rows are counted as given: for figures per patient give one row per patient, and for an interval
draw patients (`gliokit.evaluation.bootstrap.interval`). A figure whose denominator is empty, such
as the sensitivity without a positive row, is `nan`, never 0 or 1. Accuracy flatters whoever always
names the most frequent class; beside it belongs `gliokit.evaluation.baselines.predict_majority`.

Source: AUC: Hanley and McNeil, Radiology 1982;143:29-36, doi:10.1148/radiology.143.1.7063747.
Precision and recall: Davis and Goadrich, ICML 2006, doi:10.1145/1143844.1143874. Score: Brier,
Mon Weather Rev 1950;78:1-3. Balanced accuracy: Brodersen et al., ICPR 2010,
doi:10.1109/ICPR.2010.764.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by reference and prediction: hits, misses, false alarms and right refusals."""

    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int

    @property
    def sensitivity(self) -> float:
        """Share of the positive rows that were found."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> float:
        """Share of the negative rows that were left alone."""
        return _share(self.true_negative, self.true_negative + self.false_positive)

    @property
    def positive_predictive_value(self) -> float:
        """Share of the alarms that were right."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def f1(self) -> float:
        """Harmonic mean of sensitivity and positive predictive value."""
        found = 2 * self.true_positive
        return _share(found, found + self.false_negative + self.false_positive)


@dataclass(frozen=True, slots=True)
class ClassScores:
    """All figures of one classifier of two classes; see the functions of this module."""

    auc: float
    average_precision: float
    accuracy: float
    balanced_accuracy: float
    sensitivity: float
    specificity: float
    positive_predictive_value: float
    f1: float
    brier: float


def score_classes(
    reference: ArrayLike, probabilities: ArrayLike, *, threshold: float = 0.5
) -> ClassScores:
    """Compute all figures.

    Parameters
    ----------
    reference : (n,)
        0 or 1.
    probabilities : (n,)
        Of class 1.
    threshold : float
        From which probability on class 1 is predicted; chosen inside the training side.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite or out of range, or there is no row.
    """
    y, p = check_probabilities(reference, probabilities)
    predicted = p >= threshold
    confusion = count_confusion(y, predicted)
    return ClassScores(
        auc=auc(y, p),
        average_precision=average_precision(y, p),
        accuracy=accuracy(y, predicted),
        balanced_accuracy=balanced_accuracy(y, predicted),
        sensitivity=confusion.sensitivity,
        specificity=confusion.specificity,
        positive_predictive_value=confusion.positive_predictive_value,
        f1=confusion.f1,
        brier=brier_score(y, p),
    )


def auc(reference: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: chance that a positive row scores above a negative one.

    Parameters
    ----------
    reference : (n,)
        0 or 1.
    scores : (n,)
        Larger means class 1; equal scores count half.

    Returns
    -------
    float
        `nan` if a class is absent.

    Raises
    ------
    ValueError
        As `score_classes`.
    """
    y, scored = _pair(reference, scores)
    positive, negative = scored[y], np.sort(scored[~y])
    if not (positive.size and negative.size):
        return math.nan
    # two searches in sorted scores: far quicker than ranks, which matters in resampling
    below, up_to = (np.searchsorted(negative, positive, side=side) for side in ("left", "right"))
    return float(np.mean(below + up_to)) / (2 * negative.size)


def average_precision(reference: ArrayLike, scores: ArrayLike) -> float:
    """Area under the precision-recall curve, by steps, without interpolation.

    Parameters
    ----------
    reference, scores : (n,)
        As for `auc`.

    Returns
    -------
    float
        The share of positive rows if scores say nothing; `nan` without a positive row.
    """
    y, scored = _pair(reference, scores)
    if not y.any():
        return math.nan
    order = np.argsort(-scored, kind="stable")
    hits = np.cumsum(y[order])
    last = np.flatnonzero(np.diff(scored[order], append=-np.inf))  # of each group of equal scores
    found = hits[last]
    return float(np.sum(np.diff(found, prepend=0) * found / (last + 1)) / found[-1])


def count_confusion(reference: ArrayLike, prediction: ArrayLike) -> Confusion:
    """Count rows of two classes, 0 and 1, (n,) each."""
    y, named = _pair(reference, prediction)
    _zeros_and_ones(named, "prediction")
    found = named.astype(bool)
    counts = (y & found, y & ~found, ~y & found, ~y & ~found)
    return Confusion(*(int(np.count_nonzero(rows)) for rows in counts))


def accuracy(reference: ArrayLike, prediction: ArrayLike) -> float:
    """Share of rows whose class was named, of any classes, (n,) each."""
    y, named = _classes(reference, prediction)
    return float(np.mean(y == named))


def balanced_accuracy(reference: ArrayLike, prediction: ArrayLike) -> float:
    """Mean over the classes of the reference of the share that was named, (n,) each.

    With K classes, whoever guesses, or always names the same class, has 1/K.
    """
    y, named = _classes(reference, prediction)
    return float(np.mean([np.mean(named[y == one] == one) for one in np.unique(y)]))


def brier_score(reference: ArrayLike, probabilities: ArrayLike) -> float:
    """Mean squared difference of class, 0 or 1, and probability, (n,) each."""
    y, p = check_probabilities(reference, probabilities)
    return float(np.mean((p - y) ** 2))


def check_probabilities(
    reference: ArrayLike, probabilities: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Give two classes and the probability of class 1, (n,) each, that can be used.

    Raises
    ------
    ValueError
        As `score_classes`.
    """
    y, p = _pair(reference, probabilities)
    if p.min() < 0 or p.max() > 1:
        raise ValueError(f"probabilities must lie in 0-1, got {p.min():g} to {p.max():g}")
    return y, p


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _pair(reference: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    y, scored = np.asarray(reference), np.asarray(scores, dtype=np.float64)
    _same_rows(y, scored)
    _zeros_and_ones(y, "reference")
    if missing := np.count_nonzero(~np.isfinite(scored)):
        raise ValueError(
            f"{missing} of {scored.size} predictions are not finite; leave these rows out, and say "
            "so"
        )
    return y.astype(bool), scored


def _classes(
    reference: ArrayLike, prediction: ArrayLike
) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    y, named = np.asarray(reference), np.asarray(prediction)
    _same_rows(y, named)
    return y, named


def _same_rows(reference: NDArray[np.generic], prediction: NDArray[np.generic]) -> None:
    if reference.ndim != 1 or reference.shape != prediction.shape or not reference.size:
        raise ValueError(
            f"{reference.shape} rows of reference and {prediction.shape} predictions; give at "
            "least one, and one prediction to each"
        )


def _zeros_and_ones(values: NDArray[np.generic], name: str) -> None:
    if not np.all((values == 0) | (values == 1)):
        raise ValueError(f"the {name} must be 0 or 1, found {np.unique(values)[:4].tolist()}")
