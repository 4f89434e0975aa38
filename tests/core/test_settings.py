"""Settings: changed by name and kind, nothing unknown let through."""

from dataclasses import dataclass, field
from enum import StrEnum

import pytest

from gliokit.core.errors import SettingsError
from gliokit.core.settings import as_mapping, changed


class Pace(StrEnum):
    """An enum among the settings."""

    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True)
class Inner:
    """A record within the record."""

    rate: float = 0.5
    on: bool = True


@dataclass(frozen=True)
class Outer:
    """Settings of every kind."""

    steps: int = 10
    name: str = ""
    widths: tuple[int, ...] = (1, 2)
    pair: tuple[int, float] = (1, 2.0)
    pace: Pace = Pace.SLOW
    limit: float | None = None
    inner: Inner = field(default_factory=Inner)


def test_what_is_not_named_stays():
    settings = changed(Outer(), {"steps": 3, "inner": {"rate": 1}})
    assert settings == Outer(steps=3, inner=Inner(rate=1.0))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("widths", [4, 5, 6], (4, 5, 6)),
        ("pair", [3, 1], (3, 1.0)),
        ("pace", "fast", Pace.FAST),
        ("limit", 2, 2.0),
        ("limit", None, None),
        ("name", "x", "x"),
    ],
)
def test_a_value_becomes_what_the_setting_holds(name, value, expected):
    found = getattr(changed(Outer(), {name: value}), name)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stepz": 3}, "unknown settings stepz; known are steps"),
        ({"inner": {"off": 1}}, "unknown settings off; known are rate, on"),
        ({"steps": 1.5}, "setting steps: found 1.5; needed int"),
        ({"steps": True}, "setting steps: found True; needed int"),
        ({"widths": [1, "a"]}, "setting widths"),
        ({"pair": [1]}, "setting pair"),
        ({"pace": "medium"}, "setting pace: found 'medium'; needed one of slow, fast"),
        ({"inner": 3}, "setting inner"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes, message):
    with pytest.raises(SettingsError, match=message):
        changed(Outer(), changes)


def test_written_settings_read_back():
    settings = Outer(widths=(7,), pace=Pace.FAST, inner=Inner(on=False))
    assert changed(Outer(), as_mapping(settings)) == settings
