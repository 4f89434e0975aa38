"""Intervals of summaries over patients."""

import numpy as np
import pytest

from gliokit.evaluation.bootstrap import mean_interval


def normal_sample(n):
    return np.random.default_rng(0).normal(10, 2, size=n), [f"P{i}" for i in range(n)]


def test_interval_of_a_mean_is_that_of_normal_theory():
    values, patients = normal_sample(400)
    low, high = mean_interval(values, patients=patients, seed=0)
    half = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_lower_level_gives_a_narrower_interval():
    values, patients = normal_sample(50)
    low, high = mean_interval(values, patients=patients, seed=0)
    narrow = mean_interval(values, patients=patients, seed=0, level=0.5)
    assert low < narrow[0] < narrow[1] < high


def test_repeated_values_of_a_patient_do_not_narrow_the_interval():
    values, patients = normal_sample(30)
    once = mean_interval(values, patients=patients, seed=0)
    tenfold = mean_interval(np.repeat(values, 10), patients=list(np.repeat(patients, 10)), seed=0)
    assert tenfold == pytest.approx(once)


def test_patients_with_more_values_weigh_more():
    values, patients = [0.0, 1.0, 1.0, 1.0], ["A", "B", "B", "B"]
    low, high = mean_interval(values, patients=patients, seed=0, level=0.4)
    assert (low, high) == (0.75, 0.75)  # half of all draws hold both patients once


def test_any_summary_can_be_asked_for():
    values, patients = normal_sample(51)
    values[0] = 1e6
    low, high = mean_interval(values, patients=patients, seed=0, statistic=np.median)
    assert low < np.median(values) < high < 100


def test_same_seed_gives_the_same_interval():
    values, patients = normal_sample(20)
    first = mean_interval(values, patients=patients, seed=7)
    assert first == mean_interval(values, patients=patients, seed=7)
    assert first != mean_interval(values, patients=patients, seed=8)


def test_value_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="1 of 3 values are not finite"):
        mean_interval([1, np.nan, 2], patients=["A", "B", "C"], seed=0)


def test_values_without_a_patient_are_refused():
    with pytest.raises(ValueError, match="for 2 patients; give one to each"):
        mean_interval([1, 2, 3], patients=["A", "B"], seed=0)


def test_one_patient_is_refused():
    with pytest.raises(ValueError, match="needs two or more"):
        mean_interval([1, 2], patients=["A", "A"], seed=0)
