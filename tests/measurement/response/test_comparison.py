"""Thresholds met exactly, and unknown numbers."""

from fractions import Fraction

import pytest

from gliokit.measurement.response.comparison import Comparison, dose_facts, size_facts
from gliokit.measurement.response.criterion import AREA_THRESHOLDS, AREA_THRESHOLDS_MINOR
from gliokit.measurement.response.facts import (
    BaselineDisease,
    DoseSinceBaseline,
    DoseSinceReference,
    Growth,
    Shrinkage,
    Steroids,
)
from gliokit.measurement.response.readings import SmallGrowth
from gliokit.measurement.response.vocabulary import Component, Measure


def compare(size, baseline, nadir):
    return Comparison(Component.ENHANCING, Measure.AREA, size, baseline, 0, nadir, 0)


def answers(size, baseline, nadir, *, thresholds=AREA_THRESHOLDS_MINOR, small=None):
    """Collect (growth, shrinkage, disease) of all possible combinations."""
    reading = small or SmallGrowth.TO_MEASURABLE
    return {
        tuple(next(iter(facts[fact])) for fact in (Growth, Shrinkage, BaselineDisease))
        for facts in size_facts(compare(size, baseline, nadir), thresholds, reading)
    }


def one(size, baseline, nadir, **settings):
    (found,) = answers(size, baseline, nadir, **settings)
    return found


@pytest.mark.parametrize("nadir", [400.0, 200 / 3 * 7, 0.1 * 3333, 123.456789, 1e5 / 7])
def test_an_increase_of_exactly_a_quarter_is_progression_whatever_the_rounding(nadir):
    for size in (nadir * 1.25, nadir + nadir / 4, nadir * 5 / 4, nadir / 0.8):
        assert one(size, nadir, nadir)[0] is Growth.PROGRESSION
    assert one(nadir * 1.25 * (1 - 1e-6), nadir, nadir)[0] is Growth.LESS


def test_products_of_diameters_on_the_threshold_are_not_lost_to_floating_point():
    nadir = 10.4 * 10.1
    size = 13.0 * 10.1  # a quarter more
    assert size / nadir - 1 < 0.25  # what a naive comparison sees
    assert one(size, nadir, nadir)[0] is Growth.PROGRESSION


@pytest.mark.parametrize("baseline", [400.0, 1000 / 7, 333.3, 0.1 + 0.2 + 200])
def test_a_decrease_of_exactly_the_threshold_counts(baseline):
    assert one(baseline / 2, baseline, baseline)[1] is Shrinkage.PARTIAL
    assert one(baseline / 2 * (1 + 1e-6), baseline, baseline)[1] is Shrinkage.MINOR
    assert one(baseline - baseline / 4, baseline, baseline)[1] is Shrinkage.MINOR
    assert one(baseline * 0.75 * (1 + 1e-6), baseline, baseline)[1] is Shrinkage.LESS


def test_without_a_minor_response_a_quarter_less_is_nothing():
    assert one(300, 400, 400, thresholds=AREA_THRESHOLDS)[1] is Shrinkage.LESS


def test_response_is_from_the_baseline_and_progression_from_the_nadir():
    assert one(200, 400, 160)[:2] == (Growth.PROGRESSION, Shrinkage.PARTIAL)


def test_growth_from_nothing_counts_once_it_is_measurable():
    assert one(99, 400, 0)[0] is Growth.LESS
    assert one(100, 400, 0)[0] is Growth.PROGRESSION
    assert one(1, 400, 0, small=SmallGrowth.ANY)[0] is Growth.PROGRESSION


def test_growth_from_a_small_nadir_counts_once_it_is_measurable():
    assert one(80, 400, 40)[0] is Growth.LESS
    assert one(80, 400, 40, small=SmallGrowth.ANY)[0] is Growth.PROGRESSION
    assert one(110, 400, 99)[0] is Growth.LESS  # measurable now, but less than a quarter more


def test_a_baseline_of_zero_is_no_measurable_disease_and_no_ratio():
    assert one(0, 0, 0) == (Growth.LESS, Shrinkage.GONE, BaselineDisease.NOT_MEASURABLE)
    assert one(50, 0, 0)[2] is BaselineDisease.NOT_MEASURABLE
    assert compare(50, 0, 0).change_from_baseline is None
    assert compare(50, 0, 0).words()["change"] == "no ratio"


def test_an_unknown_size_leaves_what_the_thresholds_leave():
    found = answers(None, 400, 400)
    assert {growth for growth, _, _ in found} == set(Growth)
    assert {shrinkage for _, shrinkage, _ in found} == set(Shrinkage)
    # grown from the nadir and halved from the baseline exclude each other here
    assert (Growth.PROGRESSION, Shrinkage.PARTIAL, BaselineDisease.MEASURABLE) not in found
    # but not after a deep response
    deep = answers(None, 400, 100)
    assert (Growth.PROGRESSION, Shrinkage.PARTIAL, BaselineDisease.MEASURABLE) in deep


def test_nothing_left_is_known_to_be_gone_even_without_a_baseline():
    found = answers(0, None, None)
    assert {(growth, shrinkage) for growth, shrinkage, _ in found} == {
        (Growth.LESS, Shrinkage.GONE)
    }


def doses(now, baseline, reference, *, physiologic=0.0, tolerance=0.0):
    return {
        tuple(
            next(iter(facts[fact])).name
            for fact in (DoseSinceBaseline, DoseSinceReference, Steroids)
        )
        for facts in dose_facts(
            now, baseline, reference, physiologic=physiologic, tolerance=tolerance
        )
    }


def test_known_doses_give_one_answer():
    assert doses(4, 2, 8) == {("MORE", "LESS", "ON")}
    assert doses(0, 0, 0) == {("SAME", "SAME", "OFF")}


def test_doses_that_differ_by_a_rounding_error_are_the_same():
    assert doses(0.1 + 0.2, 0.3, 0.3) == {("SAME", "SAME", "ON")}


def test_tolerance_and_physiologic_dose_are_the_caller_s():
    assert doses(4.5, 4, 4, tolerance=0.5) == {("SAME", "SAME", "ON")}
    assert doses(0.5, 4, 4, physiologic=0.5) == {("LESS", "LESS", "OFF")}


def test_an_unknown_dose_keeps_to_what_the_known_ones_allow():
    found = doses(None, 2, 8)
    assert ("LESS", "MORE", "ON") not in found  # below 2 and above 8
    assert {("LESS", "LESS", "OFF"), ("SAME", "LESS", "ON"), ("MORE", "LESS", "ON")} <= found
    assert {("MORE", "SAME", "ON"), ("MORE", "MORE", "ON")} <= found


def test_three_unknown_doses_leave_every_order_that_exists():
    found = doses(None, None, None)
    # off steroids, no dose is more than another
    assert not any(state == "OFF" and "MORE" in orders for *orders, state in found)
    assert len([answer for answer in found if answer[2] == "ON"]) == 9
    assert len([answer for answer in found if answer[2] == "OFF"]) == 4


def test_thresholds_are_exact_fractions():
    assert Fraction(5, 4) == 1 + AREA_THRESHOLDS.progression
    assert Fraction(1, 2) == AREA_THRESHOLDS.partial
