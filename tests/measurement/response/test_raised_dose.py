"""A steroid dose that was raised leaves a visit undecided, and dates what follows."""

import pytest

from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.visit import Treatment, Visit
from gliokit.measurement.response.vocabulary import Response

EARLY = Treatment(radiation_end_day=-21)


def test_raised_dose_alone_is_neither_stable_nor_progressive_and_stable_once_it_is_back(
    visit, categories
):
    visits = [visit(0, 400, dose=2), visit(60, 400, dose=6), visit(100, 400, dose=2)]
    assert categories(visits)[1:] == ["not assessable", "SD"]


def test_progression_after_a_raised_dose_is_dated_to_the_raise(visit, classify):
    visits = [
        visit(0, 400, dose=2),
        visit(60, 400, dose=6),
        visit(100, 400, dose=6),
        visit(140, 400, dose=6, clinical_change=ClinicalChange.WORSE),
    ]
    last = classify(visits)[-1]
    assert last.category is Response.PROGRESSIVE
    assert last.progression_day == 60


@pytest.mark.parametrize(("size", "dose", "expected"), [(900, 6, 20), (600, 2, 120)])
def test_so_is_a_preliminary_one_that_is_confirmed_but_none_after_the_dose_came_back(
    visit, classify, size, dose, expected
):
    visits = [visit(0, 400), visit(20, 400, dose=6), visit(40, 600, dose=6)]
    visits += [visit(80, size, dose=dose), visit(120, 1200, dose=6)]
    found = classify(visits, treatment=EARLY)
    assert found[1].category is Response.NOT_ASSESSABLE
    assert found[2].category is Response.PRELIMINARY_PROGRESSIVE
    assert found[-1].category is Response.PROGRESSIVE
    assert found[-1].progression_day == expected


def test_a_missed_visit_does_not_end_the_hold_of_a_raised_dose(visit, classify):
    visits = [visit(0, 400), visit(60, 400, dose=6), Visit(90), visit(120, 600, dose=6)]
    assert classify(visits)[-1].progression_day == 60
