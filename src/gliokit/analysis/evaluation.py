"""An evaluation from its cohort to its report.

In OUT, beside the folds: `summary.csv`, `evaluation.json` (the same with everything that one needs
to do it again) and `report.html`; in the folder of each system `cases.csv` and the label maps.
They are written when the run ends, however it ends, on the folds that are done.
"""

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gliokit.analysis.cohort_facts import cohort_facts
from gliokit.analysis.evaluation_run import Execution, Trial, run_trial
from gliokit.analysis.evaluation_tables import Draws, compared, system_result, write_tables
from gliokit.analysis.fold_work import FoldResult, prediction_path
from gliokit.analysis.output import write_whole
from gliokit.analysis.record_json import plain
from gliokit.analysis.survival_evaluation import compared_survival, with_survival
from gliokit.analysis.survival_tables import survival_report_tables
from gliokit.analysis.survival_work import is_of_survival
from gliokit.analysis.worst_cases import picture_worst
from gliokit.core.cohort import Cohort
from gliokit.core.errors import SettingsError
from gliokit.evaluation.folds import FoldKind, Folds
from gliokit.reporting.comparison import Comparison
from gliokit.reporting.evaluation_page import render_evaluation
from gliokit.reporting.evaluation_record import (
    CaseResult,
    Evaluation,
    SystemResult,
    Table,
    system_costs,
)

EVALUATION, REPORT = "evaluation.json", "report.html"
PACKAGES = ("gliokit", "torch", "numpy", "scipy", "scikit-learn", "openvino")


@dataclass(frozen=True, slots=True)
class Frame:
    """What the result says beside the figures.

    Attributes
    ----------
    title : str
        Name of the cohort's table.
    against : str
        The system that the others are compared with; empty for the one named last.
    facts : mapping of str to str
        Of the run: seed, minutes, device.
    simulated : bool
        Whether the user says that patients are simulated; those of `gliokit phantom` are known.
    seed, resamples : int
        Of the bootstrap.
    """

    title: str
    against: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    simulated: bool = False
    seed: int = 0
    resamples: int = 2000


def run_evaluation(
    trial: Trial,
    out: Path,
    *,
    how: Execution,
    frame: Frame,
    on_fold: Callable[[FoldResult], None],
    lessons: Sequence[Callable[[], Table]] = (),
) -> Evaluation:
    """Train and test every system in every fold, and write what comes of it.

    Parameters
    ----------
    lessons : sequence of callable
        Done after the folds; their tables stand in the report.
    on_fold : callable
        Told of each fold when it is done.

    Raises
    ------
    SettingsError
        If `against` is none of the systems, systems answer different questions, or lessons are
        asked for that only segmentation has.
    FoldError, OutputError, CohortError, DeviceError
        As `run_trial`.
    """
    if frame.against and frame.against not in trial.plans:
        raise SettingsError(f"--against {frame.against}: evaluated are {', '.join(trial.plans)}")
    _check_task(trial, lessons=bool(lessons))
    results: list[FoldResult] = []
    with closing(run_trial(trial, out, how=how)) as run:
        try:
            for result in run:
                results.append(result)
                on_fold(result)
        except BaseException:
            run.close()  # before the report: workers stop first
            if results:
                write_evaluation(out, *assemble(trial, out, results, frame=frame))
            raise
    evaluation, worst = assemble(trial, out, results, frame=frame)
    write_evaluation(out, evaluation, worst)
    for lesson in lessons:
        evaluation = replace(evaluation, tables=(*evaluation.tables, lesson()))
        write_evaluation(out, evaluation, worst)
    return evaluation


def assemble(
    trial: Trial, out: Path, results: Sequence[FoldResult], *, frame: Frame
) -> tuple[Evaluation, list[Comparison]]:
    """Put together what the folds that are done have found, and picture the worst cases."""
    draws = Draws(frame.seed, frame.resamples)
    by_system: dict[str, list[FoldResult]] = {name: [] for name in trial.plans}
    for result in results:
        by_system[result.system].append(result)
    systems = tuple(
        system_result(name, trial.plans[name], done, folder=out / name, draws=draws)
        for name, done in by_system.items()
        if done
    )
    tested = trial.cohort.only({study for fold in trial.folds.folds for study in fold.test})
    tables: list[Table] = []
    if any(is_of_survival(plan.kind.card) for plan in trial.plans.values()):
        systems, tables = _with_survival(systems, trial, out, draws=draws)
    made = make_evaluation(systems, tested, frame=frame)
    first = survival_report_tables(systems, made.compared_survival)
    evaluation = replace(
        made,
        tables=(*first, *tables),
        split=_split(trial.folds, trial.repeats),
        folds_sha256=trial.folds.sha256,
        undone=len(trial.tasks) - len(results),
    )
    per_repeat = len(trial.folds.folds) // trial.repeats

    def path_of(system: str, case: CaseResult) -> Path:
        return prediction_path(out, system, case.study_id, repeat=case.fold // per_repeat)

    return evaluation, picture_worst(systems, tested, path_of)


def _check_task(trial: Trial, *, lessons: bool) -> None:
    """Refuse systems that cannot be set side by side."""
    survival = {is_of_survival(plan.kind.card) for plan in trial.plans.values()}
    if len(survival) > 1:
        raise SettingsError(
            f"{', '.join(trial.plans)} answer different questions, some with outlines and some "
            "with survival; evaluate them apart"
        )
    if survival == {True} and lessons:
        raise SettingsError(
            "--leak and --controls are lessons of systems that outline tumors; drop them"
        )


def _with_survival(
    systems: tuple[SystemResult, ...], trial: Trial, out: Path, *, draws: Draws
) -> tuple[tuple[SystemResult, ...], list[Table]]:
    """Add how well hazards order patients, and the tables of the authors' study designs."""
    found: list[SystemResult] = []
    tables: list[Table] = []
    for system in systems:
        plan, folder = trial.plans[system.name], out / system.name
        own, shown = with_survival(system, plan, trial, folder=folder, draws=draws)
        found.append(own)
        tables += shown
    return tuple(found), tables


def make_evaluation(
    systems: tuple[SystemResult, ...], cohort: Cohort, *, frame: Frame
) -> Evaluation:
    """Compare the systems, and say on whom they were tested and with what."""
    facts, draws = cohort_facts(cohort.rows), Draws(frame.seed, frame.resamples)
    names = [system.name for system in systems]
    against = frame.against if frame.against in names else names[-1]
    return Evaluation(
        cohort=frame.title,
        patients=facts.patients,
        studies=facts.studies,
        simulated=facts.simulated or frame.simulated,
        split="predictions that were given",
        facts={**frame.facts, "rows of the tested studies, sha256": facts.sha256, **_versions()},
        systems=systems,
        compared=compared(systems, against, draws=draws),
        compared_survival=compared_survival(systems, against, draws=draws),
    )


def write_evaluation(out: Path, evaluation: Evaluation, worst: Sequence[Comparison] = ()) -> None:
    """Write tables, record and report, with pictures of the worst cases."""
    write_tables(out, evaluation)
    content = {
        **plain(evaluation),
        "costs": {own.name: plain(system_costs(own)) for own in evaluation.systems},
    }
    write_whole(out / EVALUATION, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    write_whole(out / REPORT, render_evaluation(evaluation, worst))


def _split(folds: Folds, repeats: int) -> str:
    count = len(folds.folds)
    match folds.kind:
        case FoldKind.SITES:
            return f"{count} folds, each tested on one site that it had not learnt from"
        case FoldKind.EXTERNAL:
            return "learnt from one cohort, tested on another that was locked away"
        case _:
            often = f", dealt {repeats} times" if repeats > 1 else ""
            return f"{count // repeats} folds of patients{often}"


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {"python": platform.python_version(), **found, "processor": platform.machine()}
