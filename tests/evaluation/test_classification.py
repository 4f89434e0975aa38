"""Class figures against hand computation and scikit-learn."""

import math

import numpy as np
import pytest
from sklearn import metrics

from gliokit.evaluation.classification import (
    Confusion,
    accuracy,
    auc,
    average_precision,
    balanced_accuracy,
    brier_score,
    count_confusion,
    score_classes,
)


def predictions(n, *, seed=0, tied=False):
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.3
    p = 1 / (1 + np.exp(-rng.normal(y, 1.5)))
    return y, np.round(p, 1) if tied else p


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_all_figures_are_those_of_scikit_learn(seed, tied):
    y, p = predictions(150, seed=seed, tied=tied)
    named = p >= 0.4
    scores = score_classes(y, p, threshold=0.4)
    assert scores.auc == pytest.approx(metrics.roc_auc_score(y, p))
    assert scores.average_precision == pytest.approx(metrics.average_precision_score(y, p))
    assert scores.accuracy == pytest.approx(metrics.accuracy_score(y, named))
    assert scores.balanced_accuracy == pytest.approx(metrics.balanced_accuracy_score(y, named))
    assert scores.sensitivity == pytest.approx(metrics.recall_score(y, named))
    assert scores.specificity == pytest.approx(metrics.recall_score(~y, ~named))
    assert scores.positive_predictive_value == pytest.approx(metrics.precision_score(y, named))
    assert scores.f1 == pytest.approx(metrics.f1_score(y, named))
    assert scores.brier == pytest.approx(metrics.brier_score_loss(y, p))


def test_figures_by_hand():
    y, p = [0, 0, 1, 1], [0.1, 0.6, 0.6, 0.9]
    assert count_confusion(y, np.array(p) >= 0.5) == Confusion(2, 0, 1, 1)
    assert auc(y, p) == pytest.approx(3.5 / 4)
    assert average_precision(y, p) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert brier_score(y, p) == pytest.approx((0.01 + 0.36 + 0.16 + 0.01) / 4)


def test_auc_sees_only_the_order_and_its_reverse_is_the_complement():
    y, p = predictions(100, tied=True)
    assert auc(y, np.log(p + 1)) == auc(y, p)
    assert auc(y, -p) == pytest.approx(1 - auc(y, p))
    assert auc(~y, p) == pytest.approx(1 - auc(y, p))


def test_scores_that_say_nothing():
    y = np.arange(10) < 3
    assert auc(y, np.ones(10)) == 0.5
    assert average_precision(y, np.ones(10)) == pytest.approx(0.3)


def test_accuracies_of_three_classes():
    y, named = ["a", "a", "a", "a", "b", "c"], ["a"] * 6
    assert accuracy(y, named) == pytest.approx(4 / 6)
    assert balanced_accuracy(y, named) == pytest.approx(1 / 3)
    assert balanced_accuracy(y, ["a", "a", "b", "c", "b", "a"]) == pytest.approx(0.5)


def test_figure_without_a_denominator_is_no_number():
    assert math.isnan(auc([1, 1], [0.1, 0.2]))
    assert math.isnan(average_precision([0, 0], [0.1, 0.2]))
    nothing = count_confusion([0, 0], [0, 0])
    assert math.isnan(nothing.sensitivity)
    assert math.isnan(nothing.positive_predictive_value)
    assert math.isnan(nothing.f1)
    assert nothing.specificity == 1


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match=r"\(2,\) rows of reference and \(1,\) predictions"):
        auc([0, 1], [0.5])
    with pytest.raises(ValueError, match=r"reference must be 0 or 1, found \[0, 2\]"):
        auc([0, 2], [0.5, 0.6])
    with pytest.raises(ValueError, match="1 of 2 predictions are not finite"):
        auc([0, 1], [0.5, np.nan])
    with pytest.raises(ValueError, match=r"probabilities must lie in 0-1, got 0\.5 to 1\.5"):
        brier_score([0, 1], [0.5, 1.5])
    with pytest.raises(ValueError, match=r"prediction must be 0 or 1, found \[0.2, 0.7\]"):
        count_confusion([0, 1], [0.2, 0.7])
    with pytest.raises(ValueError, match="give at least one"):
        accuracy([], [])
