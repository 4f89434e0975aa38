"""Put a table of features and a cohort's table side by side.

Nothing is dropped on the quiet: a study that stands in one of the two only is an error that names
it, unless the caller says that only the common ones are wanted.
"""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from gliokit.core.cohort import Row
from gliokit.core.errors import CohortError
from gliokit.core.feature_table import FeatureTable


class JoinBy(StrEnum):
    """What a row of the one has in common with a row of the other."""

    STUDY = "study"
    PATIENT = "patient"  # where both have one row of each


def join_cohort(
    table: FeatureTable,
    rows: Sequence[Row],
    *,
    by: JoinBy = JoinBy.STUDY,
    common_only: bool = False,
) -> FeatureTable:
    """Give the features of a cohort's studies, in its order, with its cells as facts.

    Study and patient ids are the cohort's. Facts that only the table knows are kept; a cell known
    to both must say the same.

    Parameters
    ----------
    table : FeatureTable
        Features.
    rows : sequence of Row
        Of the cohort.
    by : JoinBy
        What the two have in common.
    common_only : bool
        Whether studies that stand in one of the two only are left out; else they are refused.

    Raises
    ------
    CohortError
        If a study stands in one of the two only, a patient has several rows where patients are
        joined, a study is of different patients, or a cell says different things.
    """
    place = _places(table.studies if by is JoinBy.STUDY else table.patients, "features", by)
    asked = [row.study_id if by is JoinBy.STUDY else row.patient_id for row in rows]
    wanted = _places(asked, "cohort", by)
    _check_common(place, wanted, by=by, common_only=common_only)
    kept = [row for row, key in zip(rows, asked, strict=True) if key in place]
    source = [place[key] for key in asked if key in place]
    for row, there in zip(kept, source, strict=True):
        if by is JoinBy.STUDY and table.patients[there] != row.patient_id:
            raise CohortError(
                f"study {row.study_id} is of another patient in the features than in the cohort; "
                "correct one, or give the study an id of its own"
            )
    return replace(
        table,
        studies=tuple(row.study_id for row in kept),
        patients=tuple(row.patient_id for row in kept),
        values=table.values[source],
        facts=_join_facts(table, kept, source),
    )


def _places(keys: Sequence[str], side: str, by: JoinBy) -> dict[str, int]:
    place: dict[str, int] = {}
    for row, key in enumerate(keys):
        if key in place:
            raise CohortError(
                f"{by} {key} has several rows in the {side}; join by study, or keep one row"
            )
        place[key] = row
    return place


def _check_common(
    place: dict[str, int], wanted: dict[str, int], *, by: JoinBy, common_only: bool
) -> None:
    if not set(place) & set(wanted):
        raise CohortError(
            f"no {by} stands in both: the features have {next(iter(place), 'none')}, the cohort "
            f"{next(iter(wanted), 'none')}; write ids alike, or join by the other"
        )
    if common_only:
        return
    for side, other, keys in (
        ("cohort", "features", [key for key in wanted if key not in place]),
        ("features", "cohort", [key for key in place if key not in wanted]),
    ):
        if keys:
            raise CohortError(
                f"{len(keys)} of the {side} are not in the {other} ({', '.join(keys[:3])}); add "
                "them, or ask for the common ones only"
            )


def _join_facts(
    table: FeatureTable, rows: Sequence[Row], source: Sequence[int]
) -> dict[str, tuple[str, ...]]:
    names = [*table.facts, *sorted({name for row in rows for name in row.cells} - set(table.facts))]
    ids = {"patient_id", "study_id"}
    return {
        name: tuple(
            _one_cell(name, row, table.facts[name][there] if name in table.facts else "")
            for row, there in zip(rows, source, strict=True)
        )
        for name in names
        if name not in ids
    }


def _one_cell(name: str, row: Row, cell: str) -> str:
    known = row.cells.get(name, "")
    if known and cell and known != cell and not _same_number(known, cell):
        raise CohortError(
            f"study {row.study_id}, column {name}: {cell!r} in the features, {known!r} in the "
            "cohort; correct one, or empty it"
        )
    return known or cell


def _same_number(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False
