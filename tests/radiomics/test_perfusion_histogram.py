"""Histogram of blood volume: where values fall, what it may not depend on, bad input."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.preprocessing.perfusion import process_dsc
from gliokit.preprocessing.relative_to_white_matter import relative_to_white_matter
from gliokit.radiomics.perfusion_histogram import (
    DEFINITIONS,
    definitions,
    describe_perfusion_histogram,
    histogram_shares,
)


@pytest.fixture(scope="module")
def rcbv():
    return np.random.default_rng(0).gamma(3.0, 0.8, (16, 14, 12)).astype(np.float32)


def bins_of(described):
    return np.array([value for name, value in described.items() if "_bin_" in name])


def test_features_come_in_the_order_of_their_definitions(rcbv):
    described = describe_perfusion_histogram(rcbv, rcbv > 0)
    assert list(described) == [definition.name for definition in DEFINITIONS]
    assert list(described)[-1] == "rcbv_bin_100"


def test_shares_sum_to_one_and_stand_in_their_bins(rcbv):
    mask = rcbv > 0
    shares = bins_of(describe_perfusion_histogram(rcbv, mask))
    assert shares.sum() == pytest.approx(1)
    assert shares[17] == pytest.approx(np.mean((rcbv >= 1.7) & (rcbv < 1.8)), abs=1e-12)


def test_values_beyond_the_ends_count_in_the_end_bins():
    shares = histogram_shares(np.array([-1.0, 0.0, 5.0, 10.0, 25.0]), 0, 10, 4)
    np.testing.assert_allclose(shares, [0.4, 0, 0.2, 0.4])


def test_size_of_the_tumor_does_not_matter(rcbv):
    once = describe_perfusion_histogram(rcbv, rcbv > 0)
    twice = np.concatenate([rcbv, rcbv])
    # percentiles lie between values, so they move a little
    np.testing.assert_allclose(
        list(describe_perfusion_histogram(twice, twice > 0).values()),
        list(once.values()),
        rtol=1e-3,
    )


def test_echo_time_and_gain_of_the_scanner_do_not_matter():
    times = np.arange(60) * 1.5
    since = np.maximum(times - 15, 0)
    passage = (since / 6) ** 3 * np.exp(3 - since / 2)
    cbv = np.random.default_rng(1).gamma(3.0, 2.0, (12, 12, 10))
    white, tumor = np.zeros(cbv.shape, dtype=bool), np.zeros(cbv.shape, dtype=bool)
    white[:4], tumor[6:] = True, True
    cbv[white] = 2.0
    shares = []
    for te_ms, gain in ((25.0, 90.0), (35.0, 2000.0)):
        series = gain * np.exp(-te_ms / 1000 * 2 * cbv[..., None] * passage)
        maps = process_dsc(series, cbv > 0, tr_s=1.5, te_ms=te_ms, tumor=tumor)
        rcbv = relative_to_white_matter(maps.cbv, white)
        shares.append(bins_of(describe_perfusion_histogram(rcbv, tumor)))
    assert np.count_nonzero(shares[0]) > 50
    assert np.abs(shares[0] - shares[1]).sum() < 0.02  # voxels that lie on an edge


def test_statistics_are_those_of_the_values(rcbv):
    described = describe_perfusion_histogram(rcbv, rcbv > 0)
    assert described["rcbv_mean"] == pytest.approx(rcbv.mean(), rel=1e-5)
    assert described["rcbv_percentile_90"] == pytest.approx(np.percentile(rcbv, 90), rel=1e-5)
    assert described["rcbv_skewness"] == pytest.approx(2 / 3**0.5, abs=0.2)  # of this gamma
    shares = bins_of(described)
    assert described["rcbv_peak_height"] == shares.max()
    assert described["rcbv_peak_position"] == pytest.approx((shares.argmax() + 0.5) / 10)


def test_voxels_without_a_value_are_left_out(rcbv):
    gaps = rcbv.copy()
    gaps[:3] = np.nan
    mask = np.ones(rcbv.shape, dtype=bool)
    inner = mask.copy()
    inner[:3] = False
    assert describe_perfusion_histogram(gaps, mask) == describe_perfusion_histogram(rcbv, inner)


def test_region_without_values_has_no_features(rcbv):
    described = describe_perfusion_histogram(rcbv, rcbv < -1)
    assert np.isnan(list(described.values())).all()


def test_flat_region_has_no_shape():
    described = describe_perfusion_histogram(np.full((3, 3, 3), 2.5), np.ones((3, 3, 3), bool))
    assert np.isnan([described["rcbv_skewness"], described["rcbv_kurtosis"]]).all()
    assert described["rcbv_bin_026"] == 1
    assert described["rcbv_standard_deviation"] == 0


def test_other_bins_have_their_own_definitions(rcbv):
    described = describe_perfusion_histogram(rcbv, rcbv > 0, bins=5, upper=4.0)
    assert list(described) == [definition.name for definition in definitions(5)]
    assert bins_of(described)[4] == pytest.approx(np.mean(rcbv >= 3.2), abs=1e-12)


@pytest.mark.parametrize(("bins", "upper"), [(0, 10.0), (10, 0.0), (10, np.inf), (10, np.nan)])
def test_no_bins_are_refused(rcbv, bins, upper):
    with pytest.raises(SettingsError, match="make no histogram"):
        describe_perfusion_histogram(rcbv, rcbv > 0, bins=bins, upper=upper)


def test_mask_on_another_grid_is_refused(rcbv):
    with pytest.raises(GeometryError, match="resample"):
        describe_perfusion_histogram(rcbv, rcbv[1:] > 0)
