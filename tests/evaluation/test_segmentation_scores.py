"""Scores of label maps: against each metric alone, and summaries worked out by hand."""

import math
from dataclasses import astuple, replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, LabelError
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Label, Region
from gliokit.evaluation.lesion_wise import lesion_wise_score
from gliokit.evaluation.overlap import dice, positive_predictive_value, sensitivity, specificity
from gliokit.evaluation.segmentation_scores import (
    METRICS,
    REGIONS,
    mean_dice,
    paired_difference,
    score_case,
    summarize,
)
from gliokit.evaluation.surface import BRATS_PENALTY_MM, hausdorff_95_mm, surface_dice

SPACING_MM = (1.0, 1.2, 2.0)
EMPTY = np.zeros((30, 28, 20), dtype=np.uint8)


def tumor(start=(8, 8, 4), side=10):
    """Nested cubes: edema around enhancement around necrosis."""
    labels = EMPTY.copy()
    for inset, label in enumerate((Label.EDEMA, Label.ENHANCING, Label.NECROTIC_CORE)):
        inner = (slice(first + 2 * inset, first + side - 2 * inset) for first in start)
        labels[tuple(inner)] = label
    return labels


def score(reference, prediction, **settings):
    return score_case(reference, prediction, spacing_mm=SPACING_MM, **settings)


WHOLE = score(tumor(), tumor(start=(9, 8, 4)), regions=[Region.WHOLE_TUMOR])[0]


def with_dice(*values):
    return [replace(WHOLE, dice=value) for value in values]


def summary_of(metric, summaries):
    return next(summary for summary in summaries if summary.metric == metric)


def random_tumor(seed):
    rng = np.random.default_rng(seed)
    labels = tumor(start=rng.integers(0, 10, size=3))
    return np.where(rng.random(EMPTY.shape) < 0.02, rng.integers(0, 5, EMPTY.shape), labels)


def test_mean_dice_is_that_of_the_three_regions():
    reference, prediction = tumor(), tumor(start=(9, 8, 4))
    each = [own.dice for own in score(reference, prediction)]
    assert mean_dice(reference, prediction) == pytest.approx(np.mean(each))
    assert mean_dice(reference, EMPTY) == 0
    assert mean_dice(EMPTY, EMPTY) == 1


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_each_metric_on_the_whole_image(seed):
    reference, prediction = random_tumor(seed), random_tumor(seed + 10)
    for result in score(reference, prediction, regions=list(Region), tolerance_mm=1.5):
        first, second = (region_mask(labels, result.region) for labels in (reference, prediction))
        lesion_wise = lesion_wise_score(first, second, spacing_mm=SPACING_MM)
        assert result.dice == dice(first, second)
        assert result.sensitivity == sensitivity(first, second)
        assert result.specificity == specificity(first, second)
        assert result.ppv == positive_predictive_value(first, second)
        assert result.hd95_mm == hausdorff_95_mm(first, second, spacing_mm=SPACING_MM)
        assert result.surface_dice == surface_dice(
            first, second, spacing_mm=SPACING_MM, tolerance_mm=1.5
        )
        assert (result.lesion_wise_dice, result.lesion_wise_hd95_mm) == pytest.approx(
            (lesion_wise.dice, lesion_wise.hd95_mm)
        )
        assert (result.found, result.lesions, result.false_lesions) == (
            lesion_wise.found,
            lesion_wise.found + lesion_wise.missed,
            lesion_wise.false_lesions,
        )


def test_volumes_are_in_ml():
    (larger,) = score(tumor(), tumor(side=12), regions=[Region.WHOLE_TUMOR])
    assert (larger.reference_ml, larger.prediction_ml) == pytest.approx((2.4, 2.4 * 1.728))
    assert larger.volume_error_ml == pytest.approx(2.4 * 0.728)
    assert larger.relative_volume_error == pytest.approx(0.728)
    (smaller,) = score(tumor(side=12), tumor(), regions=[Region.WHOLE_TUMOR])
    assert smaller.volume_error_ml == -larger.volume_error_ml
    assert smaller.absolute_volume_error_ml == larger.absolute_volume_error_ml


def test_regions_are_those_of_brats_unless_others_are_asked_for():
    assert [result.region for result in score(tumor(), tumor())] == list(REGIONS)
    assert [region.value for region in REGIONS] == ["WT", "TC", "ET"]


def test_perfect_prediction():
    for result in score(tumor(), tumor()):
        shares = (result.dice, result.sensitivity, result.specificity, result.ppv)
        assert shares == (1, 1, 1, 1)
        assert (result.surface_dice, result.lesion_wise_dice) == (1, 1)
        assert (result.hd95_mm, result.volume_error_ml, result.lesion_wise_hd95_mm) == (0, 0, 0)


def test_two_empty_maps_agree():
    for result in score(EMPTY, EMPTY):
        assert (result.dice, result.sensitivity, result.ppv, result.surface_dice) == (1, 1, 1, 1)
        assert (result.hd95_mm, result.lesion_wise_dice, result.lesions) == (0, 1, 0)
        assert math.isnan(result.relative_volume_error)


def test_empty_reference_leaves_sensitivity_and_distance_undefined():
    result = score(EMPTY, tumor())[0]
    assert (result.dice, result.ppv, result.surface_dice, result.false_lesions) == (0, 0, 0, 1)
    assert math.isnan(result.sensitivity)
    assert math.isnan(result.hd95_mm)


def test_empty_prediction_leaves_predictive_value_and_distance_undefined():
    result = score(tumor(), EMPTY)[0]
    assert (result.dice, result.sensitivity, result.surface_dice) == (0, 0, 0)
    assert (result.lesions, result.found) == (1, 0)
    assert math.isnan(result.ppv)
    assert math.isnan(result.hd95_mm)


def test_distance_to_nothing_costs_the_penalty_that_was_asked_for():
    result = score(tumor(), EMPTY, one_empty_mm=BRATS_PENALTY_MM)[0]
    assert result.hd95_mm == BRATS_PENALTY_MM


def test_orientation_does_not_matter():
    reference, prediction = random_tumor(1), random_tumor(2)
    straight = score(reference, prediction)
    flipped = score(reference[::-1, :, ::-1], prediction[::-1, :, ::-1])
    turned = score_case(reference.T, prediction.T, spacing_mm=SPACING_MM[::-1])
    for one, other in zip(straight + straight, flipped + turned, strict=True):
        assert astuple(one)[1:] == pytest.approx(astuple(other)[1:])


def test_studies_of_a_patient_are_averaged_first():
    summary = summary_of(
        "dice",
        summarize(
            with_dice(0.2, 0.4, 0.6, 0.9), patients=["A", "A", "A", "B"], seed=0, resamples=400
        ),
    )
    assert (summary.mean, summary.median) == pytest.approx((0.65, 0.65))
    assert (summary.patients, summary.patients_left_out, summary.scores_left_out) == (2, 0, 0)
    assert summary.mean_interval == pytest.approx((0.4, 0.9))


def test_mean_and_median_are_both_given():
    summary = summary_of(
        "dice",
        summarize(with_dice(0.0, 0.8, 0.9, 0.9, 0.9), patients=range(5), seed=0, resamples=400),
    )
    assert (summary.mean, summary.median) == pytest.approx((0.7, 0.9))
    low, high = summary.median_interval
    assert 0 <= low < 0.9 == high


def test_interval_of_a_mean_is_that_of_normal_theory():
    values = np.random.default_rng(0).normal(0.8, 0.1, size=200)
    summary = summary_of("dice", summarize(with_dice(*values), patients=range(200), seed=0))
    half = 1.96 * values.std() / math.sqrt(200)
    assert summary.mean_interval == pytest.approx(
        (summary.mean - half, summary.mean + half), abs=0.002
    )


def test_undefined_scores_are_left_out_and_counted():
    scores = with_dice(math.nan, 0.5, math.nan, 0.9)
    summary = summary_of(
        "dice", summarize(scores, patients=["A", "A", "B", "C"], seed=0, resamples=400)
    )
    assert summary.mean == pytest.approx(0.7)
    assert (summary.patients, summary.patients_left_out, summary.scores_left_out) == (2, 1, 2)


def test_fewer_than_two_patients_have_no_interval():
    one = summary_of(
        "dice", summarize(with_dice(0.4, 0.6), patients=["A", "A"], seed=0, resamples=400)
    )
    assert one.mean == 0.5
    assert all(map(math.isnan, (*one.mean_interval, *one.median_interval)))
    none = summary_of("dice", summarize(with_dice(math.nan), patients=["A"], seed=0, resamples=400))
    assert math.isnan(none.mean)
    assert none.patients_left_out == 1


def test_every_metric_of_every_region_is_summarized():
    scores = [*score(tumor(), tumor((9, 9, 5))), *score(tumor(), tumor((8, 8, 5)))]
    summaries = summarize(scores, patients=["A"] * 3 + ["B"] * 3, seed=0, resamples=50)
    assert [(summary.region, summary.metric) for summary in summaries] == [
        (region, metric) for region in REGIONS for metric in METRICS
    ]
    by_hand = np.mean([scores[1].hd95_mm, scores[4].hd95_mm])
    assert summaries[len(METRICS) + METRICS.index("hd95_mm")].mean == pytest.approx(by_hand)


def test_order_of_scores_does_not_change_the_summary():
    scores, patients = with_dice(0.2, 0.5, 0.9), ["A", "A", "B"]
    straight = summary_of("dice", summarize(scores, patients=patients, seed=0, resamples=400))
    swapped = summary_of(
        "dice",
        summarize([scores[1], scores[0], scores[2]], patients=patients, seed=0, resamples=400),
    )
    assert straight == swapped


def test_paired_difference_is_narrower_than_its_parts():
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.3, 0.9, size=40)
    first, second = with_dice(*(hard + 0.05)), with_dice(*(hard + rng.normal(0, 0.02, size=40)))
    (difference,) = paired_difference(first, second, patients=range(40), metric="dice", seed=0)
    assert difference.mean == pytest.approx(0.05, abs=0.01)
    low, high = difference.mean_interval
    assert 0 < low < difference.mean < high < 0.07
    alone = summary_of("dice", summarize(first, patients=range(40), seed=0)).mean_interval
    assert high - low < 0.2 * (alone[1] - alone[0])


def test_paired_difference_changes_its_sign_with_the_order():
    first, second = with_dice(0.9, 0.8, 0.5), with_dice(0.7, 0.8, 0.6)
    there, back = (
        paired_difference(*pair, patients="ABC", metric="dice", seed=3)[0]
        for pair in ((first, second), (second, first))
    )
    assert there.mean == pytest.approx(-back.mean)
    assert there.mean_interval == pytest.approx([-limit for limit in back.mean_interval[::-1]])


def test_pair_with_an_undefined_score_is_left_out():
    first, second = with_dice(0.9, math.nan, 0.5), with_dice(0.7, 0.8, 0.6)
    (difference,) = paired_difference(first, second, patients="ABC", metric="dice", seed=0)
    assert difference.mean == pytest.approx(0.05)
    assert (difference.patients, difference.patients_left_out) == (2, 1)


def test_impossible_input_is_refused():
    with pytest.raises(GeometryError, match="the same grid of three axes"):
        score(EMPTY, EMPTY[1:])
    with pytest.raises(GeometryError, match="a positive spacing per axis"):
        score_case(EMPTY, EMPTY, spacing_mm=(1, 1))
    with pytest.raises(LabelError, match="prediction holds values 0 to 7"):
        score(EMPTY, np.where(tumor() > 0, 7, 0))
    with pytest.raises(LabelError, match="labels are integers"):
        score(EMPTY.astype(float), EMPTY)
    with pytest.raises(ValueError, match="give one to each"):
        summarize(with_dice(0.5), patients=[], seed=0, resamples=400)
    with pytest.raises(ValueError, match="do not pair"):
        paired_difference(with_dice(0.5), with_dice(0.5, 0.6), patients="A", metric="dice", seed=0)
    with pytest.raises(ValueError, match="no metric 'iou'; choose from dice"):
        paired_difference([], [], patients=[], metric="iou", seed=0)
