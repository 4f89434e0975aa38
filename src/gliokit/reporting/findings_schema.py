"""The JSON schema of findings, and a record of them held against it.

Source: JSON Schema draft 2020-12
"""

from functools import cache

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from gliokit.core.errors import FindingsError
from gliokit.core.findings import READABLE_VERSIONS, SCHEMA_VERSION, Findings
from gliokit.core.vocabulary import Label
from gliokit.preprocessing.header_evidence import SeriesKind
from gliokit.reporting.findings_json import plain

UNITS = ("mL", "L", "mm", "mm2", "1")  # UCUM
OPTIONAL = ("course", "series")  # since 1.3; always written, but not by 1.2


def findings_schema() -> JsonSchemaValue:
    """Describe the JSON as a JSON schema (draft 2020-12)."""
    schema = _adapter().json_schema(schema_generator=_FindingsSchema)
    for record in ("Quantity", "Limit"):
        schema["$defs"][record]["properties"]["unit"]["enum"] = list(UNITS)
    schema["$defs"]["PlannedSeries"]["properties"]["kind"]["enum"] = list(SeriesKind)
    schema["properties"]["schema_version"] = {"enum": list(READABLE_VERSIONS)}
    schema["required"] = [name for name in schema["required"] if name not in OPTIONAL]
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "gliokit findings",
        "version": SCHEMA_VERSION,
    }


def checked(record: object) -> Findings:
    """Make findings of what was read from JSON, labels as their numbers.

    Raises
    ------
    FindingsError
        If the record lacks or misstates a field.
    """
    try:
        return _adapter().validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise FindingsError(
            f"findings do not fit the schema at {where}: {first['msg']}; analyze the study again"
        ) from None


class _FindingsSchema(GenerateJsonSchema):
    """Every field is written, none is added, and labels are number and term."""

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
            described |= {"type": "object", "enum": [plain(label) for label in Label]}
        return described


@cache
def _adapter() -> TypeAdapter[Findings]:
    return TypeAdapter(Findings)
