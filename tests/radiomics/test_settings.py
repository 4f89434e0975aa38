"""Settings as a file gives them, and those that mean nothing."""

import json
import tomllib

import pytest

from gliokit.core.errors import SettingsError
from gliokit.core.settings import as_mapping, changed
from gliokit.radiomics.aggregation import Aggregation
from gliokit.radiomics.discretization import Binning
from gliokit.radiomics.settings import MR_GLIOMA, Family, check_settings

FILE = """
families = ["statistics", "run_length"]
[normalization]
relative_to = "none"
[interpolation]
spacing_mm = [2, 2]
order = 1
[resegmentation]
lower = -500
outlier_sd = 3.0
[discretization]
binning = "size"
size = 2.5
[texture]
aggregations = ["2D_avg", "3D_comb"]
"""


def from_file(text):
    return changed(MR_GLIOMA, tomllib.loads(text))


def test_a_file_changes_what_it_names_and_nothing_else():
    settings = from_file(FILE)
    assert settings.families == (Family.STATISTICS, Family.RUN_LENGTH)
    assert settings.interpolation.spacing_mm == (2.0, 2.0)
    assert (settings.resegmentation.lower, settings.resegmentation.upper) == (-500, None)
    assert settings.discretization.binning is Binning.SIZE
    assert settings.texture.aggregations == (
        Aggregation.SLICES_AVERAGED,
        Aggregation.VOLUME_COMBINED,
    )
    assert settings.intensity_volume == MR_GLIOMA.intensity_volume


@pytest.mark.parametrize("settings", [MR_GLIOMA, from_file(FILE)])
def test_settings_come_back_from_json(settings):
    written = json.loads(json.dumps(as_mapping(settings)))
    assert changed(MR_GLIOMA, written) == settings


def test_the_empty_spacing_can_be_written():
    assert from_file("[interpolation]\nspacing_mm = []").interpolation.spacing_mm == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("families = ['shape']", "families"),
        ("[texture]\naggregations = ['4D']", "aggregations"),
        ("[discretization]\nbins = 2.5", "bins"),
        ("[resegmentation]\nlow = 3", "low"),
    ],
)
def test_what_is_unknown_is_refused(text, name):
    with pytest.raises(SettingsError, match=name):
        from_file(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[interpolation]\nspacing_mm = [1]", r"spacing_mm: found \(1.0,\)"),
        ("[interpolation]\nspacing_mm = [1, 1, 0]", "distances above 0"),
        ("[interpolation]\nspacing_mm = [1, 1, inf]", "distances above 0"),
        ("[interpolation]\norder = 6", "order: found 6; needed 0 to 5"),
        ("[interpolation]\nmask_threshold = 0.0", "mask_threshold: found 0.0"),
        ("[resegmentation]\nlower = 2\nupper = 1", "found lower 2.0 and upper 1.0"),
        ("[resegmentation]\noutlier_sd = 0", "outlier_sd: found 0.0"),
        ("[texture]\ncooccurrence_distance = 0", "whole numbers from 1"),
        ("[texture]\ndependence_coarseness = -1", "dependence_coarseness: found -1"),
    ],
)
def test_what_means_nothing_is_refused(text, message):
    with pytest.raises(SettingsError, match=message):
        check_settings(from_file(text))


def test_defaults_mean_something():
    check_settings(MR_GLIOMA)
