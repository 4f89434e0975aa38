"""Courses: visits in order, and what they show."""

from itertools import pairwise

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import ClinicalChange, Phase, Progression, Resection
from gliokit.phantom.dials import Dials
from gliokit.phantom.patients.course import Visit, draw_course
from gliokit.phantom.patients.patient import Patient, draw_patient
from gliokit.phantom.patients.population import make_population

N, VISITS = 4000, 6
Course = tuple[Patient, tuple[Visit, ...]]


@pytest.fixture(scope="module")
def courses() -> list[Course]:
    population = make_population(2, dials=Dials())
    patients = [draw_patient(3, i, population=population, dials=Dials()) for i in range(N)]
    return [(p, draw_course(p, visits=VISITS, rng=np.random.default_rng(p.seed))) for p in patients]


def first_new(visits: tuple[Visit, ...]) -> Visit | None:
    return next((visit for visit in visits if visit.new_ml > 0), None)


def test_visits_come_in_order_and_none_after_death_or_last_contact(courses):
    for patient, visits in courses:
        days = [visit.day for visit in visits]
        assert days[0] == 0
        assert all(np.diff(days) > 0)
        assert days[-1] <= patient.os_days
        assert [visit.number for visit in visits] == list(range(len(visits)))


def test_volumes_and_shares_are_possible(courses):
    for _, visits in courses:
        for visit in visits:
            assert visit.residual_ml >= 0
            assert visit.new_ml >= 0
            assert 0 <= visit.blood <= 1
            assert 0 <= visit.collapse <= 1
            assert 0 <= visit.edema <= 1.6
            assert (visit.new_ml > 0) == (visit.cause is not Progression.NONE)


def test_the_second_visit_is_days_after_surgery_and_the_third_weeks_after_radiation(courses):
    for _, visits in courses:
        assert visits[0].phase is Phase.PREOPERATIVE
        assert visits[1].days_since_surgery in (1, 2, 3)
        after = visits[2].days_since_radiation_end if len(visits) > 2 else None
        assert after is None or 21 <= after <= 35


def test_follow_up_is_every_two_to_three_months_with_gaps(courses):
    gaps = np.concatenate([np.diff([visit.day for visit in v[2:]]) for _, v in courses])
    assert 60 < np.median(gaps) < 80
    assert np.mean(gaps > 95) == pytest.approx(0.12, abs=0.03)


def test_of_new_enhancement_within_six_months_of_radiation_36_percent_is_pseudo(courses):
    causes = []
    for patient, visits in courses:
        new = first_new(visits)
        if new is None or patient.rt_end_day is None:
            continue
        if patient.rt_end_day <= new.day <= patient.rt_end_day + 182:
            causes.append(new.cause is Progression.PSEUDO)
    error = np.sqrt(0.36 * 0.64 / len(causes))
    assert len(causes) > 1000
    assert np.mean(causes) == pytest.approx(0.36, abs=3 * error)


def test_pseudo_and_true_progression_are_alike_in_size_at_first(courses):
    sizes: dict[Progression, list[float]] = {Progression.TRUE: [], Progression.PSEUDO: []}
    for _, visits in courses:
        new = first_new(visits)
        if new is not None and new.number <= 4:
            sizes[new.cause].append(new.new_ml)
    true, pseudo = (np.median(sizes[cause]) for cause in sizes)
    assert pseudo == pytest.approx(true, rel=0.35)


def test_pseudoprogression_only_follows_radiation_and_regresses(courses):
    for patient, visits in courses:
        pseudo = [visit for visit in visits if visit.cause is Progression.PSEUDO]
        assert not pseudo or patient.rt_end_day is not None
        late = [v for v in pseudo if v.days_since_radiation_end > 182 + 75 + 125]
        assert all(visit.new_ml < 2.5 for visit in late)


def test_true_progression_never_shrinks(courses):
    for _, visits in courses:
        grown = [visit.new_ml for visit in visits if visit.cause is Progression.TRUE]
        assert all(np.diff(grown) >= 0)


def test_those_who_progress_early_die_early(courses):
    early, late = [], []
    for patient, visits in courses:
        progressed = any(visit.cause is Progression.TRUE for visit in visits)
        (early if progressed else late).append(patient.death_day)
    assert np.median(early) < 0.6 * np.median(late)


def test_resection_decides_what_is_left(courses):
    left = {
        resection: np.array(
            [v[1].residual_ml / v[0].residual_ml for p, v in courses if p.resection is resection]
        )
        for resection in Resection
    }
    assert left[Resection.GROSS_TOTAL].max() == 0
    assert left[Resection.SUBTOTAL].max() <= 0.2 < left[Resection.PARTIAL].max() <= 0.7
    assert left[Resection.BIOPSY].min() == 1


def test_the_first_tumor_never_regrows(courses):
    for _, visits in courses:
        assert all(np.diff([visit.residual_ml for visit in visits]) <= 0)


def test_blood_fades_and_the_cavity_collapses(courses):
    for patient, visits in courses:
        blood, collapse = ([getattr(v, n) for v in visits[1:]] for n in ("blood", "collapse"))
        assert all(np.diff(blood) <= 0)
        assert all(np.diff(collapse) >= 0)
        if patient.resection is Resection.BIOPSY:
            assert max(blood) == max(collapse) == 0


def test_true_progression_is_felt_more_often_than_pseudo_and_pseudo_more_than_nothing(courses):
    worse = {cause: [] for cause in Progression}
    for _, visits in courses:
        for visit in visits[3:]:
            worse[visit.cause].append(visit.clinical_change is ClinicalChange.WORSE)
    true, pseudo, none = (
        np.mean(worse[c]) for c in (Progression.TRUE, Progression.PSEUDO, Progression.NONE)
    )
    assert true > pseudo + 0.05
    assert pseudo > none + 0.02


def test_kps_goes_with_the_clinical_change(courses):
    for patient, visits in courses:
        assert visits[0].kps == patient.kps
        for before, after in pairwise(visits):
            step = np.sign(after.kps - before.kps)
            expected = {"worse": -1, "stable": 0, "better": 1}[after.clinical_change]
            assert step == expected or (before.kps == 20 and step == 0)


def test_more_edema_means_more_steroids(courses):
    edema = np.array([p.tumor.edema_ml for p, _ in courses])
    dose = np.array([v[0].dexamethasone_mg_per_day for _, v in courses])
    assert dose[edema > 60].mean() > 3 * dose[edema < 15].mean()


def test_categories_begin_with_the_baseline_after_radiation(courses):
    found = set()
    for _, visits in courses:
        assert all(visit.rano == "not applicable" for visit in visits[:2])
        assert all(visit.rano == "baseline" for visit in visits[2:3])
        found |= {visit.rano for visit in visits[3:]}
    assert found == {"CR", "PR", "SD", "PD", "NE"}


def test_enhancement_out_of_the_field_is_true_progression_and_rare(courses):
    new = [v for p, vs in courses if p.rt_end_day is not None for v in vs if v.new_ml > 0]
    assert all(v.in_radiation_field for v in new if v.cause is Progression.PSEUDO)
    true = [v.in_radiation_field for v in new if v.cause is Progression.TRUE]
    assert np.mean(true) == pytest.approx(0.85, abs=0.04)


def test_a_longer_course_begins_like_a_shorter_one(courses):
    for patient, visits in courses[:200]:
        for fewer in (1, 2, 4):
            again = draw_course(patient, visits=fewer, rng=np.random.default_rng(patient.seed))
            assert again == visits[:fewer]


def test_the_grown_volume_changes_volumes_but_not_days(courses):
    patient, visits = courses[0]
    grown = draw_course(
        patient, visits=VISITS, rng=np.random.default_rng(patient.seed), whole_ml=33.0
    )
    assert grown[0].residual_ml == 33
    assert [visit.day for visit in grown] == [visit.day for visit in visits]


def test_no_visit_at_all_is_refused(courses):
    with pytest.raises(SimulationError, match="visits: found 0; needed at least 1"):
        draw_course(courses[0][0], visits=0, rng=np.random.default_rng(0))
