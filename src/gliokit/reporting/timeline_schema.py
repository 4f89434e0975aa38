"""The JSON schema of a timeline: every field is always written, and none is added."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeAlias

from gliokit.core.vocabulary import ClinicalChange, Region
from gliokit.measurement.lesion_matching import State
from gliokit.measurement.resection import ResectionClass
from gliokit.measurement.response.facts import NewLesion, NonTarget
from gliokit.measurement.response.vocabulary import Component, Pseudo, Response
from gliokit.measurement.volume_course import Since

SCHEMA = "gliokit timeline"
SCHEMA_VERSION = "1.3"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | None"
Schema: TypeAlias = dict[str, Json]

TEXT: Schema = {"type": "string"}
YES_OR_NO: Schema = {"type": "boolean"}


def timeline_schema() -> Schema:
    """Describe the JSON of `gliokit.reporting.timeline_json` (draft 2020-12)."""
    return {
        "$schema": DIALECT,
        "title": SCHEMA,
        "version": SCHEMA_VERSION,
        **_record(
            {
                "schema": {"const": SCHEMA},
                "schema_version": {"const": SCHEMA_VERSION},
                "gliokit_version": TEXT,
                "disclaimer": TEXT,
                "patient_id": TEXT,
                "simulated": YES_OR_NO,
                "voxel_units": YES_OR_NO,
                "notes": _list(TEXT),
                "therapy": _or_null(TEXT),
                "treatment": _treatment(),
                "resection": _or_null(_resection()),
                "visits": _list(_visit()),
                "verdicts": _list(_verdicts()),
            }
        ),
        "$defs": {
            "day": _quantity("d"),
            "length": _quantity("mm", "voxel"),
            "area": _quantity("mm2", "voxel2"),
            "volume": _with_interval("mL", "voxel", end={"type": "number"}),
            "diameter": _diameter(),
            "sizes": _sizes(),
            "category": _one_of(Response),
        },
    }


def _defined(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _treatment() -> Schema:
    day, answer = _or_null(_defined("day")), _or_null(YES_OR_NO)
    return _record(
        {
            "recurrent": YES_OR_NO,
            "surgery": day,
            "radiation_start": day,
            "radiation_end": day,
            "treatment_start": day,
            "immunotherapy_start": day,
            "irradiated": answer,
            "antiangiogenic": answer,
            "prone_to_pseudoprogression": answer,
        }
    )


def _resection() -> Schema:
    day = _or_null(_defined("day"))
    return _record(
        {
            "before": day,
            "after": day,
            "removed_enhancing": _or_null(_quantity("1")),
            "residual_enhancing": _or_null(_defined("volume")),
            "classes": _list(_one_of(ResectionClass)),
            "doubtful": _or_null(YES_OR_NO),
            "reason": _or_null(TEXT),
        }
    )


def _visit() -> Schema:
    return _record(
        {
            "study_id": TEXT,
            "day": _defined("day"),
            "enhancing": _or_null(_defined("sizes")),
            "whole": _or_null(_defined("sizes")),
            "volumes": _map(_defined("volume"), names=Region),
            "changes": _list(_change()),
            "detection_limit": _or_null(_detection_limit()),
            "dexamethasone": _or_null(_quantity("mg/d")),
            "kps": _or_null(_quantity("{score}")),
            "clinical_change": _or_null(_one_of(ClinicalChange)),
            "notes": _list(TEXT),
        }
    )


def _change() -> Schema:
    """Describe the change of a volume; null as an end of an interval is one that is open."""
    probability: Schema = {"type": "number", "minimum": 0, "maximum": 1}
    certainty = _record({"share": {"type": "number"}, "probability": _or_null(probability)})
    return _record(
        {
            "region": _one_of(Region),
            "since": _one_of(Since),
            "day": _defined("day"),
            "relative": _or_null(_with_interval("1", end=_or_null({"type": "number"}))),
            "absolute": _defined("volume"),
            "certainties": _list(certainty),
            "reason_no_interval": _or_null(TEXT),
        }
    )


def _detection_limit() -> Schema:
    volume = _or_null(_defined("volume"))
    return _record(
        {
            "region": _one_of(Region),
            "volume": volume,
            "images": volume,
            "model": volume,
            "blank": volume,
            "text": TEXT,
        }
    )


def _sizes() -> Schema:
    return _record(
        {
            "product": _defined("area"),
            "target_product": _defined("area"),
            "volume": _defined("volume"),
            "nontarget": _one_of(NonTarget),
            "nontarget_by_volume": _one_of(NonTarget),
            "new_lesion": _one_of(NewLesion),
            "targets": _list(TEXT),
            "states": _map(_one_of(State)),
            "lesions": _list(_lesion()),
        }
    )


def _lesion() -> Schema:
    return _record(
        {
            "name": TEXT,
            "target": YES_OR_NO,
            "longest": _defined("diameter"),
            "perpendicular": _defined("diameter"),
            "product": _defined("area"),
            "volume": _defined("volume"),
            "measurable": YES_OR_NO,
            "measurable_reason": TEXT,
            "measured_on": TEXT,
        }
    )


def _verdicts() -> Schema:
    return _record(
        {
            "criterion": TEXT,
            "reason_not_used": _or_null(TEXT),
            "assessments": _list(_assessment()),
        }
    )


def _assessment() -> Schema:
    return _record(
        {
            "day": _defined("day"),
            "category": _defined("category"),
            "possible": _list(_defined("category")),
            "counted_as": _list(_defined("category")),
            "reason": TEXT,
            "clauses": _list(TEXT),
            "unknown": _list(TEXT),
            "sizes": _list(_comparison()),
            "pseudo": _or_null(_one_of(Pseudo)),
            "progression": _or_null(_defined("day")),
        }
    )


def _comparison() -> Schema:
    size = _or_null({"anyOf": [_defined("area"), _defined("volume")]})
    return _record(
        {
            "component": _one_of(Component),
            "size": size,
            "baseline": size,
            "baseline_day": _defined("day"),
            "nadir": size,
            "nadir_day": _defined("day"),
            "change_from_baseline": _or_null(_quantity("1")),
            "change_from_nadir": _or_null(_quantity("1")),
        }
    )


def _diameter() -> Schema:
    return _record({"length": _defined("length"), "start": _point(), "end": _point()})


def _with_interval(*units: str, end: Schema) -> Schema:
    pair: Schema = {"type": "array", "items": end, "minItems": 2, "maxItems": 2}
    return _record({**_value(*units), "interval": _or_null(pair)})


def _point() -> Schema:
    place: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
    return _record({**_value("mm", "voxel"), "value": place})


def _quantity(*units: str) -> Schema:
    return _record(_value(*units))


def _value(*units: str) -> Schema:
    return {"value": {"type": "number"}, "unit": {"enum": list(units)}}


def _record(fields: Schema) -> Schema:
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _map(entry: Schema, *, names: type[StrEnum] | None = None) -> Schema:
    named: Schema = {} if names is None else {"propertyNames": _one_of(names)}
    return {"type": "object", "additionalProperties": entry, **named}


def _list(entry: Schema) -> Schema:
    return {"type": "array", "items": entry}


def _one_of(words: Iterable[StrEnum]) -> Schema:
    return {"enum": [str(word) for word in words]}


def _or_null(entry: Schema) -> Schema:
    return {"anyOf": [entry, {"type": "null"}]}
