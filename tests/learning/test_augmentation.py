"""Augmentation: what is changed, what stays, and the same from the same random numbers."""

import numpy as np
import pytest

from gliokit.learning.augmentation import (
    Change,
    augment,
    changed,
    draw_change,
    mirrored,
    nearest_voxels,
    scaled_places,
    with_gamma,
    with_smooth_gain,
    within,
)


@pytest.fixture
def brain() -> np.ndarray:
    """Give two images of noise, 0 in a margin."""
    x = np.zeros((2, 12, 13, 14), dtype=np.float32)
    x[:, 2:9, 3:10, 4:11] = np.random.default_rng(0).normal(size=(2, 7, 7, 7))
    return x


def test_nothing_is_changed_with_probability_0_and_everything_with_1(brain):
    y = np.ones(brain.shape[1:], dtype=np.uint8)
    x, same = augment(brain, y, np.random.default_rng(0), probability=0.0)
    assert x is brain
    assert same is y
    assert not np.array_equal(augment(brain, y, np.random.default_rng(0))[0], brain)


def test_the_same_random_numbers_change_the_same_way(brain):
    one, other = (augment(brain, brain, np.random.default_rng(3))[0] for _ in range(2))
    assert np.array_equal(one, other)


def test_background_stays_background(brain):
    change = draw_change(np.random.default_rng(1), images=2)
    assert np.array_equal(changed(brain, change) == 0, brain == 0)


def test_a_change_without_noise_is_a_gain_and_an_offset_of_each_image(brain):
    gain, offset = np.array([2, 3], np.float32), np.array([1, -1], np.float32)
    new = changed(brain, Change(False, gain, offset, noise=0.0, seed=0))
    inside = brain[0] != 0
    assert new[0][inside] == pytest.approx(2 * brain[0][inside] + 1)
    assert new[1][inside] == pytest.approx(3 * brain[1][inside] - 1)


def test_images_and_answer_are_mirrored_together(brain):
    y = (brain[0] != 0).astype(np.uint8)
    sides = set()
    for seed in range(20):
        x, answer = augment(brain, y, np.random.default_rng(seed))
        assert np.array_equal(x[0] != 0, answer != 0)
        sides.add(bool(np.array_equal(answer, y)))
    assert sides == {True, False}


def test_the_answer_may_be_smaller_than_the_patch_or_one_class(brain):
    center = brain[0, 3:9, 3:9, 3:9]
    for seed in range(6):
        _, answer = augment(brain, center, np.random.default_rng(seed))
        assert any(np.array_equal(answer, known) for known in (center, center[::-1]))
        assert augment(brain, np.array(3), np.random.default_rng(seed))[1] == 3


def test_left_and_right_are_the_first_axis_of_space_in_two_and_three_dimensions():
    array = np.arange(24).reshape(2, 3, 4)
    assert np.array_equal(mirrored(array, space=2), array[:, ::-1])
    assert np.array_equal(mirrored(array, space=3), array[::-1])
    assert np.array_equal(mirrored(mirrored(array, space=2), space=2), array)


def test_a_power_leaves_0_and_1_and_a_smooth_gain_has_its_knots_in_the_corners():
    values = np.array([-1, 0, 0.25, 1], dtype=np.float32)
    assert with_gamma(values, 0.5).tolist() == [0, 0, 0.5, 1]
    log_gain = np.random.default_rng(0).normal(size=(4, 4, 4)).astype(np.float32)
    gained = with_smooth_gain(np.ones((9, 10, 11), dtype=np.float32), log_gain)
    corners = np.ix_(*[(0, -1)] * 3)
    assert gained[corners] == pytest.approx(np.exp(log_gain[corners]))


def test_scaling_keeps_the_middle_and_knows_what_lies_outside():
    shape = (5, 6, 7)
    places = scaled_places(shape, np.array([2.0, 1.0, 0.5]))
    assert places[0].tolist() == [-2, 0, 2, 4, 6]
    assert places[1].tolist() == list(range(6))
    assert places[2].tolist() == [1.5, 2, 2.5, 3, 3.5, 4, 4.5]
    assert nearest_voxels(places, shape)[0].tolist() == [0, 0, 2, 4, 4]
    assert within(places, shape)[:, 0, 0].tolist() == [False, True, True, True, False]
