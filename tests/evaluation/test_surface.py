"""Surface distance against closed forms and against every pair of surface voxels."""

import math
from itertools import product

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.evaluation.surface import (
    BRATS_PENALTY_MM,
    hausdorff_95_mm,
    measure_surfaces,
    nearest_mm,
    surface_dice,
)

EMPTY = np.zeros((20, 20, 20), dtype=bool)


def block(start, shape):
    mask = EMPTY.copy()
    corner = zip(start, shape, strict=True)
    mask[tuple(slice(first, first + side) for first, side in corner)] = True
    return mask


def surface_voxels(mask):
    """List voxels with a neighbor outside, one after another."""
    steps = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])

    def inside(voxel):
        return (
            all(0 <= index < side for index, side in zip(voxel, mask.shape, strict=True))
            and mask[voxel]
        )

    return [
        voxel
        for voxel in product(*map(range, mask.shape))
        if inside(voxel) and not all(inside(tuple(voxel + step)) for step in steps)
    ]


def between_all_pairs(reference, prediction, spacing_mm):
    first, second = (
        np.array(surface_voxels(mask)) * spacing_mm for mask in (reference, prediction)
    )
    distances = np.linalg.norm(first[:, None] - second, axis=-1)
    return max(np.percentile(distances.min(axis=axis), 95) for axis in (0, 1))


def blobs(seed):
    rng = np.random.default_rng(seed)
    return rng.random((2, 9, 8, 7)) < 0.3


def test_equal_masks_are_no_distance_apart():
    mask = block((3, 4, 5), (6, 6, 6))
    assert hausdorff_95_mm(mask, mask, spacing_mm=(1, 1, 1)) == 0


@pytest.mark.parametrize(("axis", "spacing_mm"), [(0, 0.5), (1, 1.2), (2, 3.0)])
def test_plates_are_their_shift_apart(axis, spacing_mm):
    shape = [1 if other == axis else 10 for other in range(3)]
    first, second = [4, 4, 4], [4, 4, 4]
    second[axis] += 3
    distance = hausdorff_95_mm(
        block(first, shape), block(second, shape), spacing_mm=(0.5, 1.2, 3.0)
    )
    assert distance == pytest.approx(3 * spacing_mm)


def test_concentric_spheres_are_the_difference_of_their_radii_apart():
    radius = np.linalg.norm(np.indices((41, 41, 41)) - 20, axis=0)
    distance = hausdorff_95_mm(radius <= 18, radius <= 12, spacing_mm=(1, 1, 1))
    assert distance == pytest.approx(6, abs=0.5)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("spacing_mm", [(1, 1, 1), (0.7, 1.1, 4.0)])
def test_distance_equals_that_between_all_pairs_of_surface_voxels(seed, spacing_mm):
    reference, prediction = blobs(seed)
    distance = hausdorff_95_mm(reference, prediction, spacing_mm=spacing_mm)
    assert distance == pytest.approx(between_all_pairs(reference, prediction, spacing_mm))


def test_voxels_at_the_edge_of_the_image_are_surface():
    full = np.ones((9, 9, 9), dtype=bool)
    distance = hausdorff_95_mm(full, block((4, 4, 4), (1, 1, 1))[:9, :9, :9], spacing_mm=(1, 1, 1))
    assert distance == pytest.approx(
        between_all_pairs(full, block((4, 4, 4), (1, 1, 1))[:9, :9, :9], 1)
    )


def test_small_part_far_off_counts_by_the_surface_it_belongs_to():
    large = block((2, 2, 2), (10, 10, 10))
    beside = block((2, 2, 2), (2, 2, 2)) | block((16, 16, 16), (2, 2, 2))
    # half of the small surface is far from the large one, though few of all surface voxels are
    assert hausdorff_95_mm(large, beside, spacing_mm=(1, 1, 1)) > 8


def test_order_and_orientation_do_not_matter():
    reference, prediction = blobs(1)
    expected = hausdorff_95_mm(reference, prediction, spacing_mm=(1, 2, 3))
    assert hausdorff_95_mm(prediction, reference, spacing_mm=(1, 2, 3)) == expected
    flipped = hausdorff_95_mm(reference[::-1], prediction[::-1], spacing_mm=(1, 2, 3))
    assert flipped == pytest.approx(expected)
    turned = hausdorff_95_mm(reference.T, prediction.T, spacing_mm=(3, 2, 1))
    assert turned == pytest.approx(expected)


def test_two_empty_masks_agree():
    assert hausdorff_95_mm(EMPTY, EMPTY, spacing_mm=(1, 1, 1)) == 0


def test_one_empty_mask_has_no_distance():
    mask = block((3, 3, 3), (2, 2, 2))
    assert math.isnan(hausdorff_95_mm(mask, EMPTY, spacing_mm=(1, 1, 1)))
    assert math.isnan(hausdorff_95_mm(EMPTY, mask, spacing_mm=(1, 1, 1)))


def test_one_empty_mask_costs_the_penalty_that_was_asked_for():
    mask = block((3, 3, 3), (2, 2, 2))
    distance = hausdorff_95_mm(mask, EMPTY, spacing_mm=(1, 1, 1), one_empty_mm=BRATS_PENALTY_MM)
    assert distance == 374


def test_masks_on_different_grids_are_refused():
    with pytest.raises(GeometryError, match="give both masks on one grid"):
        hausdorff_95_mm(EMPTY, EMPTY[1:], spacing_mm=(1, 1, 1))
    with pytest.raises(GeometryError, match="a positive spacing per axis"):
        hausdorff_95_mm(EMPTY, EMPTY, spacing_mm=(1, 1))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spacing_mm", [(1, 1, 1), (0.7, 1.1, 4.0), (0.1, 3, 3)])
def test_every_distance_is_that_to_the_nearest_of_all_surface_voxels(seed, spacing_mm):
    rng = np.random.default_rng(seed)
    # near and far: some voxels have the other surface beside them, some only far off
    reference = block((2, 2, 2), rng.integers(2, 8, size=3)) | (rng.random(EMPTY.shape) < 0.001)
    prediction = block((3, 2, 4), rng.integers(2, 8, size=3)) | block((17, 16, 15), (2, 2, 2))
    distances = measure_surfaces(reference, prediction, spacing_mm=spacing_mm)
    first, second = (
        np.array(surface_voxels(mask)) * spacing_mm for mask in (reference, prediction)
    )
    every = np.linalg.norm(first[:, None] - second, axis=-1)
    assert distances.from_reference_mm == pytest.approx(every.min(axis=1))
    assert distances.from_prediction_mm == pytest.approx(every.min(axis=0))
    assert surface_dice(
        reference, prediction, spacing_mm=spacing_mm, tolerance_mm=2.5
    ) == pytest.approx(np.mean(np.concatenate([every.min(axis=0), every.min(axis=1)]) <= 2.5))


def test_surfaces_may_be_drawn_in_any_way():
    line, point = block((4, 4, 4), (5, 1, 1)), block((6, 4, 12), (1, 1, 1))
    distances = nearest_mm(line, point, spacing_mm=np.array([3.0, 1.0, 0.5]))
    assert distances == pytest.approx(np.hypot([6, 3, 0, 3, 6], 4))
    assert np.isinf(nearest_mm(line, EMPTY, spacing_mm=np.ones(3))).all()


@pytest.mark.parametrize("spacing", [1.1, 0.7])
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_surface_dice_of_shifted_plates_steps_at_their_shift(shift, spacing):
    def agreement(tolerance_mm):
        return surface_dice(
            block((4, 4, 4), (1, 10, 10)),
            block((4 + shift, 4, 4), (1, 10, 10)),
            spacing_mm=(spacing, 1, 1),
            tolerance_mm=tolerance_mm,
        )

    assert agreement(shift * spacing) == 1
    assert agreement(round(shift * spacing, 1)) == 1  # 3 × 1.1 is more than 3.3 in binary
    if shift:
        assert agreement(shift * spacing - 0.01) == 0


def test_surfaces_of_shifted_cubes_share_the_sides_along_the_shift():
    reference, prediction = block((4, 4, 4), (8, 8, 8)), block((6, 4, 4), (8, 8, 8))
    surface = 8**3 - 6**3
    # common to both are the rings of 28 voxels in the six layers that both have
    near = surface_dice(reference, prediction, spacing_mm=(1, 1, 1), tolerance_mm=0)
    assert near == pytest.approx(6 * 28 / surface)
    assert surface_dice(reference, prediction, spacing_mm=(1, 1, 1), tolerance_mm=2) == 1


def test_surface_dice_grows_with_the_tolerance():
    reference, prediction = blobs(3)
    shares = [
        surface_dice(reference, prediction, spacing_mm=(1, 1, 2), tolerance_mm=tolerance)
        for tolerance in (0, 1, 2, 5)
    ]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] == 1


def test_surface_dice_does_not_depend_on_order_orientation_or_unit():
    reference, prediction = blobs(1)
    expected = surface_dice(reference, prediction, spacing_mm=(1, 2, 3), tolerance_mm=1)
    swapped = surface_dice(prediction, reference, spacing_mm=(1, 2, 3), tolerance_mm=1)
    flipped = surface_dice(reference[::-1], prediction[::-1], spacing_mm=(1, 2, 3), tolerance_mm=1)
    turned = surface_dice(reference.T, prediction.T, spacing_mm=(3, 2, 1), tolerance_mm=1)
    tenfold = surface_dice(reference, prediction, spacing_mm=(10, 20, 30), tolerance_mm=10)
    assert {swapped, flipped, turned, tenfold} == {expected}


def test_voxels_bias_the_distance_of_spheres_by_a_fraction_of_a_voxel():
    # voxel centers lie inside a sphere, by up to a voxel and unevenly
    radius = np.linalg.norm(np.indices((41, 41, 41)) - 20, axis=0)
    distances = measure_surfaces(radius <= 15, radius <= 12, spacing_mm=(1, 1, 1))
    assert distances.from_reference_mm.mean() == pytest.approx(3, abs=0.25)
    assert distances.surface_dice(2) < 0.1
    assert distances.surface_dice(3.5) > 0.95


def test_surface_dice_of_empty_masks():
    mask = block((3, 3, 3), (2, 2, 2))
    settings = {"spacing_mm": (1, 1, 1), "tolerance_mm": 1}
    assert surface_dice(EMPTY, EMPTY, **settings) == 1
    assert surface_dice(mask, EMPTY, **settings) == 0
    assert surface_dice(EMPTY, mask, **settings) == 0


@pytest.mark.parametrize("tolerance_mm", [-1, math.nan, math.inf])
def test_impossible_tolerance_is_refused(tolerance_mm):
    with pytest.raises(ValueError, match="give a finite one, 0 or more"):
        surface_dice(EMPTY, EMPTY, spacing_mm=(1, 1, 1), tolerance_mm=tolerance_mm)


def test_spacing_that_is_not_positive_is_refused():
    with pytest.raises(GeometryError, match="a positive spacing per axis"):
        hausdorff_95_mm(EMPTY, EMPTY, spacing_mm=(1, 0, 1))
