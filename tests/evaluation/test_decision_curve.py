"""Net benefit by hand."""

import numpy as np
import pytest

from gliokit.evaluation.decision_curve import decision_curve


def test_net_benefit_by_hand():
    y, p = [1, 1, 0, 0, 0], [0.9, 0.3, 0.6, 0.2, 0.1]
    curve = decision_curve(y, p, thresholds=[0.2, 0.5])
    # at 0.2: 2 hits and 2 alarms at odds 1/4; at 0.5: one of each at odds 1
    assert curve.model == pytest.approx([(2 - 2 / 4) / 5, 0])
    assert curve.treat_all == pytest.approx([(2 - 3 / 4) / 5, (2 - 3) / 5])


def test_perfect_model_has_the_prevalence_at_every_threshold():
    y = np.arange(10) < 3
    curve = decision_curve(y, y, thresholds=np.linspace(0.05, 0.95, 10))
    assert curve.model == pytest.approx([0.3] * 10)


def test_acting_on_all_is_worth_nothing_at_the_prevalence():
    y = np.arange(10) < 3
    curve = decision_curve(y, np.ones(10), thresholds=[0.1, 0.3, 0.6])
    assert curve.model == pytest.approx(curve.treat_all)
    assert curve.treat_all[1] == pytest.approx(0)


def test_calibrated_model_is_never_worse_than_acting_on_all_or_none():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 3, size=20_000)
    curve = decision_curve(rng.random(20_000) < p, p, thresholds=np.linspace(0.05, 0.7, 14))
    assert np.all(curve.model > np.maximum(curve.treat_all, 0) - 0.002)


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match=r"thresholds must lie between 0 and 1, got 0 to 0\.5"):
        decision_curve([0, 1], [0.1, 0.2], thresholds=[0, 0.5])
    with pytest.raises(ValueError, match="probabilities must lie in 0-1"):
        decision_curve([0, 1], [0.1, 1.2], thresholds=[0.5])
    with pytest.raises(ValueError, match="one prediction to each"):
        decision_curve([0, 1], [0.1], thresholds=[0.5])
