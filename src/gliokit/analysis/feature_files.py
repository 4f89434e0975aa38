"""The tables that features are written to, with the settings and where they come from."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gliokit.analysis.cohort_facts import cohort_facts, files_sha256
from gliokit.analysis.feature_row import FeatureRun, StudyAnswer
from gliokit.analysis.output import (
    LEFT_BY_DESKTOPS,
    csv_text,
    explained,
    remove_leftovers,
    whole_file,
    write_whole,
)
from gliokit.core.cohort import Row
from gliokit.core.errors import OutputError
from gliokit.core.feature_table import FeatureTable
from gliokit.features.delta import delta_table
from gliokit.features.robustness import Robustness, measure_robustness
from gliokit.features.study_row import tabulate_rows
from gliokit.io.parquet import write_parquet

FEATURES, CHANGES, ROBUSTNESS = "features.csv", "changes.csv", "robustness.csv"
PARQUET = "features.parquet"
LEFT_OUT, FAILURES = "left_out.csv", "failures.csv"
SETTINGS, PROVENANCE, STUDIES = "settings.json", "provenance.json", "studies"
WRITTEN = frozenset(
    {FEATURES, CHANGES, ROBUSTNESS, PARQUET, LEFT_OUT, FAILURES, SETTINGS, PROVENANCE, STUDIES}
)
LIBRARIES = ("gliokit", "numba", "numpy", "scikit-image", "scipy")  # that change values

FACTS = ("patient_id", "study_id", "day")
LEFT_OUT_COLUMNS = ("study_id", "part", "image", "reason")
FAILURE_COLUMNS = ("study_id", "reason", "exit_code")
ROBUSTNESS_COLUMNS = ("feature", "patients", "repeats", "icc", "low", "high", "verdict")


def prepare_folder(out: Path) -> None:
    """Make the folder; refuse one that holds what this command did not write.

    Raises
    ------
    OutputError
        Naming what stands there.
    """
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        remove_leftovers(out)
        ours = WRITTEN | LEFT_BY_DESKTOPS
        foreign = sorted(entry.name for entry in out.iterdir() if entry.name not in ours)
        if foreign:
            raise OutputError(
                f"{out} holds {foreign[0]}, which gliokit radiomics did not write; choose another "
                "folder"
            )
        (out / STUDIES).mkdir(exist_ok=True)


def write_results(
    out: Path,
    rows: Sequence[Row],
    answers: Mapping[str, StudyAnswer],
    *,
    run: FeatureRun,
    parquet: bool,
) -> None:
    """Write the tables of the studies that have an answer, in the order of the rows."""
    done = [(row, answers[row.study_id]) for row in rows if row.study_id in answers]
    described = [(row, own) for row, own in done if not own.reason]
    failures = [(own.study_id, own.reason, own.exit_code) for _, own in done if own.reason]
    left_out = [
        (own.study_id, one.part, one.image, one.reason)
        for _, own in described
        for one in own.left_out
    ]
    write_whole(out / FAILURES, csv_text(FAILURE_COLUMNS, failures))
    table = _table(described) if described else None
    undated = _undated(table) if table else []
    write_whole(out / LEFT_OUT, csv_text(LEFT_OUT_COLUMNS, [*left_out, *undated]))
    write_whole(out / SETTINGS, _json(run.record()["settings"]))
    write_whole(out / PROVENANCE, _json(provenance(run, cohort_inputs(rows))))
    for name in (FEATURES, PARQUET, CHANGES, ROBUSTNESS):
        (out / name).unlink(missing_ok=True)  # of an earlier run, of other studies or settings
    if table is None:
        return
    write_whole(out / FEATURES, table_text(table))
    if parquet:
        whole_parquet(out / PARQUET, table)
    if changes := _changes(table):
        write_whole(out / CHANGES, table_text(changes))
    if run.repeats:
        write_whole(out / ROBUSTNESS, robustness_text(_robustness(described, seed=run.seed)))


def cohort_inputs(rows: Sequence[Row]) -> dict[str, object]:
    """Say what the features of a cohort were made of."""
    return {"cohort": asdict(cohort_facts(rows)), "files_sha256": files_sha256(rows)}


def provenance(run: FeatureRun, inputs: Mapping[str, object]) -> dict[str, object]:
    """Say what features were made of and by."""
    return {
        **inputs,
        "changes": run.record()["changes"],
        "versions": {library: version(library) for library in LIBRARIES},
        "note": "For research use only; not a medical device.",
    }


def table_text(table: FeatureTable) -> str:
    """Lay out a table as CSV; an unknown number is an empty cell."""
    return columns_text(table_columns(table))


def columns_text(columns: Mapping[str, Sequence[str] | Sequence[float]]) -> str:
    """Lay out columns of text or numbers as CSV; an unknown number is an empty cell."""
    lines = zip(*([_shown(cell) for cell in cells] for cells in columns.values()), strict=True)
    return csv_text(tuple(columns), lines)


def table_columns(table: FeatureTable) -> dict[str, Sequence[str] | Sequence[float]]:
    """Give the columns of a table, who and when first."""
    facts: dict[str, Sequence[str] | Sequence[float]] = {
        "patient_id": table.patients,
        "study_id": table.studies,
        **table.facts,
    }
    return facts | {name: table.values[:, k].tolist() for k, name in enumerate(table.names)}


def whole_parquet(path: Path, table: FeatureTable) -> None:
    """Write a table as Parquet under a temporary name, and give it its name when it is whole."""
    with whole_file(path) as growing:
        write_parquet(growing, table_columns(table))


def robustness_text(found: Sequence[Robustness]) -> str:
    """Lay out the repeatability of features as CSV."""
    return csv_text(
        ROBUSTNESS_COLUMNS,
        [
            (
                one.name,
                one.patients,
                one.repeats,
                *("" if math.isnan(v) else f"{v:.4f}" for v in (one.icc, one.low, one.high)),
                one.verdict or "",
            )
            for one in found
        ],
    )


def _table(described: Sequence[tuple[Row, StudyAnswer]]) -> FeatureTable:
    days = [row.cells.get("day", "") for row, _ in described]
    return tabulate_rows(
        {row.study_id: own.values for row, own in described},
        {row.study_id: row.patient_id for row, _ in described},
        facts={"day": days} if any(days) else None,
    )


def _changes(table: FeatureTable) -> FeatureTable | None:
    """Give the changes between visits that have days of their own, if there are any."""
    if "day" not in table.facts:
        return None
    usable = np.array(_dated(table))
    dated = table.only(usable)
    return delta_table(dated) if len(set(dated.patients)) < len(dated) else None


def _dated(table: FeatureTable) -> list[bool]:
    """Tell which visits have a day that no other visit of the patient has."""
    visits = list(zip(table.patients, table.facts["day"], strict=True))
    return [day != "" and visits.count((patient, day)) == 1 for patient, day in visits]


def _undated(table: FeatureTable) -> list[tuple[str, str, str, str]]:
    """List the visits of patients with several that no change is computed for."""
    several = {patient for patient in table.patients if table.patients.count(patient) > 1}
    days = _dated(table) if "day" in table.facts else [False] * len(table)
    return [
        (study, "", "", "no day of its own: left out of the changes between visits")
        for study, patient, dated in zip(table.studies, table.patients, days, strict=True)
        if patient in several and not dated
    ]


def _robustness(
    described: Sequence[tuple[Row, StudyAnswer]], *, seed: int
) -> tuple[Robustness, ...]:
    first: dict[str, Mapping[str, Sequence[float]]] = {}
    for row, own in described:
        first.setdefault(row.patient_id, own.repeats)
    return measure_robustness(first, seed=seed) if len(first) > 1 else ()


def _shown(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    return "" if math.isnan(cell) else f"{cell:.10g}"


_json = partial(json.dumps, indent=1, ensure_ascii=False)
