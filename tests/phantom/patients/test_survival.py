"""Survival: stated hazard ratios and published medians come back from drawn patients.

The oracle of Cox regression and Kaplan-Meier is scikit-survival.
"""

from dataclasses import fields, replace

import numpy as np
import pytest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.nonparametric import kaplan_meier_estimator

from gliokit.core.vocabulary import MGMTStatus
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.calibration import TARGETS
from gliokit.phantom.patients.patient import Patient, draw_patient
from gliokit.phantom.patients.population import make_population
from gliokit.phantom.patients.survival import (
    MONTH_DAYS,
    TREATED_DAYS,
    HazardRatios,
    covariates,
    draw_survival,
    log_hazard,
    median_days,
)

NAMES = [ratio.name for ratio in fields(HazardRatios)]
N = 5000


def draw(dials: Dials) -> list[Patient]:
    population = make_population(1, dials=dials)
    return [draw_patient(7, i, population=population, dials=dials) for i in range(N)]


@pytest.fixture(scope="module")
def patients() -> list[Patient]:
    return draw(Dials())


@pytest.fixture(scope="module")
def null_patients() -> list[Patient]:
    return draw(Dials.null())


def design(patients: list[Patient]) -> np.ndarray:
    return np.array([[covariates(p.prognosis)[name] for name in NAMES] for p in patients])


def followed(patients: list[Patient]) -> np.ndarray:
    pairs = [(p.os_event, p.os_days) for p in patients]
    return np.array(pairs, dtype=[("event", bool), ("days", float)])


def errors_of(X: np.ndarray, events: int) -> np.ndarray:
    """Give the standard error of each log hazard ratio from events, spread and collinearity."""
    inflation = np.diag(np.linalg.inv(np.corrcoef(X.T)))
    return np.sqrt(inflation / (events * X.var(0)))


def fitted(patients: list[Patient]) -> tuple[np.ndarray, np.ndarray]:
    X, y = design(patients), followed(patients)
    model = CoxPHSurvivalAnalysis().fit(X, y)
    return model.coef_, errors_of(X, int(y["event"].sum()))


def test_cox_regression_finds_the_stated_hazard_ratios(patients):
    found, error = fitted(patients)
    stated = np.log([getattr(HazardRatios(), name) for name in NAMES])
    assert np.abs((found - stated) / error).max() < 3.2
    assert error.max() < 0.2  # so that it says something about every ratio


def test_at_dial_zero_cox_regression_finds_nothing(null_patients):
    found, error = fitted(null_patients)
    assert np.abs(found / error).max() < 3.2


@pytest.mark.parametrize("group", TARGETS)
def test_kaplan_meier_finds_the_published_medians(patients, group):
    target = TARGETS[group]
    members = [p.prognosis for p in patients if target.holds_for(p.prognosis)]
    rng = np.random.default_rng(3)
    repeats = -(-4000 // len(members))  # small groups are followed several times
    drawn = [
        draw_survival(log_hazard(m, ratios=HazardRatios(), dials=Dials()), rng)
        for m in members * repeats
    ]
    days, alive = kaplan_meier_estimator([s.event for s in drawn], [s.days for s in drawn])
    assert days[np.argmax(alive <= 0.5)] / MONTH_DAYS == pytest.approx(target.months, rel=0.05)


def test_the_patients_themselves_have_the_medians_of_grade_4(patients):
    for group in ("grade 4, IDH-wildtype", "grade 4, IDH-mutant"):
        members = [p for p in patients if TARGETS[group].holds_for(p.prognosis)]
        days, alive = kaplan_meier_estimator(
            [p.os_event for p in members], [p.os_days for p in members]
        )
        found = days[np.argmax(alive <= 0.5)] / MONTH_DAYS
        error = 1.3 / np.sqrt(len(members))  # of a log median, nearly
        assert found == pytest.approx(TARGETS[group].months, rel=0.05 + 2 * error)


def test_temozolomide_helps_methylated_patients_most():
    ratios = HazardRatios()
    assert ratios.temozolomide_methylated < ratios.temozolomide < 1


def test_expected_median_is_that_of_the_closed_form():
    hazards = np.zeros(3)
    expected = TREATED_DAYS + 100 * np.log(2) ** (1 / 1.3)
    assert median_days(hazards, scale_days=100) == pytest.approx(expected)


def test_nobody_dies_or_is_lost_before_treatment_is_over(patients):
    assert min(p.os_days for p in patients) >= TREATED_DAYS
    assert all(p.os_days > p.rt_end_day for p in patients if p.rt_end_day is not None)


def test_follow_up_ends_with_death_or_before_it(patients):
    for patient in patients:
        assert patient.os_event == (patient.os_days == patient.death_day)
        assert patient.os_days <= patient.death_day


def test_censoring_knows_nothing_of_the_hazard():
    """The last day of contact, among those who never die, is the same at any hazard."""
    last = [draw_survival(-60.0, np.random.default_rng(i)) for i in range(50)]
    other = [draw_survival(-70.0, np.random.default_rng(i)) for i in range(50)]
    assert [s.days for s in last] == [s.days for s in other]
    assert not any(s.event for s in last)


def test_dials_scale_the_log_hazard(patients):
    prognosis = patients[0].prognosis
    whole = log_hazard(prognosis, ratios=HazardRatios(), dials=Dials())
    half = log_hazard(prognosis, ratios=HazardRatios(), dials=Dials(survival=0.5))
    assert half == pytest.approx(whole / 2)
    assert log_hazard(prognosis, ratios=HazardRatios(), dials=Dials.null()) == 0


def test_vascularity_counts_by_its_own_dial(patients):
    thin, thick = (replace(patients[0].prognosis, vascularity=v) for v in (1.0, 2.0))
    for dial, expected in [(0.0, 0.0), (1.0, np.log(HazardRatios().vascularity_per_doubling))]:
        dials = Dials(survival_image=dial)
        gain = log_hazard(thick, ratios=HazardRatios(), dials=dials) - log_hazard(
            thin, ratios=HazardRatios(), dials=dials
        )
        assert gain == pytest.approx(expected)


def test_methylation_and_temozolomide_go_together_in_the_covariates(patients):
    treated = replace(patients[0].prognosis, therapy="RT+TMZ")
    genotype = replace(treated.genotype, mgmt=MGMTStatus.METHYLATED)
    values = covariates(replace(treated, genotype=genotype))
    assert values["temozolomide_methylated"] == 1
    assert values["temozolomide"] == 0
    assert values["no_radiation"] == 0
