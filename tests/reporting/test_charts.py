"""Charts: values stand where the axis says, and nothing that is not a number is drawn."""

import re
import xml.etree.ElementTree as ET
from math import nan

import pytest

from gliokit.reporting.charts import (
    LABEL_WIDTH,
    TEXT_WIDTH,
    WIDTH,
    Line,
    Path2D,
    curve_chart,
    dot_chart,
)

LEFT, RIGHT = LABEL_WIDTH, WIDTH - TEXT_WIDTH


def places(chart, kind):
    return [
        float(e.get("cx")) for e in ET.fromstring(chart).iter("circle") if e.get("class") == kind
    ]


def test_a_center_stands_at_its_share_of_the_axis():
    chart = dot_chart([Line("a", 0.25, 0.0, 1.0, "")], title="Dice", limits=(0, 1))
    assert places(chart, "center") == [pytest.approx(LEFT + 0.25 * (RIGHT - LEFT))]
    assert f"M{LEFT}.0," in chart
    assert f"H{RIGHT}.0" in chart


def test_both_ends_of_the_axis_are_named():
    chart = dot_chart([Line("a", 0.5, 0.4, 0.6, "")], title="Dice", limits=(0, 1))
    texts = [text.text for text in ET.fromstring(chart).iter("text")]
    assert [t for t in texts if t and re.match(r"[\d.]+$", t)] == [
        "0",
        "0.2",
        "0.4",
        "0.6",
        "0.8",
        "1",
    ]


def test_the_axis_of_differences_holds_zero_and_every_interval():
    chart = dot_chart([Line("a", -3, -7.5, 1.2, "")], title="less")
    texts = [text.text for text in ET.fromstring(chart).iter("text")]
    assert {"-8", "0", "2"} <= set(texts)
    assert all(LEFT <= place <= RIGHT for place in places(chart, "center"))


def test_what_is_not_a_number_is_not_drawn():
    chart = dot_chart([Line("a", nan, nan, nan, "", [nan, 0.5])], title="Dice", limits=(0, 1))
    assert places(chart, "center") == []
    assert len(places(chart, "dot")) == 1
    assert "nan" not in chart


def test_equal_values_make_a_chart_too():
    assert "center" in dot_chart([Line("a", 5.0, 5.0, 5.0, "")], title="t")
    assert "center" in dot_chart([Line("a", 0.0, 0.0, 0.0, "")], title="t")


def test_names_cannot_break_the_page():
    chart = dot_chart([Line("<b>&", 0.5, 0.4, 0.6, "")], title='"t"', limits=(0, 1))
    ET.fromstring(chart)
    assert "<b>" not in chart


def test_curves_of_one_name_share_a_color_and_stand_once_in_the_legend():
    curves = [
        Path2D("first", [1, 2], [3, 1]),
        Path2D("first", [1, 2], [4, nan]),
        Path2D("b", [1], [2]),
    ]
    root = ET.fromstring(curve_chart(curves, title="loss"))
    strokes = [line.get("stroke") for line in root.iter("polyline")]
    assert strokes[0] == strokes[1] != strokes[2]
    assert [t.text for t in root.iter("text") if t.text in ("first", "b")] == ["first", "b"]


def test_no_curve_is_no_chart():
    assert curve_chart([], title="loss") == ""
    assert curve_chart([Path2D("a", [1], [nan])], title="loss") == ""


def test_the_same_figures_give_the_same_text():
    lines = [Line("a", 0.5, 0.4, 0.6, "x", [0.1, 0.9])]
    assert dot_chart(lines, title="t") == dot_chart(lines, title="t")
