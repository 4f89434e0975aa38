"""`gliokit evaluate`: systems in folds of patients, with all metrics and a report."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gliokit.analysis.evaluation import EVALUATION, REPORT, Frame, run_evaluation
from gliokit.analysis.evaluation_run import Execution, Trial
from gliokit.analysis.evaluation_tables import SUMMARY, Draws
from gliokit.analysis.failure import FAILURE
from gliokit.analysis.fold_choice import FoldChoice, both_cohorts, make_folds
from gliokit.analysis.fold_work import FoldResult, Plan
from gliokit.analysis.given_predictions import evaluate_predictions
from gliokit.analysis.leak_lesson import leak_lesson
from gliokit.analysis.regularization_controls import regularization_controls
from gliokit.analysis.survival_evaluation import check_follow_up
from gliokit.analysis.survival_tables import text_of, with_limits
from gliokit.analysis.system_settings import Changes, read_changes, settings_of
from gliokit.analysis.systems import SYSTEMS, system_named
from gliokit.cli import system_option as option
from gliokit.cli.progress import counter, say
from gliokit.core.system import TrainingRun
from gliokit.io.cohorts import read_cohort
from gliokit.reporting.evaluation_record import Evaluation, Table


def evaluate(  # noqa: PLR0913 - one parameter per option
    systems: Annotated[
        list[str] | None,
        typer.Argument(metavar="SYSTEM...", help="As `gliokit systems` lists them."),
    ] = None,
    *,
    cohort: option.CohortTable,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the result, new, or to go on with.")
    ],
    folds: Annotated[int, typer.Option(min=2, help="How many; patients are dealt to them.")] = 4,
    repeats: Annotated[int, typer.Option(min=1, help="How often they are dealt anew.")] = 1,
    by: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Leave one site (or what the column holds) out."),
    ] = None,
    external: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="Learn from all of --cohort, test on this one."),
    ] = None,
    stratify: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Deal its values evenly to the folds.")
    ] = None,
    validation: option.Validation = 0.2,
    against: Annotated[
        str, typer.Option(help="Whom the others are compared with; by default the last named.")
    ] = "",
    settings: option.SettingsFile = None,
    changes: option.Changes = None,
    tiny: option.Tiny = False,
    seed: option.Seed = 0,
    minutes: option.Minutes = None,
    device: option.OnDevice = option.Device.CPU,
    jobs: Annotated[int, typer.Option(min=1, help="Folds at a time.")] = 1,
    scheduler: option.Scheduler = None,
    resamples: Annotated[
        int, typer.Option(min=20, help="Of the patients, for each interval.")
    ] = 2000,
    leak: Annotated[
        bool, typer.Option("--leak", help="Also with slices of one patient on both sides.")
    ] = False,
    controls: Annotated[
        bool, typer.Option("--controls", help="Also with each control of regularization turned.")
    ] = False,
    predictions: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER", help="Score the label maps FOLDER/STUDY_ID.nii.gz; repeat it."
        ),
    ] = None,
    simulated: option.Simulated = False,
    force: Annotated[
        bool, typer.Option("--force", help="Do again what was made with other settings.")
    ] = False,
) -> None:
    """Train and test systems in folds of patients; write scores, intervals and a report to OUT.

    Every system learns from the same patients and is tested on the same others. Systems that
    outline tumors are scored by Dice, those of survival by the C-index; they are evaluated apart.
    A run that was stopped goes on when it is started again; folds that are done are not done again.

    For example:

    gliokit evaluate havaei2017 default --cohort cohort.csv -o result --minutes 4 --jobs 2

    gliokit evaluate default --cohort cohort.csv --by site -o sites

    gliokit evaluate dempsey2005 gutman2013 --cohort cohort.csv -o survival

    gliokit evaluate --predictions theirs --predictions ours --cohort cohort.csv -o scores
    """
    frame = Frame(
        cohort.name if external is None else f"{external.name}, learnt from {cohort.name}",
        against,
        {
            "seed": str(seed),
            "limit of each training": "none" if minutes is None else f"{minutes:g} minutes",
            "device": device.value,
        },
        simulated,
        seed,
        resamples,
    )
    learnt, locked = read_cohort(cohort), read_cohort(external) if external else None
    if predictions:
        if systems or any((settings, changes, external, by, scheduler, tiny, leak, controls)):
            raise typer.BadParameter(
                "--predictions are scored as they are: drop SYSTEM and what is of trainings"
            )
        given = replace(frame, facts={"seed": str(seed)})
        _show(out, evaluate_predictions(predictions, learnt, out, frame=given, jobs=jobs))
        return
    if leak and external:
        raise typer.BadParameter("--leak is of one cohort: drop --external")
    if not systems:
        raise typer.BadParameter("name a SYSTEM, or a folder of --predictions")
    changed = read_changes(settings, changes or ())
    choice = FoldChoice(folds, repeats, by, stratify, validation, seed)
    trial = Trial(
        both_cohorts(learnt, locked),
        make_folds(learnt, locked, choice),
        {name: _plan(name, changed, tiny=tiny, run=systems) for name in systems},
        TrainingRun(seed=seed, minutes=minutes, device=device.value),
        repeats,
    )
    check_follow_up(trial)
    threads = None if scheduler else max(1, (os.cpu_count() or 1) // jobs)
    how = Execution(jobs, threads, scheduler, force)
    lessons = _Lessons(trial, choice, out, how, frame)
    asked = [*([lessons.leak] if leak else []), *([lessons.controls] if controls else [])]
    say(f"{len(trial.tasks)} trainings: {', '.join(systems)} in {len(trial.folds.folds)} folds")
    with counter("folds", len(trial.tasks)) as count:
        evaluation = run_evaluation(
            trial,
            out,
            how=how,
            frame=frame,
            on_fold=partial(_tell, count),
            lessons=asked,
        )
    _show(out, evaluation)


@dataclass(frozen=True, slots=True)
class _Lessons:
    """The lessons that may follow the folds; each says a line per training."""

    trial: Trial
    choice: FoldChoice
    out: Path
    how: Execution
    frame: Frame

    def leak(self) -> Table:
        """Show what it is worth to have seen the patient."""
        return leak_lesson(
            self.trial,
            self.out,
            choice=self.choice,
            how=self.how,
            draws=Draws(self.frame.seed, self.frame.resamples),
            on_fold=partial(_tell, say),
        )

    def controls(self) -> Table:
        """Show what each control of regularization does."""
        return regularization_controls(
            self.trial, self.out, how=self.how, on_fold=partial(_tell, say)
        )


def _plan(name: str, changes: Changes, *, tiny: bool, run: Collection[str]) -> Plan:
    kind = system_named(name)
    return Plan(kind, settings_of(kind, changes, tiny=tiny, systems={*SYSTEMS, *run}))


def _tell(count: Callable[[str], None], result: FoldResult) -> None:
    what = f"{result.system}, fold {result.number}"
    if result.reason:
        count(f"{what} failed: {result.reason}")
        return
    failed = sum(bool(case.reason) for case in result.cases)
    state = "is there already" if result.reused else f"trained in {result.minutes:.1f} min"
    without = f", {failed} of {len(result.cases)} studies without an answer" if failed else ""
    count(f"{what} {state}{without}")


def _show(out: Path, evaluation: Evaluation) -> None:
    """Print the Dice or C-index of each system, and where the files are."""
    for system in evaluation.systems:
        if own := system.survival:
            bars = "".join(f", {bar.name} {text_of(bar.c_index)}" for bar in own.bars)
            say(
                f"{system.name:12s} C-index {with_limits(own.c_index, own.limits)}{bars}, "
                f"permuted outcomes {text_of(own.null.mean)}"
            )
            continue
        figures = [own for own in system.summaries if own.metric == "dice"]
        text = ", ".join(f"{own.region} {own.mean:.3f}" for own in figures)
        say(f"{system.name:12s} mean Dice {text}")
    for name in (REPORT, SUMMARY, EVALUATION):
        typer.echo(out / name)
    failed = {case.study_id for own in evaluation.systems for case in own.failed}
    if failed:
        say(f"{len(failed)} studies lack an answer; the reasons are in the report and cases.csv")
        raise typer.Exit(FAILURE)
