"""Calibration of class probabilities: planted intercepts and slopes, and closed forms."""

import math

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.calibration import calibration_curve

from gliokit.evaluation.probability_calibration import (
    assess_calibration,
    calibration_intercept,
    calibration_slope,
)


def planted(slope, offset, n=40_000, seed=0):
    """Draw a reference, and probabilities whose true logit is slope × logit + offset."""
    rng = np.random.default_rng(seed)
    z = rng.normal(-0.5, 1.5, size=n)
    return rng.random(n) < expit(slope * z + offset), expit(z)


def test_calibrated_probabilities_are_found_so():
    calibration = assess_calibration(*planted(1, 0))
    assert calibration.intercept == pytest.approx(0, abs=0.03)
    assert calibration.slope == pytest.approx(1, abs=0.03)
    assert calibration.expected_error < 0.01


@pytest.mark.parametrize("slope", [0.5, 1.6])
def test_planted_slope_is_found_whatever_the_offset(slope):
    assert calibration_slope(*planted(slope, 0.8)) == pytest.approx(slope, abs=0.05)


@pytest.mark.parametrize("offset", [-1, 0.5])
def test_planted_offset_is_found(offset):
    assert calibration_intercept(*planted(1, offset)) == pytest.approx(offset, abs=0.04)


def test_intercept_makes_the_mean_right():
    y, p = planted(0.4, 1, n=300)
    intercept = calibration_intercept(y, p)
    assert expit(logit(p) + intercept).mean() == pytest.approx(y.mean(), abs=1e-9)


def test_intercept_of_a_constant_has_a_closed_form():
    y = np.arange(10) < 3
    assert calibration_intercept(y, np.full(10, 0.5)) == pytest.approx(logit(0.3))
    assert math.isnan(calibration_slope(y, np.full(10, 0.5)))


def test_curve_is_that_of_scikit_learn():
    y, p = planted(0.6, 0.3, n=500)
    curve = assess_calibration(y, p, bins=8).curve
    observed, predicted = calibration_curve(y, p, n_bins=8)
    filled = curve.share > 0
    assert curve.observed[filled] == pytest.approx(observed)
    assert curve.predicted[filled] == pytest.approx(predicted)


def test_expected_error_by_hand():
    calibration = assess_calibration([0, 1, 1, 1], [0.1, 0.3, 0.6, 1.0], bins=2)
    assert calibration.expected_error == pytest.approx((0.3 + 0.2) / 2)


def test_sure_and_right_stays_finite():
    calibration = assess_calibration([0, 0, 1, 1], [0.0, 0.0, 1.0, 1.0])
    assert np.isfinite([calibration.intercept, calibration.slope]).all()
    assert calibration.expected_error == 0


def test_one_class_says_nothing():
    calibration = assess_calibration([1, 1, 1], [0.2, 0.5, 0.7])
    assert math.isnan(calibration.intercept)
    assert math.isnan(calibration.slope)


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="one prediction to each"):
        calibration_slope([0, 1], [0.5])
    with pytest.raises(ValueError, match="probabilities must lie in 0-1"):
        calibration_intercept([0, 1], [0.5, 1.5])
    with pytest.raises(ValueError, match="reference must be 0 or 1"):
        calibration_intercept([0, 0.5], [0.5, 0.5])
