"""Levels on values that can be counted by hand."""

import numpy as np
import pytest

from gliokit.core.errors import ImageError, SettingsError
from gliokit.radiomics.discretization import (
    Binning,
    Discretization,
    discretize,
    fixed_bin_number,
    fixed_bin_size,
)


def values(*numbers):
    return np.array(numbers, dtype=float)


def test_bins_of_a_fixed_number_span_least_to_greatest():
    assert fixed_bin_number(values(0, 24.9, 25, 99, 100), 4).tolist() == [1, 1, 2, 4, 4]


def test_levels_of_a_fixed_number_do_not_depend_on_scale_and_shift():
    x = np.random.default_rng(0).normal(size=500)
    np.testing.assert_array_equal(fixed_bin_number(x, 32), fixed_bin_number(3 * x - 100, 32))


def test_number_of_levels_is_that_of_the_bins_even_where_some_are_empty():
    levels, n_levels = discretize(values(0, 1), Discretization(Binning.NUMBER, bins=8))
    assert (levels.tolist(), n_levels) == ([1, 8], 8)


def test_flat_region_has_one_level():
    assert fixed_bin_number(values(7, 7), 32).tolist() == [1, 1]
    assert fixed_bin_size(values(7, 7), 25).tolist() == [1, 1]


def test_bins_of_a_fixed_size_begin_at_the_lower_bound():
    assert fixed_bin_size(values(-500, -475.1, -475, 0), 25, lower=-500).tolist() == [1, 1, 2, 21]


def test_bins_of_a_fixed_size_begin_at_the_least_intensity_without_a_bound():
    assert fixed_bin_size(values(3, 12.9, 13), 10).tolist() == [1, 1, 2]


def test_bound_of_the_setting_goes_before_that_of_the_resegmentation():
    by_size = Discretization(Binning.SIZE, size=10, lower=0)
    assert discretize(values(5, 15), by_size, lower=-100)[0].tolist() == [1, 2]
    without = Discretization(Binning.SIZE, size=10)
    assert discretize(values(5, 15), without, lower=-100)[0].tolist() == [11, 12]


def test_intensities_below_the_first_bin_belong_to_it():
    assert fixed_bin_size(values(-5, 5), 10, lower=0).tolist() == [1, 1]


def test_number_of_levels_of_a_fixed_size_is_the_highest():
    assert discretize(values(0, 35), Discretization(Binning.SIZE, size=10))[1] == 4


def test_whole_numbers_may_be_levels_as_they_are():
    levels, n_levels = discretize(values(1, 6, 3), Discretization(Binning.NONE))
    assert (levels.tolist(), levels.dtype, n_levels) == ([1, 6, 3], np.int32, 6)


@pytest.mark.parametrize("wrong", [(0, 1), (1.5, 2), (1, 1e6)])
def test_other_intensities_are_no_levels(wrong):
    with pytest.raises(ImageError, match="needed are whole numbers from 1"):
        discretize(values(*wrong), Discretization(Binning.NONE))


@pytest.mark.parametrize("size", [0, -1, np.nan, 0.01])
def test_bins_without_size_or_without_end_are_refused(size):
    with pytest.raises(SettingsError, match="needed at most 4096 bins"):
        fixed_bin_size(values(0, 100), size)


@pytest.mark.parametrize("bins", [0, 5000])
def test_number_of_bins_has_bounds(bins):
    with pytest.raises(SettingsError, match=f"bins: found {bins}"):
        fixed_bin_number(values(0, 1), bins)
