"""Pictures in the radiological convention, whatever the storage."""

import numpy as np
import pytest

from gliokit.core.geometry import Grid, to_world
from gliokit.reporting.views import (
    Plane,
    direction_text,
    grid_in_ras,
    letters,
    picture,
    picture_points,
    pixel_mm,
    turn_to_ras,
)

AFFINE = np.array([[0, 0, -3.0, 5], [2, 0, 0, -7], [0, -4, 0, 11], [0, 0, 0, 1]])  # stored AIL
SHAPE = (5, 6, 7)


@pytest.mark.parametrize(
    ("plane", "edges"),
    [
        (Plane.AXIAL, ("R", "L", "A", "P")),
        (Plane.CORONAL, ("R", "L", "S", "I")),
        (Plane.SAGITTAL, ("A", "P", "S", "I")),
    ],
)
def test_edges_of_each_plane_follow_the_radiological_convention(plane, edges):
    assert letters(plane) == edges


@pytest.mark.parametrize(
    ("plane", "corner"),
    [(Plane.AXIAL, (3, 4, 0)), (Plane.CORONAL, (3, 0, 5)), (Plane.SAGITTAL, (0, 4, 5))],
)
def test_upper_left_pixel_is_the_most_right_front_and_upper_voxel(plane, corner):
    volume = np.zeros((4, 5, 6), dtype=np.float32)
    volume[corner] = 1
    assert picture(volume, plane, 0)[0, 0] == 1


def test_turned_grid_places_every_voxel_where_it_was():
    stored = Grid(SHAPE, AFFINE)
    turned = grid_in_ras(stored)
    assert turned.shape == (7, 5, 6)
    for world, axis in enumerate([2, 0, 1]):
        coordinate = to_world(AFFINE, np.moveaxis(np.indices(SHAPE), 0, -1))[..., world]
        assert np.all(np.diff(turn_to_ras(coordinate, AFFINE), axis=world) > 0), axis
    first = turn_to_ras(to_world(AFFINE, np.moveaxis(np.indices(SHAPE), 0, -1))[..., 0], AFFINE)
    assert to_world(turned.affine, (0, 0, 0))[0] == first[0, 0, 0]


def test_center_of_the_first_pixel_lies_half_a_pixel_inside_the_picture():
    grid = Grid((4, 5, 6), np.diag([2.0, 3.0, 5.0, 1.0]))
    world = to_world(grid.affine, [(3, 4, 0)])
    assert picture_points(grid, Plane.AXIAL, world).tolist() == [[1.0, 1.5]]
    assert pixel_mm(grid, Plane.SAGITTAL) == (3.0, 5.0)


def test_coordinates_are_written_with_the_letter_of_their_side():
    assert [direction_text(-31.6, axis) for axis in range(3)] == ["L 32", "P 32", "I 32"]
    assert direction_text(4.2, 0) == "R 4"
