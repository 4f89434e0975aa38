"""Permuted outcomes: an honest procedure is at chance, one that has seen them stands out."""

import numpy as np
import pytest

from gliokit.analysis.survival_evaluation import permuted
from gliokit.evaluation.folds import Fold
from gliokit.prognosis.followed import Description, Followed
from gliokit.prognosis.hazard_table import fit_hazard


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
