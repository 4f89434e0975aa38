"""Overlap against closed forms."""

import math

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.evaluation.overlap import (
    Confusion,
    count_confusion,
    dice,
    positive_predictive_value,
    sensitivity,
    specificity,
)


def cube(start, side=10):
    mask = np.zeros((40, 40, 40), dtype=bool)
    mask[tuple(slice(first, first + side) for first in start)] = True
    return mask


@pytest.mark.parametrize("shift", [0, 3, 9, 10, 15])
def test_shifted_cubes_share_what_is_left(shift):
    expected = max(10 - shift, 0) / 10
    assert dice(cube((5, 5, 5)), cube((5 + shift, 5, 5))) == pytest.approx(expected)


def test_cube_within_a_cube():
    assert dice(cube((5, 5, 5)), cube((7, 7, 7), side=5)) == pytest.approx(2 * 125 / 1125)


def test_two_empty_masks_agree():
    assert dice(cube((0, 0, 0), 0), cube((0, 0, 0), 0)) == 1


def test_one_empty_mask_shares_nothing():
    assert dice(cube((5, 5, 5)), cube((0, 0, 0), 0)) == 0
    assert dice(cube((0, 0, 0), 0), cube((5, 5, 5))) == 0


def test_order_does_not_matter():
    first, second = np.random.default_rng(0).random((2, 8, 8, 8)) < 0.4
    assert dice(first, second) == dice(second, first)


def test_masks_on_different_grids_are_refused():
    with pytest.raises(GeometryError, match="give both on the same grid"):
        dice(cube((5, 5, 5)), cube((5, 5, 5))[1:])


def test_shares_of_a_shifted_cube():
    reference, prediction = cube((5, 5, 5)), cube((8, 5, 5))
    assert sensitivity(reference, prediction) == pytest.approx(0.7)
    assert positive_predictive_value(reference, prediction) == pytest.approx(0.7)
    assert specificity(reference, prediction) == pytest.approx(1 - 300 / (40**3 - 1000))


def test_shares_of_a_cube_within_a_cube():
    large, small = cube((5, 5, 5)), cube((7, 7, 7), side=5)
    assert (sensitivity(large, small), positive_predictive_value(large, small)) == (0.125, 1)
    assert (sensitivity(small, large), positive_predictive_value(small, large)) == (1, 0.125)
    assert specificity(large, small) == 1


def test_voxels_are_counted_once():
    counts = count_confusion(cube((5, 5, 5)), cube((8, 5, 5)))
    assert counts == Confusion(700, 300, 300, 40**3 - 1300)


def test_dice_is_the_harmonic_mean_of_sensitivity_and_predictive_value():
    rng = np.random.default_rng(1)
    reference, prediction = rng.random((8, 8, 8)) < 0.4, rng.random((8, 8, 8)) < 0.2
    found = sensitivity(reference, prediction)
    right = positive_predictive_value(reference, prediction)
    assert dice(reference, prediction) == pytest.approx(2 / (1 / found + 1 / right))


def test_specificity_that_havaei_printed_is_a_predictive_value():
    # counts that give the published Dice of 0.78 and sensitivity of 0.96 in a BraTS image
    found, voxels = 96_000, 240 * 240 * 155
    false = round(2 * found / 0.78) - 2 * found - 4_000
    counts = Confusion(found, 4_000, false, voxels - found - 4_000 - false)
    assert (counts.dice, counts.sensitivity) == pytest.approx((0.78, 0.96), abs=1e-4)
    assert counts.positive_predictive_value == pytest.approx(0.66, abs=0.005)
    expected = 0.78 * 0.96 / (2 * 0.96 - 0.78)
    assert counts.positive_predictive_value == pytest.approx(expected, abs=1e-3)
    assert counts.specificity > 0.99


@pytest.mark.parametrize(
    ("measure", "reference_empty", "prediction_empty"),
    [
        (sensitivity, math.nan, 0),
        (specificity, 1 - 1000 / 40**3, 1),
        (positive_predictive_value, 0, math.nan),
    ],
)
def test_share_of_nothing_is_undefined(measure, reference_empty, prediction_empty):
    full, empty = cube((5, 5, 5)), cube((0, 0, 0), 0)
    assert measure(empty, full) == pytest.approx(reference_empty, nan_ok=True)
    assert measure(full, empty) == pytest.approx(prediction_empty, nan_ok=True)
    assert measure(empty, empty) == 1


def test_specificity_without_an_outside_is_undefined():
    full = np.ones((4, 4, 4), dtype=bool)
    assert math.isnan(specificity(full, full))
