"""Volume intervals: nested, exact against a search, and as often right as promised."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

from gliokit.evaluation.conformal import (
    conformal_quantile,
    fit_t,
    smallest_margin,
    smallest_t,
    volume_interval,
    widen,
)

VOXEL_ML = 0.001
SHARED_ERROR = 3.0  # standard deviation of the logit
LOGITS = np.array([-np.inf, -3, -1, 0.5, 2, 4], dtype=np.float32)  # 3 voxels above 0, 5 in all


def held(logits, t, reference_ml):
    low, high = volume_interval(logits, VOXEL_ML, t=t)
    return low <= reference_ml <= high


@pytest.mark.parametrize(
    ("t", "voxels"), [(0, (3, 3)), (0.5, (2, 3)), (1, (2, 4)), (3.9, (1, 5)), (4, (0, 5))]
)
def test_interval_by_hand(t, voxels):
    interval = volume_interval(LOGITS, VOXEL_ML, t=t)
    assert interval == (voxels[0] * VOXEL_ML, voxels[1] * VOXEL_ML)
    assert [type(limit) for limit in interval] == [float, float]  # they go into JSON


def test_infinite_t_runs_from_nothing_to_the_whole_brain():
    assert volume_interval(LOGITS, VOXEL_ML, t=math.inf) == (0, 5 * VOXEL_ML)


@pytest.mark.parametrize(
    ("voxels", "expected"), [(3, 0), (2, 0.5), (1, 2), (0, 4), (4, 1), (5, 3), (2.5, 0.5), (3.5, 1)]
)
def test_score_by_hand(voxels, expected):
    assert smallest_t(LOGITS, VOXEL_ML, reference_ml=voxels * VOXEL_ML) == expected


def test_truth_larger_than_the_brain_is_out_of_reach():
    assert smallest_t(LOGITS, VOXEL_ML, reference_ml=6 * VOXEL_ML) == math.inf


def test_score_above_the_cap_is_infinite():
    assert smallest_t(LOGITS, VOXEL_ML, reference_ml=0, cap=4) == 4
    assert smallest_t(LOGITS, VOXEL_ML, reference_ml=0, cap=3.9) == math.inf


def test_region_that_is_rightly_empty_needs_no_t():
    logits = np.full((3, 3, 3), -2.0)
    assert smallest_t(logits, VOXEL_ML, reference_ml=0) == 0
    assert volume_interval(logits, VOXEL_ML, t=1.9) == (0, 0)
    assert smallest_t(logits, VOXEL_ML, reference_ml=VOXEL_ML) == 2


def test_case_without_any_brain_holds_only_nothing():
    nothing = np.full(4, -np.inf)
    assert smallest_t(nothing, VOXEL_ML, reference_ml=0) == 0
    assert smallest_t(nothing, VOXEL_ML, reference_ml=VOXEL_ML) == math.inf


def test_intervals_are_nested_and_hold_the_volume_itself():
    logits = np.random.default_rng(0).normal(-1, 2, size=(8, 9, 10)).astype(np.float32)
    volume = np.count_nonzero(logits > 0) * VOXEL_ML
    intervals = [volume_interval(logits, VOXEL_ML, t=t) for t in np.linspace(0, 6, 25)]
    lows, highs = zip(*intervals, strict=True)
    assert list(lows) == sorted(lows, reverse=True)
    assert list(highs) == sorted(highs)
    assert lows[0] == volume == highs[0]
    assert lows[-1] < 0.1 * volume


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_score_is_the_smallest_t_that_holds_the_truth(dtype):
    # coarse steps, as those of half precision: many voxels share a logit
    logits = np.round(np.random.default_rng(1).normal(-0.5, 2, size=60) * 4).astype(dtype) / 4
    steps = np.unique(np.abs(logits))
    for voxels in range(61):
        t = smallest_t(logits, VOXEL_ML, reference_ml=voxels * VOXEL_ML)
        tried = [step for step in (0.0, *steps) if held(logits, step, voxels * VOXEL_ML)]
        assert t == tried[0]


def test_volume_that_was_rounded_is_not_a_voxel_more():
    logits = np.linspace(-1, 1, 4001)
    for voxels in (1234, 2000, 2777):
        exact = smallest_t(logits, VOXEL_ML, reference_ml=voxels * VOXEL_ML)
        for rounded in (voxels * VOXEL_ML * (1 + 1e-12), voxels * VOXEL_ML * (1 - 1e-12)):
            assert smallest_t(logits, VOXEL_ML, reference_ml=rounded) == exact


@pytest.mark.parametrize(
    ("n", "level", "rank"), [(9, 0.9, 9), (12, 0.9, 12), (19, 0.9, 18), (99, 0.9, 90), (3, 0.5, 2)]
)
def test_quantile_has_the_rank_of_one_more_patient(n, level, rank):
    scores = np.random.default_rng(0).permutation(n) + 1.0
    assert conformal_quantile(scores, level=level) == rank


def test_too_few_patients_promise_nothing():
    assert conformal_quantile(np.ones(8), level=0.9) == math.inf
    assert fit_t([]) == math.inf


def test_scores_out_of_reach_count_as_the_largest():
    assert fit_t([*range(18), math.inf]) == 17
    assert fit_t([*range(17), math.inf, math.inf]) == math.inf


def test_patient_counts_once_with_the_worst_study():
    scores, patients = [1.0, 9.0, 2.0, 3.0], ["A", "A", "B", "C"]
    assert fit_t(scores, patients=patients, level=0.5) == 3
    assert fit_t([9.0, 2.0, 3.0], level=0.5) == 3
    assert fit_t(scores, level=0.5) == 3 != fit_t(scores, patients=patients, level=0.75)


def simulated_patients(number, rng):
    """Make logits of tumors and the true volumes, which an error shared by all voxels moves."""
    shape = (12, 12, 12)
    distance = np.linalg.norm(np.indices(shape) - 5.5, axis=0)
    for _ in range(number):
        field = 4 * (rng.uniform(2, 5) - distance) + 3 * gaussian_filter(rng.normal(size=shape), 1)
        logits = field.astype(np.float32)
        yield logits, np.count_nonzero(field + rng.normal(0, SHARED_ERROR) > 0) * VOXEL_ML


def test_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(2)
    coverage = []
    for _ in range(40):
        cases = [*simulated_patients(30, rng)]
        t = fit_t([smallest_t(z, VOXEL_ML, reference_ml=truth) for z, truth in cases[:20]])
        coverage += [held(z, t, truth) for z, truth in cases[20:]]
    # expected: 19 of 21 = 0.905; 400 new patients, of 40 fits
    assert 0.86 < np.mean(coverage) < 0.95


def test_sum_of_voxel_variances_does_not_hold_the_truth():
    """Why voxels are not taken for independent: they are right one by one, not together."""
    coverage, surprises = [], []
    for logits, truth in simulated_patients(200, np.random.default_rng(3)):
        p = ndtr(logits / SHARED_ERROR)  # exactly the chance that a voxel is in the region
        half = 1.645 * math.sqrt(np.sum(p * (1 - p)))
        surprises.append(p.sum() - truth / VOXEL_ML)
        coverage.append(abs(surprises[-1]) <= half)
    assert abs(np.mean(surprises)) < 0.1 * np.std(surprises)
    assert np.mean(coverage) < 0.3


def test_volume_is_centered_where_the_region_is_labelled():
    assert volume_interval(LOGITS, VOXEL_ML, t=0, center=1) == (2 * VOXEL_ML, 2 * VOXEL_ML)
    assert volume_interval(LOGITS, VOXEL_ML, t=2.5, center=1) == (VOXEL_ML, 4 * VOXEL_ML)


@pytest.mark.parametrize(
    ("reference_ml", "margin"),
    [
        (3, 0),  # inside
        (2, 0),  # on a limit
        (0, math.log(3)),  # of 2 + 1 mL
        (0.5, math.log(2)),
        (9, math.log(2)),  # of 4 + 1 mL
    ],
)
def test_margin_by_hand(reference_ml, margin):
    assert smallest_margin((2, 4), reference_ml) == pytest.approx(margin)
    low, high = widen((2, 4), margin)
    assert low - 1e-9 <= reference_ml <= high + 1e-9
    if margin:
        low, high = widen((2, 4), 0.99 * margin)
        assert not low <= reference_ml <= high


def test_widened_interval_ends_at_nothing_and_at_infinity():
    assert widen((2, 4), 5.0)[0] == 0
    assert widen((2, 4), math.inf) == (0, math.inf)
    assert widen((0, 0), math.log(4)) == pytest.approx((0, 3))  # up to 3 mL may be missed


def test_missed_tumor_costs_as_much_as_its_volume_weighs():
    small, large = smallest_margin((0, 0), 0.1), smallest_margin((0, 0), 10)
    assert small == pytest.approx(0.1, abs=0.01)
    assert large == pytest.approx(math.log(11))


def test_widened_nested_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(4)

    def core(logits):
        return volume_interval(logits, VOXEL_ML, t=1.5)

    coverage = []
    for _ in range(40):
        cases = [(core(z), truth) for z, truth in simulated_patients(30, rng)]
        margins = [smallest_margin(*case, floor_ml=0.1) for case in cases[:20]]
        margin = conformal_quantile(margins, level=0.9)
        ends = [widen(interval, margin, floor_ml=0.1) for interval, _ in cases[20:]]
        coverage += [
            low <= truth <= high for (low, high), (_, truth) in zip(ends, cases[20:], strict=True)
        ]
    assert 0.86 < np.mean(coverage) < 0.95


@pytest.mark.parametrize("n", [9, 12, 40])
def test_coverage_is_at_least_the_level_on_average_over_fits(n):
    rng = np.random.default_rng(n)
    scores = rng.exponential(size=(4000, n + 1))
    inside = [new <= conformal_quantile(old, level=0.9) for *old, new in scores]
    assert np.mean(inside) == pytest.approx(math.ceil((n + 1) * 0.9) / (n + 1), abs=0.015)


def test_one_fit_on_twelve_patients_may_fall_short_as_the_docstring_says():
    # the share of uniform scores below the fitted one is that one itself
    rng = np.random.default_rng(0)
    shares = [conformal_quantile(rng.random(12), level=0.9) for _ in range(4000)]
    assert np.mean(shares) == pytest.approx(0.923, abs=0.01)
    assert np.quantile(shares, 0.05) == pytest.approx(0.779, abs=0.015)


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="1 logits are nan; give -inf outside the brain"):
        volume_interval(np.array([np.nan, 1]), VOXEL_ML, t=1)
    with pytest.raises(ValueError, match="volume of a voxel must be positive"):
        smallest_t(LOGITS, 0, reference_ml=1)
    with pytest.raises(ValueError, match="finite and not negative"):
        smallest_t(LOGITS, VOXEL_ML, reference_ml=math.inf)
    with pytest.raises(ValueError, match="t must be 0 or larger"):
        volume_interval(LOGITS, VOXEL_ML, t=-1)
    with pytest.raises(ValueError, match="margin must be 0 or larger"):
        widen((0, 1), math.nan)
    with pytest.raises(ValueError, match="volumes must be finite and not negative"):
        smallest_margin((0, math.inf), 1)
    with pytest.raises(ValueError, match="the floor positive"):
        smallest_margin((0, 1), 1, floor_ml=0)
    with pytest.raises(ValueError, match="a score is nan"):
        fit_t([1, math.nan])
    with pytest.raises(ValueError, match="a score is nan"):
        fit_t([math.nan, 1], patients=["A", "A"])
    with pytest.raises(ValueError, match="for 1 patients; give one to each"):
        fit_t([1, 2], patients=["A"])
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        conformal_quantile([1, 2], level=1)
