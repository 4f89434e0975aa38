"""The picture of an outline."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.core.image import Image
from gliokit.reporting.outline_picture import LINE, draw_outline


@pytest.fixture
def head():
    """Give an ellipsoid on voxels of 2×2×4 mm that brightens to the right."""
    places = np.moveaxis(np.indices((40, 50, 20)), 0, -1) - (20, 25, 10)
    inside = np.linalg.norm(places / (18, 23, 9), axis=-1) < 1
    return Image(
        np.where(inside, 100.0 + places[..., 0], 0.0).astype(np.float32),
        np.diag([2.0, 2.0, 4.0, 1.0]),
    )


def box(image):
    mask = np.zeros(image.array.shape, bool)
    mask[24:32, 20:30, 8:12] = True
    return mask


def outline_columns(picture):
    return np.flatnonzero((picture == LINE).all(axis=-1).any(axis=0))


def test_three_planes_stand_side_by_side_at_one_scale(head):
    picture = draw_outline(head, box(head))
    assert picture.dtype == np.uint8
    # 80, 80 and 100 mm across at 2 pixels per mm, and two gaps
    assert picture.shape[1] == 160 + 160 + 200 + 16


def test_outline_is_drawn_on_the_patients_right_side(head):
    columns = outline_columns(draw_outline(head, box(head)))
    axial = columns[columns < 160]
    # x from 24 to 32 of 40 voxels is to the right, which is shown on the left
    assert axial.min() == pytest.approx((40 - 32) * 4, abs=3)
    assert axial.max() == pytest.approx((40 - 24) * 4, abs=3)


def test_way_the_image_is_stored_does_not_show(head):
    flipped = head.affine.copy()
    flipped[0] = [-2, 0, 0, 2 * 39]
    stored = Image(head.array[::-1].copy(), flipped)
    mask = box(head)
    np.testing.assert_array_equal(draw_outline(stored, mask[::-1]), draw_outline(head, mask))


def test_empty_mask_shows_the_middle_without_a_line(head):
    picture = draw_outline(head, np.zeros(head.array.shape, bool))
    assert not outline_columns(picture).size
    assert (picture.max(axis=-1) > 100).mean() > 0.1


def test_mask_of_another_shape_is_refused(head):
    with pytest.raises(GeometryError, match="resample it"):
        draw_outline(head, np.zeros((2, 2, 2), bool))
