"""The settings of systems, from a TOML file and from single changes on the command line.

What stands under the name of a system is for that one; the rest is for every system of the run.
A nested setting is a table of the file, or has dots in its name: `schedule.steps`.
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from gliokit.core.errors import SettingsError
from gliokit.core.settings import changed
from gliokit.core.system import System

Changes: TypeAlias = dict[str, Any]


def read_changes(file: Path | None, assignments: Sequence[str]) -> Changes:
    """Read what is to be changed; an assignment rules over the file.

    Parameters
    ----------
    file : Path or None
        TOML.
    assignments : sequence of str
        Each `name=value`; the value as TOML has it, or a bare word.

    Raises
    ------
    SettingsError
        If the file is no TOML, or an assignment none.
    """
    changes = _read_file(file) if file else {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not (name.strip() and equals):
            raise SettingsError(f"found {assignment!r}; needed name=value, as schedule.steps=100")
        _put(changes, name.strip().split("."), _value(value.strip()), assignment)
    return changes


def settings_of(
    kind: type[System], changes: Changes, *, tiny: bool = False, systems: Collection[str] = ()
) -> Any:
    """Give the settings of one system.

    Parameters
    ----------
    kind : type
        The system.
    changes : dict
        As `read_changes` gives them.
    tiny : bool
        Whether to start from its smallest sizes, not from the published ones.
    systems : collection of str
        Names of all systems: what stands under another one is not for this one.

    Raises
    ------
    SettingsError
        If a setting is unknown to the system, or of another kind; the system is named.
    """
    name = kind.card.name
    shared = {key: value for key, value in changes.items() if key not in {name, *systems}}
    own = changes.get(name, {})
    if not isinstance(own, Mapping):
        raise SettingsError(f"{name} is a system: needed a table of its settings, found {own!r}")
    start = kind.TINY if tiny else kind.Settings()
    try:
        return changed(changed(start, shared), own)
    except SettingsError as error:
        raise SettingsError(f"system {name}: {error}") from None


def _read_file(file: Path) -> Changes:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot be read ({error.strerror}); give a TOML file"
        ) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: not TOML ({error}); mend it") from None


def _put(changes: Changes, names: Sequence[str], value: object, assignment: str) -> None:
    for name in names[:-1]:
        changes = changes.setdefault(name, {})
        if not isinstance(changes, dict):
            raise SettingsError(f"{assignment!r}: {name} is given twice, as a value and a table")
    changes[names[-1]] = value


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
