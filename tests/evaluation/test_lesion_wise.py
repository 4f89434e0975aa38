"""Lesions counted by hand on small images, and against lesion after lesion."""

import math

import cc3d
import numpy as np
import pytest
from scipy.ndimage import binary_dilation, generate_binary_structure

from gliokit.core.errors import GeometryError
from gliokit.evaluation.lesion_wise import count_lesions, lesion_wise_score
from gliokit.evaluation.overlap import dice
from gliokit.evaluation.surface import hausdorff_95_mm

EMPTY = np.zeros((40, 40, 40), dtype=bool)
ONE_MM = (1, 1, 1)
ALL_SIZES = (0.0, 0.1, 1.0, math.inf)


def blocks(*corners_and_shapes):
    mask = EMPTY.copy()
    for start, shape in corners_and_shapes:
        corner = zip(start, shape, strict=True)
        mask[tuple(slice(first, first + side) for first, side in corner)] = True
    return mask


SMALL = ((2, 2, 2), (4, 4, 4))  # 64 voxels
MIDDLE = ((2, 2, 20), (8, 8, 8))  # 512
LARGE = ((20, 20, 20), (12, 12, 12))  # 1728


def count(reference, prediction, edges_ml=ALL_SIZES, **options):
    return count_lesions(reference, prediction, voxel_ml=0.001, edges_ml=edges_ml, **options)


def score(reference, prediction, **options):
    return lesion_wise_score(reference, prediction, spacing_mm=ONE_MM, **options)


def test_lesions_are_counted_by_their_own_size():
    prediction = blocks(((5, 5, 5), (4, 4, 4)), LARGE, ((2, 32, 2), (2, 2, 2)))
    counts = count(blocks(SMALL, MIDDLE, LARGE), prediction)
    assert counts.lesions == (1, 1, 1)
    assert counts.found == (1, 0, 1)  # the small one by a single voxel
    assert counts.predicted == (2, 0, 1)
    assert counts.false_lesions == (1, 0, 0)
    assert counts.sensitivity == (1, 0, 1)


@pytest.mark.parametrize(("covered", "expected"), [(1, 0), (31, 0), (32, 1), (64, 1)])
def test_share_of_a_lesion_may_be_asked_for(covered, expected):
    reference = blocks(SMALL)
    prediction = EMPTY.copy()
    prediction[tuple(np.argwhere(reference)[:covered].T)] = True
    assert count(reference, prediction).found == (1, 0, 0)
    counts = count(reference, prediction, found_share=0.5)
    assert counts.found == (expected, 0, 0)
    assert counts.false_lesions == (0, 0, 0)


def test_share_may_be_covered_by_several_predicted_lesions():
    halves = blocks(((2, 2, 2), (1, 4, 4)), ((5, 2, 2), (1, 4, 4)))
    counts = count(blocks(SMALL), halves, found_share=0.5)
    assert (counts.found, counts.predicted) == ((1, 0, 0), (2, 0, 0))


def test_one_predicted_lesion_may_find_several():
    counts = count(blocks(SMALL, MIDDLE, LARGE), ~EMPTY)
    assert counts.found == counts.lesions == (1, 1, 1)
    assert counts.false_lesions == (0, 0, 0)


def test_lesions_that_touch_by_a_corner_are_one():
    corner = blocks(SMALL, ((6, 6, 6), (4, 4, 4)))
    assert count(corner, EMPTY).lesions == (0, 1, 0)


def test_size_at_a_limit_belongs_to_the_larger_bin():
    reference = blocks(((2, 2, 2), (4, 5, 5)))  # 100 voxels
    assert count(reference, EMPTY).lesions == (0, 1, 0)
    # a voxel volume computed from an affine, a rounding short of 1 mm³
    counts = count_lesions(reference, EMPTY, voxel_ml=0.000999999999, edges_ml=ALL_SIZES)
    assert counts.lesions == (0, 1, 0)
    assert count(reference, EMPTY, edges_ml=(0, 0.1)).lesions == (0,)


def test_sizes_outside_the_limits_are_not_counted_but_excuse_a_prediction():
    reference, prediction = blocks(SMALL, LARGE), blocks(((2, 2, 2), (8, 8, 8)), MIDDLE)
    counts = count(reference, prediction, edges_ml=(0.1, 1))
    assert (counts.lesions, counts.found) == ((0,), (0,))
    assert (counts.predicted, counts.false_lesions) == ((2,), (1,))
    assert math.isnan(counts.sensitivity[0])


def test_cases_add_up():
    first = count(blocks(SMALL, LARGE), blocks(SMALL))
    second = count(blocks(SMALL), blocks(MIDDLE))
    sums = first + second + count(EMPTY, EMPTY)
    assert sums.cases == 3
    assert sums.lesions == (2, 0, 1)
    assert sums.sensitivity == pytest.approx((0.5, math.nan, 0), nan_ok=True)
    assert sums.false_per_case == pytest.approx((0, 1 / 3, 0))


def test_score_of_equal_masks_is_perfect():
    result = score(blocks(SMALL, LARGE), blocks(SMALL, LARGE))
    assert (result.dice, result.hd95_mm) == (1, 0)
    assert (result.found, result.missed, result.false_lesions) == (2, 0, 0)


def test_missed_and_false_lesions_cost_the_full_penalty():
    # one right, one missed, one false: (1 + 0 + 0) / 3 and (0 + 374 + 374) / 3
    result = score(blocks(SMALL, LARGE), blocks(LARGE, MIDDLE))
    assert result.dice == pytest.approx(1 / 3)
    assert result.hd95_mm == pytest.approx(2 * 374 / 3)
    assert (result.found, result.missed, result.false_lesions) == (1, 1, 1)


def test_score_is_the_mean_over_lesions_not_over_voxels():
    shifted = ((2, 2, 4), (4, 4, 4))  # half of the small one
    result = score(blocks(SMALL, LARGE), blocks(shifted, LARGE))
    assert result.dice == pytest.approx((0.5 + 1) / 2)
    assert result.hd95_mm == pytest.approx(2 / 2)


@pytest.mark.parametrize(("gap", "lesions"), [(6, 1), (7, 2)])
def test_parts_that_grow_together_are_one_lesion(gap, lesions):
    # each grows by 3 voxels: over a gap of 6 they touch
    reference = blocks(SMALL, ((6 + gap, 2, 2), (4, 4, 4)))
    result = score(reference, EMPTY)
    assert (result.missed, result.dice, result.hd95_mm) == (lesions, 0, 374)


@pytest.mark.parametrize(("gap", "found"), [(2, 1), (3, 0)])
def test_prediction_beside_a_lesion_matches_if_it_touches_the_grown_one(gap, found):
    result = score(blocks(SMALL), blocks(((6 + gap, 2, 2), (4, 4, 4))))
    assert (result.found, result.false_lesions) == (found, 1 - found)
    assert result.dice == 0
    assert (result.hd95_mm < 374) is bool(found)


def test_growth_takes_faces_and_edges_but_not_corners():
    voxel = blocks(((10, 10, 10), (1, 1, 1)))
    # a step along one diagonal of the cube takes two growths by edge and face
    result = score(voxel, blocks(((12, 12, 12), (1, 1, 1))), minimum_mm3=0)
    assert result.found == 1
    result = score(voxel, blocks(((13, 13, 13), (1, 1, 1))), minimum_mm3=0)
    assert result.missed == 1


def test_all_parts_that_touch_a_lesion_are_its_prediction():
    halves = blocks(((2, 2, 2), (1, 4, 4)), ((4, 2, 2), (2, 4, 4)))
    result = score(blocks(SMALL), halves)
    assert result.dice == pytest.approx(2 * 48 / (64 + 48))
    assert (result.found, result.false_lesions) == (1, 0)


def test_prediction_that_touches_two_lesions_counts_for_both():
    bridge = ((2, 2, 2), (4, 4, 26))
    result = score(blocks(SMALL, MIDDLE), blocks(bridge))
    voxels = 4 * 4 * 26
    expected = (2 * 64 / (64 + voxels) + 2 * 4 * 4 * 8 / (512 + voxels)) / 2
    assert result.dice == pytest.approx(expected)
    assert (result.found, result.false_lesions) == (2, 0)


@pytest.mark.parametrize(("shape", "lesions"), [((5, 5, 2), 0), ((3, 17, 1), 1)])
def test_lesion_of_exactly_the_minimum_is_passed_over(shape, lesions):
    result = score(blocks(((2, 2, 2), shape)), EMPTY)
    assert result.missed == lesions
    assert result.dice == 1 - lesions


def test_minimum_is_a_volume_not_a_number_of_voxels():
    reference = blocks(((2, 2, 2), (5, 5, 2)))
    result = lesion_wise_score(reference, EMPTY, spacing_mm=(1, 1, 1.1))
    assert result.missed == 1


def test_prediction_on_a_lesion_that_is_passed_over_is_not_false():
    result = score(blocks(((2, 2, 2), (2, 2, 2))), blocks(SMALL))
    assert (result.dice, result.hd95_mm, result.false_lesions) == (1, 0, 0)


def test_false_lesion_has_no_minimum():
    result = score(blocks(LARGE), blocks(LARGE, ((2, 2, 2), (1, 1, 1))))
    assert (result.dice, result.hd95_mm, result.false_lesions) == (0.5, 187, 1)


def test_nothing_to_find_and_nothing_found_is_perfect():
    assert score(EMPTY, EMPTY).dice == 1
    assert score(EMPTY, EMPTY).hd95_mm == 0
    result = score(EMPTY, blocks(SMALL))
    assert (result.dice, result.hd95_mm, result.false_lesions) == (0, 374, 1)


def lesion_after_lesion(reference, prediction, spacing_mm, dilations, minimum_mm3):
    """Score as the rules are written: on the whole image, growing one lesion at a time."""

    def grow(mask):
        for _ in range(dilations):
            mask = binary_dilation(mask, generate_binary_structure(3, 2))
        return mask

    numbers = cc3d.connected_components(grow(reference), connectivity=26)
    parts = cc3d.connected_components(prediction, connectivity=26)
    used, scores, distances = set(), [], []
    for number in range(1, numbers.max() + 1):
        lesion = reference & (numbers == number)
        touching = set(parts[grow(lesion)].tolist()) - {0}
        used |= touching
        if lesion.sum() * np.prod(spacing_mm) > minimum_mm3:
            matched = np.isin(parts, [*touching])
            scores.append(dice(lesion, matched))
            distances.append(
                hausdorff_95_mm(lesion, matched, spacing_mm=spacing_mm, one_empty_mm=374)
            )
    false_lesions = parts.max() - len(used)
    number = len(scores) + false_lesions
    return sum(scores) / number, (sum(distances) + 374 * false_lesions) / number


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    ("dilations", "minimum_mm3", "spacing_mm"),
    [(3, 50, (1, 1, 1)), (1, 2, (1, 1, 1)), (0, 0, (0.7, 1.1, 4.0))],
)
def test_score_equals_that_of_lesion_after_lesion(seed, dilations, minimum_mm3, spacing_mm):
    rng = np.random.default_rng(seed)
    reference, prediction = np.zeros((2, 30, 28, 26), dtype=bool)
    for mask in (reference, prediction):
        for _ in range(5):
            corner, side = rng.integers(0, 24, size=3), rng.integers(1, 7, size=3)
            mask[tuple(slice(a, a + b) for a, b in zip(corner, side, strict=True))] = True
    result = lesion_wise_score(
        reference, prediction, spacing_mm=spacing_mm, dilations=dilations, minimum_mm3=minimum_mm3
    )
    expected = lesion_after_lesion(reference, prediction, spacing_mm, dilations, minimum_mm3)
    assert (result.dice, result.hd95_mm) == pytest.approx(expected)


def test_impossible_input_is_refused():
    with pytest.raises(GeometryError, match="the same grid of three axes"):
        score(EMPTY, EMPTY[1:])
    with pytest.raises(GeometryError, match="the same grid of three axes"):
        count(EMPTY[0], EMPTY[0])
    with pytest.raises(GeometryError, match="give a positive one per axis"):
        lesion_wise_score(EMPTY, EMPTY, spacing_mm=(1, 1))
    with pytest.raises(ValueError, match="two or more rising limits"):
        count(EMPTY, EMPTY, edges_ml=(0, 1, 1))
    with pytest.raises(ValueError, match="a share of 2"):
        count(EMPTY, EMPTY, found_share=2)
    with pytest.raises(ValueError, match="cannot be added"):
        count(EMPTY, EMPTY) + count(EMPTY, EMPTY, edges_ml=(0, 1))
