"""Curves against hand computation and scikit-survival."""

import numpy as np
import pytest
from sksurv.nonparametric import kaplan_meier_estimator

from gliokit.evaluation.survival_curve import censoring_curve, kaplan_meier


def follow_up(n, *, seed=0, steps=None):
    """Draw times and events; whole-numbered, hence tied, where `steps` is given."""
    rng = np.random.default_rng(seed)
    death, censored = rng.exponential(10, n), rng.exponential(15, n)
    time = np.minimum(death, censored)
    return (np.ceil(time * steps) if steps else time), death <= censored


def test_curve_by_hand():
    curve = kaplan_meier([1, 2, 2, 3, 4], [1, 1, 0, 0, 1])
    assert curve.times.tolist() == [1, 2, 3, 4]
    assert curve.probability == pytest.approx([0.8, 0.6, 0.6, 0])
    assert curve.at([0.5, 1, 1.9, 2, 9]) == pytest.approx([1, 0.8, 0.8, 0.6, 0])


def test_censoring_by_hand_takes_events_first():
    # at 2 one of five has died and another dies: three are at risk of censoring, one is censored
    curve = censoring_curve([1, 2, 2, 3, 4], [1, 1, 0, 0, 1])
    assert curve.probability == pytest.approx([1, 2 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize("steps", [None, 0.3, 1])
def test_curves_are_those_of_scikit_survival(steps):
    time, event = follow_up(200, steps=steps)
    for ours, reverse in ((kaplan_meier(time, event), False), (censoring_curve(time, event), True)):
        times, probability = kaplan_meier_estimator(event, time, reverse=reverse)
        assert ours.times == pytest.approx(times)
        assert ours.probability == pytest.approx(probability, abs=1e-12)


def test_without_censoring_it_is_the_share_still_alive():
    time = np.random.default_rng(0).exponential(size=50)
    curve = kaplan_meier(time, np.ones(50))
    assert curve.at(time) == pytest.approx([np.mean(time > t) for t in time])
    assert (censoring_curve(time, np.ones(50)).probability == 1).all()


def test_impossible_follow_up_is_refused():
    with pytest.raises(ValueError, match=r"\(2,\) times and \(1,\) events"):
        kaplan_meier([1, 2], [1])
    with pytest.raises(ValueError, match="negative or not finite"):
        kaplan_meier([1, -2], [1, 0])
    with pytest.raises(ValueError, match=r"events must be 0 or 1, found \[0, 2\]"):
        censoring_curve([1, 2], [2, 0])
