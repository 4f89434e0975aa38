"""Dice against closed forms."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.evaluation.overlap import dice


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
