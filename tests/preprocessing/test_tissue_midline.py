"""The midline of a brain is that of the template, then that of symmetry."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.core.geometry import to_world
from gliokit.preprocessing.tissue_midline import (
    Midline,
    fit_midline,
    mirrored,
    right_of_midline_mm,
    template_midline,
)
from gliokit.preprocessing.tissue_priors import Tissue

AT_ZERO = Midline((1.0, 0.0, 0.0), 0.0)
NO_TUMOR = np.zeros((72, 80, 64), bool)
AFFINE = np.diag([2.5, 2.5, 2.5, 1.0])
AFFINE[:3, 3] = [-89, -99, -79]


def symmetric_labels(turn, shift_mm):
    """Draw an egg with white cores and a fissure between them, turned about its middle."""
    points = to_world(AFFINE, np.moveaxis(np.indices(NO_TUMOR.shape), 0, -1))
    x, y, z = np.moveaxis((points - [shift_mm, 0, 0]) @ turn, -1, 0)
    labels = np.zeros(NO_TUMOR.shape, np.uint8)
    labels[(x / 65) ** 2 + (y / (80 + 0.1 * z)) ** 2 + (z / 60) ** 2 < 1] = Tissue.GRAY
    for side in (-1, 1):
        core = ((x - 30 * side) / 22) ** 2 + ((y - 8) / 60) ** 2 + ((z + 5) / 40) ** 2 < 1
        labels[core] = Tissue.WHITE
    labels[(labels == Tissue.GRAY) & (np.abs(x) < 2) & (z > 10)] = Tissue.CSF
    return labels


def test_the_template_in_its_own_space_has_its_midline_at_zero():
    assert template_midline(np.eye(4)) == AT_ZERO


def test_the_midline_follows_the_motion_from_the_template():
    motion = np.diag([0.5, 1.0, 1.0, 1.0])
    motion[0, 3] = -3.0  # x of the template is x / 2 - 3
    assert template_midline(motion) == Midline((1.0, 0.0, 0.0), 6.0)


def test_right_is_positive():
    points = np.array([[10.0, 5.0, 5.0], [-3.0, 0.0, 0.0]])
    assert right_of_midline_mm(points, AT_ZERO).tolist() == [10.0, -3.0]


def test_mirroring_twice_gives_every_point_back():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 50, (20, 3))
    x, y, z = Rotation.from_rotvec([0, 0.1, 0.2]).apply([1.0, 0, 0])
    midline = Midline((x, y, z), 4.0)
    assert np.allclose(mirrored(mirrored(points, midline), midline), points)


@pytest.mark.parametrize("degrees", [(0, 4, 0), (0, 0, -5), (0, 3, 4)])
def test_the_plane_of_symmetry_is_found(degrees):
    turn = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    found = fit_midline(symmetric_labels(turn, 4.0), AFFINE, AT_ZERO, tumor=NO_TUMOR)
    normal = turn[:, 0]
    assert np.degrees(np.arccos(min(1.0, float(normal @ found.normal)))) < 0.5
    assert abs(found.offset_mm - normal[0] * 4.0) < 0.4


def test_a_tumor_on_one_side_has_no_say():
    labels = symmetric_labels(np.eye(3), 0.0)
    tumor = NO_TUMOR.copy()
    tumor[38:62, 30:60, 20:50] = True
    labels[tumor] = Tissue.NONE
    found = fit_midline(labels, AFFINE, AT_ZERO, tumor=tumor)
    assert np.degrees(np.arccos(min(1.0, found.normal[0]))) < 0.5
    assert abs(found.offset_mm) < 0.4


def test_without_enough_of_a_brain_the_start_is_kept():
    assert (
        fit_midline(np.zeros_like(NO_TUMOR, np.uint8), AFFINE, AT_ZERO, tumor=NO_TUMOR) == AT_ZERO
    )
