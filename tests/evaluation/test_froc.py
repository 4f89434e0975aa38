"""Free-response curves counted by hand, and on cases with a known rate of false alarms."""

import math

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.evaluation.froc import (
    CaseDetections,
    choose_point,
    detect,
    froc_curve,
    read_point,
    sensitivity_at,
    sensitivity_interval,
)

SHAPE = (40, 40, 40)
SMALL = ((2, 2, 2), (4, 4, 4))  # 64 voxels
LARGE = ((20, 20, 20), (10, 10, 10))  # 1000
ELSEWHERE = ((2, 2, 30), (3, 3, 3))


def paint(*parts):
    """Draw blocks of a corner, a shape and a value."""
    image = np.zeros(SHAPE)
    for start, shape, value in parts:
        corner = zip(start, shape, strict=True)
        image[tuple(slice(first, first + side) for first, side in corner)] = value
    return image


def lesions(*blocks):
    return paint(*((*block, 1) for block in blocks)) > 0


def found(reference, *parts, **settings):
    return detect(reference, paint(*parts), voxel_ml=0.001, **settings)


def case(lesion_scores, false_scores, lesions_ml=None):
    return CaseDetections(
        tuple(lesions_ml or [1.0] * len(lesion_scores)), tuple(lesion_scores), tuple(false_scores)
    )


# of 4 lesions in 2 cases one is never found
TWO_CASES = (case([0.9, 0.6, -math.inf], [0.8]), case([0.7], [0.5, 0.3]))


def test_lesion_has_the_highest_probability_of_its_match():
    peak = ((21, 21, 21), (1, 1, 1), 0.9)
    result = found(lesions(SMALL, LARGE), (*LARGE, 0.6), peak, (*ELSEWHERE, 0.7))
    assert result.lesions_ml == pytest.approx((0.064, 1.0))
    assert result.lesion_scores == (-math.inf, 0.9)
    assert result.false_scores == (0.7,)


@pytest.mark.parametrize(("layers", "matches"), [(1, True), (0, False)])
def test_a_tenth_of_the_union_is_a_match(layers, matches):
    # 100 or 99 of the 1000 voxels of the lesion
    probability = paint((LARGE[0], (1, 10, 10), 0.8))
    if not layers:
        probability[20, 20, 20] = 0
    result = detect(lesions(LARGE), probability, voxel_ml=0.001)
    assert result.lesion_scores == ((0.8,) if matches else (-math.inf,))
    assert result.false_scores == (() if matches else (0.8,))


def test_prediction_that_covers_the_brain_finds_nothing():
    result = found(lesions(SMALL), ((1, 1, 1), (30, 30, 30), 1.0))
    assert (result.lesion_scores, result.false_scores) == ((-math.inf,), (1,))


def test_second_match_of_a_lesion_is_no_false_alarm():
    halves = ((20, 20, 20), (4, 10, 10), 0.6), ((26, 20, 20), (4, 10, 10), 0.8)
    result = found(lesions(LARGE), *halves)
    assert (result.lesion_scores, result.false_scores) == ((0.8,), ())


def test_candidate_ends_where_the_probability_falls_below_the_floor():
    fringe = ((10, 10, 10), (30, 30, 30), 0.3)
    assert found(lesions(LARGE), fringe, (*LARGE, 0.9)).lesion_scores == (0.9,)
    low = found(lesions(LARGE), fringe, (*LARGE, 0.9), floor=0.2)
    assert (low.lesion_scores, low.false_scores) == ((-math.inf,), (0.9,))


def test_dropping_small_candidates_trades_lesions_for_false_alarms():
    reference = lesions(SMALL, LARGE)
    parts = ((*SMALL, 0.9), (*LARGE, 0.8), (*ELSEWHERE, 0.7))
    every = found(reference, *parts)
    without_false = found(reference, *parts, minimum_ml=0.03)
    only_large = found(reference, *parts, minimum_ml=0.1)
    assert (every.lesion_scores, every.false_scores) == ((0.9, 0.8), (0.7,))
    assert (without_false.lesion_scores, without_false.false_scores) == ((0.9, 0.8), ())
    assert (only_large.lesion_scores, only_large.false_scores) == ((-math.inf, 0.8), ())


def test_case_without_lesions_and_candidates_is_empty():
    assert found(lesions()) == CaseDetections((), (), ())
    assert found(lesions(), (*SMALL, 0.6)).false_scores == (0.6,)


def test_orientation_does_not_matter():
    rng = np.random.default_rng(0)
    reference, probability = rng.random(SHAPE) < 0.01, rng.random(SHAPE) ** 8
    straight = detect(reference, probability, voxel_ml=0.001)
    turned = detect(reference.T[::-1], probability.T[::-1], voxel_ml=0.001)
    assert sorted(straight.lesion_scores) == sorted(turned.lesion_scores)
    assert sorted(straight.false_scores) == sorted(turned.false_scores)
    assert 0 < np.isfinite(straight.lesion_scores).sum() < len(straight.lesion_scores)


def test_curve_counted_by_hand():
    curve = froc_curve(TWO_CASES)
    assert curve.thresholds.tolist() == [math.inf, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3]
    assert curve.sensitivity.tolist() == [0, 0.25, 0.25, 0.5, 0.75, 0.75, 0.75]
    assert curve.false_per_case.tolist() == [0, 0, 0.5, 0.5, 0.5, 1, 1.5]
    assert (curve.cases, curve.lesions) == (2, 4)


@pytest.mark.parametrize(("rate", "expected"), [(0, 0.25), (0.49, 0.25), (0.5, 0.75), (9, 0.75)])
def test_sensitivity_is_read_without_drawing_lines_between_points(rate, expected):
    assert sensitivity_at(froc_curve(TWO_CASES), false_per_case=rate) == expected


def test_point_is_the_highest_threshold_of_the_most_sensitive_ones():
    point = choose_point(froc_curve(TWO_CASES), most_false_per_case=1)
    assert (point.threshold, point.sensitivity, point.false_per_case) == (0.6, 0.75, 0.5)
    assert choose_point(froc_curve(TWO_CASES), most_false_per_case=0).threshold == 0.9


def test_threshold_is_carried_to_other_cases():
    point = choose_point(froc_curve(TWO_CASES), most_false_per_case=1)
    others = [case([0.6, 0.59], [0.7, 0.61, 0.1]), case([], []), case([], [0.9])]
    there = read_point(others, threshold=point.threshold)
    assert (there.sensitivity, there.false_per_case) == (0.5, 1)


def test_every_point_of_a_curve_can_be_read_back():
    curve = froc_curve(TWO_CASES)
    for index, threshold in enumerate(curve.thresholds):
        assert read_point(TWO_CASES, threshold=threshold) == curve.point(index)


def test_strata_count_lesions_of_their_size_and_all_false_alarms():
    cases = [case([0.9, 0.4], [0.5], lesions_ml=(2.0, 0.05))]
    small, rest = froc_curve(cases, sizes_ml=(0, 0.1)), froc_curve(cases, sizes_ml=(0.1, math.inf))
    assert (small.lesions, rest.lesions) == (1, 1)
    assert sensitivity_at(small, false_per_case=0) == 0
    assert sensitivity_at(rest, false_per_case=0) == 1
    assert small.false_per_case[-1] == rest.false_per_case[-1] == 1


def test_curve_without_lesions_has_false_alarms_only():
    curve = froc_curve([case([], [0.5])])
    assert np.isnan(curve.sensitivity).all()
    assert curve.false_per_case.tolist() == [0, 1]


def test_known_rates_are_reproduced():
    # scores of lesions uniform in 0-1, of which 4 in 5 are candidates; 3 false alarms a case
    rng = np.random.default_rng(0)
    cases = [
        case(np.where(rng.random(2) < 0.8, rng.random(2), -np.inf), rng.random(rng.poisson(3)))
        for _ in range(3000)
    ]
    curve = froc_curve(cases)
    assert curve.false_per_case[-1] == pytest.approx(3, abs=0.1)
    assert curve.sensitivity[-1] == pytest.approx(0.8, abs=0.03)
    for rate in (0.5, 1, 2):
        expected = 0.8 * rate / 3
        assert sensitivity_at(curve, false_per_case=rate) == pytest.approx(expected, abs=0.03)


def test_interval_draws_patients_not_cases():
    rng = np.random.default_rng(1)
    cases = [case([0.9 if rng.random() < 0.6 else 0.1], [0.5]) for _ in range(60)]
    sensitivity = sensitivity_at(froc_curve(cases), false_per_case=0.5)
    settings = {"false_per_case": 0.5, "seed": 0, "resamples": 400}
    low, high = sensitivity_interval(cases, patients=range(60), **settings)
    half = 1.96 * math.sqrt(sensitivity * (1 - sensitivity) / 60)
    assert (low, high) == pytest.approx((sensitivity - half, sensitivity + half), abs=0.04)
    thrice = sensitivity_interval(cases * 3, patients=[*range(60)] * 3, **settings)
    assert thrice == (low, high)


def test_interval_of_too_few_lesions_is_refused():
    with pytest.raises(ValueError, match="not defined"):
        sensitivity_interval(
            [case([], [0.5])] * 3, patients=range(3), false_per_case=1, seed=0, resamples=20
        )


def test_impossible_input_is_refused():
    empty = lesions()
    with pytest.raises(GeometryError, match="the same grid of three axes"):
        detect(empty, np.zeros((3, 3, 3)), voxel_ml=0.001)
    with pytest.raises(ValueError, match="give all in 0-1"):
        detect(empty, np.full(SHAPE, math.nan), voxel_ml=0.001)
    with pytest.raises(ValueError, match="a floor of 0"):
        detect(empty, np.zeros(SHAPE), voxel_ml=0.001, floor=0)
    with pytest.raises(ValueError, match="needs one or more"):
        froc_curve([])
    with pytest.raises(ValueError, match="give 0 or more"):
        sensitivity_at(froc_curve(TWO_CASES), false_per_case=-1)
    with pytest.raises(ValueError, match="needs some to be found"):
        choose_point(froc_curve([case([], [0.5])]), most_false_per_case=1)
