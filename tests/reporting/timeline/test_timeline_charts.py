"""Charts of a cohort: bars and curves stand where the axis says."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from gliokit.reporting.timeline_charts import (
    CEILING_PERCENT,
    MOST_NAMED,
    change_kind,
    spider,
    waterfall,
)

CHANGES = {"a": -30.0, "b": 40.0, "c": -100.0, "d": None, "e": 10.0}


def parts(chart, tag, kind):
    return [e for e in ET.fromstring(chart).iter(tag) if kind in e.get("class", "").split()]


def texts(chart, kind):
    return [e.text for e in parts(chart, "text", kind)]


def test_bars_fall_from_the_largest_increase_to_the_largest_decrease():
    chart = waterfall(CHANGES)
    assert texts(chart, "who") == ["b", "e", "a", "c", "d"]
    assert texts(chart, "value") == ["+40", "+10", "-30", "-100"]
    lefts = [float(bar.get("x")) for bar in parts(chart, "rect", "change")]
    assert lefts == sorted(lefts)


def test_bars_are_as_high_as_the_changes_are_large():
    heights = [float(bar.get("height")) for bar in parts(waterfall(CHANGES), "rect", "change")]
    unit = heights[-1] / 100
    assert heights == pytest.approx([40 * unit, 10 * unit, 30 * unit, 100 * unit], abs=0.02)


def test_thresholds_stand_at_their_share_of_the_axis():
    chart = waterfall({"a": -50.0, "b": 25.0})
    bars = parts(chart, "rect", "change")
    marked = [
        float(line.get("d").split(",")[1].split("H")[0])
        for line in parts(chart, "path", "threshold")
    ]
    falling, rising = bars[1], bars[0]
    assert marked[0] == pytest.approx(float(falling.get("y")) + float(falling.get("height")))
    assert marked[1] == pytest.approx(float(rising.get("y")))


def test_a_change_that_is_unknown_has_a_question_mark_and_no_bar():
    chart = waterfall(CHANGES)
    assert texts(chart, "unknown") == ["?"]
    assert len(parts(chart, "rect", "change")) == 4


@pytest.mark.parametrize(
    ("percent", "kind"),
    [
        (-50.0, "better"),
        (100 * (250 / 500 - 1), "better"),
        (-49.9, "stable"),
        (24.9, "stable"),
        (100 * (1.25 - 1), "worse"),
        (100 * (200 / 3 * 1.25 / (200 / 3) - 1), "worse"),
    ],
)
def test_a_change_of_exactly_a_threshold_counts(percent, kind):
    assert change_kind(percent) == kind


def test_a_bar_above_the_ceiling_is_cut_off_and_says_its_value():
    chart = waterfall({"a": 900.0, "b": CEILING_PERCENT})
    tall, ceiling = parts(chart, "rect", "change")
    assert tall.get("height") == ceiling.get("height")
    assert texts(chart, "value") == ["+900", "+150"]


def test_in_a_large_cohort_a_bar_is_named_only_when_pointed_at():
    chart = waterfall({f"p{n}": -float(n) for n in range(MOST_NAMED + 1)})
    assert texts(chart, "who") == []
    assert ET.fromstring(chart).find("rect/title").text == "p0: -0.0 %"


def test_a_curve_runs_through_its_changes():
    chart = spider({"a": [(0, 0.0), (100, -50.0), (200, 25.0)]})
    points = parts(chart, "polyline", "thread")[0].get("points").split()
    places = [tuple(map(float, point.split(","))) for point in points]
    assert places[1][0] - places[0][0] == pytest.approx(places[2][0] - places[1][0])
    drop, rise = places[1][1] - places[0][1], places[0][1] - places[2][1]
    assert drop == pytest.approx(2 * rise, abs=0.02)


def test_a_curve_is_colored_by_where_it_ends():
    chart = spider({"a": [(0, 0.0), (9, -60.0)], "b": [(0, 0.0), (9, 5.0)]})
    kinds = [curve.get("class") for curve in parts(chart, "polyline", "thread")]
    assert kinds == ["thread better", "thread stable"]


def test_names_of_curves_keep_apart():
    chart = spider({f"p{n}": [(0, 0.0), (9, -60.0)] for n in range(5)})
    heights = [float(text.get("y")) for text in parts(chart, "text", "who")]
    assert [b - a for a, b in pairwise(heights)] == pytest.approx([12] * 4)


def test_nothing_known_is_no_spider_and_nobody_no_waterfall():
    assert waterfall({}) == ""
    assert spider({"a": []}) == ""
    assert "?" in waterfall({"a": None})


def test_names_cannot_break_the_page_and_the_same_figures_give_the_same_text():
    changes, curves = {'<b>&"': -10.0}, {'<b>&"': [(0, 0.0), (5, -10.0)]}
    for chart, again in (
        (waterfall(changes), waterfall(changes)),
        (spider(curves), spider(curves)),
    ):
        ET.fromstring(chart)
        assert "<b>" not in chart
        assert chart == again
