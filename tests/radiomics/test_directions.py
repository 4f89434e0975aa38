"""Directions and neighbors: how many, none twice."""

import numpy as np
import pytest

from gliokit.radiomics.aggregation import Aggregation, Dimension
from gliokit.radiomics.directions import (
    IN_SLICE,
    IN_VOLUME,
    WALKS,
    compute_once,
    steps_within,
)


@pytest.mark.parametrize(("directions", "axes"), [(IN_SLICE, 2), (IN_VOLUME, 3)])
def test_directions_and_their_opposites_are_all_neighbors(directions, axes):
    both = np.concatenate([directions, -directions])
    assert len(np.unique(both, axis=0)) == len(both) == 3**axes - 1
    assert np.abs(both).max() == 1


def test_directions_in_a_slice_stay_in_it():
    assert not IN_SLICE[:, 2].any()


def test_every_aggregation_has_one_walk_in_their_order():
    ways = [way for walk in WALKS for way in (walk.averaged, walk.combined)]
    assert ways == list(Aggregation)


@pytest.mark.parametrize(
    ("distance", "in_slice", "n"), [(1, True, 8), (1, False, 26), (2, False, 124)]
)
def test_neighbors_within_a_distance_leave_out_the_voxel_itself(distance, in_slice, n):
    steps = steps_within(distance, in_slice=in_slice)
    assert len(np.unique(steps, axis=0)) == n
    assert np.abs(steps).max(axis=1).min() == 1
    assert np.abs(steps).max() == distance


def test_slices_averaged_and_merged_are_computed_once():
    asked = []
    given = list(compute_once(tuple(Dimension)[::-1], lambda by_slice: asked.append(by_slice)))
    assert asked == [True, False]
    assert [dimension for dimension, _ in given] == list(Dimension)
