"""What each control of regularization does to the gap between known and new patients.

A system is trained as it is, and again with one control turned: off if it is on, else on. Each
training is scored on the patients that it learnt from, on those that it was chosen by, and on
those of the test side: a control that works narrows the gap. One split only: it shows a direction,
not a size.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import fields, is_dataclass, replace
from math import isnan, nan
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Any

from gliokit.analysis.evaluation_run import Execution, Trial, run_trial
from gliokit.analysis.fold_work import FoldResult, Plan
from gliokit.core.errors import SettingsError
from gliokit.evaluation.folds import SIDES
from gliokit.learning.settings import Regularization, Schedule
from gliokit.reporting.evaluation_record import CaseResult, Table

# assumed: strengths that are usual where a system has a control off
ON: MappingProxyType[str, float | bool | int] = MappingProxyType(
    {
        "dropout": 0.2,
        "l1": 1e-6,
        "l2": 1e-4,
        "batch_norm": True,
        "augmentation": 0.5,
        "patience": 5,
    }
)
AS_IS = "as it is"
FOLDER = "controls"
TITLE = "Regularization: known, chosen by, and new patients"
NOTE = (
    "Mean Dice over regions and patients, in the first fold, of trainings that differ in one "
    "control. The gap is that of the patients learnt from less that of new ones; a control that "
    "works narrows it without lowering the last."
)
COLUMNS = ("System", "Control", "Value", "Learnt from", "Chosen by", "New", "Gap", "Why not")


def regularization_controls(
    trial: Trial, out: Path, *, how: Execution, on_fold: Callable[[FoldResult], None]
) -> Table:
    """Train every system in the first fold with each control turned.

    Parameters
    ----------
    trial : Trial
        Its systems, cohort, first fold and run are taken.
    out : Path
        Folder of the evaluation; the lesson has one in it.
    how, on_fold
        As for the evaluation.

    Raises
    ------
    SettingsError
        If a system has no schedule with regularization.
    FoldError, OutputError, CohortError, DeviceError
        As `run_trial`.
    """
    turned = {
        f"{name}-{control.replace(' ', '-')}": (name, control, value, plan)
        for name, own in trial.plans.items()
        for control, value, plan in variants(own)
    }
    first = replace(
        trial,
        folds=replace(trial.folds, folds=trial.folds.folds[:1]),
        plans={key: plan for key, (_, _, _, plan) in turned.items()},
        repeats=1,
        sides=SIDES,
    )
    results = {}
    with closing(run_trial(first, out / FOLDER, how=how)) as run:
        for result in run:
            on_fold(result)
            results[result.system] = result
    rows = tuple(
        (name, control, value, *_cells(results[key]))
        for key, (name, control, value, _) in turned.items()
    )
    return Table(TITLE, NOTE, COLUMNS, rows)


def variants(plan: Plan) -> Iterator[tuple[str, str, Plan]]:
    """Give the plan as it is, and with each control turned; each with its name and value.

    Raises
    ------
    SettingsError
        If the settings hold no schedule.
    """
    schedules = list(_schedules(plan.settings))
    if not schedules:
        raise SettingsError(
            f"system {plan.kind.card.name} has no schedule whose regularization could be turned; "
            "leave it out"
        )
    yield AS_IS, "", plan
    off = Regularization()
    for control, on in ON.items():
        used = any(getattr(own.regularization, control) for own in schedules)
        value = getattr(off, control) if used else on
        settings = with_regularization(plan.settings, {control: value})
        yield (
            control,
            f"{value:g}" if not isinstance(value, bool) else _word(value),
            Plan(plan.kind, settings),
        )


def with_regularization(settings: Any, changes: Mapping[str, object]) -> Any:
    """Change the regularization of every schedule in a record of settings, however deep."""
    if isinstance(settings, Schedule):
        changed: dict[str, Any] = dict(changes)
        return replace(settings, regularization=replace(settings.regularization, **changed))
    if not is_dataclass(settings) or isinstance(settings, type):
        return settings
    own = {
        f.name: with_regularization(getattr(settings, f.name), changes) for f in fields(settings)
    }
    return replace(settings, **own)


def _schedules(settings: object) -> Iterator[Schedule]:
    if isinstance(settings, Schedule):
        yield settings
    elif is_dataclass(settings):
        for own in fields(settings):
            yield from _schedules(getattr(settings, own.name))


def _word(value: bool) -> str:
    return "on" if value else "off"


def _cells(result: FoldResult) -> tuple[str, ...]:
    if result.reason:
        return (*[_cell(nan)] * (len(SIDES) + 1), result.reason)
    means = [mean_dice([case for case in result.cases if case.side == side]) for side in SIDES]
    gap = means[0] - means[-1]
    return (*map(_cell, (*means, gap)), "")


def mean_dice(cases: Sequence[CaseResult]) -> float:
    """Average Dice over the regions of a study, the studies of a patient, and patients."""
    of_patient: dict[str, list[float]] = {}
    for case in cases:
        if not isnan(case.mean_dice):
            of_patient.setdefault(case.patient_id, []).append(case.mean_dice)
    return fmean(map(fmean, of_patient.values())) if of_patient else nan


def _cell(value: float) -> str:
    return "–" if isnan(value) else f"{value:.3f}"
