"""The response of patients: a timeline each, and an overview of all.

In OUT stand for each patient `timeline.html`, `timeline.json` and `settings.json`, of DICOM also
`timeline_sr.dcm` and, where studies were analyzed first, `studies`; for several also
`overview.html` (waterfall, spider plot, table), and `failures.csv` with the reason for each patient
without a timeline. A patient's folder is written whole or not at all.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gliokit.analysis.cohort_facts import SIMULATED_ID
from gliokit.analysis.failure import exit_code, reason
from gliokit.analysis.kept_outlines import foreign_studies
from gliokit.analysis.output import (
    LEFT_BY_DESKTOPS,
    csv_text,
    explained,
    whole_folder,
    write_whole,
)
from gliokit.analysis.patient_timeline import make_timeline
from gliokit.analysis.patient_visits import (
    PatientVisit,
    in_first_space,
    load_visits,
    of_patient,
    rows_of_patient,
)
from gliokit.analysis.reasons import without_paths
from gliokit.analysis.response_settings import ResponseRun
from gliokit.core.cohort import ID_CHARACTERS, Cohort, Row
from gliokit.core.errors import CohortError, OutputError
from gliokit.core.findings import Point
from gliokit.core.geometry import to_world
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.timeline import PatientTimeline
from gliokit.reporting.cohort_response_page import cohort_response_page
from gliokit.reporting.stage import set_stage
from gliokit.reporting.timeline_json import timeline_json
from gliokit.reporting.timeline_page import timeline_page
from gliokit.reporting.timeline_pictures import VisitPicture, visit_pictures

PAGE, RECORD, OVERVIEW = "timeline.html", "timeline.json", "overview.html"
SETTINGS = "settings.json"
TIMELINE_SR, STUDIES = "timeline_sr.dcm", "studies"  # where the visits are DICOM
WRITTEN = frozenset({PAGE, RECORD, SETTINGS, TIMELINE_SR, STUDIES})
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
    with timeline_folder(out, paths_of(rows), force=force) as folder:
        visits = load_visits(cohort, rows, space=run.space, on_stage=on_stage)
        return write_timeline(folder, visits, run=run, on_stage=on_stage)


@contextmanager
def timeline_folder(out: Path, inputs: Iterable[Path], *, force: bool) -> Iterator[Path]:
    """Give a temporary folder that becomes the timeline `out` when the block ends well.

    Parameters
    ----------
    out : Path
        Folder of the timeline.
    inputs : iterable of Path
        What is read.
    force : bool
        Replace the timeline that stands there.

    Raises
    ------
    OutputError
        If `out` may not be written, or it and an input lie in each other.
    """
    out = out.resolve()
    check_apart(out, inputs)
    with whole_folder(out, check=lambda: _check_replaceable(out, force=force)) as folder:
        yield folder


def write_timeline(
    folder: Path,
    visits: Sequence[PatientVisit],
    *,
    run: ResponseRun,
    notes: tuple[str, ...] = (),
    on_stage: Callable[[str], None],
) -> PatientTimeline:
    """Make the timeline of visits, and write page, record and settings into a folder.

    Parameters
    ----------
    notes : tuple of str
        What the reader must know of the whole.
    """
    simulated = SIMULATED_ID.match(visits[0].row.patient_id) is not None
    timeline = make_timeline(visits, run=run, simulated=simulated, on_stage=on_stage)
    timeline = replace(timeline, notes=(*timeline.notes, *notes))
    on_stage("drawing")
    page = timeline_page(timeline, _pictures(visits))
    (folder / PAGE).write_text(page, encoding="utf-8")
    (folder / RECORD).write_text(timeline_json(timeline), encoding="utf-8")
    text = json.dumps(run.stated(), indent=1, default=str)
    (folder / SETTINGS).write_text(text + "\n", encoding="utf-8")
    return timeline


def follow_cohort(
    cohort: Cohort,
    out: Path,
    *,
    run: ResponseRun,
    force: bool = False,
    follow: Callable[..., PatientTimeline] = follow_patient,
) -> Iterator[PatientAnswer]:
    """Follow every patient; one bad patient never stops the others; then write the overview.

    Parameters are those of `follow_patient`, which is what `follow` does by default; each patient
    has a folder in `out`.
    """
    patients = list(dict.fromkeys(row.patient_id for row in cohort.rows))
    _check_names(patients)
    with explained(out):
        _check_overview(out, patients, force=force)
        out.mkdir(parents=True, exist_ok=True)
    answers = []
    for patient in patients:
        try:
            own = of_patient(cohort, patient)
            timeline = follow(own, out / patient, run=run, force=force)
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


def _check_names(patients: Sequence[str]) -> None:
    """Refuse patients whose ids cannot name a folder each."""
    for patient in patients:
        if not set(patient) <= ID_CHARACTERS or patient.startswith("."):
            raise CohortError(
                f"patient {patient!r}: ids become folder names; needed letters, digits, - _ and ."
            )
    if len({patient.casefold() for patient in patients}) < len(patients):
        raise CohortError("two patients differ in capital letters alone; rename one")


def _check_overview(out: Path, patients: Sequence[str], *, force: bool) -> None:
    """Refuse a folder that holds something else, or an overview unless it may be replaced."""
    if not out.exists():
        return
    entries = sorted(entry.name for entry in out.iterdir())
    if foreign := [name for name in entries if name not in (*patients, OVERVIEW, FAILURES)]:
        raise OutputError(
            f"{out} holds {foreign[0]}, which is of none of these patients; choose another folder"
        )
    if entries and not force:
        raise OutputError(f"{out} holds timelines; choose another folder, or give --force")


def _pictures(visits: Sequence[PatientVisit]) -> tuple[VisitPicture, ...]:
    laid = [in_first_space(visit) for visit in visits]
    titles = [visit.row.study_id for visit in visits]
    stages = [(title, set_stage(*own)) for title, own in zip(titles, laid, strict=True)]
    return visit_pictures(stages, _center([labels for _, labels in laid]))


def _center(visits: Sequence[LabelMap]) -> Point:
    """Give the middle of the largest tumor of all visits, in the space of the first."""
    labels = max(visits, key=lambda labels: np.count_nonzero(labels.array))
    where = np.argwhere(labels.array > 0)
    middle = where.mean(axis=0) if where.size else (np.array(labels.array.shape) - 1) / 2
    x, y, z = to_world(labels.affine, middle)
    return (float(x), float(y), float(z))


def paths_of(rows: Sequence[Row]) -> list[Path]:
    """Give the images and labels that rows name."""
    columns = (*MRSequence, "labels")
    return [Path(row.cells[name]) for row in rows for name in columns if name in row.cells]


def check_apart(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse a folder that would take away what is read, or be read itself the next time.

    Raises
    ------
    OutputError
        If an input lies in `out`, which is resolved, or `out` in an input.
    """
    for path in inputs:
        found = path.resolve()
        if found.is_relative_to(out) or out.is_relative_to(found):
            raise OutputError(
                f"{out} and {path}, which is read, lie in each other; choose a folder apart from it"
            )


def _check_replaceable(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds anything but a timeline, or one unless it may be replaced."""
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out} is a file; choose a folder")
    entries = sorted({entry.name for entry in out.iterdir()} - LEFT_BY_DESKTOPS)
    foreign = [name for name in entries if name not in WRITTEN]
    foreign += [f"{STUDIES}/{name}" for name in foreign_studies(out / STUDIES)]
    if foreign:
        raise OutputError(f"{out} holds {foreign[0]}, which is no timeline; choose another folder")
    if entries and not force:
        raise OutputError(f"{out} holds a timeline; choose another folder, or give --force")
