"""Z-scores of the brain."""

import numpy as np
import pytest

from gliokit.preprocessing.normalization import brain_statistics, standardize


@pytest.fixture
def brain() -> np.ndarray:
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[4:16, 4:16, 4:16] = True
    return mask


def test_brain_has_mean_zero_and_deviation_one(brain):
    image = np.random.default_rng(0).normal(70, 9, brain.shape).astype(np.float32)
    scores = standardize(image, brain, brain_statistics(image, brain))[brain]
    assert scores.mean() == pytest.approx(0, abs=0.01)
    assert scores.std() == pytest.approx(1, abs=0.05)


def test_outside_the_brain_is_zero(brain):
    image = np.full(brain.shape, 5, np.float32)
    assert not standardize(image, brain, (1.0, 2.0))[~brain].any()


def test_gain_and_offset_of_the_scanner_do_not_matter(brain):
    image = np.random.default_rng(1).normal(70, 9, brain.shape).astype(np.float32)
    other = 3 * image + 100
    ours = standardize(image, brain, brain_statistics(image, brain))
    theirs = standardize(other, brain, brain_statistics(other, brain))
    assert np.allclose(ours, theirs, atol=1e-3)


def test_a_few_extreme_voxels_do_not_rule_the_scale(brain):
    image = np.random.default_rng(2).normal(70, 9, brain.shape).astype(np.float32)
    spoiled = image.copy()
    spoiled[5, 5, 5:8] = 1e6
    assert np.allclose(brain_statistics(spoiled, brain), brain_statistics(image, brain), rtol=0.05)
