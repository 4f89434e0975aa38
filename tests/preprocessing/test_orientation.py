"""Arrays turned to RAS and back, for every way of storing them."""

from itertools import permutations, product

import numpy as np
import pytest

from gliokit.core.geometry import Grid, axis_codes, to_world
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras

SHAPE = (3, 4, 5)


def stored_affines() -> list[np.ndarray]:
    affines = []
    for order, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
        affine = np.eye(4)
        affine[:3, :3] = np.diag([1.0, 2.0, 3.0])[:, order] * signs
        affine[:3, 3] = (7, -5, 11)
        affines.append(affine)
    return affines


@pytest.mark.parametrize("affine", stored_affines(), ids=axis_codes)
def test_turning_there_and_back_changes_nothing(affine):
    array = np.arange(60).reshape(SHAPE)
    assert np.array_equal(turn_from_ras(turn_to_ras(array, affine), affine), array)


@pytest.mark.parametrize("affine", stored_affines(), ids=axis_codes)
def test_every_turned_voxel_keeps_its_place_in_the_patient(affine):
    turned = grid_in_ras(Grid(SHAPE, affine))
    places = to_world(affine, np.moveaxis(np.indices(SHAPE), 0, -1))
    expected = to_world(turned.affine, np.moveaxis(np.indices(turned.shape), 0, -1))
    for world in range(3):
        assert np.allclose(turn_to_ras(places[..., world], affine), expected[..., world])
