"""Plain models of a feature table, with everything that is learnt inside the fold.

Fill gaps, scale, leave redundant features out, keep the best, learn. How many are kept, and how
strongly the model is held back, is chosen by folds within the rows given to `fit`: give the result
to `gliokit.evaluation.out_of_fold`, and the cross-validation is nested. Inner folds are of rows,
so give one row per patient. Filling, scaling and redundancy do not look at outcomes and are learnt
once from all rows given to `fit`.

These are yardsticks, not systems: what a plain model reaches, a system has to beat.

Source: nesting: Varma and Simon, BMC Bioinformatics 2006;7:91, doi:10.1186/1471-2105-7-91.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from gliokit.evaluation.survival import harrell_c
from gliokit.features.hazard import HazardRegressor
from gliokit.features.imputation import RegionImputer
from gliokit.features.ranking import with_hazard
from gliokit.features.selection import RedundancySelector, UnivariateSelector

COUNTS = (10, 20, 40)
PENALTIES = (10.0, 100.0, 1000.0)
INNER_FOLDS = 4


def nested_classifier(
    model: BaseEstimator,
    *,
    grid: Mapping[str, Sequence[object]],
    counts: Sequence[int] = COUNTS,
    seed: int = 0,
) -> Pipeline:
    """Prepare a classifier of two classes that chooses its settings by itself.

    Parameters
    ----------
    model : estimator
        Such as `LogisticRegression()`.
    grid : mapping of str to sequence
        Settings of the model to choose from, by the inner AUC.
    counts : sequence of int
        How many features may be kept.
    seed : int
        Of the inner folds.

    Returns
    -------
    Pipeline
        Not fitted; takes features (n, p) with gaps, answers as the model does.
    """
    search = GridSearchCV(
        Pipeline([("select", UnivariateSelector()), ("model", model)]),
        {"select__count": list(counts)} | {f"model__{name}": list(grid[name]) for name in grid},
        scoring="roc_auc",
        cv=StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=seed),
    )
    return Pipeline([*_preparation(), ("search", search)])


def nested_hazard(
    *,
    counts: Sequence[int] = COUNTS,
    penalties: Sequence[float] = PENALTIES,
    always: Sequence[int] = (),
    seed: int = 0,
) -> Pipeline:
    """Prepare a penalized Cox model that chooses its settings by itself.

    Parameters
    ----------
    counts, penalties : sequence
        How many features may be kept, and how strongly their hazards are held back, by the inner
        C-index.
    always : sequence of int
        Columns that are kept whatever they tell, such as age; unknown ones take the mean.
    seed : int
        Of the inner folds.

    Returns
    -------
    Pipeline
        Not fitted; takes features (n, p) with gaps and outcomes (n, 2), answers by the log
        relative hazard.
    """
    kept = list(always)
    fill = Pipeline([("mean", SimpleImputer()), ("scale", StandardScaler())])
    split = ColumnTransformer(
        [("always", fill, kept), ("features", Pipeline(_preparation()), _AllBut(kept))]
    )
    beside = ColumnTransformer(
        [
            ("always", "passthrough", slice(len(kept))),
            ("select", UnivariateSelector(ranking=with_hazard), slice(len(kept), None)),
        ]
    )
    search = GridSearchCV(
        Pipeline([("beside", beside), ("model", HazardRegressor())]),
        {"beside__select__count": list(counts), "model__penalty": list(penalties)},
        scoring=_score_hazard,
        cv=KFold(INNER_FOLDS, shuffle=True, random_state=seed),
    )
    return Pipeline([("split", split), ("search", search)])


class _AllBut:
    """Columns of a table other than these, whatever their number."""

    def __init__(self, columns: Sequence[int]) -> None:
        self.columns = columns

    def __call__(self, X: NDArray[np.float64]) -> list[int]:
        return [column for column in range(X.shape[1]) if column not in set(self.columns)]


def _preparation() -> list[tuple[str, BaseEstimator]]:
    """Give the steps that do not look at outcomes."""
    return [
        ("impute", RegionImputer()),
        ("scale", StandardScaler()),
        ("redundancy", RedundancySelector()),
    ]


def _score_hazard(model: Pipeline, X: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return harrell_c(y[:, 0], y[:, 1], model.predict(X))
