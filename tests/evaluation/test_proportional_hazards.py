"""Schoenfeld's residuals by hand, and the test where hazards are proportional and where not."""

import numpy as np
import pytest

from gliokit.evaluation.cox import fit_cox, schoenfeld_residuals
from gliokit.evaluation.proportional_hazards import check_proportionality


def test_residuals_by_hand():
    # three deaths with x = 0 1 0: those at risk have means u/(2+u), u/(1+u) and 0, u = exp(b)
    b = np.log(2) / 2
    u = np.exp(b)
    times, residuals = schoenfeld_residuals([3, 1, 2], [1, 1, 1], [[0], [0], [1]], [b])
    assert times.tolist() == [1, 2, 3]
    assert residuals[:, 0] == pytest.approx([-u / (2 + u), 1 - u / (1 + u), 0])


def test_residuals_sum_to_nothing_at_the_best_fit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    time, event = np.ceil(rng.exponential(5, 60)), rng.random(60) < 0.8  # with ties
    fit = fit_cox(time, event, X).coefficients
    assert schoenfeld_residuals(time, event, X, fit)[1].sum(axis=0) == pytest.approx(0, abs=1e-8)


def test_one_in_twenty_is_called_out_where_hazards_are_proportional():
    rng = np.random.default_rng(1)
    found = []
    for _ in range(200):
        X = rng.normal(size=(70, 2))
        death, lost = rng.exponential(np.exp(-0.5 * X[:, 0])), rng.exponential(4, 70)
        time, event = np.minimum(death, lost), death <= lost
        fit = fit_cox(time, event, X).coefficients
        tested = check_proportionality(time, event, X, fit)
        found.append(np.append(tested.p_values, tested.p_global))
    assert (np.mean(np.less(found, 0.05), axis=0) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)).all()
    # p values are uniform: neither too small nor too large
    assert np.mean(found, axis=0) == pytest.approx(0.5, abs=3 * np.sqrt(1 / 12 / 200))


def test_an_effect_that_turns_around_is_called_out():
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    early = rng.exponential(np.exp(-x))
    late = 1 + rng.exponential(np.exp(x))
    time = np.where(early < 1, early, late)
    X = np.column_stack([x, rng.normal(size=400)])
    fit = fit_cox(time, np.ones(400), X).coefficients
    tested = check_proportionality(time, np.ones(400), X, fit)
    assert tested.p_values[0] < 1e-6
    assert tested.p_global < 1e-6
    assert tested.p_values[1] > 0.001


def test_too_few_events_have_no_trend():
    x = [[0.0], [1.0], [0.5], [2.0]]
    assert np.isnan(check_proportionality([1, 2, 3, 4], [1, 1, 0, 0], x, [0.1]).p_global)
