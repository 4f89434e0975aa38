"""Intervals of summaries over patients."""

import numpy as np
import pytest
from scipy.stats import t

from gliokit.evaluation.bootstrap import interval, mean_interval, resample, rows_by_patient
from gliokit.evaluation.classification import auc


def normal_sample(n):
    return np.random.default_rng(0).normal(10, 2, size=n), [f"P{i}" for i in range(n)]


def test_interval_of_a_mean_is_that_of_normal_theory():
    values, patients = normal_sample(400)
    low, high = mean_interval(values, patients=patients, seed=0)
    half = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)


def test_few_patients_get_the_width_of_student():
    values, patients = normal_sample(8)
    low, high = mean_interval(values, patients=patients, seed=0, resamples=20_000)
    half = t.ppf(0.975, 7) * values.std(ddof=1) / np.sqrt(8)
    assert high - low == pytest.approx(2 * half, rel=0.1)
    assert high - low > 1.2 * (2 * 1.96 * values.std() / np.sqrt(8))


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
    low, high = mean_interval(values, patients=patients, seed=0, level=0.1)
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


def test_interval_of_rows_is_that_of_their_mean():
    values, patients = normal_sample(30)
    patients = patients[:20] + patients[:10]
    by_rows = interval(lambda rows: values[rows].mean(), patients=patients, seed=1)
    assert by_rows == mean_interval(values, patients=patients, seed=1)


def test_patient_comes_with_all_rows_or_none():
    patients = ["A", "B", "A", "C", "A", "B"]
    for rows in resample(patients, seed=0, resamples=50):
        counts = np.bincount(rows, minlength=6)
        assert counts[0] == counts[2] == counts[4]
        assert counts[1] == counts[5]
        assert counts[0] + counts[1] + counts[3] == 3


def test_strata_keep_their_number_of_patients():
    patients = ["A", "B", "C", "D", "E", "E"]
    strata = [1, 0, 0, 0, 1, 0]  # those of E differ: a stratum of its own
    for rows in resample(patients, seed=0, strata=strata, resamples=50):
        counts = np.bincount(rows, minlength=6)
        assert counts[0] == counts[4] == counts[5] == 1
        assert counts[1:4].sum() == 3


def test_rows_are_found_by_patient():
    rows = rows_by_patient(["B", "A", "B"])
    assert {patient: found.tolist() for patient, found in rows.items()} == {"B": [0, 2], "A": [1]}


def test_rare_class_needs_strata():
    y, scores, patients = np.arange(20) < 1, np.linspace(1, 0, 20), list(range(20))

    def figure(rows):
        return auc(y[rows], scores[rows])

    with pytest.raises(ValueError, match="resamples do not define the figure; draw within strata"):
        interval(figure, patients=patients, seed=0)
    assert interval(figure, patients=patients, seed=0, strata=y.tolist()) == (1, 1)


def test_figure_that_no_row_defines_has_no_interval():
    with pytest.raises(ValueError, match="not defined for these rows"):
        interval(lambda rows: np.nan, patients=[1, 2], seed=0)
    with pytest.raises(ValueError, match="1 strata for 2 rows"):
        interval(lambda rows: 0.0, patients=[1, 2], strata=[0], seed=0)
