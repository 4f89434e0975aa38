"""`gliokit response`: the visits of a patient to categories of response, and a timeline."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from gliokit.analysis.failure import FAILURE
from gliokit.analysis.patient_timeline import USUAL_CRITERIA, ResponseRun
from gliokit.analysis.patient_visits import Space, of_patient
from gliokit.analysis.response_run import (
    FAILURES,
    OVERVIEW,
    PAGE,
    PatientAnswer,
    follow_cohort,
    follow_patient,
)
from gliokit.cli.progress import counter, progress, say
from gliokit.core.errors import CohortError
from gliokit.io.cohorts import read_cohort
from gliokit.io.conventions import LabelConvention
from gliokit.measurement.response.catalogue import CRITERIA, find_criterion
from gliokit.measurement.response.criterion import Baseline
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.vocabulary import Component
from gliokit.measurement.timeline import PatientTimeline


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
TABLES = ("visits.csv", "cohort.csv")  # looked for in a folder


def response(  # noqa: PLR0913 - one parameter per option
    patient: Annotated[
        Path,
        typer.Argument(
            metavar="PATIENT",
            help="Table with a row per visit (images, labels, day, steroids, ...), or a folder "
            "with it as visits.csv or cohort.csv.",
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
    force: Annotated[bool, typer.Option("--force", help="Replace timelines in OUT.")] = False,
) -> None:
    """Classify the visits of a patient by response criteria, with the reason for each category.

    Lesions are followed through time and measured in their own slices. What the table does not
    say stays unknown: a category that hangs on it is not assessable, with those that remain. With
    several patients each gets a folder, and OUT an overview.

    For example:

    gliokit response patient7 -o timeline

    gliokit response cohort.csv --patient P7 --criteria rano2_2023,macdonald1990 -o timeline
    """
    names = tuple(criteria.split(",")) if criteria else USUAL_CRITERIA
    for name in names:
        find_criterion(name)
    options = Options(component, BASELINES[baseline])
    run = ResponseRun(
        names,
        options,
        minimum_lesion_ml,
        flair_worse,
        voxel_units,
        recurrent,
        treatment_start,
        immunotherapy_start,
    )
    space = Space(registered, voxel_units, convention)
    cohort = read_cohort(_table(patient))
    if patient_id:
        cohort = of_patient(cohort, patient_id)
    patients = len({row.patient_id for row in cohort.rows})
    if patients > 1 and (treatment_start is not None or immunotherapy_start is not None):
        raise typer.BadParameter("days of treatment are of one patient: add --patient")
    if patients == 1:
        with progress() as on_stage:
            timeline = follow_patient(
                cohort, out, run=run, space=space, force=force, on_stage=on_stage
            )
        for note in dict.fromkeys(note for visit in timeline.visits for note in visit.notes):
            say(f"warning: {note}")
        for line in summary(timeline):
            typer.echo(line)
        typer.echo(out / PAGE)
        return
    with counter("patients", patients) as count:
        answers = []
        for answer in follow_cohort(cohort, out, run=run, space=space, force=force):
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
