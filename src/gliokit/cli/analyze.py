"""`gliokit analyze`: one study, or a whole cohort, to its results."""

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import typer

from gliokit.analysis.analyze import Segmenter
from gliokit.analysis.analyze import analyze as analyze_study
from gliokit.analysis.cohort_run import FAILURES, SUMMARY, Outcome, analyze_cohort
from gliokit.analysis.failure import FAILURE
from gliokit.analysis.given_labels import GivenLabels
from gliokit.analysis.options import MINIMUM_LESION_ML, Options
from gliokit.bundles.bundle import read_bundle
from gliokit.cli import option
from gliokit.cli.progress import progress, say
from gliokit.cli.result import show_result
from gliokit.core.findings import Findings
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.io.cohorts import read_cohort
from gliokit.io.layouts import is_dicom, read_study
from gliokit.io.nifti import read_label_map
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
    labels: option.Labels = None,
    convention: option.Convention = None,
    probabilities: option.Probabilities = False,
    minimum_lesion_ml: option.MinimumLesion = MINIMUM_LESION_ML,
    model: option.ModelBundle = None,
    device: option.OnDevice = option.Device.CPU,
    threads: option.Threads = None,
    cohort: option.CohortTable = None,
    jobs: option.Jobs = 1,
    scheduler: option.Scheduler = None,
) -> None:
    """Outline the tumor of a study, measure it and write a report to OUT.

    The images must be skull-stripped and lie on one grid. Any of the four sequences may be
    missing; the result says what follows from it. Of DICOM it is told which series is which, and
    the labels are written as SEG and RTSTRUCT too.

    For example:

    gliokit analyze patient7 -o result

    gliokit analyze export.zip --t1c 4 -o result

    gliokit analyze --t1c gd.nii.gz --flair flair.nii.gz --phase post -o out

    gliokit analyze patient7 --labels edited.nii.gz -o result --force

    gliokit analyze --cohort cohort.csv --jobs 2 -o results

    gliokit analyze --cohort cohort.csv --scheduler tcp://login:8786 -o results
    """
    given = {MRSequence.T1: t1, MRSequence.T1C: t1c, MRSequence.T2: t2, MRSequence.FLAIR: flair}
    images = {sequence: path for sequence, path in given.items() if path}
    options = Options(minimum_lesion_ml, probabilities)
    bundle = model.absolute() if model else None  # as workers see it, wherever they started
    load = partial(load_segmenter, bundle, device=device.value)
    if convention and not labels:
        raise typer.BadParameter("--convention tells how to read --labels; give both")
    if labels:
        on_cuda = device is option.Device.CUDA
        of_model = {"--model": model, "--probabilities": probabilities, "--device": on_cuda}
        _refuse(of_model, because="with --labels no model is run")
    if cohort:
        of_study = {
            "STUDY": study,
            "--study-id": study_id,
            "--labels": labels,
            **{f"--{sequence}": path for sequence, path in images.items()},
            "--phase": phase,
            "--force": force,
        }
        _refuse(of_study, because="--cohort takes every study, and its phase, from the table")
        if model:
            read_bundle(model)  # a damaged one fails here once, not once per study
        if device is option.Device.CUDA and not scheduler:
            load(threads=1)  # so does a missing GPU
        workers = _Workers(jobs, threads, scheduler)
        _analyze_cohort(cohort, out, load=load, options=options, workers=workers)
        return
    _refuse({"--scheduler": scheduler}, because="the studies of --cohort are shared out")
    with progress() as on_stage:
        on_stage("reading images")
        run = _prepared(study, images, study_id=study_id, phase=phase)
        segmenter: Segmenter = (
            GivenLabels(read_label_map(labels, convention=convention))
            if labels
            else load(threads=threads)
        )
        findings = run(out, segmenter=segmenter, options=options, force=force, on_stage=on_stage)
    show_result(out, findings)


def _prepared(
    study: Path | None,
    images: Mapping[MRSequence, Path],
    *,
    study_id: str | None,
    phase: option.PhaseWord | None,
) -> Callable[..., Findings]:
    """Read one study, and give the function that analyzes it."""
    if study and is_dicom(study):
        # pydicom and highdicom take their time, for which a NIfTI study need not wait
        from gliokit.analysis.dicom_analysis import analyze_dicom
        from gliokit.analysis.dicom_input import read_dicom_input

        series = {sequence: _series_number(sequence, path) for sequence, path in images.items()}
        source = read_dicom_input(study, overrides=series, study_id=study_id)
        for sequence, choice in source.chosen.items():
            say(f"{sequence}: series {choice.number} ({choice.confidence:.0%} sure)")
        return partial(analyze_dicom, replace(source, study=_in_phase(source.study, phase)))
    one = read_study(study, overrides=images, study_id=study_id)
    return partial(analyze_study, _in_phase(one, phase))


def _series_number(sequence: MRSequence, given: Path) -> int:
    if not str(given).isdigit():
        raise typer.BadParameter(
            f"--{sequence} {given}: STUDY is DICOM; give the number of its series"
        )
    return int(str(given))


def _in_phase(study: Study, phase: option.PhaseWord | None) -> Study:
    return replace(study, phase=option.PHASES[phase]) if phase else study


def _refuse(given: Mapping[str, object], *, because: str) -> None:
    """Refuse those of the options that were given."""
    if names := [name for name, value in given.items() if value]:
        raise typer.BadParameter(f"{because}: drop {', '.join(names)}")


@dataclass(frozen=True, slots=True)
class _Workers:
    """Who analyzes the studies of a cohort."""

    jobs: int
    threads: int | None
    scheduler: str | None

    def __post_init__(self) -> None:
        if self.scheduler:
            _refuse({"--jobs": self.jobs > 1}, because="all workers of --scheduler take part")

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
    outcomes: list[Outcome] = []
    say(f"{len(cohort)} studies, {workers}")
    run = analyze_cohort(
        cohort,
        out,
        load_segmenter=partial(load, threads=workers.threads_each),
        options=options,
        jobs=workers.jobs,
        scheduler=workers.scheduler,
    )
    with closing(run):
        for outcome in run:
            outcomes.append(outcome)
            say(f"{len(outcomes)} of {len(cohort)}: {outcome.study_id} {_state(outcome)}")
    typer.echo(out / SUMMARY)
    typer.echo(out / FAILURES)
    if failed := sum(outcome.findings is None for outcome in outcomes):
        say(f"{failed} of {len(cohort)} studies failed; the reasons are in {out / FAILURES}")
        raise typer.Exit(FAILURE)


def _state(outcome: Outcome) -> str:
    if outcome.findings is None:
        return f"failed: {outcome.reason}"
    return "unchanged since the last run" if outcome.reused else "done"
