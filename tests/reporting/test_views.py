"""Pictures in the radiological convention, whatever the storage."""

import numpy as np
import pytest

from gliokit.core.geometry import Grid, to_world
from gliokit.reporting.views import (
    Plane,
    direction_text,
    letters,
    picture,
    picture_points,
    pixel_mm,
)


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


def test_center_of_the_first_pixel_lies_half_a_pixel_inside_the_picture():
    grid = Grid((4, 5, 6), np.diag([2.0, 3.0, 5.0, 1.0]))
    world = to_world(grid.affine, [(3, 4, 0)])
    assert picture_points(grid, Plane.AXIAL, world).tolist() == [[1.0, 1.5]]
    assert pixel_mm(grid, Plane.SAGITTAL) == (3.0, 5.0)


def test_coordinates_are_written_with_the_letter_of_their_side():
    assert [direction_text(-31.6, axis) for axis in range(3)] == ["L 32", "P 32", "I 32"]
    assert direction_text(4.2, 0) == "R 4"
