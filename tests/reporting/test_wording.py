"""What the report says in words."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.course import NO_COURSE, Course
from gliokit.core.findings import Limit, Notice, PlannedSeries, Quantity, SeriesPlan
from gliokit.core.vocabulary import Label, MRSequence, Side
from gliokit.reporting.wording import (
    attention,
    bounds_text,
    center_text,
    course_text,
    figure_text,
    headline_lesion,
    interval_text,
    limit_text,
    plan_text,
    probability_text,
    quantity_text,
    summary_text,
    time_text,
)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (12.3456, "mL", "12.35\xa0mL"),
        (0.0, "mL", "0.00\xa0mL"),
        (0.001, "mL", "<0.01\xa0mL"),
        (45.25, "mm", "45.2\xa0mm"),
        (3047.6, "mm2", "3048\xa0mm²"),
    ],
)
def test_numbers_carry_their_unit_and_no_more_decimals_than_they_bear(value, unit, text):
    assert quantity_text(Quantity(value, unit)) == text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Quantity(5.5, "mm"), "5.5\xa0mm"),
        (Quantity(0.7512, "1"), "0.751"),
        (Quantity(2.7e-6, "1"), "<0.001"),
        (Quantity(-0.137, "1"), "-0.137"),
        (Quantity(3047.6, "mm2"), "3048\xa0mm²"),
        (None, "–"),
    ],
)
def test_figures_of_quality_have_three_digits(quantity, text):
    assert figure_text(quantity) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(None, 5.0, "mm", "s"), "≤ 5\xa0mm"),
        (Limit(0.75, None, "1", "s"), "≥ 0.75"),
        (Limit(0.6, 2.6, "L", "s"), "0.6–2.6\xa0L"),
    ],
)
def test_limits_say_on_which_side_they_are(limit, text):
    assert limit_text(limit) == text


def test_interval_is_written_only_where_there_is_one():
    assert interval_text(Quantity(5.0, "mL", (4.0, 6.5))) == "90 % interval 4.00–6.50"
    assert bounds_text(Quantity(5.0, "mL", (4.0, 6.5))) == "4.00–6.50"
    assert interval_text(Quantity(5.0, "mL")) == bounds_text(Quantity(5.0, "mL")) == ""


@pytest.mark.parametrize(
    ("high", "text"),
    [
        (0.07, "none seen; up to 0.07\xa0mL cannot be excluded"),  # .07 x 100 is above 7 in binary
        (0.071, "none seen; up to 0.08\xa0mL cannot be excluded"),
        (0.001, "none seen; up to 0.01\xa0mL cannot be excluded"),
        (0.0, "none seen"),
    ],
)
def test_of_nothing_it_is_said_how_much_cannot_be_excluded(high, text):
    nothing = Quantity(0.0, "mL", (0.0, high))
    assert interval_text(nothing) == bounds_text(nothing) == text


def test_time_is_written_to_the_minute():
    assert time_text("2025-06-01T12:30:59+00:00") == "2025-06-01 12:30 UTC"


def test_place_is_written_with_the_letters_of_its_directions():
    assert center_text((-31.6, 14.2, 0.0)) == "L 32 · A 14 · S 0"


def test_summary_names_number_side_size_and_volume(case):
    text = "One tumor core lesion on the right, measuring 10.0 × 9.5\xa0mm. Whole tumor 3.58\xa0mL."
    assert summary_text(case.findings) == text


def with_intervals(findings, low, high):
    """Give every volume an interval, as shares of it or, of nothing, in mL."""
    return replace(
        findings,
        volumes_by_region=tuple(
            replace(
                entry,
                volume=replace(
                    entry.volume,
                    interval=(low * (entry.volume.value or 1), high * (entry.volume.value or 1)),
                ),
            )
            for entry in findings.volumes_by_region
        ),
    )


def test_summary_gives_the_interval_of_the_whole_tumor(case):
    text = summary_text(with_intervals(case.findings, 0.5, 2))
    assert text.endswith("Whole tumor 3.58\xa0mL (90 % interval 1.79–7.17).")


@pytest.mark.parametrize(
    ("high", "text"),
    [
        (0.42, "No tumor was found; up to 0.42\xa0mL cannot be excluded."),
        (0, "No tumor was found."),
    ],
)
def test_summary_says_how_much_tumor_cannot_be_excluded(make_case, tumor, high, text):
    case = make_case(np.zeros_like(tumor))
    assert summary_text(with_intervals(case.findings, 0, high)) == text


def test_summary_says_which_of_several_lesions_was_measured(case):
    second = replace(case.findings.lesions[1], name="TC-2", side=Side.MIDLINE)
    findings = replace(case.findings, lesions=(*case.findings.lesions, second))
    assert summary_text(findings).startswith("2 tumor core lesions, the largest on the right")


def test_summary_of_a_tiny_tumor_says_that_it_was_not_measured(case):
    tiny = replace(case.findings.lesions[1], longest=None, perpendicular=None, product=None)
    findings = replace(case.findings, lesions=(replace(tiny, side=Side.MIDLINE),))
    assert "in the midline, below the size that is measured." in summary_text(findings)


def test_summary_of_a_cavity_without_tumor_says_both(make_case, tumor):
    case = make_case(np.where(tumor == Label.ENHANCING, 4, 0).astype(np.uint8))
    assert summary_text(case.findings) == "No tumor was found. Resection cavity 0.90\xa0mL."


def test_measured_edema_stands_for_the_tumor_before_a_core_too_small_to_measure(case):
    whole, core, _ = case.findings.lesions
    small = replace(core, longest=None, perpendicular=None, product=None)
    assert headline_lesion(replace(case.findings, lesions=(whole, small))) is whole


def test_missing_sequences_come_first_among_what_to_know(case):
    doubt = Notice("doubt", "The border is uncertain.")
    findings = replace(case.findings, missing=(MRSequence.T1C,), warnings=(doubt,))
    assert [notice.code for notice in attention(findings)] == ["missing-sequence", "doubt"]


def test_missing_sequences_are_not_named_twice(case):
    said = (Notice("missing-sequence", "No T1c image: what enhances is not seen."),)
    findings = replace(case.findings, missing=(MRSequence.T1C,), warnings=said)
    assert attention(findings) == said


@pytest.mark.parametrize(
    ("course", "text"),
    [
        (NO_COURSE, ""),
        (Course(0), "on the day of surgery"),
        (Course(-1), "1 day before surgery"),
        (
            Course(70, 30, -12),
            "70 days after surgery, 30 days after the start of radiotherapy, 12 days before the "
            "end of radiotherapy",
        ),
    ],
)
def test_days_since_treatment_are_said_with_their_side(course, text):
    assert course_text(course) == text


@pytest.mark.parametrize(
    ("probability", "text"), [(0.704, "70\xa0%"), (0.994, "99\xa0%"), (0.995, ">99\xa0%")]
)
def test_nothing_is_said_to_be_certain(probability, text):
    assert probability_text(probability) == text


def test_plan_of_series_names_what_was_used_and_what_was_not():
    read = (
        PlannedSeries(2, "t1c", 0.98, (MRSequence.T1C,), ""),
        PlannedSeries(4, "adc", 0.97, (), ""),
        PlannedSeries(5, "other", 0.6, (), ""),
    )
    assert plan_text(SeriesPlan(read[:1])) == "Series used: 2 as T1c (T1c, 98\xa0%)."
    assert plan_text(SeriesPlan(read, ("series 3: localizer",))) == (
        "Series used: 2 as T1c (T1c, 98\xa0%). Not used: 4 (ADC, 97\xa0%), 5 (other, 60\xa0%). "
        "Not read: series 3: localizer."
    )
