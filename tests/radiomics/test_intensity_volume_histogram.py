"""Curves worked out by hand in the three ways of discretization, bad input."""

import math

import numpy as np
import pytest

from gliokit.core.errors import ImageError, NotAssessableError, SettingsError
from gliokit.radiomics.discretization import Binning, Discretization
from gliokit.radiomics.intensity_volume_histogram import DEFINITIONS, describe_intensity_volume

AS_THEY_ARE = Discretization(Binning.NONE)


def test_whole_numbers_are_their_own_levels():
    values = np.repeat([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [50, 0, 1, 16, 0, 7])
    described = describe_intensity_volume(values, AS_THEY_ARE)
    assert list(described) == [each.name for each in DEFINITIONS]
    expected = {
        "ivh_v10": 24 / 74,  # from 2
        "ivh_v90": 7 / 74,  # from 6
        "ivh_i10": 5,
        "ivh_i90": 2,
        "ivh_diff_v10_v90": 17 / 74,
        "ivh_diff_i10_i90": 3,
        "ivh_auc": (74 / 2 + 24 + 24 + 23 + 7 + 7 / 2) / 74 / 5,
    }
    assert described == pytest.approx(expected)


def test_levels_fill_the_range_of_resegmentation():
    values = np.array([40.0, 50.0, 60.0])
    described = describe_intensity_volume(values, AS_THEY_ARE, lower=0, upper=100)
    assert described["ivh_v10"] == 1
    assert described["ivh_v90"] == 0
    assert described["ivh_i90"] == 41
    assert describe_intensity_volume(values, AS_THEY_ARE)["ivh_v10"] == pytest.approx(2 / 3)


def test_bins_of_a_fixed_size_stand_for_their_centers():
    values = np.array([0.0, 2.4, 2.6, 7.6, 9.9])
    described = describe_intensity_volume(
        values, Discretization(Binning.SIZE, size=2.5), lower=0, upper=10
    )  # bins 0-2.5, 2.5-5, 5-7.5, 7.5-10, 10
    assert described["ivh_i90"] == 3.75
    assert described["ivh_i10"] == 11.25
    assert described["ivh_v10"] == pytest.approx(0.6)


def test_what_is_below_the_first_bin_belongs_to_it():
    bins = Discretization(Binning.SIZE, size=1.0, lower=5.0)
    low, high = np.array([3.0, 6.5, 7.5]), np.array([5.5, 6.5, 7.5])
    assert describe_intensity_volume(low, bins) == describe_intensity_volume(high, bins)


def test_a_fixed_number_of_bins_gives_bins_and_forgets_scale_and_shift():
    values = np.random.default_rng(0).gamma(2, 30, size=500)
    bins = Discretization(Binning.NUMBER, bins=1000)
    described = describe_intensity_volume(values, bins)
    assert 1 <= described["ivh_i90"] < described["ivh_i10"] <= 1000
    assert describe_intensity_volume(values * 4 + 64, bins) == pytest.approx(described)


def test_many_voxels_at_the_top_give_the_step_above():
    values = np.array([0.0, 10.0, 10.0])
    assert describe_intensity_volume(values, AS_THEY_ARE)["ivh_i10"] == 11


@pytest.mark.parametrize("binning", list(Binning))
def test_one_level_has_no_fraction_of_its_range(binning):
    described = describe_intensity_volume(np.full(5, 7.0), Discretization(binning))
    assert all(math.isnan(value) for value in described.values())


def test_no_voxels_are_refused():
    with pytest.raises(NotAssessableError):
        describe_intensity_volume(np.empty(0), AS_THEY_ARE)


def test_nan_is_refused():
    with pytest.raises(ImageError, match="not finite"):
        describe_intensity_volume(np.array([1.0, math.nan]), AS_THEY_ARE)


def test_fractions_cannot_be_levels():
    with pytest.raises(ImageError, match="whole numbers"):
        describe_intensity_volume(np.array([1.0, 2.5]), AS_THEY_ARE)


def test_intensities_beyond_resegmentation_are_refused():
    with pytest.raises(ImageError, match="re-segment"):
        describe_intensity_volume(np.array([1.0, 20.0]), AS_THEY_ARE, lower=0, upper=10)


@pytest.mark.parametrize("size", [0.0, 1e-9])
def test_bins_without_size_or_too_many_are_refused(size):
    with pytest.raises(SettingsError, match="larger"):
        describe_intensity_volume(np.array([0.0, 1.0]), Discretization(Binning.SIZE, size=size))
