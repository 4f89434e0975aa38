"""Systems trained and tested in folds, each fold a task of its own; what is done stays done.

In OUT stand `folds.json` (who teaches, who is tested; with a hash), a folder per system with
`run.json` (how it is trained) and its folds, and the tables. The folds that stand there are used
again; what was made otherwise is refused, never mixed.
"""

import json
import shutil
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fcntl import LOCK_EX, LOCK_NB, flock
from importlib.metadata import version
from pathlib import Path

from gliokit.analysis.cohort_facts import cohort_facts, files_sha256
from gliokit.analysis.fold_work import FoldResult, FoldTask, FoldWork, Plan
from gliokit.analysis.output import explained, remove_leftovers, write_whole
from gliokit.analysis.record_json import plain
from gliokit.cluster.tasks import run_tasks
from gliokit.core.cohort import Cohort
from gliokit.core.errors import OutputError
from gliokit.core.settings import as_mapping
from gliokit.core.system import TrainingRun, check_fields
from gliokit.evaluation.folds import Folds, check_apart, from_json, patient_of, to_json
from gliokit.reporting.evaluation_record import TEST

FOLDS, RUN, LOCK = "folds.json", "run.json", ".lock"
DIED = (
    "the worker process died, as it does when memory runs out; "
    "use fewer --jobs, smaller settings, or workers with more memory"
)


@dataclass(frozen=True, slots=True)
class Execution:
    """How the work is done; it decides nothing of what comes out.

    Attributes
    ----------
    jobs : int
        Folds at a time on this machine.
    threads : int or None
        Of each worker.
    scheduler : str or None
        Address of a dask scheduler whose workers do it all instead.
    force : bool
        Do again what was made with other settings, or by another version.
    """

    jobs: int = 1
    threads: int | None = None
    scheduler: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Everything that decides what comes out.

    Attributes
    ----------
    cohort : Cohort
        All studies of all folds, with labels.
    folds : Folds
        How they are split.
    plans : mapping of str to Plan
        Systems by name.
    run : TrainingRun
        Of every training, without a folder.
    repeats : int
        How often the patients were dealt: so many times every study is tested.
    sides : sequence of str
        Whose studies are answered.
    """

    cohort: Cohort
    folds: Folds
    plans: Mapping[str, Plan]
    run: TrainingRun
    repeats: int = 1
    sides: Sequence[str] = field(default=(TEST,))

    @property
    def tasks(self) -> list[FoldTask]:
        """Every fold of every system; all systems of a fold stand together."""
        per_repeat = len(self.folds.folds) // self.repeats
        return [
            FoldTask(name, fold, fold.number // per_repeat)
            for fold in self.folds.folds
            for name in self.plans
        ]


def run_trial(trial: Trial, out: Path, *, how: Execution) -> Generator[FoldResult, None, None]:
    """Do every fold of every system that is not done yet; give the results as they come.

    Close the iterator to stop early: finished folds stay, and a stopped training goes on from its
    checkpoint the next time.

    Parameters
    ----------
    trial : Trial
        What is done.
    out : Path
        Folder of the evaluation.
    how : Execution
        Who does it.

    Raises
    ------
    FoldError
        If the folds that stand there were altered, or are others.
    OutputError
        If `out` cannot be written, or holds what was made otherwise.
    CohortError
        If the cohort lacks what a system learns from.
    """
    out = out.absolute()  # a worker has a folder of its own to start from
    with only_run(out):
        yield from _run(trial, out, how=how)


def _run(trial: Trial, out: Path, *, how: Execution) -> Generator[FoldResult, None, None]:
    for plan in trial.plans.values():
        check_fields(trial.cohort, plan.kind.card)
    patients = patient_of(trial.cohort.rows)
    for fold in trial.folds.folds:
        check_apart(fold, patients)
    keep_folds(out, trial.folds)
    with explained(out):
        remove_leftovers(out)
    for name in trial.plans:
        _prepare(out / name, _statement(trial, name), force=how.force)
    work = FoldWork(trial.cohort, out, trial.plans, trial.run, how.threads, trial.sides)
    answers = run_tasks(trial.tasks, work, jobs=how.jobs, scheduler=how.scheduler)
    with closing(answers):
        for task, answer in answers:
            yield answer or work.failed(task, DIED)


@contextmanager
def only_run(out: Path) -> Iterator[None]:
    """Hold a folder against a second run, which would undo the work of the first.

    Raises
    ------
    OutputError
        If another run is at work in it, or it cannot be made.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        file = (out / LOCK).open("w")
    with file:
        try:
            flock(file, LOCK_EX | LOCK_NB)  # given back however the process ends
        except BlockingIOError:
            raise OutputError(
                f"another run is at work in {out}; wait for it, or choose another folder"
            ) from None
        yield


def keep_folds(out: Path, folds: Folds) -> None:
    """Write the folds, or see that those which stand in the folder are the same.

    Raises
    ------
    FoldError
        If those that stand there were altered.
    OutputError
        If they are others than are asked for now, or cannot be written.
    """
    path = out / FOLDS
    if not path.exists():
        with explained(out):
            out.mkdir(parents=True, exist_ok=True)
        write_whole(path, to_json(folds))
    elif (standing := from_json(path.read_text(encoding="utf-8"))) != folds:
        raise OutputError(
            f"{path} holds other folds ({_described(standing)}) than are asked for "
            f"({_described(folds)}); give the cohort and options that it was made with, or another "
            "folder"
        )


def _described(folds: Folds) -> str:
    return f"{len(folds.folds)} of {folds.kind}, seed {folds.seed}, sha256 {folds.sha256[:12]}"


def _statement(trial: Trial, name: str) -> dict[str, object]:
    plan, run = trial.plans[name], trial.run
    return {
        "system": plan.kind.card.name,
        "settings": as_mapping(plan.settings),
        "seed": run.seed,
        "minutes": run.minutes,
        "device": run.device,
        "gliokit": version("gliokit"),
        "folds": trial.folds.sha256,
        "cohort": cohort_facts(trial.cohort.rows).sha256,
        "files": files_sha256(trial.cohort.rows),
    }


def _prepare(folder: Path, statement: dict[str, object], *, force: bool) -> None:
    """Make the folder of a system; refuse one that was made otherwise."""
    path, text = folder / RUN, json.dumps(plain(statement), indent=1)
    if path.exists() and (standing := path.read_text(encoding="utf-8")) != text:
        if not force:
            raise OutputError(
                f"{folder} was made with another {_differing(standing, text)}; choose another "
                "folder, or do it again with --force"
            )
        shutil.rmtree(folder)
    elif folder.exists() and not path.exists() and any(folder.iterdir()):
        raise OutputError(f"{folder} was not made by gliokit; choose another folder")
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def _differing(standing: str, asked: str) -> str:
    try:
        before, now = json.loads(standing), json.loads(asked)
        return ", ".join(name for name in now if before.get(name) != now[name])
    except (ValueError, AttributeError):
        return RUN
