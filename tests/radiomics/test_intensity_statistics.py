"""Statistics worked out by hand, shifts and scales of intensity, bad input."""

import math

import numpy as np
import pytest

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.radiomics.intensity_statistics import DEFINITIONS, describe_intensities

SPREADS = ("stat_iqr", "stat_range", "stat_mad", "stat_rmad", "stat_medad")
PLACES = ("stat_mean", "stat_median", "stat_min", "stat_p10", "stat_p90", "stat_max")


def intensities_at_random():
    return np.random.default_rng(0).gamma(2, 30, size=501) + 10


def test_one_to_four_have_the_statistics_worked_out_by_hand():
    expected = {
        "stat_mean": 2.5,
        "stat_var": 1.25,
        "stat_skew": 0,
        "stat_kurt": 2.5625 / 1.25**2 - 3,
        "stat_median": 2.5,
        "stat_min": 1,
        "stat_p10": 1.3,
        "stat_p90": 3.7,
        "stat_max": 4,
        "stat_iqr": 1.5,
        "stat_range": 3,
        "stat_mad": 1,
        "stat_rmad": 0.5,  # of 2 and 3
        "stat_medad": 1,
        "stat_cov": math.sqrt(1.25) / 2.5,
        "stat_qcod": 0.3,
        "stat_energy": 30,
        "stat_rms": math.sqrt(7.5),
    }
    described = describe_intensities(np.array([3.0, 1.0, 4.0, 2.0]))
    assert list(described) == [each.name for each in DEFINITIONS] == list(expected)
    assert described == pytest.approx(expected, abs=1e-12)


def test_a_long_tail_to_the_right_has_positive_skewness():
    described = describe_intensities(np.array([0.0, 0.0, 3.0]))
    assert described["stat_skew"] == pytest.approx(2 / 2**1.5)


def test_a_shift_moves_places_and_leaves_spreads_and_shape():
    values = intensities_at_random()
    before, after = describe_intensities(values), describe_intensities(values + 1000)
    for name in PLACES:
        assert after[name] == pytest.approx(before[name] + 1000)
    for name in (*SPREADS, "stat_var", "stat_skew", "stat_kurt"):
        assert after[name] == pytest.approx(before[name], rel=1e-9)


def test_a_scale_multiplies_places_and_spreads_and_leaves_ratios():
    values = intensities_at_random()
    before, after = describe_intensities(values), describe_intensities(values * 7)
    for name in (*PLACES, *SPREADS, "stat_rms"):
        assert after[name] == pytest.approx(7 * before[name])
    for name in ("stat_var", "stat_energy"):
        assert after[name] == pytest.approx(49 * before[name])
    for name in ("stat_skew", "stat_kurt", "stat_cov", "stat_qcod"):
        assert after[name] == pytest.approx(before[name])


@pytest.mark.parametrize("voxels", [1, 3, 1000])
def test_flat_intensities_have_no_shape_and_no_spread(voxels):
    described = describe_intensities(np.full(voxels, 0.1))
    assert math.isnan(described["stat_skew"])
    assert math.isnan(described["stat_kurt"])
    assert described["stat_var"] == 0
    assert described["stat_cov"] == 0
    assert described["stat_mean"] == pytest.approx(0.1)


def test_ratios_to_nothing_are_nan():
    described = describe_intensities(np.array([-2.0, -1.0, 1.0, 2.0]))
    assert math.isnan(described["stat_cov"])
    assert math.isnan(described["stat_qcod"])


def test_no_voxels_are_refused():
    with pytest.raises(NotAssessableError, match="no voxels"):
        describe_intensities(np.empty(0))


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(bad):
    with pytest.raises(ImageError, match="1 of 3 intensities"):
        describe_intensities(np.array([1.0, bad, 2.0]))
