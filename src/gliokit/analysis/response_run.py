"""The response of patients: a timeline each, and an overview of all.

In OUT stand for each patient `PATIENT/timeline.html` and `PATIENT/timeline.json`, for several also
`overview.html` (waterfall, spider plot, table), and `failures.csv` with the reason for each patient
without a timeline. A patient's folder is written whole or not at all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gliokit.analysis.cohort_facts import SIMULATED_ID
from gliokit.analysis.failure import exit_code, reason
from gliokit.analysis.output import csv_text, explained, whole_folder, write_whole
from gliokit.analysis.patient_timeline import ResponseRun, make_timeline
from gliokit.analysis.patient_visits import (
    PatientVisit,
    Space,
    in_first_space,
    load_visits,
    of_patient,
    rows_of_patient,
)
from gliokit.analysis.reasons import without_paths
from gliokit.core.cohort import Cohort
from gliokit.core.errors import OutputError
from gliokit.core.findings import Point
from gliokit.core.geometry import to_world
from gliokit.measurement.timeline import PatientTimeline
from gliokit.reporting.cohort_response_page import cohort_response_page
from gliokit.reporting.stage import set_stage
from gliokit.reporting.timeline_json import timeline_json
from gliokit.reporting.timeline_page import timeline_page
from gliokit.reporting.timeline_pictures import VisitPicture, visit_pictures

PAGE, RECORD, OVERVIEW = "timeline.html", "timeline.json", "overview.html"
FAILURES = "failures.csv"
FAILURE_COLUMNS = ("patient_id", "reason", "exit_code")


@dataclass(frozen=True, slots=True)
class PatientAnswer:
    """What became of one patient.

    Attributes
    ----------
    patient_id : str
        The table's.
    timeline : PatientTimeline or None
        None if it failed.
    reason, exit_code
        Why it failed.
    """

    patient_id: str
    timeline: PatientTimeline | None = None
    reason: str = ""
    exit_code: int = 0


def follow_patient(
    cohort: Cohort,
    out: Path,
    *,
    run: ResponseRun,
    registered: bool = False,
    force: bool = False,
    on_stage: Callable[[str], None] = lambda stage: None,
) -> PatientTimeline:
    """Follow one patient, and write the timeline to `out`.

    Parameters
    ----------
    cohort : Cohort
        The visits of one patient, with labels and days.
    out : Path
        Folder of the timeline.
    run : ResponseRun
        What is asked.
    registered : bool
        Whether the images of all visits share a space already.
    force : bool
        Replace the timeline that stands there.
    on_stage : callable
        Told what begins.

    Raises
    ------
    GliokitError
        If visits cannot be used, or `out` may not be written.
    """
    rows = rows_of_patient(cohort.rows)
    out = out.absolute()
    with whole_folder(out, check=lambda: _check_replaceable(out, force=force)) as folder:
        space = Space(registered, run.voxel_units)
        visits = load_visits(cohort, rows, space=space, on_stage=on_stage)
        timeline = make_timeline(
            visits,
            run=run,
            simulated=SIMULATED_ID.match(rows[0].patient_id) is not None,
            on_stage=on_stage,
        )
        on_stage("drawing")
        page = timeline_page(timeline, _pictures(visits))
        (folder / PAGE).write_text(page, encoding="utf-8")
        (folder / RECORD).write_text(timeline_json(timeline), encoding="utf-8")
    return timeline


def follow_cohort(
    cohort: Cohort,
    out: Path,
    *,
    run: ResponseRun,
    registered: bool = False,
    force: bool = False,
) -> Iterator[PatientAnswer]:
    """Follow every patient; one bad patient never stops the others; then write the overview.

    Parameters are those of `follow_patient`; each patient has a folder in `out`.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    answers = []
    for patient in dict.fromkeys(row.patient_id for row in cohort.rows):
        try:
            own = of_patient(cohort, patient)
            timeline = follow_patient(
                own, out / patient, run=run, registered=registered, force=force
            )
            answer = PatientAnswer(patient, timeline)
        except Exception as error:  # whatever it is, the other patients go on
            text = reason(error)
            for row in cohort.rows:
                text = without_paths(text, row)
            answer = PatientAnswer(patient, reason=text, exit_code=exit_code(error))
        answers.append(answer)
        yield answer
    done = [answer.timeline for answer in answers if answer.timeline]
    failed = [(own.patient_id, own.reason, own.exit_code) for own in answers if own.reason]
    write_whole(out / FAILURES, csv_text(FAILURE_COLUMNS, failed))
    if done:
        write_whole(out / OVERVIEW, cohort_response_page(done, cohort=out.name))


def _pictures(visits: Sequence[PatientVisit]) -> tuple[VisitPicture, ...]:
    stages = [(visit.row.study_id, set_stage(*in_first_space(visit))) for visit in visits]
    return visit_pictures(stages, _center(visits))


def _center(visits: Sequence[PatientVisit]) -> Point:
    """Give the middle of the largest tumor of all visits, in the space of the first."""
    largest = max(visits, key=lambda visit: np.count_nonzero(visit.labels.array))
    _, labels = in_first_space(largest)
    where = np.argwhere(labels.array > 0)
    middle = where.mean(axis=0) if where.size else (np.array(labels.array.shape) - 1) / 2
    x, y, z = to_world(labels.affine, middle)
    return (float(x), float(y), float(z))


def _check_replaceable(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds anything but a timeline, or one unless it may be replaced."""
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out} is a file; choose a folder")
    entries = sorted(entry.name for entry in out.iterdir())
    if foreign := [name for name in entries if name not in (PAGE, RECORD)]:
        raise OutputError(f"{out} holds {foreign[0]}, which is no timeline; choose another folder")
    if entries and not force:
        raise OutputError(f"{out} holds a timeline; choose another folder, or give --force")
