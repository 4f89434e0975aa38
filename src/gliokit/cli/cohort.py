"""`gliokit cohort`: the table of a public collection, from its folders."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from gliokit.cli.progress import say
from gliokit.io.cohort_layouts.catalogue import CohortLayoutName, find_cohort
from gliokit.io.cohort_layouts.found import FoundCohort
from gliokit.io.cohort_layouts.table import write_cohort_table


def cohort(
    layout: Annotated[CohortLayoutName, typer.Argument(help="How the folders are laid out.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the collection.")],
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="CSV", help="The table to write.")],
    automatic_labels: Annotated[
        bool,
        typer.Option(
            "--automatic-labels", help="Take label maps that no person corrected, too (UPENN-GBM)."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a table that is there.")] = False,
) -> None:
    """Write the cohort table of a collection: a row per study, with paths and clinical columns.

    Only names and tables are read. Words that have no equal stay empty and are counted; studies
    without images are named with the reason.

    For example:

    gliokit cohort ucsf-pdgm UCSF-PDGM -o ucsf.csv

    gliokit analyze --cohort ucsf.csv -o results
    """
    found = find_cohort(layout, folder)
    rows = write_cohort_table(found, out, automatic_labels=automatic_labels, force=force)
    _explain(found, automatic_labels=automatic_labels)
    patients = len({row["patient_id"] for row in rows})
    labelled = sum("labels" in row for row in rows)
    say(f"patients: {patients}, studies: {len(rows)}, with labels: {labelled}")
    typer.echo(out)


def _explain(found: FoundCohort, *, automatic_labels: bool) -> None:
    """Say all that the table itself does not."""
    for note in found.notes:
        say(note)
    reasons = defaultdict(list)
    for left in found.left_out:
        reasons[left.reason].append(left.study_id)
    for reason, studies in reasons.items():
        say(f"left out {len(studies)}, {reason}: {', '.join(studies)}")
    for cell, times in sorted(found.unread().items(), key=lambda item: str(item[0])):
        say(f"left empty {times} times: {cell.column} {cell.text!r}")
    only_automatic = sum(not s.labels and bool(s.automatic_labels) for s in found.studies)
    if only_automatic and automatic_labels:
        say(f"labels that no person corrected, and are no reference: {only_automatic}")
    elif only_automatic:
        say(
            f"left without their automatic labels, which --automatic-labels takes: {only_automatic}"
        )
