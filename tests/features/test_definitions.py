"""The one table of all features."""

import re
from pathlib import Path

import pytest

from gliokit.features.definitions import DEFINITIONS, definition_of

PAGE = Path(__file__).parents[2] / "docs" / "features.md"


def test_names_are_unique():
    names = [one.name for group in DEFINITIONS.values() for one in group]
    assert len(names) == len(set(names))


def test_every_feature_has_title_unit_and_source():
    for group in DEFINITIONS.values():
        assert all(one.title and one.unit and one.source for one in group)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("stat_mean", "stat_mean"),
        ("ET_t1c_stat_mean", "stat_mean"),
        ("WT_flair_log_2_cm_contrast_3D_avg", "cm_contrast"),
        ("TC_t1_szm_z_perc_2_5D", "szm_z_perc"),
        ("volume_et_over_tc", "volume_et_over_tc"),
    ],
)
def test_a_column_is_found_by_its_end(name, found):
    definition = definition_of(name)
    assert definition is not None
    assert definition.name == found


def test_an_unknown_column_has_no_definition():
    assert definition_of("age") is None


def test_the_page_lists_every_feature_with_its_code():
    lines = re.findall(r"^\| `(\w+)` \| .* \| (\S*) \| [^|]+ \|$", PAGE.read_text(), flags=re.M)
    listed = dict(lines)
    known = {one.name: one.code for group in DEFINITIONS.values() for one in group}
    assert {name: listed.get(name) for name in known} == known
