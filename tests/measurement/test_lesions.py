"""Lesions of small label maps whose parts are known."""

import numpy as np
import pytest

from gliokit.core.geometry import spacing_mm, to_voxel
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label, Region, Side
from gliokit.measurement.lesions import measure_lesions

AFFINE = np.array([[-1, 0, 0, 30], [0, 2, 0, -20], [0, 0, 3, 5], [0, 0, 0, 1.0]])


def two_lesions():
    """Draw a large lesion with a necrotic voxel and edema around it, and a small lesion."""
    labels = np.zeros((60, 30, 20), dtype=np.uint8)
    labels[4:14, 4:14, 4:14] = Label.EDEMA
    labels[5:13, 6:11, 5:12] = Label.ENHANCING
    labels[8, 8, 8] = Label.NECROTIC_CORE
    labels[50:53, 20:22, 15:17] = Label.ENHANCING
    return LabelMap(labels, AFFINE)


def lesions(label_map, region=Region.TUMOR_CORE, *, minimum_ml=0.0, midline_x_mm=0.0):
    return measure_lesions(label_map, region, minimum_ml=minimum_ml, midline_x_mm=midline_x_mm)


def test_lesions_are_numbered_by_falling_volume():
    found = lesions(two_lesions())
    assert [(lesion.name, lesion.voxels) for lesion in found] == [("TC-1", 280), ("TC-2", 12)]
    assert [lesion.volume.value for lesion in found] == pytest.approx([1.680, 0.072])


def test_enhancing_volume_leaves_out_the_rest():
    core, whole = lesions(two_lesions())[0], lesions(two_lesions(), Region.WHOLE_TUMOR)[0]
    assert core.enhancing_volume.value == pytest.approx(279 * 6 / 1000)
    assert whole.enhancing_volume == core.enhancing_volume
    assert whole.voxels == 1000


def test_region_that_is_absent_has_no_lesions():
    assert lesions(two_lesions(), Region.RESECTION_CAVITY) == ()
    assert lesions(LabelMap(np.zeros((4, 4, 4), dtype=np.uint8), AFFINE)) == ()


@pytest.mark.parametrize("second", [(2, 1, 1), (2, 2, 1), (2, 2, 2)])
def test_voxels_that_touch_by_face_edge_or_corner_are_one_lesion(second):
    labels = np.zeros((5, 5, 5), dtype=np.uint8)
    labels[1, 1, 1] = labels[second] = Label.ENHANCING
    assert [lesion.voxels for lesion in lesions(LabelMap(labels, AFFINE))] == [2]


def test_lesion_below_the_minimum_is_listed_without_diameters():
    large, small = lesions(two_lesions(), minimum_ml=0.1)
    assert large.longest is not None
    assert (small.longest, small.perpendicular, small.product) == (None, None, None)
    assert small.volume.value == pytest.approx(0.072)
    assert (small.slice_axis, small.slice_index) == (2, 15)


def test_lesion_of_just_the_minimum_is_measured():
    _, small = lesions(two_lesions(), minimum_ml=0.072)
    assert small.longest is not None


def test_center_is_the_center_of_mass_in_the_patient():
    large, small = lesions(two_lesions())
    assert large.center_mm == pytest.approx((30 - 8.5, -20 + 2 * 8, 5 + 3 * 8))
    assert small.center_mm == pytest.approx((30 - 51, -20 + 2 * 20.5, 5 + 3 * 15.5))


@pytest.mark.parametrize(
    ("midline_x_mm", "side"),
    [
        (16.4, Side.RIGHT),  # the center is at x = 21.5 mm
        (16.5, Side.MIDLINE),
        (26.5, Side.MIDLINE),
        (26.6, Side.LEFT),
    ],
)
def test_side_is_midline_within_five_millimeters(midline_x_mm, side):
    assert lesions(two_lesions(), midline_x_mm=midline_x_mm)[0].side is side


def test_diameters_lie_in_their_slice_and_are_as_long_as_said():
    for lesion in lesions(two_lesions()):
        for diameter in (lesion.longest, lesion.perpendicular):
            ends = np.array([diameter.start, diameter.end])
            assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(diameter.length.value)
            slices = to_voxel(AFFINE, ends)[:, lesion.slice_axis]
            assert slices == pytest.approx(lesion.slice_index)
        product = lesion.longest.length.value * lesion.perpendicular.length.value
        assert lesion.product.value == pytest.approx(product)


def test_line_of_voxels_ends_at_its_outer_edges():
    labels = np.zeros((9, 9, 9), dtype=np.uint8)
    labels[2:7, 4, 4] = Label.ENHANCING
    lesion = lesions(LabelMap(labels, np.eye(4)))[0]
    assert (lesion.longest.start, lesion.longest.end) == ((1.5, 4, 4), (6.5, 4, 4))
    assert (lesion.longest.length.value, lesion.perpendicular.length.value) == (5, 1)
    assert (lesion.product.value, lesion.product.unit) == (5, "mm2")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
@pytest.mark.parametrize("flipped", [(), (0,), (1, 2), (0, 1, 2)])
def test_lesions_do_not_depend_on_how_the_image_is_stored(order, flipped):
    original = two_lesions()
    shape = np.array(original.array.shape)
    flip = np.eye(4)
    for axis in flipped:
        flip[axis, axis], flip[axis, 3] = -1, shape[axis] - 1
    affine = (AFFINE @ flip)[:, [*order, 3]]
    stored = LabelMap(np.flip(original.array, flipped).transpose(order), affine)
    assert spacing_mm(affine) == pytest.approx(spacing_mm(AFFINE)[list(order)])
    for ours, theirs in zip(lesions(original), lesions(stored), strict=True):
        assert (ours.name, ours.voxels, ours.side) == (theirs.name, theirs.voxels, theirs.side)
        assert ours.center_mm == pytest.approx(theirs.center_mm)
        assert ours.longest.length.value == pytest.approx(theirs.longest.length.value)
        assert ours.product.value == pytest.approx(theirs.product.value)


def test_lesions_of_equal_volume_come_in_order_of_place():
    labels = np.zeros((9, 9, 9), dtype=np.uint8)
    labels[7, 1, 1] = labels[1, 7, 7] = labels[1, 1, 7] = Label.ENHANCING
    centers = [lesion.center_mm for lesion in lesions(LabelMap(labels, np.eye(4)))]
    assert centers == [(1, 1, 7), (1, 7, 7), (7, 1, 1)]
