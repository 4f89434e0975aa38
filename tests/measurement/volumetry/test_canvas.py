"""Regions in world coordinates."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import to_world
from gliokit.measurement.volumetry.canvas import Canvas, box_of, near, voxel_at

SHAPE = (20, 24, 10)


@pytest.fixture(params=[0, 20], ids=["straight", "oblique"])
def affine(request):
    angle = np.radians(request.param)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    made = np.eye(4)
    made[:3, :3] = turn @ np.diag([-1.0, 1.0, 2.5])
    made[:3, 3] = [9, -7, 30]
    return made


def centers(affine):
    return to_world(affine, np.moveaxis(np.indices(SHAPE), 0, -1))


def test_box_holds_the_voxels_whose_centers_it_holds(affine):
    sides = ((-4.0, 3.0), (2.0, -5.0), (33.0, 44.0))
    low, high = np.sort(sides, axis=1).T
    expected = ((centers(affine) >= low) & (centers(affine) <= high)).all(axis=-1)
    assert expected.any()
    np.testing.assert_array_equal(box_of(affine, SHAPE, sides), expected)


def test_near_holds_the_voxels_within_the_distance_of_any_point(affine):
    points = [tuple(to_world(affine, index).tolist()) for index in ((5, 6, 3), (14, 15, 8))]
    apart = [np.linalg.norm(centers(affine) - point, axis=-1) for point in points]
    np.testing.assert_array_equal(near(affine, SHAPE, points, 4.0), np.min(apart, axis=0) <= 4.0)


def test_near_holds_the_voxel_of_the_point_however_small_the_distance(affine):
    point = tuple(np.add(to_world(affine, (5, 6, 3)), (0.2, 0.1, 0.9)).tolist())
    assert np.argwhere(near(affine, SHAPE, [point], 0.0)).tolist() == [[5, 6, 3]]


def test_voxel_of_a_point_is_the_nearest(affine):
    assert voxel_at(affine, SHAPE, tuple(to_world(affine, (3.4, 7.6, 2.2)))) == (3, 8, 2)


def test_point_outside_is_refused_with_the_extent_of_the_image(affine):
    with pytest.raises(
        GeometryError, match=r"lies outside the image, which reaches x .* z 30 to 5"
    ):
        voxel_at(affine, SHAPE, (500.0, 0.0, 40.0))


def test_box_without_a_voxel_is_refused(affine):
    with pytest.raises(GeometryError, match="holds no voxel"):
        box_of(affine, SHAPE, ((500, 600), (0, 10), (30, 40)))


def test_canvas_of_two_shapes_is_refused():
    with pytest.raises(GeometryError, match="resample the outline"):
        Canvas(np.zeros(SHAPE, np.float32), np.zeros((2, 2, 2), bool), np.eye(4))
