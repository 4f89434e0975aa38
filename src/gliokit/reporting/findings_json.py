"""Findings as JSON: written, described by a schema, and read back.

Keys stand in the order of the records, numbers are rounded to six decimals (nanoliters and
nanometers: below every measurement, above the noise of floating point), so that the same
findings always give the same bytes. Labels are written as number and term.
"""

import json
import re
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from gliokit.core.errors import FindingsError
from gliokit.core.findings import SCHEMA_VERSION, Findings
from gliokit.core.vocabulary import LABEL_TERMS, Label

DECIMALS = 6
UNITS = ("mL", "L", "mm", "mm2", "1")  # UCUM

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | None"

# a list of scalars that json.dumps has spread over several lines
_SPREAD_LIST = re.compile(r"\[\n\s+([^\[\]{}]*?)\n\s+\]")


def findings_json(findings: Findings) -> str:
    """Write findings as JSON text that ends in a newline."""
    text = json.dumps(_plain(findings), indent=2, ensure_ascii=False, allow_nan=False)
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
    if version != SCHEMA_VERSION:
        raise FindingsError(
            f"findings have schema version {version}, needed {SCHEMA_VERSION}; "
            "analyze the study again with this version"
        )
    try:
        return _adapter().validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise FindingsError(
            f"findings do not fit the schema at {where}: {first['msg']}; analyze the study again"
        ) from None


def findings_schema() -> JsonSchemaValue:
    """Describe the JSON as a JSON schema (draft 2020-12)."""
    schema = _adapter().json_schema(schema_generator=_FindingsSchema)
    for record in ("Quantity", "Limit"):
        schema["$defs"][record]["properties"]["unit"]["enum"] = list(UNITS)
    schema["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "gliokit findings",
        "version": SCHEMA_VERSION,
    }


class _FindingsSchema(GenerateJsonSchema):
    """Every field is always written, none is added, and labels are number and term."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False  # a field's name says it all

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        described = super().dataclass_schema(schema)
        described["required"] = list(described["properties"])
        described["additionalProperties"] = False
        return described

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        described = super().enum_schema(schema)
        if schema["cls"] is Label:
            described |= {"type": "object", "enum": [_plain(label) for label in Label]}
        return described


@cache
def _adapter() -> TypeAdapter[Findings]:
    return TypeAdapter(Findings)


def _plain(value: object) -> Json:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
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
