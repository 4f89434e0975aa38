"""What a visit may say, and in which order visits come."""

import pytest

from gliokit.core.errors import CohortError
from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.facts import (
    AfterRadiation,
    Clinical,
    Enhancement,
    NonTarget,
    OnImmunotherapy,
)
from gliokit.measurement.response.observation import decline_by_kps, observe
from gliokit.measurement.response.visit import Disease, Treatment, Visit, check_order


def test_equal_dates_are_refused():
    with pytest.raises(CohortError, match="visits 2 and 3 are both on day 30"):
        check_order([Visit(0), Visit(30), Visit(30)])


def test_dates_out_of_order_are_refused():
    with pytest.raises(CohortError, match="visit 2 is on day 10, before visit 1 on day 30"):
        check_order([Visit(30), Visit(10)])


def test_no_visit_is_refused():
    with pytest.raises(CohortError, match="there is no visit"):
        check_order([])


@pytest.mark.parametrize("size", [-1, float("nan"), float("inf")])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(CohortError, match="needed 0 or more, or None where it is unknown"):
        Disease(product_mm2=size)
    with pytest.raises(CohortError, match="volume_ml is"):
        Disease(volume_ml=size)
    with pytest.raises(CohortError, match="dexamethasone_mg_per_day is"):
        Visit(0, dexamethasone_mg_per_day=size)


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        (100, 70, True),
        (90, 70, True),
        (90, 80, False),
        (100, 80, False),
        (80, 60, True),
        (80, 70, False),
        (70, 50, True),
        (60, 50, True),
        (60, 60, False),
        (50, 40, False),
        (50, 30, True),
    ],
)
def test_karnofsky_status_falls_as_rano_2010_asks(before, now, worse):
    assert decline_by_kps(now, before) is worse


WELL = Visit(0, kps=80)


def seen(*visits, treatment=None, criterion="rano2_2023", lasts=7):
    """Observe the last visit; the first is the baseline."""
    return observe(
        visits if len(visits) > 1 else (Visit(0), *visits),
        treatment=treatment or Treatment(),
        criterion=CRITERIA[criterion],
        decline_lasts_days=lasts,
    )


def test_clinical_state_is_read_from_karnofsky_where_it_is_not_given():
    assert seen(WELL, Visit(60, kps=80))[Clinical] == {Clinical.STABLE}
    assert seen(WELL, Visit(60, kps=50), lasts=0)[Clinical] == {Clinical.WORSE}
    assert seen(Visit(60, kps=50))[Clinical] > {Clinical.STABLE, Clinical.WORSE}


@pytest.mark.parametrize(
    ("lasted", "expected"),
    [
        (None, {Clinical.STABLE, Clinical.WORSE}),  # one reading does not tell
        (6, {Clinical.STABLE}),
        (7, {Clinical.WORSE}),
    ],
)
def test_a_fall_of_karnofsky_counts_once_it_has_lasted_a_week(lasted, expected):
    assert seen(WELL, Visit(60, kps=50, decline_days=lasted))[Clinical] == expected


@pytest.mark.parametrize(
    ("earlier", "worse"),
    [
        ([Visit(53, kps=60)], True),
        ([Visit(54, kps=60)], False),
        ([Visit(50, kps=60), Visit(54, kps=60)], True),
        ([Visit(50, kps=60), Visit(54, kps=80)], False),  # not all the time
        ([Visit(50, kps=60), Visit(54)], False),  # perhaps not all the time
        ([Visit(50, kps=90, clinical_change=ClinicalChange.WORSE)], True),
        ([Visit(50, kps=60, clinical_change=ClinicalChange.STABLE)], False),
    ],
)
def test_earlier_visits_tell_how_long_karnofsky_has_been_low(earlier, worse):
    found = seen(WELL, *earlier, Visit(60, kps=50))[Clinical]
    assert found == ({Clinical.WORSE} if worse else {Clinical.STABLE, Clinical.WORSE})


def test_a_given_clinical_state_goes_before_karnofsky():
    visit = Visit(60, clinical_change=ClinicalChange.BETTER, kps=50)
    assert seen(WELL, visit)[Clinical] == {Clinical.BETTER}
    told = Visit(60, clinical_change=ClinicalChange.WORSE, decline_days=2)
    assert seen(WELL, told)[Clinical] == {Clinical.WORSE}


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        (Treatment(), set(AfterRadiation)),
        (Treatment(irradiated=False), {AfterRadiation.LATE}),
        (Treatment(radiation_end_day=0), {AfterRadiation.EARLY}),
        (Treatment(radiation_end_day=-84), {AfterRadiation.LATE}),
        (Treatment(radiation_start_day=70, radiation_end_day=110), {AfterRadiation.LATE}),
        (Treatment(radiation_start_day=40, radiation_end_day=80), {AfterRadiation.EARLY}),
        (Treatment(radiation_end_day=80), set(AfterRadiation)),  # during it, or before
    ],
)
def test_time_since_radiation_is_unknown_unless_it_is_told(treatment, expected):
    assert seen(Visit(60), treatment=treatment)[AfterRadiation] == expected


def test_immunotherapy_that_begins_later_is_none_yet():
    facts = seen(Visit(60), treatment=Treatment(immunotherapy_start_day=61))
    assert facts[OnImmunotherapy] == {OnImmunotherapy.LATE}
    assert seen(Visit(60))[OnImmunotherapy] == set(OnImmunotherapy)
    never = seen(Visit(60), treatment=Treatment(immunotherapy=False))
    assert never[OnImmunotherapy] == {OnImmunotherapy.LATE}


def test_where_nothing_enhances_enhancement_has_not_increased():
    nothing = Visit(60, enhancing=Disease(0, None, NonTarget.ABSENT))
    assert seen(nothing)[Enhancement] == {Enhancement.NOT_INCREASED}
    assert seen(Visit(60, enhancing=Disease(0)))[Enhancement] == set(Enhancement)
