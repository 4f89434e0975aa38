"""Patients in numbers, with what became of them.

One study speaks for a patient: the first, by its day. Survival counts from that scan: `os_days`
less the day of the study, since `os_days` counts from day 0; a study without a day is taken for
that of day 0, unless the patient has others. A study that cannot be described is left out with its
reason, never filled in.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    """Give the first study of each patient, by its day; of equal days the one that stands first.

    Raises
    ------
    CohortError
        If a patient has several studies, and the day of one is unknown.
    """
    by_patient: dict[str, list[Row]] = {}
    for row in rows:
        by_patient.setdefault(row.patient_id, []).append(row)
    for patient, own in by_patient.items():
        if len(own) > 1 and (without := [row for row in own if "day" not in row.cells]):
            raise CohortError(
                f"row {without[0].number}: day empty, and patient {patient} has {len(own)} "
                "studies; needed the day of each, to know the first: fill it, or leave rows out"
            )
    return [min(own, key=_day) for own in by_patient.values()]


def check_outcomes(rows: Iterable[Row]) -> None:
    """See that the follow-up of the first study of every patient can be used, before work is done.

    Raises
    ------
    CohortError
        As `first_studies` and `follow`.
    """
    for row in first_studies(rows):
        follow(row, Description({}))


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
        If an outcome is missing, which is seen before any image is read, or no study can be
        described.
    """
    studies, found, reasons = known(cohort), [], []
    waiting = [(row, follow(row, Description({}))) for row in first_studies(cohort.rows)]
    for row, patient in waiting:
        try:
            found.append(replace(patient, description=describe(row, studies)))
        except GliokitError as error:  # of this study, also a file that is not there
            reasons.append(str(error))
    if not found:
        raise CohortError(
            f"none of {len(reasons)} studies can be described; the first: {reasons[0]}"
        )
    if reasons:
        log.warning(
            "%d of %d studies are left out; the first: %s", len(reasons), len(waiting), reasons[0]
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
