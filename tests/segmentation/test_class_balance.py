"""Classes drawn alike, and their frequencies in brains."""

import numpy as np
import pytest

from gliokit.segmentation.class_balance import draw_classes, log_odds_in_brains


def test_log_odds_are_those_of_frequency_and_draw():
    odds = log_odds_in_brains([[90, 10], [70, 30]])
    np.testing.assert_allclose(odds, np.log([0.8 / 0.5, 0.2 / 0.5]), rtol=1e-6)


def test_studies_count_alike_whatever_their_size():
    np.testing.assert_allclose(
        log_odds_in_brains([[90, 10], [70, 30]]), log_odds_in_brains([[9000, 1000], [7, 3]])
    )


def test_a_class_that_is_rarely_there_is_rarely_drawn():
    odds = log_odds_in_brains([[100, 0], [50, 50]])
    np.testing.assert_allclose(odds, np.log([0.75 / 0.75, 0.25 / 0.25]), atol=1e-6)


def test_equal_frequencies_move_nothing():
    assert not log_odds_in_brains([[50, 50, 50]]).any()


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_strength_is_a_share_of_the_way(strength):
    counts = [[80, 15, 5]]
    np.testing.assert_allclose(
        log_odds_in_brains(counts, strength=strength), strength * log_odds_in_brains(counts)
    )


def test_a_class_that_no_study_has_is_as_good_as_excluded():
    odds = log_odds_in_brains([[80, 20, 0]])
    assert np.isfinite(odds).all()
    assert odds[2] < -10


def test_moved_odds_are_those_of_bayes():
    """Two overlapping Gaussians: what holds for equal classes, moved, holds for unequal ones."""
    x = np.linspace(-3, 3, 50)
    density = np.stack([np.exp(-0.5 * (x + 1) ** 2), np.exp(-0.5 * (x - 1) ** 2)])
    frequent = np.array([[0.95], [0.05]])
    alike = density / density.sum(axis=0)
    moved = alike * np.exp(log_odds_in_brains([[95, 5]]))[:, None]
    wanted = density * frequent / (density * frequent).sum(axis=0)
    np.testing.assert_allclose(moved / moved.sum(axis=0), wanted, rtol=1e-5)


def test_drawn_rows_are_of_their_class_and_classes_are_drawn_alike():
    rows = {
        0: np.arange(1000)[:, None],
        2: np.full((3, 1), -1),
        4: np.full((40, 1), -2),
        1: np.empty((0, 1), dtype=int),
    }
    drawn, classes = draw_classes(rows, 6000, np.random.default_rng(0))
    assert drawn.shape == (6000, 1)
    assert (drawn[classes == 0] >= 0).all()
    assert (drawn[classes == 2] == -1).all()
    assert (drawn[classes == 4] == -2).all()
    counts = np.bincount(classes, minlength=5)
    assert counts[1] == counts[3] == 0
    np.testing.assert_allclose(counts[[0, 2, 4]], 2000, atol=150)
