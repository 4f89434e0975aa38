"""What the numbers in a label map mean: three generations of BraTS.

| label | brats2012 (to 2016) | brats2017 (to 2021)             | brats2023 (and later)           |
|-------|---------------------|---------------------------------|---------------------------------|
| 1     | necrotic core       | necrotic and non-enhancing core | necrotic and non-enhancing core |
| 2     | edema               | edema                           | edema                           |
| 3     | non-enhancing core  |                                 | enhancing tumor                 |
| 4     | enhancing tumor     | enhancing tumor                 | resection cavity                |

The convention is decided by, in this order: the caller's option, our own mark in the file, the
file's name, the values. Values that allow two readings are never settled in silence: {1, 2, 4}
is read as brats2017 and said so, 3 together with 4 is refused.

Source: BraTS 2018 and 2019 task definitions; BraTS 2023 and 2024 evaluation code. The labels of
2012 to 2016 are quoted after their later descriptions.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import LabelError
from gliokit.core.vocabulary import Label


class LabelConvention(StrEnum):
    """A numbering of the labels, named after the first BraTS challenge that used it."""

    BRATS2012 = "brats2012"
    BRATS2017 = "brats2017"
    BRATS2023 = "brats2023"


class Decision(StrEnum):
    """What settled the convention."""

    OPTION = "option"
    MARK = "mark"
    NAME = "file name"
    VALUES = "values"


MEANINGS: MappingProxyType[LabelConvention, Mapping[int, Label]] = MappingProxyType(
    {
        LabelConvention.BRATS2012: MappingProxyType(
            {
                0: Label.BACKGROUND,
                1: Label.NECROTIC_CORE,
                2: Label.EDEMA,
                3: Label.NECROTIC_CORE,
                4: Label.ENHANCING,
            }
        ),
        LabelConvention.BRATS2017: MappingProxyType(
            {0: Label.BACKGROUND, 1: Label.NECROTIC_CORE, 2: Label.EDEMA, 4: Label.ENHANCING}
        ),
        LabelConvention.BRATS2023: MappingProxyType({int(label): label for label in Label}),
    }
)
# BraTS-PED, -MEN and -MET number other tissues in some years: their names tell nothing here
NAMES: tuple[tuple[re.Pattern[str], LabelConvention], ...] = (
    (re.compile(r"brats-(gli|ssa)-\d+-\d+", re.IGNORECASE), LabelConvention.BRATS2023),
    (re.compile(r"brats(17|18|19|20|2021)_", re.IGNORECASE), LabelConvention.BRATS2017),
    (re.compile(r"ucsf-pdgm-\d+.*_tumor_segmentation", re.IGNORECASE), LabelConvention.BRATS2017),
    (re.compile(r"upenn-gbm-\d+_\d+_", re.IGNORECASE), LabelConvention.BRATS2017),
)
_LISTED = 5  # so many of the values at fault are named


@dataclass(frozen=True, slots=True)
class Reading:
    """A label map as it was understood.

    Attributes
    ----------
    labels : (X, Y, Z)
        In the numbers of `gliokit.core.vocabulary.Label`.
    convention : LabelConvention
        How the values were read.
    decided : Decision
        What settled it.
    note : str
        What the reader must know because the values allow another reading; empty otherwise.
    """

    labels: NDArray[np.uint8] = field(repr=False)
    convention: LabelConvention
    decided: Decision
    note: str = ""


def to_labels(
    values: NDArray[np.generic],
    *,
    option: LabelConvention | None = None,
    marked: LabelConvention | None = None,
    hint: LabelConvention | None = None,
    source: str = "label map",
) -> Reading:
    """Translate the values of a label map into our labels.

    Parameters
    ----------
    values : (X, Y, Z)
        Whole numbers of any dtype.
    option, marked, hint : LabelConvention or None
        What the caller says, the mark in the file says, the file's name says; the first that
        is given decides, else the values do.
    source : str
        Name of the map in messages.

    Raises
    ------
    LabelError
        If a value is no whole number, is unknown to the convention, or if 3 and 4 stand side by
        side and nothing says which of two readings holds.
    """
    stored = _whole_numbers(values, source)
    present = frozenset(v for v in range(int(stored.max(initial=0)) + 1) if (stored == v).any())
    said = {Decision.OPTION: option, Decision.MARK: marked, Decision.NAME: hint}
    decided = next((d for d, convention in said.items() if convention), Decision.VALUES)
    convention = said.get(decided) or _by_values(present, source)
    _check_known(present, convention, source)
    table = np.zeros(256, dtype=np.uint8)
    table[list(MEANINGS[convention])] = list(MEANINGS[convention].values())
    note = _note(present) if decided is Decision.VALUES else ""
    return Reading(table[stored], convention, decided, note)


def convention_of_name(name: str) -> LabelConvention | None:
    """Tell the convention from a file's name, where a BraTS release gave it."""
    return next((convention for pattern, convention in NAMES if pattern.match(name)), None)


def _whole_numbers(values: NDArray[np.generic], source: str) -> NDArray[np.uint8]:
    """Give the values as bytes, in a fast pass; what does not fit is looked at only then."""
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    with np.errstate(invalid="ignore", over="ignore"):  # whatever wraps around differs below
        stored = values.astype(np.uint8)
    wrong = stored != values
    if wrong.any():
        found = np.unique(values[wrong])
        kind = (
            "unknown labels"
            if np.array_equal(found, np.rint(found))
            else "values that are no labels"
        )
        raise LabelError(
            f"{source}: found {kind} {_listed(found)}; needed whole numbers 0 to 4; "
            "give a label map, not an image or probabilities"
        )
    return stored


def _by_values(present: frozenset[int], source: str) -> LabelConvention:
    # brats2023 knows every number that any of them knows
    _check_known(present, LabelConvention.BRATS2023, source)
    if {3, 4} <= present:
        raise LabelError(
            f"{source}: labels {_listed(present)} have two readings, brats2012 (3 non-enhancing "
            "core, 4 enhancing tumor) and brats2023 (3 enhancing tumor, 4 resection cavity); "
            "say which with --convention"
        )
    return LabelConvention.BRATS2017 if 4 in present else LabelConvention.BRATS2023


def _check_known(present: frozenset[int], convention: LabelConvention, source: str) -> None:
    known = frozenset(MEANINGS[convention])
    if unknown := present - known:
        raise LabelError(
            f"{source}: found unknown labels {_listed(unknown)}; {convention} knows "
            f"{_listed(known)}; correct the map, or choose another --convention"
        )


def _note(present: frozenset[int]) -> str:
    if 4 in present:
        return (
            "label 4 was read as enhancing tumor (brats2017), since 3 is absent and nothing else "
            "tells; where it is a resection cavity, say --convention brats2023"
        )
    if 3 in present:
        return (
            "label 3 was read as enhancing tumor (brats2023), since 4 is absent and nothing else "
            "tells; where it is non-enhancing core, say --convention brats2012"
        )
    if present - {0} == {1}:
        return (
            "the only label, 1, was read as necrotic and non-enhancing core, as every convention "
            "has it; a mask of the whole or of the enhancing tumor must be given as labels 1 to 4"
        )
    return ""


def _listed(values: Iterable[float]) -> str:
    ordered = sorted(values)
    more = ", ..." if len(ordered) > _LISTED else ""
    return ", ".join(f"{value:g}" for value in ordered[:_LISTED]) + more
