"""Tests of a Cox model, where the likelihood is known by hand."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2

from gliokit.measurement.vasari.hazard import hazard_test

TIME = np.array([1.0, 2, 3, 4, 5])
EVENT = np.array([True, True, True, False, True])
X = np.array([[1.0], [0], [1], [0], [0]])
NONE = np.zeros((5, 0))


def log_likelihood(b):
    """Write out the partial likelihood of the five patients above."""
    e = np.exp(b)
    return 2 * b - np.log(3 + 2 * e) - np.log(3 + e) - np.log(2 + e) - np.log(1)


def score(b):
    e = np.exp(b)
    return 2 - 2 * e / (3 + 2 * e) - e / (3 + e) - e / (2 + e)


def curvature(b):
    e = np.exp(b)
    return 6 * e / (3 + 2 * e) ** 2 + 3 * e / (3 + e) ** 2 + 2 * e / (2 + e) ** 2


def test_test_and_interval_are_those_of_the_likelihood():
    best = brentq(score, -5, 5)
    found = hazard_test(TIME, EVENT, X, NONE)
    gain = 2 * (log_likelihood(best) - log_likelihood(0))
    assert found.p_value == pytest.approx(chi2.sf(gain, 1))
    assert found.hazard_ratio == pytest.approx(np.exp(best))
    half = 1.959964 / np.sqrt(curvature(best))
    assert found.interval == pytest.approx((np.exp(best - half), np.exp(best + half)))


def test_tied_deaths_share_the_risk_set():
    time, event = np.array([1.0, 1, 2]), np.array([True, True, False])
    x = np.array([[1.0], [0], [0]])
    found = hazard_test(time, event, x, np.zeros((3, 0)))

    def efron(b):
        e = np.exp(b)
        return b - np.log(e + 2) - np.log(e / 2 + 1.5)

    best = np.log(found.hazard_ratio)
    assert efron(best) > max(efron(best - 1e-3), efron(best + 1e-3))
    assert found.p_value == pytest.approx(chi2.sf(2 * (efron(best) - efron(0)), 1))


def test_known_covariates_take_their_share():
    rng = np.random.default_rng(2)
    known = rng.normal(size=(120, 1))
    copy = known + 0.3 * rng.normal(size=(120, 1))
    time = rng.exponential(np.exp(-known[:, 0]))
    event = np.ones(120, dtype=bool)
    alone = hazard_test(time, event, copy, np.zeros((120, 0)))
    beyond = hazard_test(time, event, copy, known)
    assert alone.p_value < 1e-6
    assert beyond.p_value > 0.01


def test_several_columns_are_tested_together():
    rng = np.random.default_rng(4)
    groups = rng.integers(0, 3, 150)
    time = rng.exponential(np.array([1.0, 0.4, 0.4])[groups])
    columns = (groups[:, None] == [1, 2]).astype(float)
    found = hazard_test(time, np.ones(150, dtype=bool), columns, np.zeros((150, 0)))
    assert found.p_value < 0.01
    assert np.isnan(found.hazard_ratio)


def test_without_effect_p_values_are_even():
    rng = np.random.default_rng(5)
    p_values = [
        hazard_test(
            rng.exponential(size=60),
            rng.random(60) < 0.8,
            rng.normal(size=(60, 1)),
            np.zeros((60, 0)),
        ).p_value
        for _ in range(40)
    ]
    assert 0.35 < np.mean(p_values) < 0.65
    assert np.mean(np.array(p_values) < 0.05) <= 0.15
