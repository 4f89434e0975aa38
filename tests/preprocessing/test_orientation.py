"""Arrays turned to RAS and back, for every way of storing them."""

from itertools import permutations, product

import numpy as np
import pytest

from gliokit.core.geometry import Grid, axis_codes, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.preprocessing.orientation import (
    ORIGIN_STEP_MM,
    grid_in_ras,
    stored_in_ras,
    turn_from_ras,
    turn_to_ras,
)

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


WAYS = [*product(permutations(range(3)), product((1, -1), repeat=3))]  # the first is RAS


@pytest.fixture(scope="module")
def image() -> Image:
    """Give an oblique image in RAS order whose origin is on no step."""
    affine = np.eye(4)
    affine[:3, :3] = [[0.9, 0.1, 0.2], [-0.1, 1.9, 0], [-0.2, 0, 2.9]]
    affine[:3, 3] = (-113.656, -74.617, 46.859)
    array = np.arange(60, dtype=np.float32).reshape(SHAPE)
    return Image(np.asfortranarray(array), affine.astype(np.float32).astype(np.float64))


@pytest.mark.parametrize(("order", "signs"), WAYS)
def test_all_ways_to_store_an_image_are_brought_to_the_same_bytes(image, stored, order, signs):
    one, other = (stored_in_ras(each) for each in (image, stored(image, order, signs)))
    assert other.affine.tobytes() == one.affine.tobytes()
    assert other.array.tobytes(order="A") == image.array.tobytes(order="A")
    assert not other.grid.difference(image.grid)


def test_labels_are_turned_with_all_that_is_known_of_them():
    labels = LabelMap(np.ones(SHAPE, np.uint8), np.diag([-1.0, 1, 1, 1]), "file", "note", "hash")
    turned = stored_in_ras(labels)
    assert axis_codes(turned.affine) == "RAS"
    assert (turned.source, turned.note, turned.sha256) == ("file", "note", "hash")


@pytest.mark.parametrize("way", [WAYS[0], WAYS[-1]])
def test_an_origin_is_moved_by_at_most_half_a_step(image, stored, way):
    given = stored(image, *way)
    moved = np.abs(stored_in_ras(given).affine - grid_in_ras(given.grid).affine)
    assert 0 < moved[:3, 3].max() <= ORIGIN_STEP_MM / 2
    assert not moved[:3, :3].any()
