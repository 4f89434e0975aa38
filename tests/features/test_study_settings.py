"""Settings as files ask for them."""

import json
import tomllib
from pathlib import Path

import pytest

from gliokit.core.errors import SettingsError
from gliokit.features.study_settings import (
    PART_LABELS,
    Part,
    StudySettings,
    settings_record,
    study_settings,
)
from gliokit.radiomics.filters.laplacian_of_gaussian import LaplacianOfGaussian
from gliokit.radiomics.volume_ratios import PARTS

LOG = {"filter": "laplacian_of_gaussian"}


def test_without_changes_they_are_the_default():
    assert study_settings({}) == StudySettings()


def test_what_is_written_is_read_back():
    filters = [{**LOG, "sigma_mm": 2.0}, {"filter": "laws", "name": "ripples"}]
    settings = study_settings({"filters": filters, "parts": ["ET"], "extras": []})
    record = json.loads(json.dumps(settings_record(settings)))
    assert study_settings(record) == settings


def test_a_filter_is_called_after_its_kind_unless_it_has_a_name():
    settings = study_settings({"filters": [LOG, {**LOG, "name": "fine", "sigma_mm": 1.0}]})
    assert [one.name for one in settings.filters] == ["laplacian_of_gaussian", "fine"]
    assert settings.filters[1].settings == LaplacianOfGaussian(sigma_mm=1.0)


def test_two_filters_of_one_name_are_refused():
    with pytest.raises(SettingsError, match="two are called laplacian_of_gaussian"):
        study_settings({"filters": [LOG, LOG]})


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ("laws", "needed a list of tables"),
        (["laws"], "needed a list of tables"),
        ([{"sigma_mm": 2.0}], "names no filter; known are mean"),
        ([{"filter": "lows"}], "found filter 'lows'"),
        ([{**LOG, "name": "a b"}], "the name 'a b' is none"),
        ([{**LOG, "sigma": 2.0}], "unknown settings sigma"),
    ],
)
def test_a_filter_that_is_none_is_refused(filters, message):
    with pytest.raises(SettingsError, match=message):
        study_settings({"filters": filters})


def test_an_unknown_setting_is_refused():
    with pytest.raises(SettingsError, match="unknown settings region; known are parts"):
        study_settings({"region": "ET"})


def test_a_setting_without_meaning_is_refused():
    with pytest.raises(SettingsError, match=r"interpolation.spacing_mm: found \(0.0,\)"):
        study_settings({"radiomics": {"interpolation": {"spacing_mm": [0.0]}}})


def test_parts_are_those_of_the_volumes():
    for part, labels in PARTS.items():
        assert PART_LABELS[Part(part.upper())] == labels


def test_the_example_in_the_documents_is_understood():
    page = (Path(__file__).parents[2] / "docs" / "features.md").read_text()
    example = page.split("```toml\n")[1].split("```")[0]
    settings = study_settings(tomllib.loads(example))
    assert settings.radiomics.discretization.size == 25
    assert settings.filters[0].name == "log_2"


def test_a_word_that_is_none_of_a_closed_set_is_answered_with_the_set():
    with pytest.raises(SettingsError, match="needed a list: one of ET, NET, ED, TC, WT, RC"):
        study_settings({"parts": ["core"]})
