"""Measurable or not, at every limit of every criterion."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.core.vocabulary import Label
from gliokit.measurement.axial import axial_view
from gliokit.measurement.diameters import measure_slice
from gliokit.measurement.measurability import (
    SIZE_RULES,
    Interior,
    SliceReading,
    judge_size,
    measured_mask,
)
from gliokit.measurement.response.vocabulary import Component, Evidence

WITH_SIZE = [name for name in SIZE_RULES if name != "macdonald1990"]


def bar(width, length=40, slices=2):
    """Draw a bar so long that its perpendicular is about its width."""
    mask = np.zeros((width + 2, length + 2, slices + 2), dtype=bool)
    mask[1:-1, 1:-1, 1:-1] = True
    return axial_view(mask, np.eye(4))


def cross(pixels, *, pixel_mm=1.0, slice_mm=1.0):
    """Draw a cross on two slices: both its diameters are its arms, exactly."""
    mask = np.zeros((pixels + 2, pixels + 2, 4), dtype=bool)
    middle = 1 + pixels // 2
    mask[middle, 1:-1, 1:-1] = mask[1:-1, middle, 1:-1] = True
    return axial_view(mask, np.diag([pixel_mm, pixel_mm, slice_mm, 1.0]))


@pytest.mark.parametrize("name", WITH_SIZE)
@pytest.mark.parametrize(("pixels", "measurable"), [(100, True), (99, False)])
def test_ten_millimeters_are_enough_and_less_is_not(name, pixels, measurable):
    # 100 times 0.1 is not quite 10 for a computer
    judged = judge_size(cross(pixels, pixel_mm=0.1), SIZE_RULES[name])
    assert judged.measurable is measurable
    assert (judged.clause is None) == measurable
    if not measurable:
        assert judged.clause is SIZE_RULES[name].smallest
        assert "9.9 mm, 10 mm are needed" in judged.reason


@pytest.mark.parametrize("name", WITH_SIZE)
def test_one_slice_is_not_enough(name):
    judged = judge_size(bar(12, slices=1), SIZE_RULES[name])
    assert not judged.measurable
    assert judged.clause is SIZE_RULES[name].slices
    assert judge_size(bar(12, slices=2), SIZE_RULES[name]).measurable


@pytest.mark.parametrize("name", WITH_SIZE)
@pytest.mark.parametrize(
    ("slice_mm", "width", "measurable"),
    [
        (5.0, 10, True),  # "less than 5" and "at most 5" agree here: twice 5 is 10
        (6.0, 11, False),
        (6.0, 12, True),
        (7.5, 14, False),  # 5 mm slices with gaps of 2.5 mm
        (7.5, 15, True),
    ],
)
def test_thick_slices_ask_for_twice_their_distance(name, slice_mm, width, measurable):
    judged = judge_size(cross(width, slice_mm=slice_mm), SIZE_RULES[name])
    assert judged.measurable is measurable
    if not measurable:
        assert judged.clause is SIZE_RULES[name].thickness
        assert f"slices {slice_mm:g} mm apart" in judged.reason


def test_second_slice_may_show_any_of_it_or_must_be_as_large_by_the_reading():
    mask = np.zeros((20, 20, 3), dtype=bool)
    mask[2:16, 2:16, 1] = True
    mask[8, 8, 2] = True
    view = axial_view(mask, np.eye(4))
    rule = SIZE_RULES["rano_hgg2010"]
    assert judge_size(view, rule).measurable
    strict = judge_size(view, rule, reading=SliceReading.LARGE_ENOUGH)
    assert (strict.measurable, strict.clause) == (False, rule.slices)
    mask[2:16, 2:16, 2] = True
    assert judge_size(view, rule, reading=SliceReading.LARGE_ENOUGH).measurable


def test_long_thin_lesion_is_not_measurable():
    assert not judge_size(bar(6), SIZE_RULES["rano2_2023"]).measurable


def test_macdonald_states_no_smallest_size():
    judged = judge_size(bar(1, length=2, slices=1), SIZE_RULES["macdonald1990"])
    assert judged.measurable
    assert "no smallest size" in judged.reason


def test_nothing_is_not_measurable():
    nothing = axial_view(np.zeros((4, 4, 4), dtype=bool), np.eye(4))
    assert not judge_size(nothing, SIZE_RULES["macdonald1990"]).measurable


@pytest.mark.parametrize(
    ("interior", "values"),
    [
        (Interior.EXCLUDED, [3]),
        (Interior.NECROSIS, [1, 3]),
        (Interior.NECROSIS_AND_CAVITY, [1, 3, 4]),
    ],
)
def test_interior_says_what_a_diameter_may_cross(interior, values):
    labels = np.arange(5).reshape(5, 1, 1)
    assert labels[measured_mask(labels, interior=interior)].tolist() == values


def test_rim_is_measured_across_its_necrosis_only_where_that_counts():
    labels = np.full((24, 24), Label.ENHANCING)
    labels[5:-5, 5:-5] = Label.NECROTIC_CORE
    solid, filled = (
        measure_slice(measured_mask(labels, interior=interior), (1, 1)).longest.length_mm
        for interior in (Interior.EXCLUDED, Interior.NECROSIS)
    )
    assert solid < 26  # along a side
    assert filled == pytest.approx(24 * np.sqrt(2))  # from corner to corner


def test_nonenhancing_disease_is_all_of_the_abnormality_without_the_cavity():
    labels = np.arange(5).reshape(5, 1, 1)
    chosen = measured_mask(labels, component=Component.NONENHANCING)
    assert labels[chosen].tolist() == [1, 2, 3]


def test_components_are_never_measured_together():
    with pytest.raises(NotAssessableError, match="never added"):
        measured_mask(np.zeros((2, 2, 2), int), component=Component.MIXED)


def test_every_rule_says_where_it_was_read():
    for rule in SIZE_RULES.values():
        clauses = (rule.smallest, rule.slices, rule.thickness)
        assert all(clause.evidence for clause in clauses)
        assert rule.interior_evidence
        assert rule.targets_evidence
    assert Evidence.PROGRAM in SIZE_RULES["rano2_2023"].targets_evidence
    assert (SIZE_RULES["rano2_2023"].targets, SIZE_RULES["rano_hgg2010"].targets) == (3, 5)
