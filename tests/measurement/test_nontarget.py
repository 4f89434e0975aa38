"""Lesions that are no targets, at the figures from which criteria call them worse."""

import pytest

from gliokit.core.findings import Diameter, Quantity
from gliokit.measurement.lesion_size import LesionSize
from gliokit.measurement.measurability import SIZE_RULES, Measurability
from gliokit.measurement.nontarget import (
    NONTARGET_RULES,
    Followed,
    find_worsening,
    in_voxels,
    judge_nontarget,
)
from gliokit.measurement.response.facts import NonTarget
from gliokit.measurement.response.vocabulary import Measure

RANO_2, RANO_2010 = NONTARGET_RULES["rano2_2023"], NONTARGET_RULES["rano_hgg2010"]


def worsening(now, before, rule, measure):
    return find_worsening(Followed(tuple(now), tuple(before)), rule, measure)


def is_worse(now, before, rule, measure):
    return worsening([now], before, rule, measure) is not None


def lesion(longest, shorter, *, volume_ml=1.0, slices=2):
    """Give a lesion of two diameters in mm, measurable from 10 mm on two slices."""
    measurable = min(longest, shorter) >= 10 and slices >= 2
    ends = (0.0, 0.0, 0.0)
    return LesionSize(
        number=1,
        name="L1",
        longest=Diameter(Quantity(longest, "mm"), ends, ends),
        perpendicular=Diameter(Quantity(shorter, "mm"), ends, ends),
        product_mm2=longest * shorter,
        volume_ml=volume_ml,
        measurability=Measurability(measurable, None, ""),
        measured_on="",
    )


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        ((9, 9), (14, 14), True),  # exactly 5 mm by 5 mm
        ((9, 9), (13.999, 14), False),
        ((9, 9), (11, 11), False),  # measurable, but barely grown
        ((5, 5), (10, 10), False),  # not more than 10 mm
        ((5, 5), (10.001, 10.001), True),
        ((5, 5), (30, 10), False),  # one diameter not more than 10 mm
        ((12, 6), (17, 11), True),
        ((12, 6), (17, 10.5), False),  # the shorter one by 4.5 mm
        ((12, 3), (16, 11), False),  # the longer one by 4 mm
    ],
)
@pytest.mark.parametrize("measure", Measure)
def test_what_was_not_measurable_must_grow_by_5_mm_both_ways_to_more_than_10(
    before, now, worse, measure
):
    assert is_worse(lesion(*now, volume_ml=9), [lesion(*before)], RANO_2, measure) is worse


def test_growth_on_one_slice_leaves_a_lesion_not_measurable():
    assert not is_worse(lesion(20, 20, slices=1), [lesion(9, 9)], RANO_2, Measure.AREA)


@pytest.mark.parametrize(
    ("measure", "now", "volume_ml", "worse"),
    [
        (Measure.AREA, (12.5, 10), 9.0, True),  # exactly 25 % of 100 mm²
        (Measure.AREA, (12.499, 10), 9.0, False),
        (Measure.VOLUME, (30, 30), 1.4, True),  # exactly 40 %
        (Measure.VOLUME, (30, 30), 1.399, False),
    ],
)
def test_what_was_measurable_must_grow_by_the_share_of_the_measure(measure, now, volume_ml, worse):
    now = lesion(*now, volume_ml=volume_ml)
    assert is_worse(now, [lesion(10, 10)], RANO_2, measure) is worse


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        ((9, 9), (14, 10), True),  # 73 % more
        ((15, 9), (20, 10), True),  # 48 % more
        ((19, 9), (20, 10), False),  # 17 % more, 1 mm longer
        ((30, 9), (35, 9.5), False),  # not measurable
        ((40, 9.8), (45, 10), False),  # 15 % more, and not more than 5 mm
        ((40, 9.8), (45.001, 10), True),
    ],
)
def test_for_rano_2010_more_than_5_mm_of_the_longest_or_a_quarter_of_the_product(
    before, now, worse
):
    assert is_worse(lesion(*now), [lesion(*before)], RANO_2010, Measure.AREA) is worse


def test_lesions_that_merged_are_held_against_all_that_they_were():
    both = [lesion(10, 10), lesion(10, 12)]
    assert not is_worse(lesion(25, 10.9), both, RANO_2, Measure.AREA)
    assert is_worse(lesion(25, 11), both, RANO_2, Measure.AREA)  # 275 of 220 mm²


def test_parts_of_one_that_split_are_held_against_it_together():
    parts = [lesion(9, 9, volume_ml=0.7), lesion(11, 10, volume_ml=0.7)]  # 81 and 110 mm²
    assert worsening(parts, [lesion(15.3, 10)], RANO_2, Measure.AREA) is None
    found = worsening(parts, [lesion(15.2, 10)], RANO_2, Measure.AREA)
    assert found.reason.endswith("152 mm² at the baseline, 191 mm² now in 2 parts")
    assert worsening(parts, [lesion(10, 10, volume_ml=1.1)], RANO_2, Measure.VOLUME) is None
    assert worsening(parts, [lesion(10, 10, volume_ml=1.0)], RANO_2, Measure.VOLUME)


def test_parts_that_are_not_measurable_alone_do_not_make_a_lesion_worse():
    assert worsening([lesion(9, 9)] * 3, [lesion(10, 10)], RANO_2, Measure.AREA) is None


@pytest.mark.parametrize(
    ("rule", "before", "now", "clause", "told"),
    [
        (RANO_2, (9, 9), (14, 14), "became", "9.0 by 9.0 mm at the baseline, 14.0 by 14.0 mm now"),
        (RANO_2, (10, 10), (13, 10), "grew", "100 mm² at the baseline, 130 mm² now"),
        (RANO_2010, (9, 9), (15, 10), "became", "longest diameter 9.0 mm at the baseline, 15.0 mm"),
    ],
)
def test_the_clause_and_the_growth_that_decided_are_said(rule, before, now, clause, told):
    found = worsening([lesion(*now)], [lesion(*before)], rule, Measure.AREA)
    assert found.clauses == (getattr(rule, clause).clause.name,)
    assert told in found.reason
    assert "L1" in found.reason


def test_without_millimeters_no_length_is_asked_for():
    before, now = [lesion(40, 10)], [lesion(47, 10)]  # 7 voxels longer, 18 % more
    assert worsening(now, before, RANO_2010, Measure.AREA)
    assert worsening(now, before, in_voxels(RANO_2010), Measure.AREA) is None
    found = worsening([lesion(50, 10)], before, in_voxels(RANO_2010), Measure.AREA)
    assert "which lengths in voxels do not tell" in found.reason


@pytest.mark.parametrize(
    ("volume_ml", "expected"), [(1.0, NonTarget.BETTER), (1.01, NonTarget.STABLE)]
)
def test_half_of_the_volume_is_better(volume_ml, expected):
    left = [Followed((lesion(9, 9, volume_ml=volume_ml),), (lesion(9, 9, volume_ml=2.0),))]
    judged = judge_nontarget(left, before_ml=2.0, rule=RANO_2, measure=Measure.AREA)
    assert judged == (expected, None)


def test_every_criterion_has_a_rule_with_its_evidence():
    assert list(NONTARGET_RULES) == list(SIZE_RULES)
    for rule in NONTARGET_RULES.values():
        assert rule.became.clause.evidence
        assert rule.grew.clause.evidence
