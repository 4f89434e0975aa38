"""The choice of the baseline."""

import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.measurement.response.baseline import choose_baseline
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.course import classify_course
from gliokit.measurement.response.criterion import Baseline
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.visit import Treatment, Visit
from gliokit.measurement.response.vocabulary import Response

TREATMENT = Treatment(
    surgery_day=5, radiation_start_day=30, radiation_end_day=72, treatment_start_day=300
)
VISITS = [Visit(day) for day in (0, 6, 28, 80, 100, 130, 280, 292, 330)]


def chosen_day(choice, criterion="rano2_2023", *, treatment=TREATMENT, strict=False):
    chosen = choose_baseline(VISITS, CRITERIA[criterion], treatment, choice, strict=strict)
    return VISITS[chosen.index].day


@pytest.mark.parametrize(
    ("choice", "day"),
    [
        (Baseline.FIRST, 0),
        (Baseline.POSTOPERATIVE, 6),  # a day after surgery
        (Baseline.POST_RADIATION, 100),  # 28 days after radiation, not the 8th
        (Baseline.PRETREATMENT, 292),  # 8 days before, not 20
        (130, 130),
    ],
)
def test_each_choice_takes_its_scan(choice, day):
    assert chosen_day(choice) == day


@pytest.mark.parametrize(
    ("criterion", "day"),
    [
        ("macdonald1990", 6),
        ("rano_hgg2010", 6),
        ("rano_lgg2011", 292),
        ("irano2015", 292),
        ("mrano2017", 100),
        ("rano2_2023", 100),
        ("rano2_2023-volume", 100),
    ],
)
def test_the_criterion_chooses_for_newly_diagnosed_disease(criterion, day):
    assert chosen_day(Baseline.BY_CRITERION, criterion) == day


def test_recurrent_disease_starts_from_the_scan_before_treatment():
    treatment = Treatment(True, radiation_end_day=72, treatment_start_day=300)
    assert chosen_day(Baseline.BY_CRITERION, treatment=treatment) == 292


def test_a_scan_outside_the_window_is_taken_and_said_so_or_refused():
    late = Treatment(radiation_end_day=200)
    chosen = choose_baseline(
        VISITS, CRITERIA["rano2_2023"], late, Baseline.POST_RADIATION, strict=False
    )
    assert VISITS[chosen.index].day == 280
    assert chosen.reason.endswith(
        "80 days after the end of radiation (rt_end_day), outside the window of 21 to 35 days"
    )
    with pytest.raises(NotAssessableError, match="outside the window of 21 to 35 days"):
        chosen_day(Baseline.POST_RADIATION, treatment=late, strict=True)


def test_a_scan_on_the_day_of_the_event_is_said_to_be_so():
    today = Treatment(treatment_start_day=VISITS[0].day)
    chosen = choose_baseline(
        VISITS, CRITERIA["rano2_2023"], today, Baseline.PRETREATMENT, strict=True
    )
    assert chosen.reason.endswith("on the day of the start of treatment (--treatment-start)")


@pytest.mark.parametrize(
    ("choice", "where"),
    [
        (Baseline.POSTOPERATIVE, r"surgery \(surgery_day\)"),
        (Baseline.POST_RADIATION, r"the end of radiation \(rt_end_day\)"),
        (Baseline.PRETREATMENT, r"the start of treatment \(--treatment-start\)"),
    ],
)
def test_an_unknown_event_is_refused_with_the_column_or_option_that_tells_it(choice, where):
    with pytest.raises(NotAssessableError, match=f"the day of {where} is unknown; give it"):
        chosen_day(choice, treatment=Treatment())


def test_a_scan_on_the_wrong_side_of_the_event_is_no_baseline():
    with pytest.raises(NotAssessableError, match="no visit is the scan after radiation"):
        chosen_day(Baseline.POST_RADIATION, treatment=Treatment(radiation_end_day=330))


def test_a_day_without_a_visit_is_refused():
    with pytest.raises(NotAssessableError, match="no visit is on day 7; choose"):
        chosen_day(7)


def test_visits_before_the_baseline_are_not_applicable():
    found = classify_course(VISITS, "rano2_2023", treatment=TREATMENT, options=Options(baseline=28))
    assert [it.category for it in found[:3]] == [
        Response.NOT_APPLICABLE,
        Response.NOT_APPLICABLE,
        Response.BASELINE,
    ]
    assert len(found) == len(VISITS)
    assert [it.day for it in found] == [visit.day for visit in VISITS]


def test_a_course_of_the_baseline_alone_has_nothing_to_classify():
    (only,) = classify_course([Visit(0)], "rano2_2023", options=Options(baseline=0))
    assert only.category is Response.BASELINE
