"""The network that finds the edge of the brain: what it sees, and how its weights are kept."""

import numpy as np
import pytest

from gliokit.preprocessing.brain_network import (
    edge_weights,
    find_edge,
    network_input,
    packed,
    unpacked,
)
from gliokit.preprocessing.brain_shell import brain_shell


@pytest.fixture
def values():
    """Give what an image might show: brain of 100, with noise, dark around it."""
    noise = np.random.default_rng(0).normal(0, 5, brain_shell().likely.shape)
    return (100 * brain_shell().likely + 20 + noise).astype(np.float32)


def everywhere(values):
    return np.ones(values.shape, dtype=bool)


def test_the_unit_and_the_zero_of_intensity_do_not_matter(values):
    seen = network_input(values, everywhere(values))
    again = network_input(7 * values + 30, everywhere(values))
    assert again == pytest.approx(seen, abs=1e-4)


def test_an_image_that_shows_no_place_of_the_shell_tells_nothing_but_the_mean_head(values):
    seen = network_input(np.zeros_like(values), np.zeros(values.shape, dtype=bool))
    assert not seen[..., [0, 1, 3]].any()


def test_every_place_gets_finite_log_odds(values):
    odds = find_edge(network_input(values, everywhere(values)), edge_weights())
    assert odds.shape == values.shape
    assert np.isfinite(odds).all()


def test_rounding_to_eight_bits_moves_no_weight_by_more_than_half_a_level():
    rng = np.random.default_rng(1)
    weights = {"a.weight": rng.normal(0, 1, (5, 40)), "a.bias": rng.normal(0, 1, 5)}
    kept = unpacked(packed({name: w.astype(np.float32) for name, w in weights.items()}))
    largest = np.abs(weights["a.weight"]).max(axis=1, keepdims=True)
    assert (np.abs(kept["a.weight"] - weights["a.weight"]) <= 0.51 * largest / 127).all()
    assert kept["a.bias"] == pytest.approx(weights["a.bias"], rel=1e-2)


def test_what_ships_is_read_back_as_it_was_packed():
    weights = edge_weights()
    again = unpacked(packed(weights))
    assert all(np.allclose(again[name], weights[name], rtol=0.01, atol=1e-3) for name in weights)
