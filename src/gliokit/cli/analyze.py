"""`gliokit analyze`: one study, or a whole cohort, to its results."""

import os
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gliokit.analysis.analyze import Segmenter
from gliokit.analysis.analyze import analyze as analyze_study
from gliokit.analysis.cohort_run import FAILURES, SUMMARY, Outcome, analyze_cohort
from gliokit.analysis.failure import FAILURE
from gliokit.analysis.given_labels import GivenLabels
from gliokit.analysis.options import MINIMUM_LESION_ML, Options
from gliokit.bundles.bundle import read_bundle
from gliokit.cli.progress import progress, say
from gliokit.cli.result import show_result
from gliokit.core.vocabulary import MRSequence
from gliokit.io.cohorts import read_cohort
from gliokit.io.conventions import LabelConvention
from gliokit.io.layouts import read_study
from gliokit.io.nifti import read_label_map
from gliokit.segmentation.default import load_segmenter


def _image(sequence: MRSequence) -> Any:
    """Make the option of a sequence."""
    return typer.Option(f"--{sequence}", help=f"The {sequence} image, wherever it lies.")


def analyze(  # noqa: PLR0913 - one parameter per option
    study: Annotated[
        Path | None,
        typer.Argument(metavar="STUDY", help="Folder of one study: NIfTI files, one per sequence."),
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the result, new or empty.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the gliokit result that stands in OUT.")
    ] = False,
    t1: Annotated[Path | None, _image(MRSequence.T1)] = None,
    t1c: Annotated[Path | None, _image(MRSequence.T1C)] = None,
    t2: Annotated[Path | None, _image(MRSequence.T2)] = None,
    flair: Annotated[Path | None, _image(MRSequence.FLAIR)] = None,
    study_id: Annotated[
        str | None, typer.Option(help="Name of the study in the result; by default a hash.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Measure this (edited) label map: no model is run.")
    ] = None,
    convention: Annotated[
        LabelConvention | None, typer.Option(help="How the numbers in --labels are meant.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="Model bundle in the place of the one that is built in.")
    ] = None,
    minimum_lesion_ml: Annotated[
        float, typer.Option(min=0, help="Smaller lesions get no diameters.")
    ] = MINIMUM_LESION_ML,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads in all; by default one per core.")
    ] = None,
    cohort: Annotated[
        Path | None, typer.Option(help="CSV with a row per study; results in OUT/STUDY_ID.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Studies of a cohort at a time.")] = 1,
) -> None:
    """Outline the tumor of a study, measure it and write a report to OUT.

    The images must be skull-stripped and lie on one grid. Any of the four sequences may be
    missing; the result says what follows from it.

    For example:

    gliokit analyze patient7 -o result

    gliokit analyze --t1c t1_gd.nii.gz --flair flair.nii.gz -o result

    gliokit analyze patient7 --labels edited.nii.gz -o result --force

    gliokit analyze --cohort cohort.csv --jobs 2 -o results
    """
    given = {MRSequence.T1: t1, MRSequence.T1C: t1c, MRSequence.T2: t2, MRSequence.FLAIR: flair}
    images = {sequence: path for sequence, path in given.items() if path}
    options = Options(minimum_lesion_ml)
    if convention and not labels:
        raise typer.BadParameter("--convention tells how to read --labels; give both")
    if model and labels:
        raise typer.BadParameter("with --labels no model is run; drop --model or --labels")
    if cohort:
        if study or images or labels or study_id or force:
            raise typer.BadParameter(
                "--cohort takes every study from its table: "
                "drop STUDY, --t1, --t1c, --t2, --flair, --labels, --study-id and --force"
            )
        workers = partial(load_segmenter, model, threads=_threads_each(threads, jobs))
        if model:
            read_bundle(model)  # a damaged one fails here once, not once per study
        _analyze_cohort(cohort, out, load=workers, options=options, jobs=jobs)
        return
    with progress() as on_stage:
        on_stage("reading images")
        one = read_study(study, overrides=images, study_id=study_id)
        segmenter: Segmenter = (
            GivenLabels(read_label_map(labels, convention=convention))
            if labels
            else load_segmenter(model, threads=threads)
        )
        findings = analyze_study(
            one, out, segmenter=segmenter, options=options, force=force, on_stage=on_stage
        )
    show_result(out, findings)


def _analyze_cohort(
    table: Path, out: Path, *, load: Callable[[], Segmenter], options: Options, jobs: int
) -> None:
    cohort = read_cohort(table)
    outcomes: list[Outcome] = []
    say(f"{len(cohort)} studies, {jobs} at a time")
    run = analyze_cohort(cohort, out, load_segmenter=load, options=options, jobs=jobs)
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


def _threads_each(threads: int | None, jobs: int) -> int:
    return max(1, (threads or os.cpu_count() or 1) // jobs)
