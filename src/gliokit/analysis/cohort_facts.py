"""What a result must say of the cohort that it comes of."""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gliokit.core.cohort import Row
from gliokit.io.cohorts import PATH_COLUMNS

SIMULATED_ID = re.compile(r"SIM-\d{5}")  # as `gliokit phantom` names patients


@dataclass(frozen=True, slots=True)
class CohortFacts:
    """Who is in a cohort.

    Attributes
    ----------
    patients, studies : int
        How many.
    simulated : bool
        Whether any patient is simulated: then every figure is one of simulated patients.
    sha256 : str
        Of the rows, without paths and in any order; not of the images.
    """

    patients: int
    studies: int
    simulated: bool
    sha256: str


def cohort_facts(rows: Sequence[Row]) -> CohortFacts:
    """Describe a cohort by its rows."""
    patients = {row.patient_id for row in rows}
    simulated = any(SIMULATED_ID.match(patient) for patient in patients)
    return CohortFacts(len(patients), len(rows), simulated, _sha256(rows))


def files_sha256(rows: Sequence[Row]) -> str:
    """Hash which files rows name: their sizes and the times of their last change.

    Not where they lie: a collection may be moved. What was made of other files is not theirs.
    """
    listed = [
        [row.study_id, column, *_stamp(Path(row.cells[column]))]
        for row in rows
        for column in PATH_COLUMNS
        if column in row.cells
    ]
    return hashlib.sha256(json.dumps(sorted(listed)).encode()).hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _sha256(rows: Iterable[Row]) -> str:
    content = sorted([row.patient_id, row.study_id, sorted(_facts(row).items())] for row in rows)
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _facts(row: Row) -> dict[str, str]:
    """Give the cells; of a path only that there is one: tables move with their files."""
    return {c: "" if c in PATH_COLUMNS else value for c, value in row.cells.items()}
