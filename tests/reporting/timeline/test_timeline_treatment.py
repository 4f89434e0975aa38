"""What was given, in words."""

import pytest

from gliokit.measurement.response.visit import Treatment
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
