"""What was given, in words."""

import pytest

from gliokit.measurement.resection import Volumes, extent_of_resection
from gliokit.measurement.response.visit import Treatment
from gliokit.measurement.timeline import Resection
from gliokit.reporting.timeline_treatment import facts, given


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        (Treatment(radiation_start_day=3, radiation_end_day=45), "day 3 to day 45"),
        (Treatment(radiation_start_day=3), "from day 3, end unknown"),
        (Treatment(radiation_end_day=45), "until day 45, start unknown"),
        (Treatment(irradiated=False), "none"),
        (Treatment(irradiated=True), "given, days unknown"),
        (Treatment(), "unknown"),
    ],
)
def test_radiation_is_told_as_far_as_it_is_known(treatment, words):
    assert dict(facts(treatment, ""))["Radiation"] == words


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        (Treatment(), "none known"),
        (Treatment(immunotherapy=False), "none"),
        (Treatment(immunotherapy=True), "given, start unknown"),
        (Treatment(immunotherapy_start_day=9), "from day 9"),
    ],
)
def test_that_there_is_no_immunotherapy_is_told_from_that_none_is_known(treatment, words):
    (own,) = [row for row in given(treatment, "") if row.name == "Immunotherapy"]
    assert own.words == words


def test_what_began_and_has_no_end_goes_on():
    rows = given(Treatment(treatment_start_day=14, immunotherapy_start_day=20), "vaccine")
    assert [(row.name, row.start) for row in rows if row.goes_on] == [
        ("Treatment judged", 14),
        ("Immunotherapy", 20),
    ]


def test_answers_that_are_unknown_are_no_noes():
    told = dict(facts(Treatment(antiangiogenic=None, prone_to_pseudoprogression=True), ""))
    assert told["Antiangiogenic agent"] == "unknown"
    assert told["Agent known for pseudoprogression"] == "yes"


def test_what_surgery_removed_is_told_with_class_and_days():
    extent = extent_of_resection(Volumes(20.0), Volumes(0.8))
    told = dict(facts(Treatment(surgery_day=0), "", Resection(0, -2, 1, extent)))
    words = told["Extent of resection"]
    assert words.startswith("96% of the enhancing tumor; RANO-resect class 2B")
    assert words.endswith("(day -2 to day 1)")


def test_an_extent_that_cannot_be_told_has_its_reason():
    told = dict(facts(Treatment(), "", Resection(0, reason="no visit lies before surgery")))
    assert told["Extent of resection"] == "unknown: no visit lies before surgery"
