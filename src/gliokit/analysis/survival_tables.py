"""The tables of an evaluation of survival: CSV for programs, text for the report."""

from collections.abc import Iterable, Sequence
from math import isfinite, isnan
from pathlib import Path

from gliokit.analysis.output import csv_text, write_whole
from gliokit.reporting.evaluation_record import Evaluation, SystemResult, Table
from gliokit.reporting.survival_record import Bar, Limits, SurvivalCompared, SurvivalSummary, UnoC

C_INDEX = "c_index"
CASE_COLUMNS = (
    "patient_id", "study_id", "fold", "os_days_from_scan", "os_event", "log_hazard",
    "seconds", "peak_memory_mb", "failure",
)  # fmt: skip
SUMMARY_COLUMNS = (
    "system", "against", "figure", "value", "low", "high", "patients", "deaths", "unanswered",
)  # fmt: skip
MAIN_COLUMNS = (
    "System",
    "Patients (deaths)",
    "No answer",
    "C-index (95 %)",
    "Of those answered",
    "Uno's C (95 %)",
    "Permuted outcomes, mean C (95 %)",
)
BAR_COLUMNS = ("System", "Beside", "C-index (95 %)", "System less this (95 %)", "Remark")
MAIN_NOTE = (
    "Harrell's C-index: of two patients whose order is known, how often the one with the larger "
    "hazard dies earlier; 0.5 is chance. Pairs are of one fold, intervals by resampling patients. "
    "A patient without an answer counts as average; a system that answers nobody has no figure. "
    "Uno's C weighs for censoring and counts deaths until a tenth of the patients are still "
    "observed. No interval is shown where patients or deaths are too few for one. Outcomes "
    "permuted between patients go through the whole procedure: a mean above 0.5 would tell of a "
    "leak."
)
BAR_NOTE = (
    "What needs no image: Cox models fitted in the same folds on the same patients; clinical facts "
    "are age, Karnofsky performance and grade, as far as they are known. A system whose interval "
    "of the difference holds 0 has not been shown to add anything to them."
)


def survival_report_tables(
    systems: Sequence[SystemResult], compared: Sequence[SurvivalCompared]
) -> tuple[Table, ...]:
    """Lay out what the report shows first; nothing where no system is of survival."""
    of_survival = [(own.name, own.survival) for own in systems if own.survival]
    if not of_survival:
        return ()
    main = tuple(_main_row(name, own) for name, own in of_survival)
    bars = tuple(_bar_row(name, bar) for name, own in of_survival for bar in own.bars)
    tables = [
        Table("How well patients are ordered", MAIN_NOTE, MAIN_COLUMNS, main),
        Table("Beside what needs no image", BAR_NOTE, BAR_COLUMNS, bars),
    ]
    if compared:
        rows = tuple(
            (own.system, own.against, with_limits(own.difference, own.limits, sign="+"))
            for own in compared
        )
        note = "On the same patients in the same folds; above 0 the first orders them better."
        columns = ("System", "Less", "Difference of C (95 %)")
        tables.append(Table("Systems against each other", note, columns, rows))
    return tuple(tables)


def write_survival_tables(out: Path, evaluation: Evaluation, *, cases: str, summary: str) -> None:
    """Write the cases of each system into its folder in `out`, and one summary.

    Parameters
    ----------
    cases, summary : str
        Names of the files.
    """
    for system in evaluation.systems:
        (out / system.name).mkdir(parents=True, exist_ok=True)
        write_whole(out / system.name / cases, csv_text(CASE_COLUMNS, _case_rows(system)))
    of_survival = [own for own in evaluation.systems if own.survival]
    rows = [row for own in of_survival for row in _summary_rows(own)]
    rows += _bar_rows(of_survival[:1])  # the same for every system
    rows += [
        (own.system, own.against, C_INDEX, *_figures(own.difference, own.limits), "", "", "")
        for own in evaluation.compared_survival
    ]
    write_whole(out / summary, csv_text(SUMMARY_COLUMNS, rows))


def _case_rows(system: SystemResult) -> Iterable[tuple[str, ...]]:
    followed = system.survival.cases if system.survival else ()
    counted = {(own.study_id, own.fold): own for own in followed}
    for case in system.cases:
        own = counted.get((case.study_id, case.fold))
        outcome = (f"{own.days:g}", str(int(own.died))) if own else ("", "")
        cost = (_cell(case.seconds), _cell(case.peak_mb), case.reason)
        who = (case.patient_id, case.study_id, str(case.fold))
        yield (*who, *outcome, _cell(case.value), *cost)


def _summary_rows(system: SystemResult) -> Iterable[tuple[str, ...]]:
    own = system.survival
    assert own is not None
    counts = (*_counts(own), str(own.unanswered))
    name, null = system.name, own.null
    yield (name, "", C_INDEX, *_figures(own.c_index, own.limits), *counts)
    yield (name, "", f"{C_INDEX}_of_answered", _cell(own.c_answered), "", "", *counts)
    uno = _figures(own.uno.value, own.uno.limits)
    yield (name, "", f"{C_INDEX}_uno", *uno, *counts)
    yield (
        name,
        "",
        f"{C_INDEX}_of_permuted_outcomes",
        *_figures(null.mean, (null.lower, null.upper)),
        *counts,
    )
    for bar in own.bars:
        difference = _figures(bar.difference, bar.difference_limits)
        yield (name, bar.name, C_INDEX, *difference, *counts)


def _bar_rows(systems: Iterable[SystemResult]) -> list[tuple[str, ...]]:
    return [
        (bar.name, "", C_INDEX, *_figures(bar.c_index, bar.limits), *_counts(own.survival), "0")
        for own in systems
        if own.survival
        for bar in own.survival.bars
    ]


def _counts(own: SurvivalSummary) -> tuple[str, str]:
    return str(own.patients), str(own.deaths)


def _main_row(name: str, own: SurvivalSummary) -> tuple[str, ...]:
    return (
        name,
        f"{own.patients} ({own.deaths})",
        str(own.unanswered),
        with_limits(own.c_index, own.limits),
        text_of(own.c_answered),
        _uno(own.uno),
        with_limits(own.null.mean, (own.null.lower, own.null.upper)),
    )


def _uno(own: UnoC) -> str:
    before = f", until day {own.tau_days:.0f}" if isfinite(own.value) else ""
    return with_limits(own.value, own.limits) + before


def _bar_row(name: str, bar: Bar) -> tuple[str, ...]:
    return (
        name,
        bar.name,
        with_limits(bar.c_index, bar.limits),
        with_limits(bar.difference, bar.difference_limits, sign="+"),
        bar.reason,
    )


def with_limits(value: float, limits: Limits, *, sign: str = "") -> str:
    """Write a figure with its limits, where it has any."""
    low, high = limits
    known = isfinite(low) and isfinite(high)
    return text_of(value, sign) + (f" ({low:{sign}.3f} to {high:{sign}.3f})" if known else "")


def text_of(value: float, sign: str = "") -> str:
    """Write a figure; a dash where there is none."""
    return "–" if isnan(value) else f"{value:{sign}.3f}"


def _figures(value: float, limits: Limits) -> tuple[str, str, str]:
    return _cell(value), _cell(limits[0]), _cell(limits[1])


def _cell(value: float) -> str:
    return f"{value:.6g}" if isfinite(value) else ""
