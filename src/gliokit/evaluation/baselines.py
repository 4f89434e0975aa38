"""What a result is worth nothing without: the bars to clear, and the nulls to fail on.

Bars: the most frequent class, the share of the positive class, and age alone. Nulls: the whole
procedure again on labels that were permuted between patients, and the question whether the features
name the site, in which case they may have learnt it in place of the disease.

A procedure that leaks (features selected, values imputed or patients copied before the split) looks
good on the disease and stands out on a null, where nothing can be learnt: `chance_on_null`.
For this the permuted labels must go in where the true ones do, at the very start.

Source: permutation: Ojala and Garriga, J Mach Learn Res 2010;11:1833-63; selection outside the
folds: Ambroise and McLachlan, PNAS 2002;99:6562-6, doi:10.1073/pnas.102102699.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gliokit.core.errors import FoldError
from gliokit.evaluation.bootstrap import rows_by_patient
from gliokit.evaluation.classification import balanced_accuracy
from gliokit.evaluation.cox import fit_cox
from gliokit.evaluation.folds import Fold
from gliokit.evaluation.out_of_fold import (
    Array,
    Examples,
    FitPredict,
    of_classifier,
    of_estimator,
    out_of_fold,
)

# labels, in the order of the rows, to the held-out figure of everything that is done with them
Procedure: TypeAlias = Callable[[Array], float]


@dataclass(frozen=True, slots=True, eq=False)
class NullVerdict:
    """How a procedure did where nothing could be learnt.

    Attributes
    ----------
    figures : (rounds,)
        Its held-out figure for each draw of permuted labels.
    mean, lower, upper : float
        Of the figures, with the limits of their mean.
    at_chance : bool
        Whether the mean is shown to be less than the margin above chance.
    """

    figures: NDArray[np.float64]
    mean: float
    lower: float
    upper: float
    at_chance: bool


@dataclass(frozen=True, slots=True, eq=False)
class SiteProbe:
    """Whether the features name the site.

    Attributes
    ----------
    balanced_accuracy : float
        Of the sites named for patients held out.
    null : (rounds,)
        The same with the sites permuted between patients.
    p_value : float
        Share of the null that does as well, this result counted.
    """

    balanced_accuracy: float
    null: NDArray[np.float64]
    p_value: float


def predict_majority(X: Array, y: Array, asked: Array) -> Array:
    """Name the most frequent class for everybody; of equals the first in order."""
    classes, counts = np.unique(y, return_counts=True)
    return np.repeat(classes[counts.argmax()], len(asked))


def predict_prevalence(X: Array, y: Array, asked: Array) -> Array:
    """Give everybody the share of class 1 as its probability."""
    return np.full(len(asked), np.mean(y == 1))


def predict_logistic(X: Array, y: Array, asked: Array) -> Array:
    """Give the probability of class 1 by logistic regression: with X = age, the bar of age.

    Unknown values take the mean of the training side. Weakly penalized, as scikit-learn does
    by default (L2, C = 1, on standardized features).
    """
    known, values = _fill(X, asked)
    logistic = of_classifier(lambda: make_pipeline(StandardScaler(), LogisticRegression()))
    return logistic(known, y, values)


def predict_hazard(X: Array, y: Array, asked: Array) -> Array:
    """Give the log relative hazard by Cox regression: with X = age, the bar of age.

    Labels are (n, 2), time and event. Unknown values take the mean of the training side.
    """
    known, values = _fill(X, asked)
    return fit_cox(y[:, 0], y[:, 1], known).risk(values)


def permute_between_patients(
    patients: Sequence[Hashable], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw from which row each row takes its label, (n,).

    Each patient takes the labels of one other, in their order and as often as needed, so that the
    labels of a patient depend on each other as before.
    """
    groups = list(rows_by_patient(patients).values())
    source = np.empty(len(patients), dtype=np.intp)
    for rows, donor in zip(groups, rng.permutation(len(groups)), strict=True):
        source[rows] = np.resize(groups[donor], rows.size)
    return source


def permuted_null(
    procedure: Procedure, y: Array, *, patients: Sequence[Hashable], seed: int, rounds: int = 20
) -> NDArray[np.float64]:
    """Run the whole procedure on labels permuted between patients.

    Parameters
    ----------
    procedure : callable
        Labels like `y` to a held-out figure; everything that looks at labels is inside.
    y : (n,) or (n, 2)
        True labels.
    patients : (n,)
        Whose row it is.
    seed : int
        Of the permutations.
    rounds : int
        How many.

    Returns
    -------
    (rounds,)
        Centered on chance if the procedure is honest.
    """
    rng = np.random.default_rng(seed)
    labels = np.asarray(y)
    return np.array(
        [procedure(labels[permute_between_patients(patients, rng)]) for _ in range(rounds)]
    )


def chance_on_null(
    figures: Sequence[float] | NDArray[np.float64],
    *,
    chance: float = 0.5,
    margin: float = 0.05,
    level: float = 0.95,
) -> NullVerdict:
    """Judge whether a procedure is at chance where nothing can be learnt.

    Chance is to be shown, not merely not refuted: too few rounds do not pass. Only figures above
    chance tell of a leak; those of pooled answers lie below it (`mean_over_folds`).

    Parameters
    ----------
    figures : (rounds,)
        From `permuted_null`, or of one null cohort each; two or more.
    chance : float
        0.5 of AUC and C-index, 1/K of balanced accuracy of K classes.
    margin : float
        What may be left above chance; 0.05 is assumed.
    level : float
        Of the limits.

    Raises
    ------
    ValueError
        If there are fewer than two figures, or one is not finite.
    """
    found = np.asarray(figures, dtype=np.float64)
    if found.size < 2 or not np.isfinite(found).all():
        raise ValueError(f"{found.size} figures; needed two or more, all finite")
    mean = float(found.mean())
    spread = float(found.std(ddof=1)) / math.sqrt(found.size)
    half = float(stdtrit(found.size - 1, (1 + level) / 2)) * spread
    return NullVerdict(found, mean, mean - half, mean + half, mean + half < chance + margin)


def probe_site(
    examples: Examples,
    folds: Sequence[Fold],
    *,
    seed: int,
    rounds: int = 99,
    fit_predict: FitPredict | None = None,
) -> SiteProbe:
    """Ask whether the features name the site.

    Parameters
    ----------
    examples : Examples
        With the site as label.
    folds : sequence of Fold
        Of one repeat, testing every row; stratified by site, so that each site is on both sides.
    seed : int
        Of the permutations.
    rounds : int
        How many; the smallest p value is 1 / (rounds + 1).
    fit_predict : callable
        Names the site; logistic regression on standardized features if not given.

    Raises
    ------
    FoldError
        As `out_of_fold`; or if a row is tested by no fold.
    """
    if left := set(examples.studies) - {study for fold in folds for study in fold.test}:
        raise FoldError(f"study {min(left)} is tested by no fold; give folds of the whole cohort")
    name = fit_predict or of_estimator(
        lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    )

    def figure(sites: Array) -> float:
        rows = Examples(examples.studies, examples.patients, examples.X, sites)
        return balanced_accuracy(sites, out_of_fold(rows, folds, name))

    observed = figure(examples.y)
    null = permuted_null(figure, examples.y, patients=examples.patients, seed=seed, rounds=rounds)
    as_good = int(np.count_nonzero(null >= observed))
    return SiteProbe(observed, null, (1 + as_good) / (1 + rounds))


def _fill(X: Array, asked: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Replace unknown values by the mean of the training side."""
    known, values = (np.asarray(part, dtype=np.float64) for part in (X, asked))
    means = np.nanmean(known, axis=0)
    return np.where(np.isnan(known), means, known), np.where(np.isnan(values), means, values)
