"""`gliokit response`: the visits of a patient to categories of response, and a timeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from gliokit.analysis.dicom_paths import holds_dicom
from gliokit.analysis.failure import FAILURE
from gliokit.analysis.patient_visits import Space, of_patient
from gliokit.analysis.response_run import (
    FAILURES,
    OVERVIEW,
    PAGE,
    TIMELINE_SR,
    PatientAnswer,
    follow_cohort,
    follow_patient,
)
from gliokit.analysis.response_settings import USUAL_CRITERIA, ResponseRun
from gliokit.analysis.system_settings import read_changes
from gliokit.cli.option import refuse
from gliokit.cli.progress import counter, progress, say
from gliokit.core.cohort import Cohort
from gliokit.core.errors import CohortError, LayoutError
from gliokit.core.settings import changed
from gliokit.io.cohorts import read_cohort
from gliokit.io.conventions import LabelConvention
from gliokit.io.layouts import is_dicom
from gliokit.measurement.chords import Ends
from gliokit.measurement.response.catalogue import CRITERIA, find_criterion
from gliokit.measurement.response.criterion import Baseline
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.readings import Readings
from gliokit.measurement.response.vocabulary import Component
from gliokit.measurement.timeline import PatientTimeline
from gliokit.segmentation.default import load_segmenter


class BaselineWord(StrEnum):
    """A baseline as it is typed."""

    FIRST = "first"
    POSTOPERATIVE = "postoperative"
    POST_RADIATION = "post-radiation"
    PRETREATMENT = "pretreatment"


BASELINES: MappingProxyType[BaselineWord | None, Baseline] = MappingProxyType(
    {
        None: Baseline.BY_CRITERION,
        BaselineWord.FIRST: Baseline.FIRST,
        BaselineWord.POSTOPERATIVE: Baseline.POSTOPERATIVE,
        BaselineWord.POST_RADIATION: Baseline.POST_RADIATION,
        BaselineWord.PRETREATMENT: Baseline.PRETREATMENT,
    }
)
OPEN = (
    *(own.name for own in fields(Options) if own.name not in ("component", "baseline", "readings")),
    *(f"readings.{own.name}" for own in fields(Readings) if own.name != "minor_volume"),
)
TABLES = ("visits.csv", "cohort.csv")  # looked for in a folder
RESULT_TABLES = ("summary.csv", "failures.csv")  # of gliokit analyze


def response(  # noqa: PLR0913 - one parameter per option
    patient: Annotated[
        Path,
        typer.Argument(
            metavar="PATIENT",
            help="Table with a row per visit (images, labels, day, steroids, ...), or a folder "
            "with it as visits.csv or cohort.csv; or a folder or archive of DICOM studies.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the timeline.")],
    patient_id: Annotated[
        str | None, typer.Option("--patient", help="Which one, if the table has several.")
    ] = None,
    criteria: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help=f"With commas between them; known are {', '.join(CRITERIA)}."
        ),
    ] = None,
    component: Annotated[
        Component | None, typer.Option(help="What is followed, where a criterion leaves it open.")
    ] = None,
    baseline: Annotated[
        BaselineWord | None,
        typer.Option(help="The visit that others are compared with; by default the criterion's."),
    ] = None,
    flair_worse: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Growth of T2/FLAIR volume, as a share, that counts as significantly worse; RANO "
            "gives no number, so that by default it stays unknown.",
        ),
    ] = None,
    recurrent: Annotated[
        bool, typer.Option("--recurrent", help="The treatment that is judged is of a recurrence.")
    ] = False,
    treatment_start: Annotated[
        int | None, typer.Option(help="Day on which the treatment that is judged began.")
    ] = None,
    immunotherapy_start: Annotated[
        int | None, typer.Option(help="Day on which immunotherapy began.")
    ] = None,
    convention: Annotated[
        LabelConvention | None, typer.Option(help="How the numbers in label maps are meant.")
    ] = None,
    minimum_lesion_ml: Annotated[
        float, typer.Option(min=0, help="Smaller lesions are not followed.")
    ] = 0.1,
    registered: Annotated[
        bool, typer.Option("--registered", help="The visits lie in one space already.")
    ] = False,
    voxel_units: Annotated[
        bool,
        typer.Option("--voxel-units", help="The spacing in the files is false: count in voxels."),
    ] = False,
    midway: Annotated[
        bool,
        typer.Option(
            "--midway",
            help="End diameters midway between center and edge of the last pixel: a ball is then "
            "as long as it is; from edge to edge it is a pixel longer.",
        ),
    ] = False,
    choices: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="What a criterion leaves open, or can be read in two ways: "
            f"{', '.join(OPEN)}; repeat it.",
        ),
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="OUT of gliokit analyze of the same DICOM studies; without it, and without a SEG, "
            "a study is analyzed first.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace timelines in OUT.")] = False,
) -> None:
    """Classify the visits of a patient by response criteria, with the reason for each category.

    Lesions are followed through time and measured in their own slices. What the table does not
    say stays unknown: a category that hangs on it is not assessable, with those that remain. With
    several patients each gets a folder, and OUT an overview. Of DICOM the timeline is written as
    SR too; headers tell days and nothing else, so give --baseline, or a table whose images are
    folders of DICOM.

    For example:

    gliokit response patient7 -o timeline

    gliokit response export.zip --results analyzed --baseline first -o timeline

    gliokit response cohort.csv --patient P7 --criteria rano2_2023,macdonald1990 -o timeline

    gliokit response patient7 --set "readings.outside_field=progression at once" -o timeline
    """
    names = tuple(criteria.split(",")) if criteria else USUAL_CRITERIA
    for name in names:
        find_criterion(name)
    changes = read_changes(None, choices or ())
    _refuse_twice({"component": component, "baseline": baseline}, changes)
    options = changed(Options(component, BASELINES[baseline]), changes)
    run = ResponseRun(
        names,
        options,
        minimum_lesion_ml,
        flair_worse,
        recurrent,
        treatment_start,
        immunotherapy_start,
        Ends.MIDWAY if midway else Ends.EDGE,
        Space(registered, voxel_units, convention),
    )
    if _is_dicom_patient(patient):
        refuse({"--patient": patient_id}, because="PATIENT is DICOM, and of one patient")
        _follow_dicom(patient, results, out, run=run, force=force)
        return
    refuse({"--results": results}, because="PATIENT is a table, which names the labels")
    cohort = read_cohort(_table(patient))
    if patient_id:
        cohort = of_patient(cohort, patient_id)
    follow = _follow(cohort)
    patients = len({row.patient_id for row in cohort.rows})
    if patients > 1 and (treatment_start is not None or immunotherapy_start is not None):
        raise typer.BadParameter("days of treatment are of one patient: add --patient")
    if patients == 1:
        with progress() as on_stage:
            timeline = follow(cohort, out, run=run, force=force, on_stage=on_stage)
        _show(timeline, out)
        return
    with counter("patients", patients) as count:
        answers = []
        for answer in follow_cohort(cohort, out, run=run, force=force, follow=follow):
            answers.append(answer)
            count(f"{answer.patient_id} {answer.reason or 'done'}")
    _end(answers, out)


def summary(timeline: PatientTimeline) -> list[str]:
    """Give a line per criterion: the category of each visit."""
    lines = []
    for own in timeline.verdicts:
        categories = [f"day {it.day} {it.category}" for it in own.assessments]
        lines.append(f"{own.criterion:22s}{', '.join(categories) or own.reason}")
    return lines


def _refuse_twice(flags: Mapping[str, object], changes: Mapping[str, object]) -> None:
    """Refuse what is said by an option of its own and by `--set` too: neither goes first."""
    for name in flags:
        if flags[name] is not None and name in changes:
            raise typer.BadParameter(
                f"--{name} {flags[name]} and --set {name}={changes[name]} say the same thing "
                "twice; give one of them"
            )


def _is_dicom_patient(patient: Path) -> bool:
    if patient.is_dir():
        return not any((patient / name).is_file() for name in TABLES) and is_dicom(patient)
    return patient.is_file() and is_dicom(patient)


def _follow_dicom(
    patient: Path, results: Path | None, out: Path, *, run: ResponseRun, force: bool
) -> None:
    """Follow a patient whose studies are DICOM."""
    # pydicom and highdicom take their time, for which a table of NIfTI files need not wait
    from gliokit.analysis.dicom_response import DicomPatient, follow_dicom

    if all((patient / name).is_file() for name in RESULT_TABLES):
        raise LayoutError(
            f"{patient} holds results of gliokit analyze, not images; give the folder of the DICOM "
            f"studies, and this one with --results"
        )
    given = DicomPatient(patient, load_segmenter, results)
    with progress() as on_stage:
        timeline = follow_dicom(given, out, run=run, force=force, on_stage=on_stage)
    _show(timeline, out)


def _follow(cohort: Cohort) -> Callable[..., PatientTimeline]:
    """Choose how patients of a table are followed."""
    if not holds_dicom(cohort.rows):
        return follow_patient
    from gliokit.analysis.dicom_response import follow_table

    return follow_table


def _show(timeline: PatientTimeline, out: Path) -> None:
    notes = [note for visit in timeline.visits for note in visit.notes]
    for note in dict.fromkeys([*timeline.notes, *notes]):
        say(f"warning: {note}")
    for line in summary(timeline):
        typer.echo(line)
    typer.echo(out / PAGE)
    if (out / TIMELINE_SR).is_file():
        typer.echo(out / TIMELINE_SR)


def _table(patient: Path) -> Path:
    if not patient.is_dir():
        return patient
    found = [patient / name for name in TABLES if (patient / name).is_file()]
    if not found:
        raise CohortError(
            f"{patient}: no {' or '.join(TABLES)}; write one with a row per visit: patient_id, "
            "study_id, day, images and labels (gliokit cohort folders makes a start)"
        )
    return found[0]


def _end(answers: Sequence[PatientAnswer], out: Path) -> None:
    failed = sum(bool(answer.reason) for answer in answers)
    if failed < len(answers):
        typer.echo(out / OVERVIEW)
    typer.echo(out / FAILURES)
    if failed:
        say(f"{failed} of {len(answers)} patients failed; the reasons are in {out / FAILURES}")
        raise typer.Exit(FAILURE)
