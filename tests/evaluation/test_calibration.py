"""Reliability by hand, and recalibration that recovers what was planted."""

import math

import numpy as np
import pytest
from scipy.special import expit, logit

from gliokit.evaluation import calibration
from gliokit.evaluation.calibration import (
    Recalibration,
    brier_score,
    compress_samples,
    count_reliability,
    expected_calibration_error,
    fit_recalibration,
    maximum_calibration_error,
    pool_patients,
    recalibrate,
    reliability_curve,
)

# in two bins: 0.1 0.3 | 0.6 1.0, of which 0 1 | 1 1 are in the region
PROBABILITIES, REFERENCE = [0.1, 0.3, 0.6, 1.0], [0, 1, 1, 1]


def planted(slope, offset, n=40_000, seed=0):
    """Draw logits, and a reference whose true logit is slope × logit + offset."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1, 3, size=n)
    return logits, rng.random(n) < expit(slope * logits + offset)


def test_reliability_by_hand():
    counts = count_reliability(PROBABILITIES, REFERENCE, bins=2)
    curve = reliability_curve(counts)
    assert curve.predicted == pytest.approx([0.2, 0.8])
    assert curve.observed == pytest.approx([0.5, 1.0])
    assert curve.share == pytest.approx([0.5, 0.5])
    assert expected_calibration_error(counts) == pytest.approx((0.3 + 0.2) / 2)
    assert maximum_calibration_error(counts) == pytest.approx(0.3)
    assert brier_score(counts) == pytest.approx((0.01 + 0.49 + 0.16) / 4)


def test_bins_hold_their_lower_limit_and_the_last_holds_one():
    counts = count_reliability([0, 0.24, 0.25, 0.5, 0.75, 1], np.zeros(6), bins=4)
    assert counts.weight.tolist() == [2, 1, 1, 2]


def test_cases_added_are_as_one_case():
    rng = np.random.default_rng(0)
    p, y = rng.random(300), rng.random(300) < 0.3
    whole = count_reliability(p, y)
    sums = count_reliability(p[:100], y[:100]) + count_reliability(p[100:], y[100:])
    assert sums.weight.tolist() == whole.weight.tolist()
    assert expected_calibration_error(sums) == pytest.approx(expected_calibration_error(whole))
    assert brier_score(sums) == pytest.approx(np.mean((p - y) ** 2))


def test_weight_counts_like_repeated_voxels():
    weighted = count_reliability(PROBABILITIES, REFERENCE, bins=2, weights=[1, 3, 0, 2])
    repeated = count_reliability(
        np.repeat(PROBABILITIES, [1, 3, 0, 2]), np.repeat(REFERENCE, [1, 3, 0, 2]), bins=2
    )
    assert weighted.weight.tolist() == repeated.weight.tolist()
    assert brier_score(weighted) == pytest.approx(brier_score(repeated))


def test_calibrated_probabilities_lie_on_the_diagonal():
    logits, reference = planted(1, 0)
    counts = count_reliability(expit(logits), reference, bins=10)
    assert expected_calibration_error(counts) < 0.01
    assert maximum_calibration_error(counts) < 0.05


def test_fractions_of_a_voxel_may_be_the_reference():
    counts = count_reliability([0.25, 0.25], [0.0, 0.5])
    assert expected_calibration_error(counts) == pytest.approx(0)
    assert brier_score(counts) == pytest.approx(0.0625)


def test_sparse_bins_can_be_passed_over():
    p, y = np.r_[np.full(999, 0.1), 0.9], np.r_[np.arange(999) < 100, False]
    counts = count_reliability(p, y, bins=10)
    assert maximum_calibration_error(counts) == pytest.approx(0.9)
    assert maximum_calibration_error(counts, minimum_share=0.01) < 0.001


def test_patients_weigh_the_same_whatever_their_voxels_and_studies():
    good = count_reliability(np.full(1000, 0.5), np.arange(1000) < 500)
    bad = count_reliability(np.full(10, 0.5), np.zeros(10))
    assert expected_calibration_error(good + good + bad) < 0.01
    pooled = pool_patients([good, bad, good], patients=["A", "B", "A"])
    assert expected_calibration_error(pooled) == pytest.approx(0.25)
    assert brier_score(pooled) == pytest.approx(0.25)
    assert pooled.weight.sum() == pytest.approx(2)


def test_nothing_counted_has_no_error():
    counts = count_reliability([], [])
    assert math.isnan(expected_calibration_error(counts))
    assert math.isnan(maximum_calibration_error(counts))
    assert math.isnan(brier_score(counts))
    assert not reliability_curve(counts).share.any()


@pytest.mark.parametrize(("slope", "offset"), [(1, 0), (0.5, 0.7), (2, -1.5)])
def test_planted_slope_and_offset_are_recovered(slope, offset):
    fit = fit_recalibration(*planted(slope, offset))
    assert (fit.slope, fit.offset) == pytest.approx((slope, offset), abs=0.06)


@pytest.mark.parametrize(("slope", "offset"), [(1, 0), (0.3, 2), (3, -4)])
def test_soft_reference_is_recovered_exactly(slope, offset):
    logits = np.linspace(-3, 3, 50)
    fit = fit_recalibration(logits, expit(slope * logits + offset), ridge=1e-12)
    assert (fit.slope, fit.offset) == pytest.approx((slope, offset), abs=1e-6)


def test_offset_alone_has_the_closed_form():
    # 3 of 4 in the region at each of two logits: calibrated logits are log 3, whatever the logit
    fit = fit_recalibration([-1] * 4 + [1] * 4, [1, 1, 1, 0] * 2, ridge=1e-12)
    assert (fit.slope, fit.offset) == pytest.approx((0, math.log(3)), abs=1e-6)


def test_recalibrated_model_is_calibrated():
    logits, reference = planted(0.4, 1)
    before = count_reliability(expit(logits), reference)
    better = recalibrate(logits, fit_recalibration(logits, reference))
    after = count_reliability(expit(better), reference)
    assert expected_calibration_error(before) > 0.1
    assert expected_calibration_error(after) < 0.01
    assert brier_score(after) < brier_score(before)


def test_weights_undo_a_sample_that_is_not_even():
    logits, reference = planted(0.7, -1)
    drawn = reference | (np.arange(logits.size) % 10 == 0)  # all of the region, a tenth beside it
    fit = fit_recalibration(
        logits[drawn], reference[drawn], weights=np.where(reference, 1, 10)[drawn]
    )
    assert (fit.slope, fit.offset) == pytest.approx((0.7, -1), abs=0.1)
    assert fit_recalibration(logits[drawn], reference[drawn]).offset > 0


def test_only_ratios_of_weights_matter():
    logits, reference = planted(0.7, -1, n=500)
    fit = fit_recalibration(logits, reference)
    assert fit_recalibration(logits, reference, weights=np.full(500, 8.0)) == fit


def test_perfect_separation_stays_finite():
    logits = np.linspace(-5, 5, 100)
    fit = fit_recalibration(logits, logits > 0)
    assert 1 < fit.slope < 1000
    assert abs(fit.offset) < 1
    assert not np.any((recalibrate(logits, fit) > 0) != (logits > 0))


def test_samples_of_one_class_stay_finite():
    fit = fit_recalibration([-2.0, -1.0, 1.0], [0, 0, 0])
    assert np.isfinite([fit.slope, fit.offset]).all()
    assert (recalibrate(np.array([-2.0, -1.0, 1.0]), fit) < -2).all()


def test_far_off_start_is_survived():
    # at slope 1 every probability is 0 or 1, where undamped steps leap away
    fit = fit_recalibration([-80.0, -60.0, 60.0, 80.0] * 2, [0, 0, 1, 1, 1, 0, 0, 1])
    assert 0 < fit.slope < 0.1


def test_compressed_samples_give_the_same_fit_case_by_case():
    logits, reference = planted(0.6, 0.5)
    cases = [compress_samples(logits[part::3], reference[part::3]) for part in range(3)]
    samples = np.concatenate(cases, axis=1)
    assert samples.shape[1] < logits.size / 5
    assert samples[2].sum() == logits.size
    whole = fit_recalibration(logits, reference)
    fit = fit_recalibration(samples[0], samples[1], weights=samples[2])
    assert (fit.slope, fit.offset) == pytest.approx((whole.slope, whole.offset), abs=1e-3)


def test_recalibration_by_hand_keeps_the_outside_and_the_type():
    logits = np.array([-np.inf, 0, 2], dtype=np.float32)
    better = recalibrate(logits, Recalibration(slope=0.5, offset=1))
    assert better.tolist() == [-np.inf, 1, 2]
    assert better.dtype == np.float32


@pytest.mark.parametrize(
    ("probabilities", "reference", "message"),
    [
        ([0.5, 1.2], [0, 1], "probabilities must lie in 0-1, got 0.5 to 1.2"),
        ([0.5, 0.5], [0, 3], "reference must lie in 0-1, got 0 to 3"),
        ([0.5, np.nan], [0, 1], "1 of 2 probabilities are not finite"),
        ([0.5], [0, 1], "1 predictions, 2 voxels of reference"),
    ],
)
def test_impossible_voxels_are_refused(probabilities, reference, message):
    with pytest.raises(ValueError, match=message):
        count_reliability(probabilities, reference)


def test_infinite_logits_and_bad_weights_are_refused():
    with pytest.raises(ValueError, match="1 of 2 logits are not finite"):
        fit_recalibration(logit([0.0, 0.5]), [0, 1])
    with pytest.raises(ValueError, match="must not be negative"):
        fit_recalibration([0, 1], [0, 1], weights=[1, -1])
    with pytest.raises(ValueError, match="add up to 0, ridge is 1e-06; both must be positive"):
        fit_recalibration([0, 1], [0, 1], weights=[0, 0])
    with pytest.raises(ValueError, match="ridge is 0; both must be positive"):
        fit_recalibration([0, 1], [0, 1], ridge=0)


def test_fit_that_does_not_settle_is_no_answer(monkeypatch):
    monkeypatch.setattr(calibration, "NEWTON_STEPS", 2)
    with pytest.raises(ArithmeticError, match="did not settle in 2 steps"):
        fit_recalibration(*planted(0.3, 2, n=100))


def test_cases_that_cannot_be_added_are_refused():
    few, many = (count_reliability(PROBABILITIES, REFERENCE, bins=bins) for bins in (5, 10))
    with pytest.raises(ValueError, match="in 5 and in 10 bins"):
        few + many
    with pytest.raises(ValueError, match="1 cases for 2 patients"):
        pool_patients([few], patients=["A", "B"])
    with pytest.raises(ValueError, match="no voxel was counted for B"):
        pool_patients([few, count_reliability([], [], bins=5)], patients=["A", "B"])
