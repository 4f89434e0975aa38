"""Images and labels arrive where they belong, once interpolated."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.core.geometry import Grid, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.evaluation.overlap import dice
from gliokit.preprocessing.carry import carry_image, carry_labels
from gliokit.preprocessing.orientation import turn_to_ras


def affine_of(spacing_mm, origin_mm=(0, 0, 0), turn_degrees=(0, 0, 0)):
    affine = np.eye(4)
    turn = Rotation.from_euler("xyz", turn_degrees, degrees=True).as_matrix()
    affine[:3, :3] = turn * np.asarray(spacing_mm, dtype=float)
    affine[:3, 3] = origin_mm
    return affine


def places_of(grid):
    return to_world(grid.affine, np.moveaxis(np.indices(grid.shape), 0, -1))


STEPS = 0.03  # what a shift by half a step along every axis makes of `linear`


def linear(places_mm):
    return (places_mm @ [1.0, -2, 0.5] + 300).astype(np.float32)


@pytest.fixture
def ramp():
    grid = Grid((40, 44, 20), affine_of([1, 1, 2], [-20, -22, -20], [8, -5, 4]))
    return Image(linear(places_of(grid)), grid.affine)


def test_an_image_carried_to_its_own_grid_is_unchanged(ramp):
    np.testing.assert_array_equal(carry_image(ramp, np.eye(4), ramp.grid).array, ramp.array)


def test_a_shift_by_whole_voxels_copies_though_headers_are_of_single_precision(ramp):
    affine = ramp.affine.copy()
    affine[:3, 3] = to_world(affine, [3, 5, 2])
    part = Grid((30, 20, 10), affine.astype(np.float32).astype(np.float64))
    expected = ramp.array[3:33, 5:25, 2:12]
    np.testing.assert_array_equal(carry_image(ramp, np.eye(4), part).array, expected)


@pytest.mark.parametrize("spacing_mm", [(0.7, 0.8, 0.9), (1, 1, 1), (3, 2, 5)])
def test_a_linear_image_is_carried_exactly_to_any_grid_and_through_any_motion(ramp, spacing_mm):
    motion = affine_of([1, 1, 1], [1, -2, 3], [5, 10, -8])
    grid = Grid((6, 6, 4), affine_of(spacing_mm, [-5, -4, -6], [20, 0, 15]))
    carried = carry_image(ramp, motion, grid).array
    np.testing.assert_allclose(carried, linear(to_world(motion, places_of(grid))), atol=STEPS)


def test_coarse_voxels_hold_the_mean_of_the_fine_ones_in_them():
    fine = np.random.default_rng(0).random((24, 24, 24)).astype(np.float32)
    coarse = Grid((8, 12, 6), affine_of([3, 2, 4], [1, 0.5, 1.5]))
    carried = carry_image(Image(fine, np.eye(4)), np.eye(4), coarse).array
    blocks = fine.reshape(8, 3, 12, 2, 6, 4).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(carried, blocks, rtol=1e-5)


def test_an_image_reaches_to_the_faces_of_its_voxels_and_no_further():
    image = Image(np.full((4, 4, 3), 7, dtype=np.float32), affine_of([1, 1, 6]))
    grid = Grid((4, 4, 40), affine_of([1, 1, 1], [0, 0, -10]))
    inside = carry_image(image, np.eye(4), grid).array[0, 0] == 7
    z = np.arange(40) - 10
    np.testing.assert_array_equal(inside[z != 15], ((z >= -3) & (z <= 15))[z != 15])


def test_motions_compose_before_anything_is_interpolated(ramp):
    first = affine_of([1, 1, 1], [0, 3, 1], [4, 0, 0])
    second = affine_of([1, 1, 1], [2, 0, -1], [0, 6, 0])
    grid = Grid((8, 8, 8), affine_of([1, 1, 1], [-4, -4, -4]))
    moved = Image(ramp.array, np.linalg.inv(second) @ ramp.affine)  # as if it lay elsewhere
    np.testing.assert_allclose(
        carry_image(ramp, second @ first, grid).array,
        carry_image(moved, first, grid).array,
        rtol=1e-5,
    )


def test_an_ellipsoid_survives_the_way_to_one_millimeter_and_back_to_thick_oblique_slices():
    native = Grid((120, 120, 26), affine_of([0.9, 0.9, 5.5], [-54, -54, -70], [17, 4, -3]))
    inside = np.linalg.norm((places_of(native) - [0, 8, 5]) / [22, 30, 25], axis=-1)
    labels = np.select([inside < 0.5, inside < 1], [np.uint8(3), np.uint8(2)], np.uint8(0))
    motion = affine_of([1, 1, 1], [4, -6, 9], [-8, 5, 11])
    reference = Grid((150, 150, 150), affine_of([1, 1, 1], [-75, -75, -75]))
    there = carry_labels(LabelMap(labels, native.affine), motion, reference)
    back = carry_labels(there, np.linalg.inv(motion), native)
    for label in (2, 3):
        assert dice(labels == label, back.array == label) > 0.95
    volume = np.count_nonzero(there.array) / (np.count_nonzero(labels) * 0.9 * 0.9 * 5.5)
    assert volume == pytest.approx(1, abs=0.02)


def test_labels_are_never_mixed_into_others():
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[4:12, 4:12, 4:12] = 4
    labels[12:16, 4:12, 4:12] = 1
    grid = Grid((40, 40, 40), affine_of([0.6, 0.6, 0.6], [1, 1, 1], [10, 20, 5]))
    carried = carry_labels(LabelMap(labels, np.eye(4)), np.eye(4), grid).array
    assert set(np.unique(carried)) == {0, 1, 4}


def test_a_map_without_labels_stays_empty_and_labels_elsewhere_are_lost():
    grid = Grid((10, 10, 10), affine_of([1, 1, 1], [500, 0, 0]))
    labels = np.zeros((10, 10, 10), np.uint8)
    assert not carry_labels(LabelMap(labels, np.eye(4)), np.eye(4), grid).array.any()
    labels[5, 5, 5] = 1
    assert not carry_labels(LabelMap(labels, np.eye(4)), np.eye(4), grid).array.any()


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (((2, 0, 1), (1, -1, 1)), ((0, 1, 2), (-1, -1, 1))),
        (((1, 2, 0), (-1, 1, -1)), ((2, 1, 0), (-1, 1, 1))),
        (((0, 1, 2), (-1, 1, 1)), ((0, 1, 2), (1, 1, 1))),
        (((0, 1, 2), (1, 1, 1)), ((1, 0, 2), (1, -1, -1))),
    ],
)
def test_the_order_in_which_voxels_are_stored_changes_nothing(stored, source, target):
    rng = np.random.default_rng(0)
    turned = affine_of([0.9, 0.9, 5.5], [-18, -18.5, -22.25], [17, 4, -3])
    turned[:3, :3] = turned[:3, :3].astype(np.float32)  # as a header holds it
    image = Image(rng.random((40, 42, 8)).astype(np.float32), turned)
    labels = LabelMap(rng.integers(0, 4, (40, 42, 8)).astype(np.uint8), turned)
    frame = Image(np.zeros((30, 32, 34), np.float32), affine_of([1, 1, 1], [-15, -16, -17]))
    motion = affine_of([1, 1, 1], [2, -3, 1], [6, -4, 9])
    grid = stored(frame, *target).grid
    for given, carry in ((image, carry_image), (labels, carry_labels)):
        expected = carry(given, motion, frame.grid).array
        found = carry(stored(given, *source), motion, grid)
        assert not found.grid.difference(grid)
        assert np.array_equal(turn_to_ras(found.array, grid.affine), expected)
