"""Strokes of a brush in millimeters."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.measurement.volumetry.strokes import Stroke, paint, strokes_of

AFFINE = np.diag([1.0, 2.0, 5.0, 1.0])
SHAPE = (40, 20, 8)


def test_dab_covers_a_ball_in_millimeters():
    covered = paint(AFFINE, SHAPE, Stroke(((20, 20, 20),), 6))
    places = np.moveaxis(np.indices(SHAPE), 0, -1) * np.diag(AFFINE)[:3]
    expected = np.linalg.norm(places - [20, 20, 20], axis=-1) <= 6
    np.testing.assert_array_equal(covered, expected)


def test_line_covers_all_within_the_radius_of_it():
    covered = paint(AFFINE, SHAPE, Stroke(((10, 10, 20), (30, 10, 20)), 3))
    x, y, z = np.nonzero(covered)
    assert (x.min(), x.max()) == (7, 33)
    assert (y.min() * 2, y.max() * 2) == (8, 12)
    assert set(z) == {4}


def test_corner_of_a_line_is_covered():
    points = ((5, 5, 10), (20, 5, 10), (20, 30, 10))
    whole = paint(AFFINE, SHAPE, Stroke(points, 2))
    legs = [paint(AFFINE, SHAPE, Stroke(points[i : i + 2], 2)) for i in range(2)]
    np.testing.assert_array_equal(whole, legs[0] | legs[1])


def test_stroke_between_slices_paints_the_voxels_it_enters():
    covered = paint(AFFINE, SHAPE, Stroke(((10, 10, 22.4), (14, 10, 22.4)), 0.5))
    assert np.argwhere(covered).tolist() == [[x, 5, 4] for x in range(10, 15)]


def test_stroke_that_leaves_the_image_paints_what_is_in_it():
    covered = paint(AFFINE, SHAPE, Stroke(((-30, 10, 20), (3, 10, 20)), 1))
    assert covered[:4].any()


def test_stroke_outside_the_image_is_refused():
    with pytest.raises(GeometryError, match=r"covers no voxel; the image reaches x 0 to 39"):
        paint(AFFINE, SHAPE, Stroke(((-30, 10, 20),), 1))


@pytest.mark.parametrize(
    "stroke",
    [
        Stroke((), 1),
        Stroke(((0, 0, np.nan),), 1),
        Stroke(((0, 0, 0),), -1),
        Stroke(((0, 0, 0),), 99),
    ],
)
def test_senseless_stroke_is_refused(stroke):
    with pytest.raises(SettingsError, match="a stroke has"):
        paint(AFFINE, SHAPE, stroke)


def test_strokes_are_read_from_what_json_holds():
    record = [{"points_mm": [[1, 2, 3], [4, 5, 6]], "radius_mm": 2}]
    assert strokes_of(record) == (Stroke(((1, 2, 3), (4, 5, 6)), 2),)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ([], "strokes are a list"),
        ({"points_mm": []}, "strokes are a list"),
        ([{"points_mm": [[1, 2, 3]]}], "stroke 1: found"),
        ([{"points_mm": [[1, 2, 3]], "radius_mm": 1, "colour": 2}], "stroke 1: found"),
        ([{"points_mm": [[1, 2]], "radius_mm": 1}], "needed points_mm as a list"),
        ([{"points_mm": [["x", 2, 3]], "radius_mm": 1}], "needed points_mm as a list"),
        ([7], "found int"),
    ],
)
def test_other_records_are_refused(record, said):
    with pytest.raises(SettingsError, match=said):
        strokes_of(record)
