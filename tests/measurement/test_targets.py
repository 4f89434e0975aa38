"""Targets through time on lesions of known size: chosen, followed, summed."""

import numpy as np
import pytest

from gliokit.core.errors import CohortError, SettingsError
from gliokit.core.geometry import Grid
from gliokit.measurement.lesion_matching import State, number_lesions
from gliokit.measurement.lesion_size import Protocol, measure_size
from gliokit.measurement.measurability import SIZE_RULES
from gliokit.measurement.response.facts import NewLesion, NonTarget
from gliokit.measurement.targets import LesionVisit, follow_lesions, lesion_visit

SHAPE = (80, 60, 12)
GRID = Grid(SHAPE, np.eye(4))
PROTOCOL = Protocol(SIZE_RULES["rano_hgg2010"])


def crosses(*sizes):
    """Draw crosses, which measure arm by arm: (row, column) of the center and length of the arms.

    All are three slices high.
    """
    mask = np.zeros(SHAPE, dtype=bool)
    for (row, column), rows, columns in sizes:
        mask[row - rows // 2 : row - rows // 2 + rows, column, 4:7] = True
        mask[row, column - columns // 2 : column - columns // 2 + columns, 4:7] = True
    return mask


def visit(day, *sizes, affine=GRID.affine, to_visit=None):
    numbers = number_lesions(crosses(*sizes), affine, minimum_ml=0.0)
    return LesionVisit(day, numbers, affine, to_visit)


def follow(*visits, protocol=PROTOCOL, baseline=0):
    return follow_lesions(visits, GRID, protocol, baseline=baseline)


A, B, C, D = (20, 15), (60, 15), (20, 45), (60, 45)


def test_targets_are_the_measurable_lesions_with_the_largest_products():
    (first,) = follow(visit(0, (A, 21, 11), (B, 16, 15), (C, 31, 5), (D, 12, 12)))
    assert first.targets == ("L3", "L2", "L4")  # L1 is too thin
    sizes = {lesion.name: lesion.product_mm2 for lesion in first.lesions}
    assert sizes == {"L1": 155, "L2": 231, "L3": 240, "L4": 144}
    assert first.product_mm2 == first.target_product_mm2 == 240 + 231 + 144


def test_no_more_targets_than_the_criterion_allows():
    four = visit(0, (A, 11, 11), (B, 13, 13), (C, 15, 15), (D, 17, 17))
    (first,) = follow(four, protocol=Protocol(SIZE_RULES["rano2_2023"]))
    assert (len(first.targets), first.product_mm2) == (3, 17**2 + 15**2 + 13**2)
    assert first.nontarget is NonTarget.STABLE
    (first,) = follow(four, protocol=Protocol(SIZE_RULES["rano2_2023"], targets=1))
    assert first.product_mm2 == 17**2


def test_target_keeps_counting_with_the_size_it_has_however_small():
    sizes = follow(visit(0, (A, 21, 21)), visit(30, (A, 9, 5)), visit(60))
    assert [size.product_mm2 for size in sizes] == [441, 45, 0]
    assert [size.day for size in sizes] == [0, 30, 60]
    assert [dict(size.states)["L1"] for size in sizes] == [
        State.FIRST,
        State.PRESENT,
        State.VANISHED,
    ]
    assert [size.volume_ml for size in sizes] == pytest.approx([0.123, 0.039, 0])


def test_rest_below_the_minimum_volume_is_not_gone_as_long_as_it_is_seen():
    def seen(day, *sizes):
        return lesion_visit(day, crosses(*sizes), GRID.affine, minimum_ml=0.1)

    sizes = follow(seen(0, (A, 25, 25)), seen(30, (A, 5, 3)), seen(60), seen(90, (A, 5, 3)))
    assert [size.product_mm2 for size in sizes] == [625, 15, 0, 0]
    assert [size.volume_ml for size in sizes] == pytest.approx([0.147, 0.021, 0, 0])


def test_speck_where_no_lesion_was_is_neither_new_nor_a_target():
    def seen(day, *sizes):
        return lesion_visit(day, crosses(*sizes), GRID.affine, minimum_ml=0.1)

    first, second = follow(seen(0, (A, 25, 25), (C, 5, 3)), seen(30, (A, 25, 25), (B, 5, 3)))
    assert (second.new_lesion, second.product_mm2) == (NewLesion.NONE, 625)
    assert [lesion.name for lesion in (*first.lesions, *second.lesions)] == ["L1", "L1"]


def test_parts_of_a_target_that_split_are_added():
    whole = visit(0, (((30, 15)), 41, 11))
    parts = visit(30, ((16, 15), 11, 11), ((44, 15), 13, 11))
    assert [size.product_mm2 for size in follow(whole, parts)] == [41 * 11, 11 * 11 + 13 * 11]


def test_targets_that_merged_are_measured_once():
    apart = visit(0, ((20, 15), 15, 11), ((40, 15), 13, 11))
    merged = visit(30, ((30, 15), 41, 11))
    first, second = follow(apart, merged)
    assert (first.product_mm2, second.product_mm2) == (15 * 11 + 13 * 11, 41 * 11)
    assert [lesion.name for lesion in second.lesions] == ["L1+L2"]


@pytest.mark.parametrize(
    ("arms", "expected", "product"),
    [((11, 10), NewLesion.MEASURABLE, 110), ((9, 20), NewLesion.NOT_MEASURABLE, 0)],
)
def test_new_lesion_is_flagged_and_joins_the_sum_if_measurable(arms, expected, product):
    first, second, third = follow(
        visit(0, (A, 15, 15)),
        visit(30, (A, 15, 15), (B, *arms)),
        visit(60, (A, 15, 15), (B, *arms)),
    )
    assert [size.new_lesion for size in (first, second, third)] == [
        NewLesion.NONE,
        expected,
        NewLesion.NONE,
    ]
    assert second.target_product_mm2 == 225
    assert second.product_mm2 == third.product_mm2 == 225 + product


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        ((9, 9), NonTarget.STABLE),
        ((13, 9), NonTarget.STABLE),  # grown, but not measurable
        ((12, 10), NonTarget.WORSE),  # measurable, product of 120 against 81
        ((3, 3), NonTarget.BETTER),
        (None, NonTarget.ABSENT),
    ],
)
def test_nontarget_lesions_are_judged_against_the_baseline(arms, expected):
    later = [(A, 15, 15)] + ([(B, *arms)] if arms else [])
    first, second = follow(visit(0, (A, 15, 15), (B, 9, 9)), visit(30, *later))
    assert (first.nontarget, second.nontarget) == (NonTarget.STABLE, expected)
    assert second.new_lesion is NewLesion.NONE


def test_measurable_nontarget_is_worse_only_if_it_grew_by_a_quarter():
    protocol = Protocol(SIZE_RULES["rano_hgg2010"], targets=1)
    for arms, expected in (((12, 12), NonTarget.STABLE), ((12, 13), NonTarget.STABLE)):
        _, second = follow(
            visit(0, (A, 15, 15), (B, 12, 12)), visit(9, (A, 15, 15), (B, *arms)), protocol=protocol
        )
        assert second.nontarget is expected
    _, second = follow(
        visit(0, (A, 15, 15), (B, 12, 12)), visit(9, (A, 15, 15), (B, 12, 15)), protocol=protocol
    )
    assert second.nontarget is NonTarget.WORSE


def test_parts_of_a_nontarget_lesion_that_split_are_judged_by_their_sum():
    protocol = Protocol(SIZE_RULES["rano2_2023"], targets=1)
    first = visit(0, (A, 25, 25), (B, 20, 11))
    left = ((52, 15), 12, 11)  # 132 of 220 mm²
    for arms, expected in (((12, 11), NonTarget.STABLE), ((13, 12), NonTarget.WORSE)):
        split = visit(30, (A, 25, 25), left, ((67, 15), *arms))
        _, second = follow(first, split, protocol=protocol)
        assert [lesion.name for lesion in second.lesions].count("L2") == 2
        assert second.nontarget is expected
    assert second.worse.clauses == ("measurable lesion that is no target",)
    assert "288 mm² now in 2 parts" in second.worse.reason


def test_without_nontarget_lesions_there_is_nothing_to_judge():
    (only,) = follow(visit(0, (A, 15, 15)))
    assert only.nontarget is NonTarget.ABSENT


def test_lesion_too_small_at_baseline_joins_the_sum_once_it_is_measurable():
    sizes = follow(visit(0, (A, 9, 9)), visit(30, (A, 11, 11)), visit(60, (A, 8, 8)))
    assert [size.product_mm2 for size in sizes] == [0, 121, 64]
    assert all(size.target_product_mm2 == 0 for size in sizes)


@pytest.mark.parametrize(("arms", "expected"), [(11, NonTarget.STABLE), (14, NonTarget.WORSE)])
def test_for_rano_2_it_stays_out_of_the_sum_and_is_judged_by_its_own_clause(arms, expected):
    protocol = Protocol(SIZE_RULES["rano2_2023"])
    _, second = follow(
        visit(0, (A, 15, 15), (B, 9, 9)),
        visit(30, (A, 15, 15), (B, arms, arms)),
        protocol=protocol,
    )
    assert (second.product_mm2, second.nontarget) == (225, expected)
    assert second.nontarget_by_volume is expected


@pytest.mark.parametrize("criterion", ["rano_hgg2010", "rano2_2023"])
def test_lesion_that_came_later_is_new_once_more_when_it_becomes_measurable(criterion):
    visits = (
        visit(0, (A, 15, 15)),
        visit(30, (A, 15, 15), (B, 8, 8)),
        visit(60, (A, 15, 15), (B, 9, 9)),
        visit(90, (B, 11, 11)),
        visit(120, (B, 12, 12)),
    )
    sizes = follow(*visits, protocol=Protocol(SIZE_RULES[criterion]))
    assert [size.product_mm2 for size in sizes] == [225, 225, 225, 121, 144]
    assert [size.new_lesion for size in sizes] == [
        NewLesion.NONE,
        NewLesion.NOT_MEASURABLE,
        NewLesion.NONE,
        NewLesion.MEASURABLE,
        NewLesion.NONE,
    ]


def test_lesion_of_a_visit_before_the_baseline_is_not_new_when_it_returns():
    visits = visit(0, (A, 15, 15), (B, 12, 12)), visit(30, (A, 15, 15)), visit(60, (B, 12, 12))
    assert follow(*visits, baseline=1)[2].new_lesion is NewLesion.NONE


def test_targets_are_chosen_at_the_stated_baseline():
    visits = visit(0, (A, 25, 25)), visit(30, (A, 9, 9), (B, 15, 15)), visit(60, (B, 20, 20))
    sizes = follow(*visits, baseline=1)
    assert sizes[0].targets == ("L2",)
    assert [size.target_product_mm2 for size in sizes] == [0, 225, 400]
    assert [size.new_lesion for size in sizes] == [NewLesion.NONE] * 3


def test_each_visit_is_measured_on_its_own_grid_wherever_it_lies():
    moved, finer = np.eye(4), np.diag([0.5, 0.5, 1.0, 1.0])
    moved[:3, 3] = (4, -3, 0)  # the visit's coordinates are the grid's plus these
    finer[:3, 3] = (4, -3, 0)
    second = number_lesions(
        np.repeat(np.repeat(crosses((A, 15, 15)), 2, 0), 2, 1), finer, minimum_ml=0.0
    )
    first, later = follow(visit(0, (A, 15, 15)), LesionVisit(30, second, finer, moved))
    assert first.product_mm2 == 225
    assert later.lesions[0].name == "L1"
    # arms are now two pixels wide, so that a chord may lean a little
    assert later.product_mm2 == pytest.approx(225, rel=0.02)


def test_diameters_lie_in_the_patient_and_tell_their_slices():
    size = measure_size(crosses((A, 15, 13)), GRID.affine, PROTOCOL)
    assert (size.longest.start, size.longest.end) == ((12.5, 15, 4), (27.5, 15, 4))
    assert (size.perpendicular.length.value, size.product_mm2) == (13, 195)
    assert size.measurability.measurable
    assert "acquired slices" in size.measured_on


def test_sizes_are_in_voxels_where_the_millimeters_are_false():
    false = np.diag([0.5, 0.7, 40.0, 1.0])
    numbers = number_lesions(crosses((A, 15, 9)), false, minimum_ml=0.0)
    protocol = Protocol(SIZE_RULES["rano_hgg2010"], millimeters=False)
    (only,) = follow_lesions([LesionVisit(0, numbers, false)], Grid(SHAPE, false), protocol)
    assert (only.product_mm2, only.targets) == (135, ("L1",))
    assert only.volume_ml == pytest.approx(23 * 3 / 1000)
    assert only.lesions[0].longest.length.unit == "1"
    assert only.lesions[0].longest.start == pytest.approx((12.5 * 0.5, 15 * 0.7, 4 * 40))
    assert "in voxels" in only.lesions[0].measurability.reason


def test_days_that_do_not_rise_and_unknown_baselines_are_refused():
    with pytest.raises(CohortError, match="each must be later"):
        follow(visit(30, (A, 15, 15)), visit(30, (A, 15, 15)))
    with pytest.raises(SettingsError, match="counted from 0"):
        follow(visit(0, (A, 15, 15)), baseline=1)


def test_small_lesion_that_came_later_keeps_the_rest_from_being_absent():
    sizes = follow(
        visit(0, (A, 15, 15)), visit(30, (A, 15, 15), (B, 9, 9)), visit(60, (B, 9, 9)), visit(90)
    )
    assert [size.product_mm2 for size in sizes[2:]] == [0, 0]
    assert [size.nontarget for size in sizes] == [
        NonTarget.ABSENT,
        NonTarget.STABLE,
        NonTarget.STABLE,
        NonTarget.ABSENT,
    ]


def test_small_lesion_that_was_gone_at_the_baseline_and_returns_is_not_absent():
    visits = visit(0, (A, 15, 15), (B, 9, 9)), visit(30, (A, 15, 15)), visit(60, (B, 9, 9))
    sizes = follow(*visits, baseline=1)
    assert sizes[2].new_lesion is NewLesion.NONE
    assert [size.nontarget for size in sizes[1:]] == [NonTarget.ABSENT, NonTarget.STABLE]


def test_visit_that_is_left_out_makes_no_lesion_old_that_the_next_shows_first():
    first, _, last = visit(0, (A, 15, 15)), visit(30), visit(60, (A, 15, 15), (B, 12, 12))
    assert follow(first, last)[1].new_lesion is NewLesion.MEASURABLE
