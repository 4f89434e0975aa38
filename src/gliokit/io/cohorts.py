"""A cohort's table (CSV) to rows and a loader of studies.

The columns are those of `gliokit.core.cohort`. Paths are relative to the table. Columns of other
names are left out, since tables carry more than is asked for, unless one looks like a known
column that is misspelt. Files are looked at when a row is loaded, not before: one bad study never
stops the others.
"""

import csv
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from gliokit.core.cohort import CODES, NUMBERS, TEXTS, Cohort, Row, check_rows, no_labels
from gliokit.core.course import Course, contradicts
from gliokit.core.errors import CohortError
from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Map, MRSequence, Phase
from gliokit.io.layouts import SPELLINGS, read_study
from gliokit.io.nifti import read_label_map

KNOWN_COLUMNS = frozenset({*TEXTS, *NUMBERS, *CODES})
TREATMENT_DAYS = ("surgery_day", "rt_start_day", "rt_end_day")  # in the order of `Course`
PATH_COLUMNS = (*MRSequence, *Map, "labels")
DAY_DECIMALS = 6  # as findings keep them
_ALIKE = 0.88  # idh1 and idh are two columns (.86), os_day and os_days are one (.92)

logger = logging.getLogger(__name__)


def read_cohort(path: Path) -> Cohort:
    """Read a cohort's table and check every cell.

    The cells of path columns become absolute paths.

    Raises
    ------
    CohortError
        Naming the row (the header is row 1) and the column at fault.
    """
    header, lines = _read_table(path)
    _check_header(header, path.name)
    if left_out := [column for column in header if column not in KNOWN_COLUMNS]:
        logger.info("%s: columns left out: %s", path.name, ", ".join(left_out))
    folder = path.absolute().parent
    table = [_record(header, line, f"{path.name} row {n}") for n, line in enumerate(lines, 2)]
    rows = check_rows(table, source=path.name)
    rows = [replace(row, cells=_with_absolute_paths(row, folder)) for row in rows]
    return Cohort(rows, load_row, load_labels)


def table_columns(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Order the columns that any row fills: who and when, then paths, then the rest."""
    known = (*TEXTS, *NUMBERS, *CODES)
    order = [column for column in known if column not in PATH_COLUMNS]
    order[2:2] = ["day"]
    wanted = dict.fromkeys([*order[:3], *PATH_COLUMNS, *order])
    return [column for column in wanted if any(row.get(column) for row in rows)]


def load_row(row: Row) -> Study:
    """Load the study of one row of a table that `read_cohort` has read.

    Raises
    ------
    CohortError
        If the row names no image, or one that does not exist.
    ImageError, GeometryError
        If an image is not usable.
    """
    images = {s: Path(row.cells[s]) for s in MRSequence if s in row.cells}
    if not images:
        raise CohortError(f"row {row.number} names no image; fill one of {', '.join(MRSequence)}")
    for column, image in images.items():
        if not image.is_file():
            raise CohortError(
                f"row {row.number}, column {column}: no such file; paths are relative to the "
                "table's folder"
            )
    return in_time(read_study(None, overrides=images, study_id=row.study_id), row)


def in_time(study: Study, row: Row) -> Study:
    """Give a study the day of its row, its course, and the phase that is stated or follows."""
    day, course = row.number_of("day"), course_of(row)
    stated = _stated_phase(row)
    phase = course.phase if stated is Phase.UNKNOWN else stated
    return replace(study, day=None if math.isnan(day) else day, phase=phase, course=course)


def course_of(row: Row) -> Course:
    """Count the days from treatment to the study of a row."""
    day = row.number_of("day")
    since = (day - row.number_of(column) for column in TREATMENT_DAYS)
    return Course(*(None if math.isnan(days) else round(days, DAY_DECIMALS) for days in since))


def check_phases(rows: Sequence[Row]) -> None:
    """Refuse rows whose phase and whose days lie on different sides of surgery.

    Raises
    ------
    CohortError
        Naming the row.
    """
    for row in rows:
        course, stated = course_of(row), _stated_phase(row)
        if contradicts(course, stated):
            side = "before" if course.phase is Phase.PREOPERATIVE else "after"
            raise CohortError(
                f"row {row.number}, column phase: found {stated}, but day {row.cells['day']} lies "
                f"{side} surgery_day {row.cells['surgery_day']}; correct one of them, or leave "
                "surgery_day empty where the phase is told by another operation"
            )


def _stated_phase(row: Row) -> Phase:
    return Phase(row.cells.get("phase", Phase.UNKNOWN))


def load_labels(row: Row) -> LabelMap:
    """Load the reference label map of one row of a table that `read_cohort` has read.

    Raises
    ------
    CohortError
        If the row names no label map, or one that does not exist.
    LabelError
        If its values are unknown or ambiguous.
    """
    if "labels" not in row.cells:
        return no_labels(row)
    path = Path(row.cells["labels"])
    if not path.is_file():
        raise CohortError(
            f"row {row.number}, column labels: no such file; paths are relative to the "
            "table's folder"
        )
    return read_label_map(path)


def _read_table(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.reader(file, strict=True))
    except OSError as error:
        raise CohortError(f"{path}: cannot be read ({error.strerror}); give a CSV file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise CohortError(f"{path}: not a CSV in UTF-8 ({error}); save it as such") from None
    while lines and not any(lines[-1]):
        lines.pop()
    if not lines:
        raise CohortError(f"{path} is empty; needed a header and one row per study")
    return [column.strip() for column in lines[0]], lines[1:]


def _check_header(header: Sequence[str], source: str) -> None:
    where = f"{source} row 1"
    for column in header:
        if header.count(column) > 1:
            raise CohortError(f"{where}, column {column}: stands there twice; keep one of them")
        if column not in KNOWN_COLUMNS and (meant := _meant(column)):
            raise CohortError(f"{where}, column {column}: did you mean {meant}? rename the column")
    if "patient_id" not in header:
        found = ", ".join(header)
        raise CohortError(
            f"{where}: no column patient_id, only {found}; add it, one row per study, "
            "cells separated by commas"
        )


def _meant(column: str) -> str | None:
    """Find the known column that an unknown one is probably meant to be."""
    plain = {name.replace("_", ""): name for name in KNOWN_COLUMNS}
    written = "".join(character for character in column.lower() if character.isalnum())
    if written in SPELLINGS:
        return SPELLINGS[written]
    close = get_close_matches(written, plain, n=1, cutoff=_ALIKE)
    return plain[close[0]] if close else None


def _record(header: Sequence[str], line: Sequence[str], where: str) -> dict[str, str]:
    if line and len(line) != len(header):
        raise CohortError(
            f"{where}: found {len(line)} cells; needed {len(header)}, one per column; quote cells "
            "that hold a comma"
        )
    return {
        column: cell for column, cell in zip(header, line, strict=False) if column in KNOWN_COLUMNS
    }


def _with_absolute_paths(row: Row, folder: Path) -> dict[str, str]:
    paths = {c: str(folder / row.cells[c]) for c in PATH_COLUMNS if c in row.cells}
    return {**row.cells, **paths}
