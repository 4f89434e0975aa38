"""Disease after surgery: what is left, and how new enhancement grows and goes."""

from dataclasses import replace
from math import inf

import pytest

from gliokit.core.vocabulary import Progression
from gliokit.phantom.patients.disease import (
    Disease,
    expected_whole_ml,
    new_enhancement,
    residual_ml,
)
from gliokit.phantom.tumor.parameters import Kind, TumorParameters

DISEASE = Disease(
    whole_ml=20.0,
    left_ml=4.0,
    surgery_day=10,
    clears_from_day=40.0,
    cleared=0.5,
    progression_day=300.0,
    pseudo_day=130.0,
    pseudo_rises_days=50.0,
    first_ml=2.0,
    doubling_days=50.0,
    in_field=True,
    pseudo_in_field=True,
)


def test_surgery_leaves_its_share_and_treatment_clears_the_rest_slowly():
    assert [residual_ml(DISEASE, day) for day in (0, 9, 10, 40)] == [20, 20, 4, 4]
    assert 2 < residual_ml(DISEASE, 130) < 4
    assert residual_ml(DISEASE, 5000) == pytest.approx(2)


def test_true_progression_doubles_in_its_doubling_time():
    assert new_enhancement(DISEASE, 300) == (2, Progression.TRUE)
    assert new_enhancement(DISEASE, 350)[0] == pytest.approx(4)
    assert new_enhancement(DISEASE, 400)[0] == pytest.approx(8)


def test_true_progression_has_a_largest_volume():
    assert new_enhancement(DISEASE, 1e6) == (60, Progression.TRUE)


def test_pseudoprogression_begins_like_true_progression_and_then_regresses():
    alone = replace(DISEASE, progression_day=inf)
    assert new_enhancement(alone, 129) == (0, Progression.NONE)
    assert new_enhancement(alone, 130) == (2, Progression.PSEUDO)
    assert new_enhancement(alone, 180)[0] == pytest.approx(4)
    assert new_enhancement(alone, 205)[0] == pytest.approx(2)
    assert new_enhancement(alone, 600) == (0, Progression.NONE)


def test_a_thicker_rim_means_more_enhancing_tissue():
    ring = TumorParameters(Kind.RING, core_ml=30.0, edema_ml=20.0, rim_mm=2.0)
    assert expected_whole_ml(ring) < expected_whole_ml(replace(ring, rim_mm=6.0)) < 30


def test_of_a_tumor_without_enhancement_the_core_counts():
    assert expected_whole_ml(TumorParameters(Kind.NON_ENHANCING, 30.0, 5.0)) == 30
