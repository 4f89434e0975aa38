"""Gaps are filled by what the training side knows, and an absent part is kept as information."""

import numpy as np
import pytest

from gliokit.features.imputation import RegionImputer

NAMES = ["ET_t1c_mean", "ET_t1c_energy", "WT_volume", "WT_rcbv"]


@pytest.fixture
def features():
    """Give 20 tumors: six do not enhance, one has an unknown perfusion."""
    values = np.arange(80, dtype=float).reshape(20, 4)
    values[:6, :2] = np.nan
    values[9, 3] = np.nan
    return values


def test_gaps_take_the_median_of_the_training_side(features):
    imputer = RegionImputer().fit(features)
    filled = imputer.transform([[np.nan] * 4])
    assert filled[0, :4].tolist() == np.nanmedian(features, axis=0).tolist()


def test_known_values_stay(features):
    known = ~np.isnan(features)
    filled = RegionImputer().fit_transform(features)[:, :4]
    assert np.array_equal(filled[known], features[known])


def test_the_absent_part_gets_one_column_named_after_it(features):
    imputer = RegionImputer().fit(features)
    assert imputer.get_feature_names_out(NAMES).tolist() == [*NAMES, "absent_ET_t1c"]
    assert imputer.transform(features)[:, 4].tolist() == [1] * 6 + [0] * 14


def test_a_part_that_is_known_in_part_is_not_absent(features):
    imputer = RegionImputer().fit(features)
    assert imputer.transform([[np.nan, 2, 3, 4]])[0, 4] == 0


def test_a_gap_in_too_few_rows_is_filled_only(features):
    assert RegionImputer(least_rows=7).fit_transform(features).shape == (20, 4)
    assert RegionImputer(least_rows=1).fit_transform(features).shape == (20, 6)


def test_a_feature_that_nobody_knows_is_left_out(features):
    features[:, 2] = np.nan
    imputer = RegionImputer().fit(features)
    names = imputer.get_feature_names_out(NAMES).tolist()
    assert names == ["ET_t1c_mean", "ET_t1c_energy", "WT_rcbv", "absent_ET_t1c"]
    assert imputer.transform(features).shape == (20, 4)


def test_parts_of_the_same_words_have_names_of_their_own():
    values = np.ones((20, 2))
    values[:6, 0] = np.nan
    values[10:16, 1] = np.nan
    imputer = RegionImputer().fit(values)
    names = imputer.get_feature_names_out(["ET_mean", "ET_energy"]).tolist()
    assert len(set(names)) == 4


def test_rows_without_any_value_are_refused():
    with pytest.raises(ValueError, match="every value is unknown"):
        RegionImputer().fit(np.full((5, 2), np.nan))
