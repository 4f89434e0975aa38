"""Permuted outcomes: an honest procedure is at chance, a leaky one stands out; and the bars."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.evaluation_tables import Draws
from gliokit.analysis.survival_evaluation import AGE, CLINICAL, fitted_bar, permuted
from gliokit.evaluation.folds import Fold
from gliokit.prognosis.followed import Description, Followed
from gliokit.prognosis.hazard_table import fit_hazard
from gliokit.reporting.survival_record import SurvivalCase


@pytest.fixture
def patients():
    rng = np.random.default_rng(0)
    return [
        Followed(f"P{n}", f"P{n}", Description({"age": rng.uniform(30, 80)}), days, True)
        for n, days in enumerate(rng.exponential(400, 40).tolist())
    ]


@pytest.fixture
def folds():
    names = [f"P{n}" for n in range(40)]
    return [
        Fold(number, tuple(sorted(set(names) - set(names[number::4]))), (), tuple(names[number::4]))
        for number in range(4)
    ]


def test_an_honest_procedure_is_at_chance(patients, folds):
    def honest(train, asked):
        table = fit_hazard(train, ("age",))
        return [table.log_hazard(own.description.values)[0] for own in asked]

    null = permuted(honest, patients, folds, seed=0)
    assert len(null.c_indices) == 20
    assert null.lower < 0.5
    assert null.mean == pytest.approx(0.5, abs=0.06)


def test_a_procedure_that_has_seen_the_outcomes_stands_out(patients, folds):
    null = permuted(lambda train, asked: [-own.days for own in asked], patients, folds, seed=0)
    assert null.lower > 0.95


def test_rounds_in_which_nobody_is_answered_have_no_figure(patients, folds):
    null = permuted(lambda train, asked: [np.nan] * len(asked), patients, folds, seed=0)
    assert np.isnan(null.mean)
    assert np.isnan(permuted(lambda train, asked: [], patients, [], seed=0).mean)  # no fold is done


def bar_of(patients, folds, name):
    cases = [
        SurvivalCase(own.patient_id, own.study_id, fold.number, own.days, own.died, 0.0, True)
        for fold in folds
        for own in patients
        if own.study_id in fold.test
    ]
    return fitted_bar(name, patients, folds, cases, Draws(resamples=60))


def test_a_bar_that_cannot_be_fitted_is_none_and_flatters_no_system(patients, folds):
    few = [replace(own, died=n % 8 == 0) for n, own in enumerate(patients)]  # 5 of 40
    bar = bar_of(few, folds, AGE)
    assert np.isnan([bar.c_index, *bar.limits, bar.difference, *bar.difference_limits]).all()
    assert bar.reason.startswith("no figure, since in some fold there are too few deaths")


def test_a_bar_says_which_facts_it_does_without(patients, folds):
    bar = bar_of(patients, folds, CLINICAL)
    assert bar.c_index == bar_of(patients, folds, AGE).c_index
    assert bar.reason.startswith("in some fold without kps and grade: unknown")
