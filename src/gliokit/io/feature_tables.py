"""A table of features, CSV or Parquet, to a `FeatureTable`.

Which columns are features is not guessed from their looks: the caller names the column of the
study and the columns that are facts of it; columns of a cohort (`age`, `idh`, `os_days`) are
facts whatever the caller says. All others must hold numbers. An infinite or textual cell among
them becomes `nan` and is counted (`FeatureTable.unread`) and logged; a column of text alone is
refused, since it is a fact that was not named.

Source of the known tables: Bakas et al., Sci Data 2017;4:170117, doi:10.1038/sdata.2017.117;
UPENN-GBM: Bakas et al., Sci Data 2022;9:453, doi:10.1038/s41597-022-01560-7.
"""

import csv
import gzip
import logging
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import CODES, NUMBERS, TEXTS, UNKNOWN
from gliokit.core.errors import CohortError
from gliokit.core.feature_table import FeatureTable, UnreadCells, first_repeated

COHORT_COLUMNS = frozenset({*TEXTS, *NUMBERS, *CODES})

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a table are.

    Attributes
    ----------
    study : str
        Column of the study id.
    patient : str or None
        Column of the patient; None if `patient_in_study` tells it.
    patient_in_study : str
        Regular expression; its match at the start of the study id is the patient. By default the
        whole id: one study of each patient.
    facts : tuple of str
        Columns that are no features, beside those of a cohort.
    """

    study: str = "study_id"
    patient: str | None = None
    patient_in_study: str = r".+"
    facts: tuple[str, ...] = ()


BAKAS_2017 = Columns(
    study="ID",
    facts=("cohort", "codel", "PFI", "PFI.time", "IDH_CODEL_SUBTYPE", "who2021"),
)
UPENN_CAPTK = Columns(study="ID", patient_in_study=r"UPENN-GBM-\d+", facts=("gtr",))


def read_feature_table(path: Path, columns: Columns | None = None) -> FeatureTable:
    """Read a table.

    Parameters
    ----------
    path : Path
        `.csv`, `.csv.gz` or `.parquet`.
    columns : Columns
        What they are. By default `study_id`, and `patient_id` if the table has it.

    Raises
    ------
    CohortError
        If the file cannot be read, a column is missing, stands twice or is text though it is no
        fact, or a study id is empty or stands twice.
    """
    header, cells = _read_cells(path)
    if twice := first_repeated(header):
        raise CohortError(f"{path.name}: the column {twice} stands twice; keep one of them")
    if columns is None:
        columns = Columns(patient="patient_id" if "patient_id" in header else None)
    _check_columns(header, columns, path.name)
    by_name = dict(zip(header, cells, strict=True))
    studies, patients = _identify(by_name, columns, path.name)
    outside = COHORT_COLUMNS | {columns.study, columns.patient, *columns.facts}
    names = tuple(name for name in header if name not in outside)
    values, unread = _read_numbers({name: by_name[name] for name in names}, path.name)
    for gap in unread:
        logger.warning(
            "%s, column %s: %d cells are unknown now, for they hold no finite number (%s: %r)",
            *(path.name, gap.column, gap.count, gap.reason, gap.found),
        )
    ids = {columns.study, columns.patient, "study_id", "patient_id"}
    facts = {
        name: tuple("" if cell in UNKNOWN else cell for cell in by_name[name])
        for name in header
        if name in outside - ids
    }
    return FeatureTable(studies, patients, names, values, facts, unread)


def _read_cells(path: Path) -> tuple[list[str], list[Sequence[str]]]:
    """Give the header and, of each column, its cells as text."""
    try:
        if path.suffix == ".parquet":
            return _read_parquet(path)
        return _read_csv(path)
    except OSError as error:
        raise CohortError(
            f"{path}: cannot be read ({error.strerror or error}); give a table as .csv, .csv.gz "
            "or .parquet"
        ) from None


def _read_csv(path: Path) -> tuple[list[str], list[Sequence[str]]]:
    content = path.read_bytes()
    try:
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
        lines = list(csv.reader(StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error, EOFError, zlib.error) as error:
        raise CohortError(f"{path}: not a CSV in UTF-8 ({error}); save it as such") from None
    while lines and not any(lines[-1]):
        lines.pop()
    if len(lines) < 2:
        raise CohortError(f"{path} has no rows; needed a header and one row per study")
    header = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise CohortError(
                f"{path.name} row {number}: found {len(line)} cells; needed {len(header)}, one "
                "per column; quote cells that hold a comma"
            )
    return header, [[cell.strip() for cell in column] for column in zip(*lines[1:], strict=True)]


def _read_parquet(path: Path) -> tuple[list[str], list[Sequence[str]]]:
    try:
        parquet, arrow = import_module("pyarrow.parquet"), import_module("pyarrow")
    except ImportError:
        raise CohortError(
            f"{path.name}: Parquet needs pyarrow, which is not installed; run "
            "`pip install gliokit[parquet]`, or give the table as CSV"
        ) from None
    try:
        table = parquet.read_table(path)
    except arrow.ArrowInvalid as error:
        raise CohortError(f"{path}: not a Parquet file ({error}); save it as such") from None
    if not table.num_rows:
        raise CohortError(f"{path} has no rows; needed one per study")
    return list(table.column_names), [
        ["" if cell is None else str(cell).strip() for cell in column.to_pylist()]
        for column in table.columns
    ]


def _check_columns(header: Sequence[str], columns: Columns, source: str) -> None:
    needed = [columns.study, *([columns.patient] if columns.patient else []), *columns.facts]
    if missing := [name for name in needed if name not in header]:
        raise CohortError(
            f"{source}: no column {', '.join(missing)} among {len(header)} ({header[0]} and on); "
            "say which columns hold the study, the patient and facts"
        )


def _identify(
    by_name: dict[str, Sequence[str]], columns: Columns, source: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the study id and the patient of each row."""
    studies = tuple(by_name[columns.study])
    for column in filter(None, (columns.study, columns.patient)):
        if empty := [row for row, cell in enumerate(by_name[column], 2) if cell in UNKNOWN]:
            raise CohortError(
                f"{source} row {empty[0]}, column {column}: empty; every row needs its study and "
                "its patient"
            )
    if twice := first_repeated(studies):
        raise CohortError(
            f"{source}, column {columns.study}: {twice} stands in two rows; study ids must be "
            "unique"
        )
    if columns.patient:
        return studies, tuple(by_name[columns.patient])
    found = [re.match(columns.patient_in_study, study) for study in studies]
    if unlike := [study for study, match in zip(studies, found, strict=True) if not match]:
        raise CohortError(
            f"{source}, column {columns.study}: {unlike[0]} does not begin like a patient "
            f"({columns.patient_in_study}); correct the id, or say how patients are written"
        )
    return studies, tuple(match.group() for match in found if match)


def _read_numbers(
    cells: dict[str, Sequence[str]], source: str
) -> tuple[NDArray[np.float64], tuple[UnreadCells, ...]]:
    """Give the numbers (n, p) and which columns hold something else too."""
    if not cells:
        raise CohortError(f"{source} has no features, only facts; add columns of numbers")
    columns, unread = [], []
    for name, column in cells.items():
        numbers = [_read_number(cell) for cell in column]
        no_number = [cell for cell, number in zip(column, numbers, strict=True) if number is None]
        if no_number and len(no_number) + sum(cell in UNKNOWN for cell in column) == len(column):
            raise CohortError(
                f"{source}, column {name}: holds no number, but {no_number[0]!r}; name it among "
                "the facts, or leave it out"
            )
        if no_number:
            reason = "text" if _is_text(no_number[0]) else "infinite"
            unread.append(UnreadCells(name, len(no_number), no_number[0], reason))
        columns.append([math.nan if number is None else number for number in numbers])
    return np.array(columns, dtype=np.float64).T.copy(), tuple(unread)


def _read_number(cell: str) -> float | None:
    """Give the number of a cell, `nan` of an empty one, None if it is no finite number."""
    if cell in UNKNOWN:
        return math.nan
    try:
        number = float(cell)
    except ValueError:
        return None
    return None if math.isinf(number) else number


def _is_text(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return True
    return False
