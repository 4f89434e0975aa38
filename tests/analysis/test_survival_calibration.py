"""Probabilities to be alive: a closed form, who is left out, and what knowing nothing is worth."""

import numpy as np
import pytest

from gliokit.analysis.evaluation_tables import Draws
from gliokit.analysis.survival_calibration import Told, calibration_table, told_patients
from gliokit.evaluation.folds import Fold
from gliokit.prognosis.followed import Description, Followed
from gliokit.prognosis.hazard_table import fit_hazard

DRAWS = Draws(resamples=100)


def patient(number, days, *, died=True):
    return Followed(f"P{number}", f"P{number}", Description({}), days, died)


def test_without_censoring_the_score_is_the_mean_squared_error():
    told = [
        Told(patient(n, days), {200.0: alive}, {200.0: 0.5})
        for n, (days, alive) in enumerate([(100, 0.1), (150, 0.4), (300, 0.7), (400, 0.9)] * 5)
    ]
    [row] = calibration_table(told, tested=len(told), draws=DRAWS).rows
    score = np.mean([0.1**2, 0.4**2, 0.3**2, 0.1**2])
    assert row[:5] == ("200", "20 of 20", "0.53", "0.50", f"{score:.3f}")
    assert row[5].startswith(f"{score - 0.25:+.3f} (-0.")


def test_patients_without_an_answer_are_left_out_and_counted():
    told = [Told(patient(n, 100.0 + n), {150.0: 0.5}, {150.0: 0.5}) for n in range(60)]
    told += [Told(patient(99, 100.0), {}, {})]
    [row] = calibration_table(told, tested=len(told), draws=DRAWS).rows
    assert row[1] == "60 of 61"
    assert row[5] == "+0.000 (+0.000 to +0.000)"


def test_a_day_that_nobody_lived_to_see_says_why():
    told = [Told(patient(n, 10.0 + n, died=False), {900.0: 0.5}, {900.0: 0.5}) for n in range(9)]
    [row] = calibration_table(told, tested=len(told), draws=DRAWS).rows
    assert row[2:] == ("–", "–", "–", "nobody held out was observed so long")


def test_the_curve_of_all_is_that_of_the_patients_that_taught():
    patients = [patient(n, 50.0 * (n + 1)) for n in range(12)]
    names = [own.study_id for own in patients]
    fold = Fold(0, tuple(sorted(names[2:])), (), tuple(names[:2]))
    told = told_patients(lambda train, asked: [{300.0: 0.9}] * len(asked), patients, [fold])
    expected = fit_hazard(patients[2:], ()).survival({}, [300])[0]
    assert [own.alike[300] for own in told] == pytest.approx([expected] * 2)


def test_patients_who_could_not_be_described_are_counted_too():
    told = [Told(patient(n, 100.0 + n), {150.0: 0.5}, {150.0: 0.5}) for n in range(60)]
    [row] = calibration_table(told, tested=63, draws=DRAWS).rows
    assert row[1] == "60 of 63"


def test_a_system_that_answers_nobody_has_a_row_that_says_so():
    told = [Told(patient(n, 100.0 + n), {}, {}) for n in range(3)]
    [row] = calibration_table(told, tested=3, draws=DRAWS).rows
    assert row == ("–", "0 of 3", "–", "–", "–", "nobody has an answer")


def test_patients_of_a_fold_in_which_nobody_died_are_told_nothing_and_counted():
    patients = [patient(n, 50.0 * (n + 1), died=False) for n in range(6)]
    names = [own.study_id for own in patients]
    fold = Fold(0, tuple(names[2:]), (), tuple(names[:2]))
    told = told_patients(lambda train, asked: [{300.0: 0.9}] * len(asked), patients, [fold])
    assert [own.alive for own in told] == [{}, {}]
