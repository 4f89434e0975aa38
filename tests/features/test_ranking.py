"""Scores against closed forms and scipy."""

import numpy as np
import pytest
from scipy.stats import kruskal, spearmanr

from gliokit.evaluation.classification import auc
from gliokit.features.ranking import between_classes, with_hazard, with_number


@pytest.fixture
def features(rng):
    return rng.normal(size=(40, 3))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_two_classes_are_told_apart_as_by_the_auc(features):
    y = np.arange(40) % 4 == 0
    n, n1 = 40, 10
    expected = [
        12 * n1 * (n - n1) * (auc(y, column) - 0.5) ** 2 / (n**2 - 1) for column in features.T
    ]
    assert between_classes(features, y) == pytest.approx(expected)


def test_three_classes_score_as_kruskal_and_wallis(features):
    y = np.arange(40) % 3
    groups = [features[y == one, 0] for one in range(3)]
    assert between_classes(features, y)[0] == pytest.approx(kruskal(*groups).statistic / 39)


def test_ties_are_counted_as_kruskal_and_wallis_do(rng):
    X, y = rng.integers(0, 3, size=(40, 1)).astype(float), np.arange(40) % 2
    expected = kruskal(X[y == 0, 0], X[y == 1, 0]).statistic / 39
    assert between_classes(X, y)[0] == pytest.approx(expected)


def test_a_number_scores_by_the_size_of_spearmans_correlation(features, rng):
    y = rng.normal(size=40)
    expected = [abs(spearmanr(column, y).statistic) for column in features.T]
    assert with_number(features, y) == pytest.approx(expected)


def test_hazard_without_censoring_or_ties_by_hand():
    # risk sets of ranks {-1, 0, 1}, {0, 1} and {1}: deviations -1, -1/2 and 0
    y = np.array([[1.0, 1], [2, 1], [3, 1]])
    X = np.array([[10.0], [20], [30]])
    expected = 1.5 / np.sqrt(2 / 3 + 1 / 4)
    assert with_hazard(X, y)[0] == pytest.approx(expected)


def test_the_censored_are_at_risk_but_are_no_event():
    y = np.array([[1.0, 0], [2, 1], [3, 1]])
    X = np.array([[10.0], [20], [30]])
    assert with_hazard(X, y)[0] == pytest.approx(0.5 / np.sqrt(1 / 4))


def test_the_hazard_that_rises_with_a_feature_is_found(rng):
    X = rng.normal(size=(100, 20))
    y = np.column_stack([rng.exponential(np.exp(-X[:, 7])), rng.random(100) < 0.7])
    assert with_hazard(X, y).argmax() == 7


@pytest.mark.parametrize("score", [between_classes, with_number])
def test_a_feature_that_does_not_vary_scores_zero(score):
    assert score(np.ones((10, 1)), np.arange(10) % 2).tolist() == [0]


def test_a_feature_that_does_not_vary_has_no_hazard():
    y = np.column_stack([np.arange(1, 11), np.ones(10)])
    assert with_hazard(np.ones((10, 1)), y).tolist() == [0]


@pytest.mark.parametrize("score", [between_classes, with_number])
def test_scores_do_not_depend_on_scale_or_direction(score, features):
    y = np.arange(40) % 2
    assert score(-np.exp(features), y) == pytest.approx(score(features, y))


def test_outcomes_without_events_are_refused(features):
    with pytest.raises(ValueError, match=r"needed \(40, 2\)"):
        with_hazard(features, np.arange(40.0))
