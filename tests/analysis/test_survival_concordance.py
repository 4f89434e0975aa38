"""C of patients held out: who counts, within what, and where there is no figure."""

from math import isnan

import numpy as np
import pytest

from gliokit.analysis.evaluation_tables import Draws
from gliokit.analysis.survival_concordance import concordance, counted, hazards_of, uno_concordance
from gliokit.evaluation.survival import harrell_c, uno_c
from gliokit.reporting.survival_record import SurvivalCase

DRAWS = Draws(resamples=60)


def case(number, *, days, hazard=0.0, died=True, fold=0, answered=True):
    return SurvivalCase(f"P{number}", f"P{number}", fold, days, died, hazard, answered)


@pytest.fixture
def cases():
    rng = np.random.default_rng(0)
    hazard = rng.normal(size=60)
    death, lost = rng.exponential(400 * np.exp(-hazard)), rng.exponential(900, 60)
    days, died = np.minimum(death, lost), death <= lost
    return [
        case(n, days=days[n], hazard=hazard[n], died=bool(died[n]), fold=n % 2) for n in range(60)
    ]


def test_who_has_no_answer_counts_as_average():
    own = [case(0, days=1, hazard=2), case(1, days=2, hazard=9, answered=False)]
    assert hazards_of(own).tolist() == [2, 0]


def test_a_system_that_answers_nobody_has_no_figure_rather_than_that_of_chance(cases):
    silent = [case(n, days=own.days, answered=False) for n, own in enumerate(cases)]
    value, limits = concordance(silent, [hazards_of(silent)], draws=DRAWS)
    assert np.isnan([value, *limits]).all()
    assert isnan(uno_concordance(silent, draws=DRAWS).value)
    assert np.isnan(counted([np.nan, np.nan])).all()


def test_without_cases_there_is_no_figure():
    assert isnan(concordance([], [hazards_of([])], draws=DRAWS)[0])
    assert isnan(uno_concordance([], draws=DRAWS).tau_days)


def test_pairs_are_of_one_fold(cases):
    shifted = np.array([own.log_hazard + 50 * own.fold for own in cases])
    plain, limits = concordance(cases, [hazards_of(cases)], draws=DRAWS)
    assert concordance(cases, [shifted], draws=DRAWS) == (plain, limits)
    assert limits[0] < plain < limits[1]


def test_a_difference_is_paired_by_patient(cases):
    same = hazards_of(cases)
    assert concordance(cases, [same, 2 * same], draws=DRAWS) == (0, (0, 0))


def test_uno_counts_deaths_until_a_tenth_is_still_observed(cases):
    days, died = [own.days for own in cases], [own.died for own in cases]
    tau = float(np.quantile(days, 0.9))
    folds = [own.fold for own in cases]
    found = uno_concordance(cases, draws=DRAWS)
    assert found.tau_days == tau
    assert found.value == uno_c(days, died, hazards_of(cases), tau=tau, groups=folds)
    assert found.value != harrell_c(days, died, hazards_of(cases), groups=folds)
    assert found.limits[0] < found.value < found.limits[1]
