"""Patients in numbers, with what became of them.

One study speaks for a patient: the first, by its day. Survival counts from that scan: `os_days`
less the day of the study, since `os_days` counts from day 0. A study that cannot be described is
left out with its reason, never filled in.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan

import numpy as np
from numpy.typing import NDArray

from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import CohortError, GliokitError
from gliokit.prognosis.known_study import known

DAYS, EVENT = "os_days", "os_event"
# what tumors were found to be after the scan: for associations, never for a prediction
CLASSES = ("idh", "codel_1p19q", "mgmt")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Description:
    """A study in numbers; no outcome is looked at.

    Attributes
    ----------
    values : mapping of str to float
        Sizes or scores, and facts; a name without a value is absent.
    unknown : mapping of str to str
        What could not be assessed, and why.
    """

    values: Mapping[str, float]
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Followed:
    """A patient: a study in numbers, and follow-up from that scan on.

    Attributes
    ----------
    patient_id, study_id : str
        Whose it is.
    description : Description
        The study.
    days : float
        To death or last contact.
    died : bool
        Whether death was seen.
    classes : mapping of str to str
        Of `CLASSES` those that are known.
    """

    patient_id: str
    study_id: str
    description: Description
    days: float
    died: bool
    classes: Mapping[str, str] = field(default_factory=dict)


def first_studies(rows: Iterable[Row]) -> list[Row]:
    """Give the first study of each patient, by its day; of equal days the one that stands first."""
    first: dict[str, Row] = {}
    for row in rows:
        before = first.get(row.patient_id)
        if before is None or _day(row) < _day(before):
            first[row.patient_id] = row
    return list(first.values())


def follow(row: Row, description: Description) -> Followed:
    """Put a described study together with the outcome of its row.

    Raises
    ------
    CohortError
        If follow-up is unknown, or ended before the scan.
    """
    days, event = row.number_of(DAYS) - _day(row), row.number_of(EVENT)
    if isnan(days) or isnan(event) or days < 0:
        raise CohortError(
            f"row {row.number}: {DAYS} {row.cells.get(DAYS, 'empty')}, {EVENT} "
            f"{row.cells.get(EVENT, 'empty')}, day {_day(row):g}; needed follow-up that ends at "
            "the scan or later, and whether it ended in death: fill it, or leave the row out"
        )
    classes = {name: row.cells[name] for name in CLASSES if name in row.cells}
    return Followed(row.patient_id, row.study_id, description, days, event == 1, classes)


def followed_patients(
    cohort: Cohort, describe: Callable[[Row, Cohort], Description]
) -> list[Followed]:
    """Describe the first study of every patient.

    Parameters
    ----------
    cohort : Cohort
        Its rows with outcomes.
    describe : callable
        Row, and the cohort of known studies, to numbers.

    Raises
    ------
    CohortError
        If an outcome is missing, or no study can be described.
    """
    studies, found, reasons = known(cohort), [], []
    for row in first_studies(cohort.rows):
        try:
            found.append(follow(row, describe(row, studies)))
        except CohortError:
            raise
        except GliokitError as error:
            reasons.append(str(error))
            log.warning("study %s is left out: %s", row.study_id, error)
    if not found:
        raise CohortError(
            f"none of {len(reasons)} studies can be described; the first: {reasons[0]}"
        )
    return found


def follow_up(
    patients: Sequence[Followed],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give days (n,) and whether death was seen (n,)."""
    return (
        np.array([own.days for own in patients], dtype=np.float64),
        np.array([own.died for own in patients], dtype=bool),
    )


def table_of(patients: Sequence[Followed], names: Sequence[str]) -> NDArray[np.float64]:
    """Give the named values of every patient, (n, p); `nan` where one is unknown."""
    return np.array(
        [[own.description.values.get(name, np.nan) for name in names] for own in patients],
        dtype=np.float64,
    ).reshape(len(patients), len(names))


def _day(row: Row) -> float:
    day = row.number_of("day")
    return 0.0 if isnan(day) else day
