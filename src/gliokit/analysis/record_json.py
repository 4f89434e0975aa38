"""Records as JSON holds them: what is not a number is null, and comes back as not a number."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_type_hints

from gliokit.core.vocabulary import Region
from gliokit.evaluation.segmentation_scores import CaseScores
from gliokit.reporting.evaluation_record import CaseResult


def plain(value: object) -> Any:
    """Turn records, mappings, sequences and numbers into what JSON knows."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def read_case(record: Mapping[str, Any]) -> CaseResult:
    """Read one case that `plain` made.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the record is something else.
    """
    scores = tuple(_scores(own) for own in record["scores"])
    own = _numbers(CaseResult, record)
    return CaseResult(**{**own, "scores": scores})


def _scores(record: Mapping[str, Any]) -> CaseScores:
    own = _numbers(CaseScores, record)
    return CaseScores(**{**own, "region": Region(record["region"])})


def _numbers(kind: type, record: Mapping[str, Any]) -> dict[str, Any]:
    kinds = get_type_hints(kind)
    return {
        name: math.nan if value is None and kinds[name] is float else value
        for name, value in record.items()
    }
