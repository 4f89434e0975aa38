"""A found collection to a cohort table that `read_cohort` reads."""

import csv
import io
import os
from pathlib import Path

from gliokit.core.cohort import check_rows
from gliokit.core.errors import OutputError
from gliokit.io.cohort_layouts.found import FoundCohort, FoundStudy
from gliokit.io.cohorts import table_columns
from gliokit.io.whole_file import make_folder, write_whole_file


def write_cohort_table(
    cohort: FoundCohort, table: Path, *, automatic_labels: bool = False, force: bool = False
) -> list[dict[str, str]]:
    """Write one row per study, with paths relative to the table; give the rows.

    Parameters
    ----------
    cohort : FoundCohort
        At least one study.
    table : Path
        The CSV; its folder is made.
    automatic_labels : bool
        Take label maps that no person corrected, where there is no other.
    force : bool
        Replace what stands there.

    Raises
    ------
    OutputError
        If a file stands there already, or it cannot be written.
    CohortError
        If an id cannot name a folder.
    """
    if table.exists() and not force:
        raise OutputError(f"{table} is there already; replace it with --force")
    base = table.absolute().parent.resolve()
    rows = [_row(study, base, automatic_labels=automatic_labels) for study in cohort.studies]
    check_rows(rows, source=table.name)
    columns = table_columns(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    make_folder(table.absolute().parent)
    write_whole_file(table, text.getvalue().encode())
    return rows


def _row(study: FoundStudy, base: Path, *, automatic_labels: bool) -> dict[str, str]:
    paths: dict[str, Path] = {str(sequence): path for sequence, path in study.images.items()}
    if labels := study.labels or (study.automatic_labels if automatic_labels else None):
        paths["labels"] = labels
    return {
        "patient_id": study.patient_id,
        "study_id": study.study_id,
        **{column: _relative(path, base) for column, path in paths.items()},
        **study.facts.cells,
    }


def _relative(path: Path, base: Path) -> str:
    """Give the way from the table to a file; a link stays the link that it is."""
    folder = path.parent.resolve()
    return Path(os.path.relpath(folder / path.name, base)).as_posix()
