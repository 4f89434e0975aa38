"""Units and words of a timeline."""

import math
from dataclasses import replace

import pytest

from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.response.vocabulary import Measure, Response
from gliokit.measurement.volume_course import Certainty, ChangeSince, Since
from gliokit.reporting.timeline_wording import (
    MILLIMETERS,
    VOXELS,
    category_kind,
    certainty_text,
    change_sentence,
    change_text,
    known_text,
    months_text,
    relative_bounds_text,
    short_category,
)

EARLIER = ChangeSince(
    Region.ENHANCING_TUMOR, Since.NADIR, 56, Quantity(0.5, "1", (0.1, 0.9)), Quantity(2.0, "mL")
)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("grew to 600 mm² on day 5", "grew to 600 voxels² on day 5"),
        ("5 mm, 10 mm are needed", "5 voxels, 10 voxels are needed"),
        ("shrank to 7.5 mL", "shrank to 7.5 thousand voxels"),
        ("immunotherapy, 4 mg, summary", "immunotherapy, 4 mg, summary"),
    ],
)
def test_sentences_are_put_into_voxels(sentence, told):
    assert VOXELS.told(sentence) == told
    assert MILLIMETERS.told(sentence) == sentence


def test_a_size_is_written_with_its_unit():
    assert MILLIMETERS.sized(612.4, Measure.AREA) == "612\N{NO-BREAK SPACE}mm²"
    assert MILLIMETERS.sized(6.1, Measure.VOLUME) == "6.10\N{NO-BREAK SPACE}mL"
    assert VOXELS.sized(6.1, Measure.VOLUME) == "6100\N{NO-BREAK SPACE}voxels"
    assert MILLIMETERS.sized(None, Measure.VOLUME) == "unknown"


def test_nothing_is_written_as_zero_and_the_unknown_in_words():
    assert (MILLIMETERS.area_text(0.0), MILLIMETERS.area_text(None)) == ("0", "unknown")
    assert (MILLIMETERS.volume_text(0.0), MILLIMETERS.volume_text(None)) == ("0.00", "unknown")
    assert (known_text(0.0), known_text(None)) == ("0", "unknown")
    assert (change_text(-0.5), change_text(None)) == ("-50.0\N{NO-BREAK SPACE}%", "unknown")


def test_an_interval_is_written_where_there_is_one():
    assert MILLIMETERS.bounds_text(Quantity(5.0, "mL", (2.5, 10.0))) == "2.50 to 10.00"
    assert MILLIMETERS.bounds_text(Quantity(5.0, "mL")) == ""


def test_every_category_fits_below_a_visit_and_is_drawn():
    assert max(len(short_category(category)) for category in Response) <= 10
    assert {category_kind(own) for own in Response if "preliminary" in own} == {
        "better preliminary",
        "worse preliminary",
    }


def test_a_year_is_twelve_months():
    assert months_text(365) == "12.0\N{NO-BREAK SPACE}months"


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        ((0.1, 0.9), "+10 % to +90 %"),
        ((-0.2, math.inf), "-20 % or more"),
        ((-1.0, math.inf), "without bounds"),
        ((-0.5, 37.0), "-50 % to more than +1000 %"),
        (None, ""),
    ],
)
def test_the_interval_of_a_change_is_told_in_percent(interval, told):
    own = replace(EARLIER, relative=Quantity(0.5, "1", interval))
    assert relative_bounds_text(own).replace("\N{NO-BREAK SPACE}", " ") == told


@pytest.mark.parametrize(
    ("share", "probability", "told"),
    [
        (0.4, 0.873, "≥ +40 %: 87 % sure"),
        (-0.65, 0.0004, "≤ -65 %: < 1 % sure"),
        (0.25, 1.0, "≥ +25 %: > 99 % sure"),
        (0.25, None, "≥ +25 %: how sure is unknown"),
    ],
)
def test_nothing_is_told_as_certain(share, probability, told):
    assert certainty_text(Certainty(share, probability)).replace("\N{NO-BREAK SPACE}", " ") == told


def test_a_change_is_told_with_the_day_since_which_it_is():
    text = change_sentence(replace(EARLIER, certainties=(Certainty(0.4, 0.7),)))
    assert text.replace("\N{NO-BREAK SPACE}", " ") == (
        "from the smallest (day 56) +50.0 %, 90 % interval +10 % to +90 %, ≥ +40 %: 70 % sure"
    )
