"""Settings as frozen dataclasses: read from a mapping, changed, written; the unknown is refused.

A setting may itself be a dataclass; on paper it is then a table of its own (TOML).
"""

import types
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from gliokit.core.errors import SettingsError

Record = TypeVar("Record")


def changed(settings: Record, changes: Mapping[str, object]) -> Record:
    """Give settings with some of them changed.

    Parameters
    ----------
    settings : dataclass
        The values that stay where nothing is changed.
    changes : mapping of str to object
        As a TOML file or JSON gives them: nested mappings, numbers, texts, lists.

    Raises
    ------
    SettingsError
        If a name is unknown, or a value is of another kind than the setting.
    """
    known = get_type_hints(type(settings))
    if unknown := sorted(set(changes) - set(known)):
        raise SettingsError(f"unknown settings {', '.join(unknown)}; known are {', '.join(known)}")
    values = {
        name: _fitting(name, value, known[name], getattr(settings, name))
        for name, value in changes.items()
    }
    return replace(settings, **values)  # type: ignore[type-var]  # every record is a dataclass


def as_mapping(settings: object) -> dict[str, Any]:
    """Give settings as JSON and TOML can hold them."""
    return asdict(settings)  # type: ignore[call-overload]  # a dataclass


def _fitting(name: str, value: object, kind: Any, now: object) -> object:
    """Turn a value into what the setting holds."""
    if is_dataclass(now) and isinstance(value, Mapping):
        return changed(now, value)
    for option in _options(kind):
        fitted = _as_kind(value, option)
        if fitted is not None or (value is None and option is type(None)):
            return fitted
    raise SettingsError(f"setting {name}: found {value!r}; needed {_called(kind)}")


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _as_kind(value: object, kind: Any) -> object:
    """Give the value as of this kind, or None if it is none."""
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            return None
        parts = get_args(kind)
        inner = [parts[0]] * len(value) if parts[1:] == (...,) else list(parts)
        if len(inner) != len(value):
            return None
        fitted = [_as_kind(part, own) for part, own in zip(value, inner, strict=True)]
        return None if None in fitted else tuple(fitted)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next((member for member in kind if member.value == value), None)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    # True is an int for Python, and no number for us
    fits = isinstance(kind, type) and type(value) is kind
    return value if fits else None


def _called(kind: Any) -> str:
    """Name a kind as a user knows it; of a closed set its members."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"one of {', '.join(str(member.value) for member in kind)}"
    parts = [part for part in get_args(kind) if part is not ...]
    if get_origin(kind) is tuple:
        return f"a list: {', '.join(map(_called, parts))}"
    if parts:
        return " or ".join("nothing" if part is type(None) else _called(part) for part in parts)
    return str(getattr(kind, "__name__", kind))
