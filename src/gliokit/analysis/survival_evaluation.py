"""How well systems of survival do, beside age alone, facts alone, and permuted outcomes.

Everything that learns from outcomes is done anew in each fold: the system, the bars, and the system
again for each round of outcomes permuted between patients. C-indices are of pairs within folds,
their limits are drawn by patient, and differences are paired.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isnan, nan
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from gliokit.analysis.evaluation_run import Trial
from gliokit.analysis.evaluation_tables import Draws
from gliokit.analysis.fold_work import Plan
from gliokit.analysis.survival_calibration import calibration_table, told_patients
from gliokit.analysis.survival_work import DESCRIBED, patients_in_numbers, prognostic
from gliokit.core.cohort import Row
from gliokit.core.errors import GliokitError
from gliokit.evaluation.baselines import chance_on_null
from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.folds import Fold
from gliokit.evaluation.survival import harrell_c
from gliokit.prognosis.followed import Description, Followed, first_studies, follow
from gliokit.prognosis.hazard_table import fit_hazard
from gliokit.prognosis.known_study import FACTS
from gliokit.prognosis.system import Prognosis, PrognosticSystem
from gliokit.reporting.evaluation_record import SystemResult, Table
from gliokit.reporting.survival_record import (
    Bar,
    Limits,
    PermutedNull,
    SurvivalCase,
    SurvivalCompared,
    SurvivalSummary,
)

AGE, CLINICAL = "age alone", "clinical facts alone"
BARS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType({AGE: ("age",), CLINICAL: FACTS})
ROUNDS = 20  # of permuted outcomes
UNKNOWN: Limits = (nan, nan)
# patients that teach, and those asked, to a log hazard of each
Procedure = Callable[[Sequence[Followed], Sequence[Followed]], list[float]]

log = logging.getLogger(__name__)


def with_survival(
    system: SystemResult, plan: Plan, trial: Trial, *, folder: Path, draws: Draws
) -> tuple[SystemResult, tuple[Table, ...]]:
    """Add to a result how well the hazards order the patients; give the authors' tables too.

    Parameters
    ----------
    folder : Path
        Of the system, with the descriptions of the studies.
    """
    cases = survival_cases(system, trial)
    numbers = {case.fold for case in cases}
    folds = [fold for fold in trial.folds.folds if fold.number in numbers]
    facts = _facts(trial.cohort.rows)
    null, tables = _from_numbers(plan, trial, folds, folder=folder, draws=draws)
    c_index, limits = concordance(cases, [_hazards(cases)], draws=draws)
    answered = [case for case in cases if case.answered]
    once = {case.patient_id: case for case in cases}.values()
    summary = SurvivalSummary(
        patients=len(once),
        deaths=sum(case.died for case in once),
        unanswered=len({case.patient_id for case in cases if not case.answered}),
        c_index=c_index,
        limits=limits,
        c_answered=_Tested(answered).c_index(_hazards(answered)),
        bars=tuple(_bar(name, facts, folds, cases, draws) for name in BARS),
        null=null,
        cases=tuple(cases),
    )
    named = tuple(replace(own, title=f"{system.name}: {own.title}") for own in tables)
    return replace(system, survival=summary), named


def survival_cases(system: SystemResult, trial: Trial) -> list[SurvivalCase]:
    """Put the answers of the first study of every patient beside what became of them."""
    outcomes = {own.study_id: own for own in _facts(trial.cohort.rows)}
    return [
        SurvivalCase(
            case.patient_id,
            case.study_id,
            case.fold,
            days=outcomes[case.study_id].days,
            died=outcomes[case.study_id].died,
            log_hazard=0.0 if isnan(case.value) else case.value,
            answered=not isnan(case.value),
        )
        for case in system.cases
        if case.study_id in outcomes
    ]


def compared_survival(
    systems: Sequence[SystemResult], against: str, *, draws: Draws
) -> tuple[SurvivalCompared, ...]:
    """Compare the C-index of every system with that of one of them, on the same patients."""
    other = next(system for system in systems if system.name == against)
    found: list[SurvivalCompared] = []
    for system in systems:
        if system is other or not (system.survival and other.survival):
            continue
        theirs = {(own.study_id, own.fold): own for own in other.survival.cases}
        both = [own for own in system.survival.cases if (own.study_id, own.fold) in theirs]
        hazards = [_hazards(both), _hazards([theirs[own.study_id, own.fold] for own in both])]
        found.append(
            SurvivalCompared(system.name, against, *concordance(both, hazards, draws=draws))
        )
    return tuple(found)


def concordance(
    cases: Sequence[SurvivalCase], hazards: Sequence[NDArray[np.float64]], *, draws: Draws
) -> tuple[float, Limits]:
    """Give C of the first hazards (n,), less that of the second if there are two, with limits."""
    tested = _Tested(cases)

    def figure(rows: NDArray[np.intp]) -> float:
        found = [tested.c_index(own[rows], rows) for own in hazards]
        return found[0] - sum(found[1:])

    try:
        limits = interval(
            figure,
            patients=[case.patient_id for case in cases],
            seed=draws.seed,
            resamples=draws.resamples,
        )
    except ValueError as error:  # too few patients or deaths for an interval
        log.warning("no interval of C: %s", error)
        limits = UNKNOWN
    return figure(np.arange(len(cases))), limits


class _Tested:
    """Follow-up of cases as arrays (n,)."""

    def __init__(self, cases: Sequence[SurvivalCase]) -> None:
        self.days = np.array([case.days for case in cases])
        self.died = np.array([case.died for case in cases], dtype=bool)
        self.folds = np.array([case.fold for case in cases])

    def c_index(self, hazards: NDArray[np.float64], rows: NDArray[np.intp] | None = None) -> float:
        """C of the hazards (m,) of some rows (m,), of all by default."""
        some = np.arange(self.days.size) if rows is None else rows
        if not some.size:
            return nan
        return harrell_c(self.days[some], self.died[some], hazards, groups=self.folds[some])


def _hazards(cases: Sequence[SurvivalCase]) -> NDArray[np.float64]:
    return np.array([case.log_hazard for case in cases], dtype=np.float64)


def _facts(rows: Sequence[Row]) -> list[Followed]:
    """Give the patients by their facts alone."""
    return [
        follow(row, Description({f: row.number_of(f) for f in FACTS if f in row.cells}))
        for row in first_studies(rows)
    ]


def _bar(
    name: str,
    facts: Sequence[Followed],
    folds: Sequence[Fold],
    cases: Sequence[SurvivalCase],
    draws: Draws,
) -> Bar:
    reasons: list[str] = []

    def procedure(train: Sequence[Followed], asked: Sequence[Followed]) -> list[float]:
        try:
            table = fit_hazard(train, BARS[name])
        except GliokitError as error:
            reasons.append(str(error))
            return [0.0] * len(asked)
        if not table.names:
            reasons.append(f"{' and '.join(BARS[name])} tell nobody apart, or are not known")
        return [table.log_hazard(own.description.values)[0] for own in asked]

    answers = _answers(procedure, facts, folds)
    theirs = np.array([answers[case.fold, case.study_id] for case in cases])
    c_index, limits = concordance(cases, [theirs], draws=draws)
    difference, between = concordance(cases, [_hazards(cases), theirs], draws=draws)
    return Bar(name, c_index, limits, difference, between, reasons[0] if reasons else "")


def _from_numbers(
    plan: Plan, trial: Trial, folds: Sequence[Fold], *, folder: Path, draws: Draws
) -> tuple[PermutedNull, tuple[Table, ...]]:
    """Do what needs no more images: outcomes permuted, calibration, the authors' own tables."""
    system = prognostic(plan.kind(plan.settings))
    there = {path.stem for path in (folder / DESCRIBED).glob("*.json")}
    there &= {row.study_id for row in first_studies(trial.cohort.rows)}
    if not there:
        return PermutedNull((), nan, nan, nan), ()
    patients = patients_in_numbers(system, trial.cohort.only(there), folder=folder / DESCRIBED)
    tested = {study for fold in folds for study in fold.test}
    design = system.study_tables(
        [own for own in patients if own.study_id in tested],
        seed=draws.seed,
        resamples=draws.resamples,
    )

    def answers(train: Sequence[Followed], asked: Sequence[Followed]) -> list[Prognosis | None]:
        fresh = prognostic(plan.kind(plan.settings))
        try:
            fresh.learn(train)
        except GliokitError:
            return [None] * len(asked)
        return [_answer_or_none(fresh, own) for own in asked]

    one_repeat = folds[: len(trial.folds.folds) // trial.repeats]
    null = permuted(
        lambda train, asked: [own.log_hazard if own else 0.0 for own in answers(train, asked)],
        patients,
        one_repeat,
        seed=draws.seed,
    )
    told = told_patients(
        lambda train, asked: [own.survival if own else {} for own in answers(train, asked)],
        patients,
        one_repeat,
    )
    shown = (calibration_table(told, draws=draws), *design)
    return null, tuple(Table(own.title, own.note, own.columns, own.rows) for own in shown)


def permuted(
    procedure: Procedure, patients: Sequence[Followed], folds: Sequence[Fold], *, seed: int
) -> PermutedNull:
    """Run a whole procedure on outcomes that were permuted between patients."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(ROUNDS):
        donors = rng.permutation(len(patients)).tolist()
        strangers = [
            replace(own, days=patients[donor].days, died=patients[donor].died)
            for own, donor in zip(patients, donors, strict=True)
        ]
        answers = _answers(procedure, strangers, folds)
        known = {own.study_id: own for own in strangers}
        keys = list(answers)
        found.append(
            harrell_c(
                [known[study].days for _, study in keys],
                [known[study].died for _, study in keys],
                [answers[key] for key in keys],
                groups=[fold for fold, _ in keys],
            )
        )
    if np.isnan(found).any():
        return PermutedNull(tuple(found), nan, nan, nan)
    verdict = chance_on_null(found)
    return PermutedNull(tuple(found), verdict.mean, verdict.lower, verdict.upper)


def _answers(
    procedure: Procedure, patients: Sequence[Followed], folds: Sequence[Fold]
) -> dict[tuple[int, str], float]:
    """Answer for every tested patient by what was learnt in the fold; by fold and study."""
    answers: dict[tuple[int, str], float] = {}
    for fold in folds:
        teaching, asked = {*fold.train, *fold.validation}, set(fold.test)
        train = [own for own in patients if own.study_id in teaching]
        test = [own for own in patients if own.study_id in asked]
        hazards = procedure(train, test)
        answers |= {
            (fold.number, own.study_id): hazard for own, hazard in zip(test, hazards, strict=True)
        }
    return answers


def _answer_or_none(system: PrognosticSystem, patient: Followed) -> Prognosis | None:
    try:
        return system.answer(patient.study_id, patient.description)
    except GliokitError:
        return None
