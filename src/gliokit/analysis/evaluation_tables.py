"""The tables of an evaluation: cases, summaries with intervals, and paired differences."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path

from gliokit.analysis.fold_work import FoldResult, Plan
from gliokit.analysis.learning_curves import read_curves
from gliokit.analysis.output import csv_text, write_whole
from gliokit.analysis.survival_tables import write_survival_tables
from gliokit.core.settings import as_mapping
from gliokit.evaluation.segmentation_scores import (
    METRICS,
    CaseScores,
    MetricSummary,
    paired_difference,
    summarize,
)
from gliokit.reporting.evaluation_record import (
    CaseResult,
    Compared,
    Evaluation,
    SystemResult,
    system_costs,
)

CASES, SUMMARY = "cases.csv", "summary.csv"
SCORES = tuple(field.name for field in fields(CaseScores))
CASE_COLUMNS = (
    "patient_id", "study_id", "fold", *SCORES, "seconds", "peak_memory_mb", "failure",
)  # fmt: skip
SUMMARY_COLUMNS = (
    "system", "against", "region", "metric",
    "mean", "mean_low", "mean_high", "median", "median_low", "median_high",
    "patients", "patients_left_out", "scores_left_out", "studies", "failed_studies",
    "seconds_per_case", "peak_memory_mb", "training_minutes_per_fold",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draws:
    """How intervals are drawn: seed, and how often the patients are resampled."""

    seed: int = 0
    resamples: int = 2000


def system_result(
    name: str, plan: Plan, results: Iterable[FoldResult], *, folder: Path, draws: Draws
) -> SystemResult:
    """Put the folds of one system together and summarize them."""
    folds = sorted(results, key=lambda result: result.number)
    cases = tuple(case for fold in folds for case in fold.cases)
    return SystemResult(
        name,
        cases,
        card=plan.kind.card,
        settings=as_mapping(plan.settings),
        training_minutes={f.number: f.minutes for f in folds if isfinite(f.minutes)},
        failures={fold.number: fold.reason for fold in folds if fold.reason},
        curves=read_curves(folder, [fold.number for fold in folds]),
        summaries=summarized(cases, draws=draws),
    )


def summarized(cases: Sequence[CaseResult], *, draws: Draws) -> tuple[MetricSummary, ...]:
    """Summarize every metric of every region over patients."""
    scores, patients = _scores(cases)
    return summarize(scores, patients=patients, seed=draws.seed, resamples=draws.resamples)


def compared(
    systems: Sequence[SystemResult],
    against: str,
    *,
    draws: Draws,
    metrics: Sequence[str] = METRICS,
) -> tuple[Compared, ...]:
    """Compare every system with one of them, study by study."""
    other = next(system for system in systems if system.name == against)
    return tuple(
        Compared(system.name, against, summary)
        for system in systems
        if system is not other
        for metric in metrics
        for summary in differences(system.cases, other.cases, metric=metric, draws=draws)
    )


def differences(
    first: Sequence[CaseResult], second: Sequence[CaseResult], *, metric: str, draws: Draws
) -> tuple[MetricSummary, ...]:
    """Summarize a metric of the first less that of the second, over what both have scores for.

    Studies are paired by their ids; of several answers to one study, the first with the first.
    """
    others = _numbered(second)
    pairs = [(own, others[key]) for key, own in _numbered(first).items() if key in others]
    scores, patients = _scores([own for own, _ in pairs])
    scores_b, _ = _scores([other for _, other in pairs])
    return paired_difference(
        scores,
        scores_b,
        patients=patients,
        metric=metric,
        seed=draws.seed,
        resamples=draws.resamples,
    )


def mean_text(own: MetricSummary) -> str:
    """Write a mean with its interval."""
    low, high = own.mean_interval
    known = isfinite(low) and isfinite(high)
    return f"{own.mean:.3f}" + (f" ({low:.3f} to {high:.3f})" if known else "")


def write_tables(out: Path, evaluation: Evaluation) -> None:
    """Write the cases of each system into its folder in `out`, and one summary."""
    if any(system.survival for system in evaluation.systems):
        write_survival_tables(out, evaluation, cases=CASES, summary=SUMMARY)
        return
    for system in evaluation.systems:
        (out / system.name).mkdir(parents=True, exist_ok=True)
        write_whole(out / system.name / CASES, csv_text(CASE_COLUMNS, _case_rows(system.cases)))
    rows = [
        *(row for system in evaluation.systems for row in _summary_rows(system)),
        *map(_difference_row, evaluation.compared),
    ]
    write_whole(out / SUMMARY, csv_text(SUMMARY_COLUMNS, rows))


def _numbered(cases: Iterable[CaseResult]) -> dict[tuple[str, int], CaseResult]:
    """Name scored cases by their study, and by how often it was answered before."""
    seen: Counter[str] = Counter()
    named = {}
    for case in cases:
        if case.scores:
            named[case.study_id, seen[case.study_id]] = case
        seen[case.study_id] += 1
    return named


def _scores(cases: Iterable[CaseResult]) -> tuple[list[CaseScores], list[str]]:
    """List scores, and the patient of each."""
    pairs = [(own, case.patient_id) for case in cases for own in case.scores]
    return [own for own, _ in pairs], [patient for _, patient in pairs]


def _case_rows(cases: Iterable[CaseResult]) -> list[tuple[str, ...]]:
    rows = []
    for case in cases:
        who = (case.patient_id, case.study_id, str(case.fold) if case.fold >= 0 else "")
        cost = (_cell(case.seconds), _cell(case.peak_mb), case.reason)
        measured = [tuple(_cell(getattr(own, name)) for name in SCORES) for own in case.scores]
        rows += [(*who, *own, *cost) for own in measured or [("",) * len(SCORES)]]
    return rows


def _summary_rows(system: SystemResult) -> list[tuple[str, ...]]:
    cost = system_costs(system)
    counted = (str(len(system.cases)), str(len(system.failed)))
    spent = tuple(map(_cell, (cost.seconds, cost.peak_mb, cost.minutes)))
    return [(system.name, "", *_summary(own), *counted, *spent) for own in system.summaries]


def _difference_row(own: Compared) -> tuple[str, ...]:
    return (own.system, own.against, *_summary(own.difference), "", "", "", "", "")


def _summary(own: MetricSummary) -> tuple[str, ...]:
    figures = (own.mean, *own.mean_interval, own.median, *own.median_interval)
    counts = (own.patients, own.patients_left_out, own.scores_left_out)
    return (own.region.value, own.metric, *map(_cell, figures), *map(str, counts))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}" if isfinite(value) else ""
    return str(value)
