"""One fold of one system: trained, asked about the studies of its test side, written down.

In OUT/SYSTEM/fold-K stand `training/` (checkpoints while it is at work, then logs), `model/` and
`result.json`, written last. What stands whole is not done again: a trained model is only asked,
and studies that have an answer are not asked again.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from pathlib import Path
from typing import Any

from gliokit.analysis.failure import reason
from gliokit.analysis.output import write_whole
from gliokit.analysis.record_json import plain, read_case
from gliokit.analysis.scored_case import answered_case, failed_case
from gliokit.analysis.survival_work import (
    DESCRIBED,
    asked_case,
    is_of_survival,
    patients_in_numbers,
    prognostic,
)
from gliokit.analysis.training_run import remove_checkpoints, save_fitted
from gliokit.bundles.trained import load_trained
from gliokit.core.cohort import Cohort, Row
from gliokit.core.system import System, TrainingRun
from gliokit.evaluation.folds import Fold, check_apart, patient_of
from gliokit.reporting.evaluation_record import TEST, CaseResult

RESULT, MODEL, TRAINING, PREDICTIONS = "result.json", "model", "training", "predictions"
MINUTES = "minutes.json"


@dataclass(frozen=True, slots=True)
class Plan:
    """A system and the settings that it is trained with."""

    kind: type[System]
    settings: Any


@dataclass(frozen=True, slots=True)
class FoldTask:
    """One fold of one system.

    Attributes
    ----------
    system : str
        Its name in the run.
    fold : Fold
        Who teaches and who is tested.
    repeat : int
        How often the patients had been dealt before.
    """

    system: str
    fold: Fold
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class FoldResult:
    """What became of a fold.

    Attributes
    ----------
    system, number
        Of the task.
    cases : tuple of CaseResult
        One per study that was to be answered.
    minutes : float
        Of training; `nan` if it failed.
    reason : str
        Why the training failed.
    reused : bool
        Whether all of it stood there already.
    """

    system: str
    number: int
    cases: tuple[CaseResult, ...]
    minutes: float = nan
    reason: str = ""
    reused: bool = False


@dataclass(frozen=True)
class FoldWork:
    """Does folds and raises nothing; lives in a worker.

    Attributes
    ----------
    cohort : Cohort
        Its loaders must pickle.
    out : Path
        Absolute, and seen by every worker.
    plans : mapping of str to Plan
        By the names of systems in the run.
    run : TrainingRun
        Of every training, without a folder.
    threads : int or None
        Of each worker; None leaves it to the libraries.
    sides : sequence of str
        Whose studies are answered: `test`, and for lessons also the others.
    """

    cohort: Cohort
    out: Path
    plans: Mapping[str, Plan]
    run: TrainingRun
    threads: int | None = None
    sides: Sequence[str] = (TEST,)

    def __call__(self, task: FoldTask) -> FoldResult:
        """Train, ask, score and write; or say why not."""
        if self.threads:  # read when torch is first loaded
            os.environ.setdefault("OMP_NUM_THREADS", str(self.threads))
        folder = self.out / task.system / f"fold-{task.fold.number}"
        done = {(c.side, c.study_id): c for c in _standing(folder / RESULT) if not c.reason}
        wanted = [(side, row) for side in self.sides for row in self._rows(task, side)]
        if all((side, row.study_id) in done for side, row in wanted):
            cases = tuple(done[side, row.study_id] for side, row in wanted)
            return replace(self._result(task, folder, cases), reused=True)
        try:
            system = self._fitted(task, folder)
        except Exception as error:  # whatever it is, the other folds go on
            return self.failed(task, reason(error))
        cases = tuple(
            done.get((side, row.study_id)) or self._asked(system, task, row, side)
            for side, row in wanted
        )
        result = self._result(task, folder, cases)
        write_whole(folder / RESULT, json.dumps(plain(cases), indent=1))
        return result

    def failed(self, task: FoldTask, why: str) -> FoldResult:
        """Give the result of a fold that could not be trained."""
        cases = tuple(
            replace(self._unanswered(task, row, f"not trained: {why}"), side=side)
            for side in self.sides
            for row in self._rows(task, side)
        )
        return FoldResult(task.system, task.fold.number, cases, reason=why)

    def _unanswered(self, task: FoldTask, row: Row, why: str) -> CaseResult:
        if is_of_survival(self.plans[task.system].kind.card):
            return CaseResult(row.patient_id, row.study_id, task.fold.number, (), reason=why)
        return failed_case(self.cohort, row, fold=task.fold.number, why=why)

    def _rows(self, task: FoldTask, side: str) -> Iterator[Row]:
        studies = set(getattr(task.fold, side))
        return (row for row in self.cohort.rows if row.study_id in studies)

    def _fitted(self, task: FoldTask, folder: Path) -> System:
        plan, model = self.plans[task.system], folder / MODEL
        if model.exists():
            return load_trained(model, {plan.kind.card.name: plan.kind}, run=self.run)
        check_apart(task.fold, patient_of(self.cohort.rows))
        training = folder / TRAINING
        training.mkdir(parents=True, exist_ok=True)
        system = plan.kind(plan.settings, run=replace(self.run, folder=training))
        train = self._learnt_from(task)
        aside = self.cohort.only(task.fold.validation) if task.fold.validation else None
        before, began = _minutes(folder), time.monotonic()
        try:
            if is_of_survival(plan.kind.card):
                own = prognostic(system)
                own.learn(patients_in_numbers(own, train, folder=self._described(task)))
            else:
                system.fit(train, aside)
        finally:  # a training that is stopped goes on another time
            write_whole(folder / MINUTES, json.dumps(before + (time.monotonic() - began) / 60))
        save_fitted(system, train, model)
        remove_checkpoints(training)
        return system

    def _learnt_from(self, task: FoldTask) -> Cohort:
        """Give who teaches; where nothing is chosen by other patients, those set aside too."""
        aside = is_of_survival(self.plans[task.system].kind.card)
        return self.cohort.only({*task.fold.train, *(task.fold.validation if aside else ())})

    def _described(self, task: FoldTask) -> Path:
        return self.out / task.system / DESCRIBED

    def _asked(self, system: System, task: FoldTask, row: Row, side: str) -> CaseResult:
        if is_of_survival(system.card):
            own, folder = prognostic(system), self._described(task)
            case = asked_case(own, self.cohort, row, fold=task.fold.number, folder=folder)
            return replace(case, side=side)
        path = None
        if side == TEST:
            path = prediction_path(self.out, task.system, row.study_id, repeat=task.repeat)
            path.parent.mkdir(parents=True, exist_ok=True)
        case = answered_case(system, self.cohort, row, fold=task.fold.number, path=path)
        return replace(case, side=side)

    def _result(self, task: FoldTask, folder: Path, cases: tuple[CaseResult, ...]) -> FoldResult:
        return FoldResult(task.system, task.fold.number, cases, _minutes(folder))


def prediction_path(out: Path, system: str, study_id: str, *, repeat: int = 0) -> Path:
    """Say where the label map of a study stands; of later repeats, in folders of their own."""
    folder = out / system / PREDICTIONS
    return (folder / f"repeat-{repeat}" if repeat else folder) / f"{study_id}.nii.gz"


def _minutes(folder: Path) -> float:
    """Say how long a fold has been trained, in all its runs."""
    path = folder / MINUTES
    return float(json.loads(path.read_text())) if path.exists() else 0.0


def _standing(path: Path) -> list[CaseResult]:
    try:
        return [read_case(record) for record in json.loads(path.read_text())]
    except (OSError, ValueError, KeyError, TypeError):
        return []
