"""From which volume on lesions are found, where the curve is known."""

import math

import numpy as np
import pytest
from scipy.special import expit

from gliokit.evaluation.detection import found_from


def lesions(number, rng, *, half_ml=0.4, slope=2.0):
    """Draw lesions of 0.02 to 20 mL that are found along a logistic curve."""
    volumes = np.exp(rng.uniform(math.log(0.02), math.log(20), number))
    return volumes, rng.random(number) < expit(slope * np.log(volumes / half_ml))


def test_limit_is_where_the_curve_passes_nine_tenths():
    volumes, found = lesions(400, np.random.default_rng(0))
    known = 0.4 * math.exp(math.log(9) / 2.0)
    limit = found_from(volumes, found, patients=range(400), seed=0, resamples=60)
    assert limit.volume_ml == pytest.approx(known, rel=0.25)
    assert limit.low_ml < known < limit.high_ml


def test_half_is_passed_at_the_middle_of_the_curve():
    volumes, found = lesions(400, np.random.default_rng(1))
    half = found_from(volumes, found, patients=range(400), seed=0, resamples=60, share=0.5)
    assert half.volume_ml == pytest.approx(0.4, rel=0.25)


def test_lesions_of_one_patient_count_together():
    volumes, found = lesions(60, np.random.default_rng(2))
    alone = found_from(volumes, found, patients=range(60), seed=0, resamples=60)
    doubled = found_from(
        np.tile(volumes, 3), np.tile(found, 3), patients=[*range(60)] * 3, seed=0, resamples=60
    )
    assert doubled.volume_ml == pytest.approx(alone.volume_ml, rel=1e-3)
    assert doubled.high_ml == pytest.approx(alone.high_ml, rel=0.02)


def test_limit_lies_between_missed_and_found_where_these_do_not_overlap():
    volumes = np.array([0.1, 0.15, 0.2, 0.25, 1.0, 2.0, 3.0, 4.0] * 4)
    limit = found_from(volumes, volumes >= 1, patients=range(32), seed=0, resamples=60)
    assert 0.25 < limit.volume_ml < 1


def test_no_limit_where_large_lesions_are_missed_rather_than_small_ones():
    volumes = np.array([1.0, 2.0, 4.0, 8.0] * 8)
    limit = found_from(volumes, volumes < 3, patients=range(32), seed=0, resamples=60)
    assert limit.volume_ml == math.inf


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="a volume is not positive"):
        found_from([0.0, 1.0], [0, 1], patients=[1, 2], seed=0, resamples=60)
    with pytest.raises(ValueError, match="all lesions are found, or all missed"):
        found_from([1.0, 2.0], [1, 1], patients=[1, 2], seed=0, resamples=60)
    with pytest.raises(ValueError, match="the share must lie between 0 and 1"):
        found_from([1.0, 2.0], [0, 1], patients=[1, 2], seed=0, resamples=60, share=1)
