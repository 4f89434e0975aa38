"""Places along an axis, and labels that keep apart."""

import xml.etree.ElementTree as ET

import pytest

from gliokit.reporting.chart_axes import Axis, axis_over, drawing, keep_apart, write


def test_a_value_stands_at_its_share_of_the_axis():
    axis = Axis(-50, 150, 100, 500)
    assert [axis(value) for value in (-50, 0, 50, 150)] == [100, 200, 300, 500]


def test_an_axis_can_run_upwards():
    assert Axis(0, 10, 200, 100)(2.5) == 175


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([0, 812], 0, 1000), ([-63, 25], -75, 25), ([0.0], 0, 1), ([7.0, 7.0], 7, 14)],
)
def test_an_axis_holds_all_values_and_is_never_flat(values, low, high):
    axis = axis_over(values, 0, 100)
    assert axis.low <= min(values) <= max(values) <= axis.high
    assert axis.low < axis.high
    assert axis.low == pytest.approx(low, abs=25)
    assert axis.high == pytest.approx(high, abs=25)


def test_ends_of_a_ticked_axis_are_ticks():
    axis = axis_over([3, 871], 0, 100)
    assert (axis.low, axis.high) == (axis.ticks()[0], axis.ticks()[-1])


def test_ends_of_an_axis_that_is_not_ticked_are_the_values():
    axis = axis_over([-3, 330], 0, 100, ticked=False)
    assert (axis(-3), axis(330)) == (0, 100)
    assert axis.ticks(10) == [0, 50, 100, 150, 200, 250, 300]


def test_labels_that_have_room_stay_where_they_are():
    assert keep_apart([10, 50, 90], 20, 0, 100) == [10, 50, 90]


def test_labels_that_are_too_close_are_moved_by_the_same_amount():
    assert keep_apart([50, 50, 50], 20, 0, 100) == [30, 50, 70]


def test_labels_stay_between_the_ends():
    assert keep_apart([0, 1, 100], 30, 0, 100) == [0, 30, 100]
    assert keep_apart([97, 99], 30, 0, 100) == [70, 100]


def test_the_gap_shrinks_where_there_is_no_room():
    assert keep_apart([50, 50, 50], 80, 0, 100) == [0, 50, 100]
    assert keep_apart([], 10, 0, 100) == []


def test_words_cannot_break_the_drawing():
    chart = drawing([write(0, 0, '<b>&"')], size=(10, 10), title='"<i>')
    assert ET.fromstring(chart).find("text").text == '<b>&"'
    assert "<b>" not in chart
    assert "<i>" not in chart
