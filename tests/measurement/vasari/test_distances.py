"""Gaps between regions, and depths under a surface."""

import numpy as np
import pytest

from gliokit.measurement.vasari.distances import depths_mm, gaps_mm


def one(place):
    mask = np.zeros((12, 12, 12), dtype=bool)
    mask[place] = True
    return mask


@pytest.mark.parametrize(
    ("there", "gap"),
    [
        ((3, 2, 2), 0),
        ((3, 3, 2), 0),
        ((3, 3, 3), 0),
        ((4, 2, 2), 1),
        ((2, 4, 2), 2),
        ((2, 2, 5), 6),
        ((4, 4, 2), np.hypot(2, 4) / 2),
    ],
)
def test_gap_is_what_lies_between_the_voxels(there, gap):
    found = gaps_mm(one((2, 2, 2)), one(there), np.array([1.0, 2.0, 3.0]))
    assert found == pytest.approx([gap])


def test_gap_to_nothing_is_infinite():
    nothing = np.zeros((12, 12, 12), dtype=bool)
    assert gaps_mm(one((2, 2, 2)), nothing, np.ones(3)).tolist() == [np.inf]
    assert gaps_mm(nothing, one((2, 2, 2)), np.ones(3)).size == 0


def test_depth_counts_from_the_surface():
    brain = one((slice(1, 10),) * 3)
    line = one((slice(1, 6), 5, 5))
    assert depths_mm(line, brain, np.full(3, 2.0)).tolist() == [0, 2, 4, 6, 8]
