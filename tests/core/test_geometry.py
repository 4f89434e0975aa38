"""Where voxels lie, on straight and on oblique grids."""

from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import (
    Grid,
    axial_tilt_degrees,
    axis_codes,
    canonical_axes,
    spacing_mm,
    to_voxel,
    to_world,
    voxel_volume_mm3,
)

UNTILTED = np.eye(3)
SPACING = np.array([0.9, 1.1, 5.0])
ORIENTATIONS = list(product(permutations(range(3)), product((1, -1), repeat=3)))


def rotation(degrees, axis):
    """Turn about one world axis."""
    angle = np.radians(degrees)
    first, second = (a for a in range(3) if a != axis)
    turned = np.eye(3)
    turned[[first, second], [first, second]] = np.cos(angle)
    turned[first, second], turned[second, first] = -np.sin(angle), np.sin(angle)
    return turned


def affine_of(order, signs, tilt=UNTILTED):
    """Let voxel axis `order[w]` run along world axis `w`, forwards or backwards, then tilt."""
    affine = np.eye(4)
    affine[:3, :3] = 0
    for world, (axis, sign) in enumerate(zip(order, signs, strict=True)):
        affine[world, axis] = sign * SPACING[axis]
    affine[:3, :3] = tilt @ affine[:3, :3]
    affine[:3, 3] = 10, -20, 30
    return affine


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_canonical_axes_of_all_48_orientations(order, signs):
    axes, flipped = canonical_axes(affine_of(order, signs))
    assert axes == order
    assert flipped == tuple(sign < 0 for sign in signs)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_axis_codes_are_those_of_nibabel_on_tilted_grids_too(order, signs):
    affine = affine_of(order, signs, tilt=rotation(25, 0) @ rotation(-15, 2))
    assert axis_codes(affine) == "".join(nib.aff2axcodes(affine))


@pytest.mark.parametrize("degrees", [40, 44, 45, 46, 50])
def test_axes_stay_three_different_ones_at_the_worst_tilt(degrees):
    tilt = rotation(degrees, 0) @ rotation(degrees, 1) @ rotation(degrees, 2)
    axes, _ = canonical_axes(affine_of((0, 1, 2), (1, 1, 1), tilt))
    assert sorted(axes) == [0, 1, 2]


def test_spacing_of_an_oblique_grid_is_that_of_its_voxels():
    affine = affine_of((0, 1, 2), (1, 1, 1), rotation(30, 0))
    np.testing.assert_allclose(spacing_mm(affine), SPACING)


def test_voxel_volume_of_an_oblique_grid():
    affine = affine_of((1, 0, 2), (1, -1, 1), rotation(30, 1))
    assert voxel_volume_mm3(affine) == pytest.approx(SPACING.prod())


def test_voxel_volume_of_a_sheared_grid_is_not_the_product_of_spacings():
    sheared = np.eye(4)
    sheared[0, 2] = 1  # gantry tilt: the spacing grows, the volume does not
    assert spacing_mm(sheared).prod() == pytest.approx(np.sqrt(2))
    assert voxel_volume_mm3(sheared) == pytest.approx(1)


@pytest.mark.parametrize("entry", [0, np.nan])
def test_singular_affine_is_refused(entry):
    with pytest.raises(GeometryError, match=r"maps voxels onto no volume .*repair the header"):
        voxel_volume_mm3(np.diag([1, 1, entry, 1.0]))


def test_voxels_and_world_are_inverse():
    affine = affine_of((2, 0, 1), (1, -1, -1), rotation(20, 2))
    indices = np.random.default_rng(0).random((4, 5, 3)) * 100
    np.testing.assert_allclose(to_voxel(affine, to_world(affine, indices)), indices)


def test_world_coordinates_by_hand():
    affine = affine_of((1, 0, 2), (-1, 1, 1))
    np.testing.assert_allclose(to_world(affine, (1, 2, 3)), (10 - 2 * 1.1, -20 + 0.9, 30 + 15))


@pytest.mark.parametrize("degrees", [0, 10, 30, -30])
def test_tilt_of_axial_slices(degrees):
    affine = affine_of((1, 0, 2), (-1, 1, 1), rotation(degrees, 0))
    assert axial_tilt_degrees(affine) == pytest.approx(abs(degrees), abs=1e-5)


def test_turn_in_the_axial_plane_is_no_tilt():
    assert axial_tilt_degrees(affine_of((0, 1, 2), (1, 1, 1), rotation(30, 2))) == pytest.approx(
        0, abs=1e-5
    )


GRID = Grid((240, 240, 155), affine_of((0, 1, 2), (-1, -1, 1)))


def changed(*, shape=GRID.shape, matrix=None, shift=(0, 0, 0)):
    affine = GRID.affine.copy()
    affine[:3, :3] = affine[:3, :3] if matrix is None else matrix @ affine[:3, :3]
    affine[:3, 3] += shift
    return Grid(shape, affine)


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (changed(shape=(240, 240, 26)), "240×240×155 against 240×240×26 voxels"),
        (changed(matrix=2 * np.eye(3)), "spacing 0.9×1.1×5 against 1.8×2.2×10 mm"),
        (changed(matrix=np.diag([-1, 1, 1])), "orientation LPS against RPS"),
        (changed(shift=(0, 0, 2.5)), "corners up to 2.5 mm apart"),
        (changed(matrix=rotation(1, 2)), "corners up to 5.93 mm apart"),
    ],
)
def test_grids_that_differ_say_how(other, difference):
    assert GRID.difference(other) == difference


def test_grids_that_differ_by_rounding_are_one():
    rounded = Grid(GRID.shape, GRID.affine.astype(np.float32).astype(np.float64))
    assert GRID.difference(rounded) is None
    assert GRID.difference(changed(shift=(0.005, 0, 0))) is None


def test_grids_tilted_by_45_degrees_are_one_whichever_way_rounding_goes():
    grids = [
        Grid((50, 50, 50), affine_of((0, 1, 2), (1, 1, 1), rotation(45 + nudge, 2)))
        for nudge in (-1e-6, 1e-6)
    ]
    assert axis_codes(grids[0].affine) != axis_codes(grids[1].affine)
    assert grids[0].difference(grids[1]) is None
