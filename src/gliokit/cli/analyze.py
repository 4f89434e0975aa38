"""`gliokit analyze`: one study, or a whole cohort, to its results."""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import typer

from gliokit.analysis.analyze import analyze as analyze_study
from gliokit.analysis.cohort_run import FAILURES, SUMMARY, Outcome, analyze_cohort
from gliokit.analysis.failure import FAILURE
from gliokit.analysis.given_labels import GivenLabels
from gliokit.analysis.nifti_studies import cohort_of
from gliokit.analysis.options import MINIMUM_LESION_ML, Options
from gliokit.analysis.outline import Segmenter
from gliokit.bundles.bundle import read_bundle
from gliokit.cli import option
from gliokit.cli.analyze_patient import Given, look_at, say_studies
from gliokit.cli.progress import progress, say
from gliokit.cli.result import show_result
from gliokit.core.cohort import Cohort
from gliokit.core.course import Course, Stated, agreed_phase
from gliokit.core.findings import Findings
from gliokit.core.vocabulary import MRSequence
from gliokit.io.cohorts import read_cohort
from gliokit.io.layouts import read_study
from gliokit.io.nifti import read_label_map
from gliokit.preprocessing.bias_field import BiasField
from gliokit.segmentation.default import load_segmenter


def analyze(  # noqa: PLR0913 - one parameter per option
    study: option.StudyFolder = None,
    *,
    out: option.Out,
    force: option.Force = False,
    t1: option.T1 = None,
    t1c: option.T1c = None,
    t2: option.T2 = None,
    flair: option.Flair = None,
    study_id: option.StudyId = None,
    phase: option.WhichPhase = None,
    days_since_surgery: option.SinceSurgery = None,
    days_since_rt_start: option.SinceRtStart = None,
    days_since_rt_end: option.SinceRtEnd = None,
    labels: option.Labels = None,
    convention: option.Convention = None,
    probabilities: option.Probabilities = False,
    minimum_lesion_ml: option.MinimumLesion = MINIMUM_LESION_ML,
    bias_field: option.WhichBiasField = BiasField.NONE,
    model: option.ModelBundle = None,
    device: option.OnDevice = option.Device.CPU,
    threads: option.Threads = None,
    cohort: option.CohortTable = None,
    jobs: option.Jobs = 1,
    scheduler: option.Scheduler = None,
) -> None:
    """Outline the tumor of a study, measure it and write a report to OUT.

    Images as they were scanned are registered and stripped first. Any of the four sequences may
    be missing; the result says what follows from it. Of DICOM it is told which series is which,
    and the result is written as SEG, RTSTRUCT, SR and PDF objects too. Several studies of one
    patient go to OUT/STUDY_ID each.

    For example:

    gliokit analyze patient7 -o result

    gliokit analyze export.zip --t1c 4 -o result

    gliokit analyze visits --phase post --jobs 2 -o results

    gliokit analyze exports --days-since-surgery -1 --days-since-rt-start -30 -o results

    gliokit analyze --t1c gd.nii.gz --flair flair.nii.gz --phase post -o out

    gliokit analyze patient7 --labels edited.nii.gz -o result --force

    gliokit analyze --cohort cohort.csv --jobs 2 -o results

    gliokit analyze --cohort cohort.csv --scheduler tcp://login:8786 -o results
    """
    named = {MRSequence.T1: t1, MRSequence.T1C: t1c, MRSequence.T2: t2, MRSequence.FLAIR: flair}
    images = {sequence: path for sequence, path in named.items() if path}
    options = Options(minimum_lesion_ml, probabilities, bias_field)
    course = Course(days_since_surgery, days_since_rt_start, days_since_rt_end)
    stated = Stated(option.PHASES[phase] if phase else None, course)
    load = partial(
        load_segmenter,
        model.absolute() if model else None,  # as workers see it, wherever they started
        device=device.value,
    )
    of_one = {
        "--study-id": study_id,
        "--labels": labels,
        **{f"--{sequence}": path for sequence, path in images.items()},
        "--force": force,
    }
    if convention and not labels:
        raise typer.BadParameter("--convention tells how to read --labels; give both")
    if labels:
        option.refuse(
            {
                "--model": model,
                "--probabilities": probabilities,
                "--device": device is option.Device.CUDA,
                "--bias-field": bias_field is not BiasField.NONE,
            },
            because="with --labels no model is run",
        )
    if cohort:
        option.refuse(
            {"STUDY": study, **of_one, "--phase": phase, **_days_given(course)},
            because="--cohort takes every study, its days and its phase, from the table",
        )
        _check_model(model, load, on_cuda=device is option.Device.CUDA and not scheduler)
        workers = _Workers(jobs, threads, scheduler)
        _analyze_cohort(cohort, out, load=load, options=options, workers=workers)
        return
    option.refuse({"--scheduler": scheduler}, because="the studies of --cohort are shared out")
    given = look_at(study, images)
    if given.studies > 1:
        option.refuse(of_one, because=f"STUDY holds {given.studies} studies, and these are of one")
        workers = _Workers(jobs, threads, None)
        _analyze_patient(given, out, load=load, options=options, workers=workers, stated=stated)
        return
    with progress() as on_stage:
        on_stage("reading images")
        run = _prepared(given, images, study_id=study_id, stated=stated)
        segmenter: Segmenter = (
            GivenLabels(read_label_map(labels, convention=convention))
            if labels
            else load(threads=threads)
        )
        findings = run(out, segmenter=segmenter, options=options, force=force, on_stage=on_stage)
    show_result(out, findings)


def _prepared(
    given: Given,
    images: Mapping[MRSequence, Path],
    *,
    study_id: str | None,
    stated: Stated,
) -> Callable[..., Findings]:
    """Read one study, and give the function that analyzes it."""
    if given.dicom:
        from gliokit.analysis.dicom_analysis import analyze_dicom
        from gliokit.analysis.dicom_input import choose_series

        source = choose_series(
            given.dicom[0],
            overrides={name: _series_number(name, path) for name, path in images.items()},
            phase=stated.phase,
            course=stated.course,
            study_id=study_id,
        )
        for line in source.plan:
            say(line)
        return partial(analyze_dicom, source)
    one = read_study(given.folder, overrides=images, study_id=study_id)
    phase = agreed_phase(stated.course, stated.phase)
    return partial(analyze_study, replace(one, phase=phase, course=stated.course))


def _days_given(course: Course) -> dict[str, bool]:
    """Name the options of days that were given; a day of 0 is one."""
    return {
        f"--{one.name.replace('_', '-')}": getattr(course, one.name) is not None
        for one in fields(course)
    }


def _series_number(sequence: MRSequence, given: Path) -> int:
    if not str(given).isdigit():
        raise typer.BadParameter(
            f"--{sequence} {given}: STUDY is DICOM; give the number of its series"
        )
    return int(str(given))


def _check_model(model: Path | None, load: Callable[..., Segmenter], *, on_cuda: bool) -> None:
    """Let a damaged bundle and a missing GPU fail once, not once per study."""
    if model:
        read_bundle(model)
    if on_cuda:
        load(threads=1)


@dataclass(frozen=True, slots=True)
class _Workers:
    """Who analyzes the studies of a cohort."""

    jobs: int
    threads: int | None
    scheduler: str | None

    def __post_init__(self) -> None:
        if self.scheduler:
            option.refuse({"--jobs": self.jobs > 1}, because="all workers of --scheduler take part")

    def __str__(self) -> str:
        return f"on the workers of {self.scheduler}" if self.scheduler else f"{self.jobs} at a time"

    @property
    def threads_each(self) -> int | None:
        """Share this machine's cores among its workers; those of a scheduler have their own."""
        if self.scheduler:
            return self.threads
        return max(1, (self.threads or os.cpu_count() or 1) // self.jobs)


def _analyze_cohort(
    table: Path,
    out: Path,
    *,
    load: Callable[..., Segmenter],
    options: Options,
    workers: _Workers,
) -> None:
    cohort = read_cohort(table)
    say(f"{len(cohort)} studies, {workers}")
    _analyze_rows(cohort, out, load=load, options=options, workers=workers)


def _analyze_rows(
    cohort: Cohort,
    out: Path,
    *,
    load: Callable[..., Segmenter],
    options: Options,
    workers: _Workers,
) -> None:
    run = analyze_cohort(
        cohort,
        out,
        load_segmenter=partial(load, threads=workers.threads_each),
        options=options,
        jobs=workers.jobs,
        scheduler=workers.scheduler,
    )
    _show_outcomes(run, out, count=len(cohort))


def _analyze_patient(
    given: Given,
    out: Path,
    *,
    load: Callable[..., Segmenter],
    options: Options,
    workers: _Workers,
    stated: Stated,
) -> None:
    if given.nifti:
        because = "NIfTI has no dates, so days come from the table of --cohort"
        option.refuse(_days_given(stated.course), because=because)
        load(threads=1)  # a damaged bundle and a missing GPU fail once, not once per study
        say_studies(given.nifti)
        cohort = cohort_of(given.nifti, stated.phase)
        _analyze_rows(cohort, out, load=load, options=options, workers=workers)
        return
    option.refuse({"--jobs": workers.jobs > 1}, because="studies of DICOM come one after the other")
    from gliokit.analysis.dicom_studies import analyze_studies

    say(f"{given.studies} studies of one patient")
    segmenter = load(threads=workers.threads)
    run = analyze_studies(
        given.dicom, out, segmenter=segmenter, options=options, stated=stated, on_stage=say
    )
    _show_outcomes(run, out, count=given.studies)


def _show_outcomes(run: Generator[Outcome, None, None], out: Path, *, count: int) -> None:
    outcomes: list[Outcome] = []
    with closing(run):
        for outcome in run:
            outcomes.append(outcome)
            say(f"{len(outcomes)} of {count}: {outcome.study_id} {_state(outcome)}")
    typer.echo(out / SUMMARY)
    typer.echo(out / FAILURES)
    if failed := sum(outcome.findings is None for outcome in outcomes):
        say(f"{failed} of {count} studies failed; the reasons are in {out / FAILURES}")
        raise typer.Exit(FAILURE)


def _state(outcome: Outcome) -> str:
    if outcome.findings is None:
        return f"failed: {outcome.reason}"
    return "unchanged since the last run" if outcome.reused else "done"
