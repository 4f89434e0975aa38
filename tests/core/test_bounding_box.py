"""The box around a mask."""

import numpy as np
import pytest

from gliokit.core.geometry import bounding_box


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_box_holds_all_that_is_not_zero_and_no_more(axes):
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = rng.random((9, 7, 8)[:axes]) < 0.02
        mask.flat[rng.integers(mask.size)] = True
        occupied = np.argwhere(mask)
        starts, stops = occupied.min(axis=0), occupied.max(axis=0) + 1
        expected = tuple(slice(*ends) for ends in zip(starts, stops, strict=True))
        assert bounding_box(mask) == expected


def test_box_of_an_empty_mask_is_empty():
    mask = np.zeros((3, 4), dtype=np.uint8)
    assert mask[bounding_box(mask)].size == 0
