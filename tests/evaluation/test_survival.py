"""Survival figures against hand computation, closed forms and scikit-survival."""

import math

import numpy as np
import pytest
from sksurv.metrics import (
    brier_score,
    concordance_index_censored,
    concordance_index_ipcw,
    integrated_brier_score,
)
from sksurv.metrics import cumulative_dynamic_auc as peer_auc
from sksurv.util import Surv

from gliokit.evaluation.survival import (
    brier_scores,
    calibrate_at,
    cumulative_dynamic_auc,
    harrell_c,
    integrated_brier,
    mean_auc,
    uno_c,
)
from gliokit.evaluation.survival_curve import censoring_curve, kaplan_meier

TAU = 20.0


def patients(n, *, seed=0, tied=False, observed=30.0):
    """Draw times, events and a risk that tells something; with tied times and risks if asked."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    death, censored = rng.exponential(12 * np.exp(-x)), rng.uniform(0, 2 * observed, n)
    censored = np.minimum(censored, observed + rng.uniform(0, 1, n))
    time, risk = np.minimum(death, censored), x + rng.normal(size=n)
    if tied:
        time, risk = np.ceil(time), np.round(risk)
    return time, death <= censored, risk


def test_pairs_by_hand():
    # known orders: 1 before 2, 3 and 4; 3 before 4; 2 was censored before 3 died
    time, event = [1, 2, 3, 4], [1, 0, 1, 0]
    assert harrell_c(time, event, [4, 3, 2, 1]) == 1
    assert harrell_c(time, event, [4, 3, 1, 2]) == pytest.approx(3 / 4)
    assert harrell_c(time, event, [4, 4, 2, 1]) == pytest.approx(3.5 / 4)
    assert harrell_c(time, event, [1, 1, 1, 1]) == 0.5


def test_death_and_censoring_on_the_same_day_are_in_known_order():
    assert harrell_c([5, 5], [1, 0], [2, 1]) == 1
    assert math.isnan(harrell_c([5, 5], [1, 1], [2, 1]))
    assert math.isnan(harrell_c([5, 6], [0, 0], [2, 1]))


def test_without_censoring_all_concordances_agree():
    time, _, risk = patients(100)
    everybody = np.ones(100)
    assert uno_c(time, everybody, risk) == pytest.approx(harrell_c(time, everybody, risk))


def test_reversed_risk_gives_the_complement():
    time, event, risk = patients(80, tied=True)
    assert harrell_c(time, event, -risk) == pytest.approx(1 - harrell_c(time, event, risk))
    assert uno_c(time, event, -risk, tau=TAU) == pytest.approx(
        1 - uno_c(time, event, risk, tau=TAU)
    )


@pytest.mark.parametrize("tied", [False, True])
def test_concordances_are_those_of_scikit_survival(tied):
    train = Surv.from_arrays(*reversed(patients(300, seed=1, tied=tied)[:2]))
    censoring = censoring_curve(train["time"], train["event"])
    time, event, risk = patients(150, seed=2, tied=tied)
    test = Surv.from_arrays(event, time)
    harrell = concordance_index_censored(event, time, risk)[0]
    uno = concordance_index_ipcw(train, test, risk, tau=TAU)[0]
    assert harrell_c(time, event, risk) == pytest.approx(harrell, abs=1e-10)
    assert uno_c(time, event, risk, censoring=censoring, tau=TAU) == pytest.approx(uno, abs=1e-10)


@pytest.mark.parametrize("tied", [False, True])
def test_auc_over_time_is_that_of_scikit_survival(tied):
    train = Surv.from_arrays(*reversed(patients(300, seed=1, tied=tied)[:2]))
    censoring = censoring_curve(train["time"], train["event"])
    time, event, risk = patients(150, seed=2, tied=tied)
    time, event = np.minimum(time, 25), event & (time <= 25)
    times = np.arange(2.0, 20)
    peers, peer_mean = peer_auc(train, Surv.from_arrays(event, time), risk, times)
    ours = cumulative_dynamic_auc(time, event, risk, times=times, censoring=censoring)
    assert ours == pytest.approx(peers, abs=1e-10)
    mean = mean_auc(ours, times=times, survival=kaplan_meier(time, event))
    assert mean == pytest.approx(peer_mean, abs=1e-10)


@pytest.mark.parametrize("tied", [False, True])
def test_brier_scores_are_those_of_scikit_survival(tied):
    train = Surv.from_arrays(*reversed(patients(300, seed=1, tied=tied)[:2]))
    censoring = censoring_curve(train["time"], train["event"])
    time, event, risk = patients(150, seed=2, tied=tied)
    time, event = np.minimum(time, 25), event & (time <= 25)
    times = np.arange(2.0, 20)
    survival = np.exp(-np.outer(np.exp(risk), times) / 12)
    test = Surv.from_arrays(event, time)
    ours = brier_scores(time, event, survival, times=times, censoring=censoring)
    assert ours == pytest.approx(brier_score(train, test, survival, times)[1], abs=1e-10)
    whole = integrated_brier_score(train, test, survival, times)
    assert integrated_brier(ours, times=times) == pytest.approx(whole, abs=1e-10)


def test_auc_without_censoring_is_that_of_two_classes():
    time = np.array([1.0, 2, 3, 4, 5])
    risk = np.array([3.0, 5, 4, 1, 2])
    aucs = cumulative_dynamic_auc(time, np.ones(5), risk, times=[2, 3.5, 0.5, 5])
    assert aucs[:2] == pytest.approx([5 / 6, 1])
    assert np.isnan(aucs[2:]).all()


def test_constant_half_has_a_quarter_without_censoring():
    time = np.linspace(1, 10, 30)
    scores = brier_scores(time, np.ones(30), np.full((30, 4), 0.5), times=[2, 4, 6, 8])
    assert scores == pytest.approx([0.25] * 4)
    assert integrated_brier(scores, times=[2, 4, 6, 8]) == pytest.approx(0.25)


def test_early_censoring_moves_harrell_and_not_uno():
    """A risk that matters at first only: who is observed briefly sees nothing but that."""
    rng = np.random.default_rng(0)
    risk, hazard_used = rng.normal(size=4000), rng.exponential(size=4000)
    rate = np.exp(1.5 * risk) / 10
    early = hazard_used / rate
    death = np.where(early < 5, early, 5 + (hazard_used - 5 * rate) / 0.2)
    censored = rng.exponential(4, 4000)
    time, event = np.minimum(death, censored), death <= censored
    everybody = np.ones(4000)
    assert uno_c(time, event, risk, tau=15) == pytest.approx(
        uno_c(death, everybody, risk, tau=15), abs=0.02
    )
    assert harrell_c(time, event, risk) > harrell_c(death, everybody, risk) + 0.08


def test_calibration_at_a_horizon_finds_what_was_planted():
    rng = np.random.default_rng(0)
    rate = np.exp(rng.normal(-2.5, 0.7, 6000))
    death, censored = rng.exponential(1 / rate), rng.uniform(5, 40, 6000)
    time, event = np.minimum(death, censored), death <= censored
    truth = 1 - np.exp(-rate * 12)
    right = calibrate_at(time, event, truth, horizon=12)
    assert right.observed == pytest.approx(right.predicted, abs=0.05)
    assert right.observed_to_expected == pytest.approx(1, abs=0.03)
    low = calibrate_at(time, event, truth / 2, horizon=12, groups=4)
    assert low.observed_to_expected == pytest.approx(2, abs=0.06)
    assert low.count.tolist() == [1500] * 4


def test_group_that_nobody_followed_to_the_horizon_has_no_observation():
    calibration = calibrate_at(
        [1, 2, 9, 9], [0, 0, 1, 0], [0.1, 0.2, 0.7, 0.8], horizon=5, groups=2
    )
    assert np.isnan(calibration.observed[0])
    assert calibration.observed[1] == 0
    assert calibration.predicted == pytest.approx([0.15, 0.75])


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match=r"\(2,\) predictions for \(3,\) rows"):
        harrell_c([1, 2, 3], [1, 1, 1], [1, 2])
    with pytest.raises(ValueError, match="a prediction is not finite"):
        harrell_c([1, 2], [1, 1], [1, np.nan])
    nobody = censoring_curve([1, 2], [0, 0])
    with pytest.raises(ValueError, match="nobody can have been observed until 5"):
        uno_c([1, 5], [1, 1], [2, 1], censoring=nobody)
    assert uno_c([1, 5], [1, 1], [2, 1], censoring=nobody, tau=2) == 1
    with pytest.raises(ValueError, match=r"shape \(2, 1\); needed 2 rows and 2 times"):
        brier_scores([1, 2], [1, 1], [[0.5], [0.5]], times=[1, 2])
    with pytest.raises(ValueError, match="survival must lie in 0-1"):
        brier_scores([1, 2], [1, 1], [[1.5], [0.5]], times=[1])
    with pytest.raises(ValueError, match="1 times; needed two or more, rising"):
        integrated_brier([0.1], times=[1])
    with pytest.raises(ValueError, match="5 groups of 2 rows"):
        calibrate_at([1, 2], [1, 1], [0.5, 0.5], horizon=1)


def test_pairs_are_formed_within_groups_only():
    time, event, risk = [1, 2, 3, 4], [1, 1, 1, 1], [4, 3, 20, 10]
    assert harrell_c(time, event, risk) < 1
    assert harrell_c(time, event, risk, groups=["a", "a", "b", "b"]) == 1
    assert np.isnan(harrell_c(time, event, risk, groups=[0, 1, 2, 3]))


def test_pairs_of_uno_are_formed_within_groups_and_weighed_over_all_rows():
    time, event, risk = patients(200, tied=True)
    groups = np.arange(200) % 2
    whole = uno_c(time, event, risk, tau=TAU, groups=groups)
    assert uno_c(time, event, risk + 100 * groups, tau=TAU, groups=groups) == whole
    curve, parts, pairs = censoring_curve(time, event), [], []
    for own in (groups == 0, groups == 1):
        parts.append(uno_c(time[own], event[own], risk[own], tau=TAU, censoring=curve))
        first = np.flatnonzero(event & own & (time < TAU))
        later = (time > time[first, None]) | ((time == time[first, None]) & ~event)
        pairs.append((later & own).sum(axis=1) @ curve.at(time[first]) ** -2.0)
    assert whole == pytest.approx(np.average(parts, weights=pairs))
    with pytest.raises(ValueError, match=r"\(3,\) groups for 200 rows"):
        uno_c(time, event, risk, tau=TAU, groups=[0, 1, 0])
