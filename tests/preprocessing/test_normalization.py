"""Z-scores of the brain."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.preprocessing.normalization import (
    brain_mode,
    brain_statistics,
    standardize,
    statistics_without,
)


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


@pytest.fixture
def tissues(brain) -> np.ndarray:
    """Give two tissues, of which the second is the commoner."""
    rng = np.random.default_rng(3)
    means = np.where(rng.random(brain.shape) < 0.4, 70, 100)
    return (means + rng.normal(0, 3, brain.shape)).astype(np.float32)


@pytest.fixture
def tumor(brain) -> np.ndarray:
    mask = np.zeros_like(brain)
    mask[5:10, 5:12, 5:12] = True  # 14 % of the brain
    return mask


def test_a_bright_tumor_changes_plain_statistics_and_not_those_without_it(brain, tissues, tumor):
    spoiled = np.where(tumor, np.float32(300), tissues)
    mean, deviation = brain_statistics(tissues, brain)
    assert brain_statistics(spoiled, brain)[1] > 3 * deviation
    without = statistics_without(spoiled, brain, tumor)
    assert without == pytest.approx((mean, deviation), rel=0.02)


def test_where_all_is_tumor_there_are_no_statistics_without_it(brain, tissues):
    with pytest.raises(NotAssessableError, match=r"covers all 1728 voxels of the brain.*its mode"):
        statistics_without(tissues, brain, brain)


def test_the_mode_is_that_of_the_commoner_tissue_with_and_without_a_tumor(brain, tissues, tumor):
    spoiled = np.where(tumor, 150 + 8 * tissues / 3, tissues).astype(np.float32)
    assert brain_mode(tissues, brain) == pytest.approx(100, abs=1.5)
    assert brain_mode(spoiled, brain) == pytest.approx(100, abs=3)
