"""Answers for every row by what was learnt without its patient.

Whatever looks at labels or at other rows (scaling, imputing, selecting) belongs into the procedure
that is fitted anew in each fold; `gliokit.evaluation.baselines.chance_on_null` tells where it
does not.

Source: bias of pooled answers: Parker et al., BMC Bioinformatics 2007;8:326,
doi:10.1186/1471-2105-8-326.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import FoldError
from gliokit.evaluation.folds import Fold, check_apart

Array: TypeAlias = NDArray[np.generic]
# features and labels to learn from, and features to answer for; gives one answer a row
FitPredict: TypeAlias = Callable[[Array, Array, Array], Array]


class Estimator(Protocol):
    """What of scikit-learn's estimators is used here."""

    def fit(self, X: Array, y: Array) -> Self:
        """Learn."""

    def predict(self, X: Array) -> Array:
        """Answer."""


class Classifier(Protocol):
    """An estimator that gives probabilities."""

    classes_: Array

    def fit(self, X: Array, y: Array) -> Self:
        """Learn."""

    def predict_proba(self, X: Array) -> NDArray[np.float64]:
        """Probability of each class, (n, classes)."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Rows to learn from.

    Attributes
    ----------
    studies, patients : (n,)
        Study id and patient of each row.
    X : (n, p)
        Features.
    y : (n,) or (n, 2)
        Labels; of survival, time and event.
    """

    studies: Sequence[str]
    patients: Sequence[str]
    X: Array
    y: Array


def out_of_fold(examples: Examples, folds: Sequence[Fold], fit_predict: FitPredict) -> Array:
    """Answer for every row by what was learnt without its patient.

    Parameters
    ----------
    examples : Examples
        Of all folds.
    folds : sequence of Fold
        That test each study at most once: one repeat. What they do not test is learnt from, the
        validation side included.
    fit_predict : callable
        Such as `predict_majority`, or `of_estimator(...)`.

    Returns
    -------
    (n,)
        `nan` (or 0, or an empty text) for rows that no fold tests.

    Raises
    ------
    FoldError
        If a patient stands on two sides, or a study is tested twice.
    """
    y, studies = np.asarray(examples.y), np.asarray(examples.studies)
    patient_of = dict(zip(examples.studies, examples.patients, strict=True))
    answers: list[tuple[NDArray[np.intp], Array]] = []
    tested: set[str] = set()
    for fold in folds:
        check_apart(fold, patient_of)
        if twice := tested & set(fold.test):
            raise FoldError(f"study {min(twice)} is tested twice; give the folds of one repeat")
        tested |= set(fold.test)
        learnt = np.flatnonzero(np.isin(studies, (*fold.train, *fold.validation)))
        asked = np.flatnonzero(np.isin(studies, fold.test))
        answers.append((asked, fit_predict(examples.X[learnt], y[learnt], examples.X[asked])))
    kind = np.result_type(*(answer for _, answer in answers))
    empty = (
        np.full(len(studies), math.nan, kind) if kind.kind == "f" else np.zeros(len(studies), kind)
    )
    for rows, answer in answers:
        empty[rows] = answer
    return empty


def mean_over_folds(
    figure: Callable[[Array, Array], float],
    examples: Examples,
    folds: Sequence[Fold],
    answers: Array,
) -> float:
    """Average over the folds a figure of labels and answers that looks at order, as an AUC does.

    Answers of several models are not to be ordered together: where a fold tests more of one class,
    less of it was learnt from, so that the AUC of all answers together lies below chance (0.486 in
    `benchmarks/interval_coverage.py`) where nothing can be learnt.

    Parameters
    ----------
    figure : callable
        Labels and answers of the rows that one fold tests, to a number, or `nan` if undefined.
    examples, folds
        As for `out_of_fold`.
    answers : (n,)
        From there.

    Returns
    -------
    float
        Over the folds that define the figure; `nan` if none does.
    """
    y, studies = np.asarray(examples.y), np.asarray(examples.studies)
    tested = [np.isin(studies, fold.test) for fold in folds]
    figures = np.array([figure(y[rows], answers[rows]) for rows in tested])
    defined = figures[~np.isnan(figures)]
    return float(defined.mean()) if defined.size else math.nan


def of_estimator(make: Callable[[], Estimator]) -> FitPredict:
    """Use a new scikit-learn estimator in each fold; it answers by `predict`."""
    return lambda X, y, asked: make().fit(X, y).predict(asked)


def of_classifier(make: Callable[[], Classifier]) -> FitPredict:
    """Use a new scikit-learn classifier in each fold; it gives the probability of class 1."""

    def fit_predict(X: Array, y: Array, asked: Array) -> Array:
        model = make().fit(X, y)
        return model.predict_proba(asked)[:, list(model.classes_).index(1)]

    return fit_predict
