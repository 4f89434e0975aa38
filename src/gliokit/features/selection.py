"""Choose few features: leave out what others say too, then keep what tells the outcome.

Radiomic tables have many more columns than rows. `RedundancySelector` looks at features alone,
`UnivariateSelector` and `StabilitySelector` at the outcome as well; the latter asks which features
are chosen again and again when half of the rows are drawn. All are fitted inside the fold: chosen
on all rows, features of pure noise reach an AUC of 0.9 (`tests/features/test_leaks.py`).

Source: leak: Ambroise and McLachlan, PNAS 2002;99:6562-6, doi:10.1073/pnas.102102699; stability:
Meinshausen and Bühlmann, J R Stat Soc B 2010;72:417-73, doi:10.1111/j.1467-9868.2010.00740.x.
"""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from gliokit.features.ranking import Ranking, between_classes

SAME = 0.9  # assumed: |Spearman's rho| from which on two features say the same


class RedundancySelector(SelectorMixin, BaseEstimator):
    """Keep one feature of each cluster of correlated ones.

    Clusters are formed by complete linkage, so that all pairs within one correlate at least
    so much. The one kept is the most like the others of its cluster; of equals the first. Features
    that do not vary are left out, unless none does.

    Parameters
    ----------
    correlation : float
        Size of Spearman's correlation within a cluster, 0 to 1.

    Attributes
    ----------
    clusters_ : (n_features,)
        Number of the cluster of each feature, from 1; 0 if it does not vary.
    kept_ : (n_features,)
        Whether it is kept.
    """

    def __init__(self, *, correlation: float = SAME) -> None:
        self.correlation = correlation

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn from features (n_studies, n_features), all finite."""
        rows = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        varying = np.flatnonzero(np.ptp(rows, axis=0) > 0)
        self.clusters_ = np.zeros(rows.shape[1], dtype=np.intp)
        self.kept_ = np.zeros(rows.shape[1], dtype=np.bool_)
        if varying.size < 2:
            self.clusters_[varying] = 1
            self.kept_[varying if varying.size else 0] = True
            return self
        alike = np.abs(_correlate_ranks(rows[:, varying]))
        self.clusters_[varying] = _cluster(alike, self.correlation)
        for cluster in range(1, self.clusters_.max() + 1):
            members = np.flatnonzero(self.clusters_[varying] == cluster)
            # rounded, so that equals are equal on every machine
            likeness = alike[np.ix_(members, members)].sum(axis=1).round(9)
            self.kept_[varying[members[likeness.argmax()]]] = True
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.kept_


class UnivariateSelector(SelectorMixin, BaseEstimator):
    """Keep the features that alone say most about the outcome.

    Parameters
    ----------
    count : int
        How many; all if there are no more.
    ranking : callable
        One of `gliokit.features.ranking`.

    Attributes
    ----------
    scores_ : (n_features,)
        Larger says more.
    kept_ : (n_features,)
        Whether it is kept; of equals the first are.
    """

    def __init__(self, *, count: int = 20, ranking: Ranking = between_classes) -> None:
        self.count = count
        self.ranking = ranking

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from features (n_studies, n_features) and outcomes, as `ranking` takes them."""
        features, outcomes = _features_and_outcomes(self, X, y)
        self.scores_ = self.ranking(features, outcomes)
        self.kept_ = _best(self.scores_, self.count)
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.kept_

    def __sklearn_tags__(self) -> Tags:
        return _with_outcomes(super().__sklearn_tags__())


class StabilitySelector(SelectorMixin, BaseEstimator):
    """Keep the features that are among the best in most draws of half of the rows.

    Rows are drawn without replacement; of a patient with several rows each is drawn by itself, so
    give one row per patient.

    Parameters
    ----------
    count : int
        Best features in each draw.
    threshold : float
        Share of the draws in which a feature must be among the best; above 0.5. If none is, the
        one chosen most often is kept.
    draws : int
        How often half of the rows are drawn.
    ranking : callable
        One of `gliokit.features.ranking`.
    seed : int
        Of the draws.

    Attributes
    ----------
    frequency_ : (n_features,)
        Share of the draws in which each feature was among the best.
    expected_false_ : float
        Upper limit of the expected number of features kept though they say nothing, if all these
        are equally likely to be drawn: count² / ((2 threshold - 1) n_features).
    kept_ : (n_features,)
        Whether it is kept.
    """

    def __init__(
        self,
        *,
        count: int = 20,
        threshold: float = 0.6,
        draws: int = 100,
        ranking: Ranking = between_classes,
        seed: int = 0,
    ) -> None:
        self.count = count
        self.threshold = threshold
        self.draws = draws
        self.ranking = ranking
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from features (n_studies, n_features) and outcomes, as `ranking` takes them.

        Raises
        ------
        ValueError
            If the threshold is not in (0.5, 1].
        """
        features, outcomes = _features_and_outcomes(self, X, y)
        if not 0.5 < self.threshold <= 1:
            raise ValueError(f"the threshold must lie in (0.5, 1], got {self.threshold:g}")
        rng = np.random.default_rng(self.seed)
        rows, columns = features.shape
        chosen = np.zeros(columns)
        for _ in range(self.draws):
            drawn = rng.permutation(rows)[: (rows + 1) // 2]
            chosen += _best(self.ranking(features[drawn], outcomes[drawn]), self.count)
        self.frequency_ = chosen / self.draws
        self.kept_ = self.frequency_ >= min(self.threshold, self.frequency_.max())
        self.expected_false_ = min(self.count, columns) ** 2 / ((2 * self.threshold - 1) * columns)
        return self

    def _get_support_mask(self) -> NDArray[np.bool_]:
        check_is_fitted(self)
        return self.kept_

    def __sklearn_tags__(self) -> Tags:
        return _with_outcomes(super().__sklearn_tags__())


def _correlate_ranks(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spearman's correlation of features (n, p) that vary, (p, p)."""
    ranks = rankdata(X, axis=0) - (len(X) + 1) / 2
    ranks /= np.linalg.norm(ranks, axis=0)
    return np.clip(ranks.T @ ranks, -1, 1)


def _cluster(alike: NDArray[np.float64], least: float) -> NDArray[np.intp]:
    apart = 1 - alike
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), method="complete")
    # what is exactly as much alike as asked belongs together, whatever the rounding
    return np.asarray(fcluster(tree, 1 - least + 1e-9, criterion="distance"), dtype=np.intp)


def _best(scores: NDArray[np.float64], count: int) -> NDArray[np.bool_]:
    kept = np.zeros(scores.size, dtype=bool)
    kept[np.argsort(-scores, kind="stable")[:count]] = True
    return kept


def _features_and_outcomes(
    selector: BaseEstimator, X: ArrayLike, y: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.generic]]:
    features, outcomes = validate_data(
        selector, X, y, dtype=np.float64, multi_output=True, ensure_min_samples=2
    )
    single = outcomes.ndim == 2 and outcomes.shape[1] == 1
    return features, outcomes.ravel() if single else outcomes


def _with_outcomes(tags: Tags) -> Tags:
    tags.target_tags.required = True
    return tags
