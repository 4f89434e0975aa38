"""Predictions that fit their own studies, and those that fit any."""

import numpy as np
import pytest

from gliokit.evaluation.matching import matched_p_value


def test_only_the_true_pairing_scores_best_when_predictions_fit():
    scores = np.full((5, 5), 0.2) + 0.6 * np.eye(5)
    assert matched_p_value(scores, seed=0) == pytest.approx(1 / 120)


def test_a_prediction_that_fits_every_study_alike_is_at_chance():
    assert matched_p_value(np.tile([0.1, 0.4, 0.3, 0.8], (4, 1)), seed=0) == 1


def test_p_values_of_random_scores_are_uniform():
    rng = np.random.default_rng(0)
    values = [matched_p_value(rng.random((5, 5)), seed=0) for _ in range(300)]
    assert np.mean(values) == pytest.approx(0.5, abs=0.05)
    assert np.mean(np.array(values) <= 0.1) == pytest.approx(0.1, abs=0.05)


def test_random_pairings_agree_with_all_of_them():
    scores = np.random.default_rng(3).random((6, 6)) + 0.2 * np.eye(6)
    every = matched_p_value(scores, seed=0, most=720)
    assert matched_p_value(scores, seed=0, most=500) == pytest.approx(every, abs=0.03)


@pytest.mark.parametrize("scores", [np.ones((3, 3)), np.ones((4, 5)), np.ones(4)])
def test_too_few_or_unpaired_scores_are_refused(scores):
    with pytest.raises(ValueError, match=r"needed \(n, n\) of four or more studies"):
        matched_p_value(scores, seed=0)


def test_undefined_scores_are_refused():
    with pytest.raises(ValueError, match="not finite"):
        matched_p_value(np.full((4, 4), np.nan), seed=0)
