"""Variance of AUCs against pairs counted one by one, and against simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import kstest

from gliokit.evaluation.classification import auc
from gliokit.evaluation.delong import delong_covariance, delong_interval, delong_test


def two_models(n, *, seed=0, tied=False, second=0.7):
    """Draw classes, and scores of two models that share part of their noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) < n // 3
    shared = rng.normal(size=n)
    scores = np.stack([shared + rng.normal(size=n) + shift * y for shift in (1.4, 2 * second)])
    return y, np.round(scores) if tied else scores


@pytest.mark.parametrize("tied", [False, True])
def test_covariance_is_that_of_pairs_counted_one_by_one(tied):
    y, scores = two_models(40, tied=tied)
    positive, negative = scores[:, y], scores[:, ~y]
    pairs = np.empty((2, positive.shape[1], negative.shape[1]))
    for k, i, j in itertools.product(*map(range, pairs.shape)):
        a, b = positive[k, i], negative[k, j]
        pairs[k, i, j] = 1 if a > b else 0.5 if a == b else 0
    expected = np.cov(pairs.mean(axis=2)) / positive.shape[1]
    expected += np.cov(pairs.mean(axis=1)) / negative.shape[1]
    aucs, covariance = delong_covariance(y, scores)
    assert aucs == pytest.approx(pairs.mean(axis=(1, 2)))
    assert covariance == pytest.approx(expected)


@pytest.mark.parametrize("tied", [False, True])
def test_auc_is_the_same_as_elsewhere(tied):
    y, scores = two_models(60, tied=tied)
    test = delong_test(y, *scores)
    assert test.first == pytest.approx(auc(y, scores[0]))
    assert test.difference == pytest.approx(auc(y, scores[0]) - auc(y, scores[1]))


def test_one_model_by_hand():
    # shares on the right side: positives 1, 1/2, 1; negatives 1, 2/3
    aucs, covariance = delong_covariance([1, 1, 1, 0, 0], [[5, 3, 6, 1, 4]])
    assert aucs == pytest.approx([5 / 6])
    assert covariance[0, 0] == pytest.approx((1 / 12) / 3 + (1 / 18) / 2)


def test_variance_is_that_of_repeated_cohorts():
    estimates = [delong_test(*flat(two_models(90, seed=seed))) for seed in range(400)]
    spread = np.std([test.difference for test in estimates])
    assert np.sqrt(np.mean([test.variance for test in estimates])) == pytest.approx(spread, rel=0.1)


def test_models_that_are_the_same_are_found_different_as_often_as_promised():
    p_values = [delong_test(*flat(two_models(90, seed=seed))).p_value for seed in range(400)]
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_better_model_is_found():
    test = delong_test(*flat(two_models(200, second=0.1)))
    assert test.p_value < 1e-3
    assert test.z == pytest.approx(test.difference / math.sqrt(test.variance))


def test_interval_stays_within_its_limits_and_holds_the_auc():
    y, scores = two_models(24, seed=3)
    value = auc(y, scores[0] + 2 * y)
    low, high = delong_interval(y, scores[0] + 2 * y)
    assert 0 < low < value < high < 1
    assert delong_interval(y, y + 0.0) == (1, 1)
    narrow = delong_interval(y, scores[0] + 2 * y, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_model_against_itself_is_no_difference():
    y, scores = two_models(30)
    test = delong_test(y, scores[0], np.exp(scores[0]))
    assert (test.difference, test.p_value) == (0, 1)
    assert math.isnan(test.z)


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="1 positive and 2 negative rows; needed two of each"):
        delong_covariance([1, 0, 0], [[1, 2, 3]])
    with pytest.raises(ValueError, match=r"\(3,\) rows of reference and \(1, 2\) scores"):
        delong_covariance([1, 0, 0], [[1, 2]])
    with pytest.raises(ValueError, match="must be 0 or 1 and the scores finite"):
        delong_covariance([1, 0, 0], [[1, 2, np.nan]])


def flat(cohort):
    y, (first, second) = cohort
    return y, first, second
