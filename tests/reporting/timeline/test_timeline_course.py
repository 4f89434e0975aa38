"""The chart of one patient: every visit stands at its day, every value at its height."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise

import pytest

from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.response.visit import Treatment
from gliokit.reporting.timeline_course import course_chart

DAYS = [0, 56, 112, 168]


def parts(chart, tag, kind):
    wanted = kind.split()
    return [
        e for e in ET.fromstring(chart).iter(tag) if set(wanted) <= set(e.get("class", "").split())
    ]


def places(chart, kind):
    return [(float(e.get("cx")), float(e.get("cy"))) for e in parts(chart, "circle", kind)]


def words(chart):
    return [text.text for text in ET.fromstring(chart).iter("text")]


def test_dots_stand_at_shares_of_days_and_products(timeline):
    (a, b, c, d) = places(course_chart(timeline), "size et")[:4]
    assert b[0] - a[0] == pytest.approx(c[0] - b[0], abs=0.02)
    assert d[0] - a[0] == pytest.approx(3 * (b[0] - a[0]), abs=0.03)
    unit = (b[1] - a[1]) / 300  # from 800 down to 500
    assert (c[1] - a[1], d[1] - a[1]) == pytest.approx((500 * unit, 200 * unit), abs=0.05)


def test_an_interval_is_drawn_where_it_is_known(timeline):
    bars = parts(course_chart(timeline), "path", "interval et")
    assert len(bars) == 3  # none at the last visit
    low, high = (
        float(bars[0].get("d").split(",")[1].split("V")[0]),
        float(bars[0].get("d").split("V")[1].split("M")[0]),
    )
    center = places(course_chart(timeline), "size et")[4][1]  # the first volume, 8 mL
    assert (low - center) == pytest.approx((center - high) / 2, abs=0.05)  # 4 to 16 mL


def test_an_interval_that_reaches_far_ends_in_an_arrow_and_does_not_flatten_the_curve(timeline):
    volume = Quantity(8.0, "mL", (4.0, 900.0))
    visits = list(timeline.visits)
    visits[0] = replace(visits[0], volumes={Region.ENHANCING_TUMOR: volume})
    chart = course_chart(replace(timeline, visits=tuple(visits)))
    far, near = (bar.get("d") for bar in parts(chart, "path", "interval et")[:2])
    assert "L" in far
    assert "L" not in near
    assert "900" not in words(chart)


def test_a_dot_tells_its_volume_and_how_it_has_changed(timeline):
    dots = parts(course_chart(timeline), "circle", "size et")
    told = dots[5].find("title").text.splitlines()
    assert told[0] == "day 56: 5.00 mL, 90 % interval 2.50 to 10.00"
    assert told[1].startswith("from the baseline (day 0) -37.5")
    assert "≥ +40" in told[2]


def test_a_size_that_is_unknown_parts_the_line_and_has_a_question_mark(timeline):
    visits = list(timeline.visits)
    visits[1] = replace(visits[1], enhancing=None)
    chart = course_chart(replace(timeline, visits=tuple(visits)))
    lines = [line.get("points") for line in parts(chart, "polyline", "size et")]
    assert len(lines[0].split()) == 2  # the first visit stands alone
    assert len(parts(chart, "text", "unknown")) == 2  # this and the unknown dose


def test_a_dose_holds_until_the_next_visit_and_ends_where_it_is_unknown(timeline):
    steps = [path.get("d") for path in parts(course_chart(timeline), "path", "dose")]
    assert len(steps) == 2
    assert "V" in steps[0]
    assert "V" not in steps[1]  # up to the visit whose dose is unknown
    assert len(places(course_chart(timeline), "dose")) == 3


def test_a_dose_that_is_unknown_at_every_visit_has_no_scale(timeline):
    visits = tuple(replace(own, dexamethasone_mg_per_day=None) for own in timeline.visits)
    chart = course_chart(replace(timeline, visits=visits))
    assert len(parts(chart, "text", "unknown")) == len(DAYS)
    assert "unknown" in words(chart)
    assert "0.5" not in words(chart)


def test_treatment_is_drawn_from_its_first_to_its_last_day(timeline):
    chart = course_chart(timeline)
    radiation, judged = parts(chart, "rect", "treatment")
    x = [place[0] for place in places(chart, "size et")[:4]]
    per_day = (x[3] - x[0]) / 168
    assert float(radiation.get("x")) == pytest.approx(x[0] - 40 * per_day, abs=0.03)
    assert float(radiation.get("width")) == pytest.approx(40 * per_day, abs=0.03)
    assert float(judged.get("x")) == pytest.approx(x[0] + 14 * per_day, abs=0.03)
    assert len(parts(chart, "path", "mark")) == 1  # surgery
    assert {"day -60", "day -40 to day 0", "temozolomide, from day 14"} <= set(words(chart))


def test_treatment_that_is_unknown_is_called_so(timeline):
    said = words(course_chart(replace(timeline, treatment=Treatment(), therapy="")))
    assert {"day unknown", "unknown", "kind unknown, start unknown", "none known"} <= set(said)


def test_radiation_with_one_day_known_is_a_mark(timeline):
    chart = course_chart(replace(timeline, treatment=Treatment(radiation_end_day=20)))
    assert "until day 20, start unknown" in words(chart)
    assert len(parts(chart, "path", "mark")) == 1


def test_categories_stand_below_their_visits_and_keep_apart(timeline):
    chart = course_chart(timeline)
    said = [text.text for text in parts(chart, "text", "category")]
    assert said == ["baseline", "SD", "NE", "PD"]
    x = [place[0] for place in places(chart, "size et")[:4]]
    assert [float(t.get("x")) for t in parts(chart, "text", "category")] == pytest.approx(x)
    kinds = [chip.get("class") for chip in parts(chart, "rect", "chip")]
    assert kinds == ["chip none", "chip stable", "chip open", "chip worse"]


def test_visits_on_neighboring_days_have_categories_that_do_not_overlap(timeline):
    close = dict(zip(DAYS, (0, 1, 2, 700), strict=True))
    visits = tuple(replace(visit, day=close[visit.day]) for visit in timeline.visits)
    verdict = timeline.verdicts[0]
    told = tuple(replace(own, day=close[own.day]) for own in verdict.assessments)
    moved = replace(timeline, visits=visits, verdicts=(replace(verdict, assessments=told),))
    chips = parts(course_chart(moved), "rect", "chip")
    lefts = [float(chip.get("x")) for chip in chips]
    width = float(chips[0].get("width"))
    assert all(b - a >= width for a, b in pairwise(lefts))


def test_the_chart_names_voxels_where_millimeters_are_false(timeline):
    said = words(course_chart(replace(timeline, voxel_units=True)))
    assert {"voxels", "voxels²"} <= set(said)
    assert not {"mm²", "mL"} & set(said)


def test_volumes_are_drawn_in_voxels_then(timeline):
    said = words(course_chart(replace(timeline, voxel_units=True)))
    assert "20000" in said  # above the interval of 8 mL, which ends at 16


def test_one_visit_makes_a_chart_and_none_makes_nothing(timeline):
    ET.fromstring(course_chart(replace(timeline, visits=timeline.visits[:1], verdicts=())))
    assert course_chart(replace(timeline, visits=())) == ""


def test_names_cannot_break_the_chart(timeline):
    chart = course_chart(replace(timeline, therapy="<script>&"))
    ET.fromstring(chart)
    assert "<script>" not in chart


def test_the_same_timeline_gives_the_same_chart(timeline):
    assert course_chart(timeline) == course_chart(timeline)
