"""The settings of features: from a file of ours (TOML, JSON) or of pyradiomics (YAML).

`settings.json`, which stands beside every result, can be given again.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from gliokit.analysis.system_settings import read_changes
from gliokit.core.errors import SettingsError
from gliokit.features.study_settings import StudySettings, study_settings
from gliokit.radiomics.pyradiomics_settings import read_pyradiomics

OF_PYRADIOMICS = (".yaml", ".yml")


def read_feature_settings(
    file: Path | None, assignments: Sequence[str]
) -> tuple[StudySettings, tuple[str, ...]]:
    """Read the settings of a run.

    Parameters
    ----------
    file : Path or None
        TOML or JSON as ours are, YAML as of pyradiomics; by default nothing is changed.
    assignments : sequence of str
        Each `name=value`; they rule over the file.

    Returns
    -------
    settings, notes
        Notes say where a parameter of pyradiomics means something else here.

    Raises
    ------
    SettingsError
        If the file cannot be read, or says something unknown.
    """
    if file and file.suffix in OF_PYRADIOMICS:
        if assignments:
            raise SettingsError(
                f"{file}: --set changes settings of ours, and this file is of pyradiomics; drop "
                "it, or use the settings.json that a run with this file writes"
            )
        radiomics, notes = read_pyradiomics(_text(file))
        # their features alone: what a file of theirs asks for
        settings = StudySettings(radiomics=radiomics, extras=(), location=False)
        return settings, tuple(map(str, notes))
    of_json = file is not None and file.suffix == ".json"
    changes = read_changes(None if of_json else file, assignments)
    if file and of_json:
        changes = _merged(_read_json(file), changes)
    return study_settings(changes), ()


def _read_json(file: Path) -> dict[str, object]:
    try:
        record = json.loads(_text(file))
    except ValueError as error:
        raise SettingsError(f"{file}: not JSON ({error}); mend it") from None
    if not isinstance(record, dict):
        raise SettingsError(f"{file}: found a {type(record).__name__}; needed a table of settings")
    return record


def _merged(record: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """Change some of the settings, in tables within tables too."""
    result = dict(record)
    for name, value in changes.items():
        inner = result.get(name)
        both = isinstance(value, dict) and isinstance(inner, dict)
        result[name] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return result


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror}); give a file") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: not text in UTF-8 ({error}); save it as such") from None
