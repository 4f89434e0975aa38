"""Findings as JSON: written and read back. Their schema: `gliokit.reporting.findings_schema`.

Keys stand in the order of the records, numbers are rounded to six decimals (nanoliters and
nanometers: below every measurement, above the noise of floating point), so that the same
findings always give the same bytes. Labels are written as number and term.
"""

import json
import re
from dataclasses import fields, is_dataclass
from typing import TypeAlias

from gliokit.core.errors import FindingsError
from gliokit.core.findings import READABLE_VERSIONS, Findings
from gliokit.core.vocabulary import LABEL_TERMS, Label

DECIMALS = 6

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | None"

# a list of scalars that json.dumps has spread over several lines
_SPREAD_LIST = re.compile(r"\[\n\s+([^\[\]{}]*?)\n\s+\]")


def findings_json(findings: Findings) -> str:
    """Write findings as JSON text that ends in a newline."""
    text = json.dumps(plain(findings), indent=2, ensure_ascii=False, allow_nan=False)
    return _SPREAD_LIST.sub(_on_one_line, text) + "\n"


def read_findings(text: str) -> Findings:
    """Read findings from the text that `findings_json` wrote.

    Raises
    ------
    FindingsError
        If the text is not JSON, has another schema version, or lacks or misstates a field.
    """
    try:
        record = json.loads(text, object_hook=_label_number)
    except json.JSONDecodeError as error:
        raise FindingsError(f"findings are not JSON ({error}); write them again") from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if version not in READABLE_VERSIONS:
        raise FindingsError(
            f"findings have schema version {version}, needed {' or '.join(READABLE_VERSIONS)}; "
            "analyze the study again with this version"
        )
    # pydantic takes .15 s to import, for which whoever only writes need not wait
    from gliokit.reporting.findings_schema import checked

    return checked(record)


def plain(value: object) -> Json:
    """Turn a record of findings, or a part of it, into what JSON knows."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    if isinstance(value, Label):
        return {"number": int(value), "term": LABEL_TERMS[value]}
    if isinstance(value, float):
        return round(float(value), DECIMALS) + 0.0  # + 0.0 makes -0.0 plain
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"findings hold a {type(value).__name__}, which JSON does not know")


def _on_one_line(spread: re.Match[str]) -> str:
    return "[" + re.sub(r"\n\s+", " ", spread[1]) + "]"


def _label_number(entry: dict[str, Json]) -> Json:
    return entry["number"] if entry.keys() == {"number", "term"} else entry
