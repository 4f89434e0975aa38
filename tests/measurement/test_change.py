"""Change of volume: closed forms of its interval and of how sure it is."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError, SettingsError
from gliokit.core.findings import Quantity
from gliokit.measurement.change import probability_above, probability_below, volume_change

Z90 = NormalDist().inv_cdf(0.95)


def volume(value, factor=1.2):
    return Quantity(value, "mL", (value / factor, value * factor))


def test_equal_symmetric_intervals_widen_by_the_root_of_two():
    low, high = volume_change(volume(10), volume(14)).relative.interval
    spread = math.sqrt(2) * math.log(1.2)
    assert math.log(1 + low) == pytest.approx(math.log(1.4) - spread)
    assert math.log(1 + high) == pytest.approx(math.log(1.4) + spread)


def test_full_correlation_of_equal_errors_leaves_none_of_the_ratio():
    change = volume_change(volume(10), volume(14), correlation=1)
    assert change.relative.interval == pytest.approx((0.4, 0.4))


def test_half_correlation_takes_back_half_of_the_summed_squares():
    low, _ = volume_change(volume(10), volume(14), correlation=0.5).relative.interval
    assert math.log(1 + low) == pytest.approx(math.log(1.4) - math.log(1.2))


def test_volume_known_exactly_adds_nothing():
    exact = Quantity(10, "mL", (10, 10))
    change = volume_change(exact, Quantity(14, "mL", (12, 20)))
    assert change.relative.interval == pytest.approx((0.2, 1.0))
    assert change.absolute.interval == pytest.approx((2, 10))
    assert (change.absolute.value, change.absolute.unit, change.relative.unit) == (4, "mL", "1")


def test_skewed_intervals_are_used_on_the_side_that_they_push_to():
    # only the later volume's lower and the earlier one's upper limit can lower the ratio
    change = volume_change(Quantity(10, "mL", (5, 10)), Quantity(20, "mL", (20, 30)))
    low, high = change.relative.interval
    assert low == pytest.approx(1)
    assert math.log((1 + high) / 2) == pytest.approx(math.hypot(math.log(2), math.log(1.5)))


def test_threshold_at_the_estimate_is_as_likely_as_not():
    assert probability_above(volume_change(volume(8), volume(10)), 0.25) == pytest.approx(0.5)


def test_threshold_at_an_end_of_the_interval_leaves_a_twentieth_beyond():
    change = volume_change(Quantity(10, "mL", (9, 10)), Quantity(15, "mL", (14, 18)))
    low, high = change.relative.interval
    assert probability_above(change, low) == pytest.approx(0.95)
    assert probability_above(change, high) == pytest.approx(0.05)
    assert probability_below(change, low) == pytest.approx(0.05)


def test_sureness_is_that_of_a_normal_log_ratio():
    change = volume_change(volume(10), volume(14))
    deviation = math.sqrt(2) * math.log(1.2) / Z90
    expected = 1 - NormalDist(math.log(1.4), deviation).cdf(math.log(1.25))
    assert probability_above(change, 0.25) == pytest.approx(expected)


def test_interval_holds_the_true_ratio_as_often_as_it_says():
    rng = np.random.default_rng(0)
    deviation, rho, truth = 0.15, 0.6, (10.0, 13.0)
    both = deviation**2 * np.array([[1, rho], [rho, 1]])
    inside = 0
    for errors in rng.multivariate_normal([0, 0], both, size=2000):
        first, second = (
            volume(true * math.exp(error), math.exp(Z90 * deviation))
            for true, error in zip(truth, errors, strict=True)
        )
        low, high = volume_change(first, second, correlation=rho).relative.interval
        inside += low <= 0.3 <= high
    assert inside / 2000 == pytest.approx(0.9, abs=0.02)


def test_volume_that_is_gone_has_changed_by_all_of_itself():
    change = volume_change(Quantity(10, "mL", (8, 12)), Quantity(0, "mL", (0, 0.4)))
    assert change.relative.value == -1
    assert change.relative.interval == pytest.approx((-1, -0.95))
    assert math.isnan(probability_above(change, -0.65))


def test_later_volume_that_may_be_nothing_opens_the_interval_to_all_gone():
    change = volume_change(volume(10), Quantity(0.2, "mL", (0, 0.4)))
    assert change.relative.interval[0] == -1
    assert probability_above(change, -0.999) == pytest.approx(0.5)


def test_earlier_volume_of_zero_is_refused():
    with pytest.raises(NotAssessableError, match="no relative change"):
        volume_change(Quantity(0, "mL", (0, 1)), volume(3))


def test_volume_without_interval_is_refused():
    with pytest.raises(NotAssessableError, match="later volume has no interval"):
        volume_change(volume(3), Quantity(3, "mL"))


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (Quantity(3, "mm2", (2, 4)), "needed mL"),
        (Quantity(3, "mL", (4, 5)), "must hold it"),
        (Quantity(3, "mL", (-1, 5)), "must hold it"),
        (Quantity(math.nan, "mL", (1, 5)), "must hold it"),
    ],
)
def test_impossible_volumes_are_refused(wrong, match):
    with pytest.raises(SettingsError, match=match):
        volume_change(volume(3), wrong)


def test_impossible_correlation_and_share_are_refused():
    with pytest.raises(SettingsError, match="needed -1 to 1"):
        volume_change(volume(3), volume(3), correlation=1.5)
    with pytest.raises(SettingsError, match="no volume shrinks by more than all"):
        probability_above(volume_change(volume(3), volume(3)), -1)
