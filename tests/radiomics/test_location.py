"""Location of boxes in a box-shaped brain, orientation of the image, what is absent, bad input."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.radiomics.location import DEFINITIONS, Anatomy, describe_location

SHAPE = (44, 30, 24)


@pytest.fixture(scope="module")
def anatomy():
    """Give a brain from x 2 to 41 in RAS of 1 mm, ventricles from 18 to 25, and two lobes."""
    brain, right, ventricles = (np.zeros(SHAPE, dtype=bool) for _ in range(3))
    brain[2:42, 2:28, 2:22] = True
    right[22:] = True
    ventricles[18:26, 10:20, 8:16] = True
    lobes = np.zeros(SHAPE, dtype=np.uint8)
    lobes[brain] = Lobe.OCCIPITAL
    lobes[:, 14:] = Lobe.FRONTAL
    return Anatomy(np.eye(4), brain, ventricles, right, lobes)


@pytest.fixture(scope="module")
def labels():
    """Give a core from x 32 to 35 with edema around it, all on the right."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[29:39, 9:19, 7:17] = 2
    labels[32:36, 12:16, 10:14] = 3
    labels[33:35, 13:15, 11:13] = 1
    return labels


def test_features_come_in_the_order_of_their_definitions(labels, anatomy):
    described = describe_location(labels, anatomy)
    assert list(described) == [definition.name for definition in DEFINITIONS]
    assert np.isfinite(list(described.values())).all()


def test_distances_are_those_between_boxes(labels, anatomy):
    described = describe_location(labels, anatomy)
    assert described["dist_vent_tc_min"] == 7  # x 32 from 25
    assert described["dist_vent_ed_min"] == 4  # x 29 from 25
    assert described["dist_midline_min"] == 11  # x 32 from 21
    assert described["dist_midline_mean"] == 12.5
    assert described["dist_surface_min"] == 7  # x 35 to 42


def test_distance_to_ventricles_is_the_mean_of_the_smallest(labels, anatomy):
    core = labels != 2
    only_core = np.where(core, labels, 0)
    # 16 voxels of the core in each of four layers, at 7, 8, 9 and 10 mm
    described = describe_location(only_core, anatomy, nearest=24)
    assert described["dist_vent_tc"] == pytest.approx((16 * 7 + 8 * 8) / 24)
    all_of_them = describe_location(only_core, anatomy, nearest=1000)
    assert all_of_them["dist_vent_tc"] == pytest.approx(8.5)


def test_tumor_in_the_ventricles_is_at_no_distance(anatomy):
    labels = np.where(anatomy.ventricles, 3, 0)
    described = describe_location(labels, anatomy)
    assert described["dist_vent_tc"] == described["dist_vent_tc_min"] == 0
    assert described["dist_midline_min"] == 1


def test_center_lies_between_the_ends_of_the_brain(labels, anatomy):
    described = describe_location(labels, anatomy)
    assert described["center_right"] == pytest.approx((34 - 2) / 40)
    assert described["center_front"] == pytest.approx((14 - 2) / 26)
    assert described["center_top"] == pytest.approx((12 - 2) / 20)


def test_sides_and_lobes_are_shares_of_the_whole_tumor(labels, anatomy):
    described = describe_location(labels, anatomy)
    assert described["share_right"] == described["laterality"] == 1
    assert described["spatial_frontal"] == described["spatial_occipital"] == 0.5
    assert described["spatial_insular"] == 0
    moved = np.roll(labels, -15, axis=0)  # from x 14 to 23
    assert describe_location(moved, anatomy)["share_right"] == pytest.approx(0.2)
    assert describe_location(moved, anatomy)["laterality"] == pytest.approx(-0.6)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize("backwards", [(0,), (0, 1), (2,)])
def test_orientation_of_the_image_does_not_matter(labels, anatomy, axes, backwards):
    def turned(array):
        return np.flip(np.transpose(array, axes), backwards)

    affine = np.eye(4)[:, [*axes, 3]]
    for axis in backwards:
        affine[:3, 3] += affine[:3, axis] * (SHAPE[axes[axis]] - 1)
        affine[:3, axis] *= -1
    masks = (anatomy.brain, anatomy.ventricles, anatomy.right, anatomy.lobes)
    there = Anatomy(affine, *(turned(mask) for mask in masks))
    np.testing.assert_allclose(
        list(describe_location(turned(labels), there).values()),
        list(describe_location(labels, anatomy).values()),
        atol=1e-12,
    )


def test_distances_are_in_millimeters(labels, anatomy):
    wide = replace(anatomy, affine=np.diag([2.0, 2.0, 2.0, 1.0]))
    here, there = describe_location(labels, anatomy), describe_location(labels, wide)
    for definition in DEFINITIONS:
        factor = 2 if definition.unit == "mm" else 1
        assert there[definition.name] == pytest.approx(factor * here[definition.name])


def test_surface_is_where_the_image_ends(labels, anatomy):
    cut = Anatomy(np.eye(4), anatomy.brain[:37])
    described = describe_location(labels[:37], cut)
    assert described["dist_surface_min"] == 2  # x 35 to 37


def test_what_is_not_known_is_nan(labels, anatomy):
    described = describe_location(labels, Anatomy(np.eye(4), anatomy.brain))
    known = {name for name, value in described.items() if np.isfinite(value)}
    assert known == {
        "dist_surface_min",
        "dist_surface_mean",
        "center_right",
        "center_front",
        "center_top",
    }


def test_absent_core_has_no_distance_to_ventricles_and_leaves_the_others_to_edema(labels, anatomy):
    described = describe_location(np.where(labels > 0, 2, 0), anatomy)
    assert np.isnan([described["dist_vent_tc"], described["dist_vent_tc_min"]]).all()
    assert described["dist_midline_min"] == 8


def test_no_tumor_lies_nowhere(labels, anatomy):
    described = describe_location(np.zeros_like(labels), anatomy)
    assert np.isnan(list(described.values())).all()


def test_one_half_alone_has_no_midline(labels, anatomy):
    described = describe_location(labels, replace(anatomy, right=anatomy.brain))
    assert np.isnan(described["dist_midline_min"])


def test_bad_input_is_refused(labels, anatomy):
    with pytest.raises(GeometryError, match="resample"):
        describe_location(labels[1:], anatomy)
    with pytest.raises(GeometryError, match="ventricles have shape"):
        replace(anatomy, ventricles=anatomy.ventricles[1:])
    with pytest.raises(ImageError, match="brain mask is empty"):
        replace(anatomy, brain=anatomy.brain & False)
