"""The page of a cohort: best change, best response, and who has none."""

import html
import re
from dataclasses import replace

import pytest

from gliokit.core.errors import SettingsError
from gliokit.measurement.response.vocabulary import Response
from gliokit.measurement.timeline import PatientTimeline, Verdicts
from gliokit.reporting.cohort_response_page import (
    best_change,
    best_response,
    change_curve,
    cohort_response_page,
)

CRITERION = "rano2_2023"


def words(page):
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def rows(page):
    return [words(row) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]


@pytest.fixture
def nobody():
    """Give a patient to whom the criterion cannot be applied."""
    return PatientTimeline("P-009", (), verdicts=(Verdicts(CRITERION, reason="no baseline"),))


def counted(timeline, *categories):
    """Give the assessments of a patient, counted as other categories."""
    told = timeline.verdicts[0].assessments
    return [
        replace(own, counted_as=(category,)) for own, category in zip(told, categories, strict=True)
    ]


def test_the_best_change_is_the_smallest_size_up_to_progression(timeline):
    assert best_change(timeline, CRITERION) == pytest.approx(-62.5)
    verdict = timeline.verdicts[0]
    early = counted(
        timeline, Response.BASELINE, Response.PROGRESSIVE, Response.STABLE, Response.STABLE
    )
    moved = replace(timeline, verdicts=(replace(verdict, assessments=tuple(early)),))
    assert best_change(moved, CRITERION) == pytest.approx(-37.5)


def test_a_curve_runs_over_days_from_the_baseline(timeline):
    curve = change_curve(timeline, CRITERION)
    assert [day for day, _ in curve] == [0, 56, 112, 168]
    assert [change for _, change in curve] == pytest.approx([0, -37.5, -62.5, -25])


def test_the_best_response_is_that_before_progression(timeline):
    order = (Response.BASELINE, Response.STABLE, Response.PARTIAL, Response.PROGRESSIVE)
    assert best_response(counted(timeline, *order)) is Response.PARTIAL
    order = (Response.BASELINE, Response.PROGRESSIVE, Response.COMPLETE, Response.STABLE)
    assert best_response(counted(timeline, *order)) is Response.PROGRESSIVE


def test_a_visit_that_can_be_several_things_counts_for_none(timeline):
    told = counted(timeline, *[Response.BASELINE] * 4)
    told[1] = replace(told[1], counted_as=(Response.PARTIAL, Response.STABLE))
    assert best_response(told) is None


def test_a_patient_stands_with_best_change_and_response(timeline, nobody):
    page = cohort_response_page([timeline, nobody], cohort="cohort.csv")
    assert "P-007 4 -62.5 % SD not assessable" in rows(page)
    assert "P-009 0 unknown not assessable not assessable" in rows(page)
    assert "The change of size is unknown for P-009" in words(page)
    assert page.count("<svg ") == 2


def test_simulated_patients_are_called_so(timeline, nobody):
    page = cohort_response_page([replace(timeline, simulated=True), nobody], cohort="cohort.csv")
    assert "1 of 2 patients is simulated" in words(page)
    assert "imulated" not in cohort_response_page([timeline, nobody], cohort="cohort.csv")


def test_names_cannot_break_the_page(timeline):
    page = cohort_response_page([replace(timeline, patient_id="<i>&")], cohort="<b>")
    assert "<i>&" not in page.split("</style>")[1]
    assert "<b></span>" not in page
    assert "<h1>&lt;b&gt;</h1>" in page


def test_the_page_needs_no_script_and_no_network_and_is_for_research(timeline):
    page = cohort_response_page([timeline], cohort="cohort.csv")
    assert not re.search(r"<script|<link|@import|(src|href)=.http|url\(", page)
    assert words(page).count("For research use only; not a medical device.") == 2
    assert page == cohort_response_page([timeline], cohort="cohort.csv")


def test_what_cannot_be_drawn_is_refused(timeline):
    with pytest.raises(SettingsError, match="no timeline has the criterion 'irano2015'"):
        cohort_response_page([timeline], cohort="c", criterion="irano2015")
    with pytest.raises(SettingsError, match="several timelines are of P-007"):
        cohort_response_page([timeline, timeline], cohort="c")
    with pytest.raises(SettingsError, match="no timeline has a criterion"):
        cohort_response_page([], cohort="c")
