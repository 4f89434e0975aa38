"""A cohort: one row per study, and a loader that turns a row into a study.

Columns: `patient_id` is required; `study_id, day, site, scanner, phase`, a path per
sequence (`t1 t1c t2 flair`), `labels`, and clinical columns are optional. Day 0 is the
diagnostic scan. Rows are checked before anything is loaded; an error names the row (the
header is row 1) and the column.
"""

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from gliokit.core.course import MOST_DAYS
from gliokit.core.errors import CohortError
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import (
    ClinicalChange,
    Codeletion,
    IDHStatus,
    Map,
    MGMTStatus,
    MRSequence,
    Phase,
    Progression,
    Resection,
)

NUMBERS: MappingProxyType[str, tuple[float, float]] = MappingProxyType(
    {  # column: smallest and largest value that is possible
        "day": (-MOST_DAYS, MOST_DAYS),
        "age": (0, 120),
        "kps": (0, 100),
        "grade": (1, 4),
        "surgery_day": (-MOST_DAYS, MOST_DAYS),
        "rt_start_day": (-MOST_DAYS, MOST_DAYS),
        "rt_end_day": (-MOST_DAYS, MOST_DAYS),
        "rt_dose_gy": (0, 200),
        "dexamethasone_mg_per_day": (0, 100),
        "decline_days": (0, MOST_DAYS),
        "os_days": (0, MOST_DAYS),
    }
)
CODES: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "sex": frozenset({"F", "M"}),
        "idh": frozenset(IDHStatus),
        "codel_1p19q": frozenset(Codeletion),
        "mgmt": frozenset(MGMTStatus),
        "resection": frozenset(Resection),
        "clinical_change": frozenset(ClinicalChange),
        "in_radiation_field": frozenset({"0", "1"}),
        "decline_explained": frozenset({"0", "1"}),
        "progression_proven": frozenset({"0", "1"}),
        "leptomeningeal": frozenset({"0", "1"}),
        "os_event": frozenset({"0", "1"}),
        "progression": frozenset(Progression),
        "phase": frozenset(Phase),
    }
)
TEXTS = ("patient_id", "study_id", "site", "scanner", "therapy", "labels", *MRSequence, *Map)
UNKNOWN = frozenset({"", "NA", "na", "NaN", "nan"})
# study ids become folder names
ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@dataclass(frozen=True, slots=True)
class Row:
    """One study of a cohort.

    Attributes
    ----------
    number : int
        Line in the table; the header is line 1.
    patient_id, study_id : str
        The study id is unique within the cohort.
    cells : mapping of str to str
        Every known cell by column; unknown values are absent.
    """

    number: int
    patient_id: str
    study_id: str
    cells: Mapping[str, str] = field(repr=False)

    def number_of(self, column: str) -> float:
        """Give a numeric cell; `nan` where it is unknown."""
        return float(self.cells.get(column, "nan"))


def no_labels(row: Row) -> LabelMap:
    """Stand in for the loader of label maps where a cohort has none."""
    raise CohortError(f"row {row.number} has no labels; fill the column labels")


@dataclass(frozen=True, slots=True)
class Cohort:
    """Rows and the loaders that make studies and their label maps of them.

    Attributes
    ----------
    rows : sequence of Row
        One per study.
    load : callable
        Row to Study; supplied by `gliokit.io`, so that systems see studies, never paths.
    load_labels : callable
        Row to its reference label map, on the grid of the study's reference image.
    """

    rows: Sequence[Row]
    load: Callable[[Row], Study] = field(repr=False)
    load_labels: Callable[[Row], LabelMap] = field(repr=False, default=no_labels)

    def __len__(self) -> int:
        return len(self.rows)

    def studies(self) -> Iterator[Study]:
        """Load one study after another."""
        return (self.load(row) for row in self.rows)

    def only(self, study_ids: Container[str]) -> "Cohort":
        """Give the cohort of some of its studies."""
        return replace(self, rows=[row for row in self.rows if row.study_id in study_ids])


def check_rows(table: Iterable[Mapping[str, str]], *, source: str) -> list[Row]:
    """Check every cell of a table and give its rows.

    Parameters
    ----------
    table : iterable of mapping
        One mapping of column to text per study.
    source : str
        Name of the table in messages.

    Raises
    ------
    CohortError
        Naming the row and column at fault, what was found and what is needed.
    """
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for number, record in enumerate(table, start=2):
        where = f"{source} row {number}"
        cells = {c: v.strip() for c, v in record.items() if v is not None and c is not None}
        cells = {column: value for column, value in cells.items() if value not in UNKNOWN}
        for column, value in cells.items():
            _check_cell(column, value, where)
        row = Row(number, _patient(cells, where), _study(cells, where), cells)
        key = row.study_id.casefold()  # many file systems take P1 and p1 for one folder
        if key in seen:
            raise CohortError(
                f"{where}, column study_id: {row.study_id!r} stands in row {seen[key]} "
                "already; study ids must be unique"
            )
        seen[key] = number
        rows.append(row)
    if not rows:
        raise CohortError(f"{source} has no rows; add one per study")
    return rows


def _patient(cells: Mapping[str, str], where: str) -> str:
    if not cells.get("patient_id"):
        raise CohortError(f"{where}, column patient_id: empty; every study needs its patient")
    return cells["patient_id"]


def _study(cells: Mapping[str, str], where: str) -> str:
    column = "study_id" if "study_id" in cells else "patient_id"
    study_id = cells[column]
    if set(study_id) - ID_CHARACTERS or study_id.startswith("."):
        raise CohortError(
            f"{where}, column {column}: {study_id!r} cannot name a folder; "
            "use letters, digits, '-', '_' and '.' in the study id"
        )
    return study_id


def _check_cell(column: str, value: str, where: str) -> None:
    where = f"{where}, column {column}"
    if column in CODES and value not in CODES[column]:
        allowed = ", ".join(sorted(CODES[column]))
        raise CohortError(f"{where}: found {value!r}; needed one of {allowed}, or empty")
    if column in NUMBERS:
        low, high = NUMBERS[column]
        try:
            number = float(value)
        except ValueError:
            raise CohortError(f"{where}: found {value!r}; needed a number, or empty") from None
        if not (math.isfinite(number) and low <= number <= high):
            raise CohortError(f"{where}: found {value}; needed {low:g} to {high:g}, or empty")
