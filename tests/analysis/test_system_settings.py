"""Settings from a file and the command line, for one system or for all of a run."""

import pytest

from gliokit.analysis.system_settings import read_changes, settings_of
from gliokit.core.errors import SettingsError


def test_an_assignment_rules_over_the_file(tmp_path):
    (tmp_path / "s.toml").write_text("a = 1\n[b]\nc = 2\n")
    changes = read_changes(tmp_path / "s.toml", ["b.c=3", "b.d=[1, 2]", "word=one"])
    assert changes == {"a": 1, "b": {"c": 3, "d": [1, 2]}, "word": "one"}


def test_what_stands_under_a_system_is_for_it_alone(fakes):
    changes = read_changes(None, ["steps=2", "other2001.steps=9", "threshold2000.shift=1"])
    names = ["threshold2000", "other2001"]
    settings = settings_of(fakes.ThresholdSystem, changes, systems=names)
    assert (settings.steps, settings.shift) == (2, 1.0)


def test_its_own_change_rules_over_that_for_all(fakes):
    changes = read_changes(None, ["threshold2000.steps=7", "steps=2"])
    assert settings_of(fakes.ThresholdSystem, changes).steps == 7


def test_tiny_sizes_are_the_start_on_request(fakes):
    assert settings_of(fakes.ThresholdSystem, {}, tiny=True) == fakes.ThresholdSystem.TINY


def test_an_unknown_setting_names_the_system(fakes):
    with pytest.raises(SettingsError, match="system threshold2000: unknown settings depth"):
        settings_of(fakes.ThresholdSystem, {"depth": 1})


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["=3"], "needed name=value"),
        (["a=1", "a.b=2"], "given twice, as a value and a table"),
    ],
)
def test_what_is_no_assignment_is_refused(assignments, message):
    with pytest.raises(SettingsError, match=message):
        read_changes(None, assignments)


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "s.toml").write_text("a = = 1")
    with pytest.raises(SettingsError, match="not TOML"):
        read_changes(tmp_path / "s.toml", [])
