"""How well systems of survival do, beside age alone, facts alone, and permuted outcomes.

Everything that learns from outcomes is done anew in each fold: the system, the bars, and the system
again for each round of outcomes permuted between patients.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import isnan, nan
from pathlib import Path
from types import MappingProxyType

import numpy as np

from gliokit.analysis.evaluation_run import Trial
from gliokit.analysis.evaluation_tables import Draws
from gliokit.analysis.fold_work import Plan
from gliokit.analysis.survival_calibration import calibration_table, told_patients
from gliokit.analysis.survival_concordance import (
    Tested,
    concordance,
    counted,
    hazards_of,
    uno_concordance,
)
from gliokit.analysis.survival_work import (
    DESCRIBED,
    Telling,
    answered_in_folds,
    is_of_survival,
    patients_in_numbers,
    prognostic,
)
from gliokit.core.cohort import Row
from gliokit.core.errors import GliokitError
from gliokit.core.system import check_fields
from gliokit.evaluation.baselines import chance_on_null
from gliokit.evaluation.folds import Fold
from gliokit.prognosis.followed import (
    Description,
    Followed,
    check_outcomes,
    first_studies,
    follow,
)
from gliokit.prognosis.hazard_table import fit_hazard
from gliokit.prognosis.known_study import FACTS
from gliokit.prognosis.system import Prognosis, PrognosticSystem
from gliokit.reporting.evaluation_record import SystemResult, Table
from gliokit.reporting.survival_record import (
    Bar,
    PermutedNull,
    SurvivalCase,
    SurvivalCompared,
    SurvivalSummary,
)

AGE, CLINICAL = "age alone", "clinical facts alone"
BARS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType({AGE: ("age",), CLINICAL: FACTS})
ROUNDS = 20  # of permuted outcomes
NO_NULL = PermutedNull((), nan, nan, nan)


def check_follow_up(trial: Trial) -> None:
    """See that every outcome can be used, before anything is described or learnt.

    Raises
    ------
    CohortError
        Naming the rows.
    """
    for plan in trial.plans.values():
        if is_of_survival(plan.kind.card):
            check_fields(trial.cohort, plan.kind.card)
            check_outcomes(trial.cohort.rows)


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
    c_index, limits = concordance(cases, [hazards_of(cases)], draws=draws)
    answered = [case for case in cases if case.answered]
    once = {case.patient_id: case for case in cases}.values()
    summary = SurvivalSummary(
        patients=len(once),
        deaths=sum(case.died for case in once),
        unanswered=len({case.patient_id for case in cases if not case.answered}),
        c_index=c_index,
        limits=limits,
        c_answered=Tested.of(answered).harrell(hazards_of(answered), np.arange(len(answered))),
        uno=uno_concordance(cases, draws=draws),
        bars=tuple(fitted_bar(name, facts, folds, cases, draws) for name in BARS),
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
        hazards = [hazards_of(both), hazards_of([theirs[own.study_id, own.fold] for own in both])]
        found.append(
            SurvivalCompared(system.name, against, *concordance(both, hazards, draws=draws))
        )
    return tuple(found)


def _facts(rows: Sequence[Row]) -> list[Followed]:
    """Give the patients by their facts alone."""
    return [
        follow(row, Description({f: row.number_of(f) for f in FACTS if f in row.cells}))
        for row in first_studies(rows)
    ]


def fitted_bar(
    name: str,
    facts: Sequence[Followed],
    folds: Sequence[Fold],
    cases: Sequence[SurvivalCase],
    draws: Draws,
) -> Bar:
    """Fit what needs no image in the same folds, and test it on the same cases.

    Parameters
    ----------
    name : str
        Of `BARS`.
    facts : sequence of Followed
        All patients of all folds.
    cases : sequence of SurvivalCase
        Of the system that is beside it.
    """
    reasons: list[str] = []

    def procedure(train: Sequence[Followed], asked: Sequence[Followed]) -> list[float]:
        try:
            table = fit_hazard(train, BARS[name])
        except GliokitError:
            reasons.append("no figure, since in some fold there are too few deaths to fit it")
            return [nan] * len(asked)
        if left := [fact for fact in BARS[name] if fact not in table.names]:
            reasons.append(
                f"in some fold without {' and '.join(left)}: unknown of most patients, or the same "
                "in all"
            )
        if not table.names:
            return [nan] * len(asked)
        return [table.log_hazard(own.description.values)[0] for own in asked]

    answers = answered_in_folds(procedure, facts, folds)
    theirs = np.array([answers[case.fold, case.study_id] for case in cases])
    if np.isnan(theirs).any():  # not a bar of chance, which would flatter the system
        theirs = np.full(len(cases), nan)
    c_index, limits = concordance(cases, [theirs], draws=draws)
    difference, between = concordance(cases, [hazards_of(cases), theirs], draws=draws)
    return Bar(name, c_index, limits, difference, between, "; ".join(dict.fromkeys(reasons)))


def _from_numbers(
    plan: Plan, trial: Trial, folds: Sequence[Fold], *, folder: Path, draws: Draws
) -> tuple[PermutedNull, tuple[Table, ...]]:
    """Do what needs no more images: outcomes permuted, calibration, the authors' own tables."""
    system = prognostic(plan.kind(plan.settings))
    firsts = {row.study_id for row in first_studies(trial.cohort.rows)}
    there = firsts & {path.stem for path in (folder / DESCRIBED).glob("*.json")}
    if not there:
        return NO_NULL, ()
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

    per_repeat = len(trial.folds.folds) // trial.repeats
    one_repeat = [fold for fold in folds if fold.number < per_repeat]
    null = permuted(
        lambda train, asked: [own.log_hazard if own else nan for own in answers(train, asked)],
        patients,
        one_repeat,
        seed=draws.seed,
    )
    told = told_patients(
        lambda train, asked: [own.survival if own else {} for own in answers(train, asked)],
        patients,
        one_repeat,
    )
    count = sum(study in firsts for fold in one_repeat for study in fold.test)
    shown = (calibration_table(told, tested=count, draws=draws), *design)
    return null, tuple(Table(own.title, own.note, own.columns, own.rows) for own in shown)


def permuted(
    procedure: Telling[float], patients: Sequence[Followed], folds: Sequence[Fold], *, seed: int
) -> PermutedNull:
    """Run a whole procedure on outcomes that were permuted between patients.

    Parameters
    ----------
    procedure : callable
        Patients that teach, and those asked, to a log hazard of each; `nan` is no answer.

    Returns
    -------
    PermutedNull
        Its mean is `nan` if in some round nobody was answered, or the order of no pair is known.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(ROUNDS):
        donors = rng.permutation(len(patients)).tolist()
        strangers = [
            replace(own, days=patients[donor].days, died=patients[donor].died)
            for own, donor in zip(patients, donors, strict=True)
        ]
        answers = answered_in_folds(procedure, strangers, folds)
        known = {own.study_id: own for own in strangers}
        tested = Tested(
            np.array([known[study].days for _, study in answers]),
            np.array([known[study].died for _, study in answers], dtype=bool),
            np.array([fold for fold, _ in answers], dtype=np.intp),
        )
        found.append(tested.harrell(counted(list(answers.values())), np.arange(len(answers))))
    if np.isnan(found).any():
        return replace(NO_NULL, c_indices=tuple(found))
    verdict = chance_on_null(found)
    return PermutedNull(tuple(found), verdict.mean, verdict.lower, verdict.upper)


def _answer_or_none(system: PrognosticSystem, patient: Followed) -> Prognosis | None:
    try:
        return system.answer(patient.study_id, patient.description)
    except GliokitError:
        return None
