"""The network of tissues, as OpenVINO runs it."""

import numpy as np
import pytest

from gliokit.preprocessing.tissue_network import (
    ANSWERS,
    CHANNELS,
    TISSUES,
    network_input,
    tissue_evidence,
)
from gliokit.preprocessing.tissue_priors import NORMAL, Tissue


@pytest.fixture(scope="module")
def seen():
    """Show a cube of noise whose sides are no multiples of the stride."""
    rng = np.random.default_rng(0)
    shape = (23, 25, 16)
    scores = rng.normal(0, 1, (4, *shape)).astype(np.float32)
    priors = np.full((len(NORMAL), *shape), 0.2, np.float32)
    return network_input(scores, priors, np.ones(shape, bool), np.zeros(shape, bool))


def test_the_first_answers_are_the_numbers_of_tissues_in_order():
    assert [int(answer.tissue) for answer in ANSWERS[: len(TISSUES)]] == list(range(1, len(Tissue)))
    assert not any(answer.hindbrain for answer in ANSWERS[: len(TISSUES)])


def test_every_voxel_has_evidence_for_every_tissue(seen):
    evidence = tissue_evidence(seen)
    assert seen.shape == (CHANNELS, 23, 25, 16)
    assert evidence.shape == (len(ANSWERS), 23, 25, 16)
    assert np.isfinite(evidence).all()


def test_the_same_input_gives_the_same_bytes(seen):
    assert tissue_evidence(seen).tobytes() == tissue_evidence(seen).tobytes()


def test_places_outside_the_brain_make_nothing_likely():
    brain = np.zeros((2, 2, 2), bool)
    priors = np.ones((len(NORMAL), 2, 2, 2), np.float32)
    assert not network_input(np.zeros((4, 2, 2, 2), np.float32), priors, brain, brain).any()
