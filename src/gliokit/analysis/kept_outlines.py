"""Outlines that a run has finished, kept beside OUT until its timeline stands.

A model may take hours for the studies of a patient, and the timeline may fail afterwards. Results
of studies therefore grow in `OUT.studies`, which is what `gliokit analyze` leaves of several
studies: a second run goes on there, and takes what is whole and of the same images, options and
model. Once the timeline stands it holds them itself, and the folder goes.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from gliokit.analysis.cohort_run import FAILURES, SUMMARY, prepare_tables
from gliokit.analysis.output import LEFT_BY_DESKTOPS, foreign_entry
from gliokit.core.errors import OutputError

STUDY_TABLES = (SUMMARY, FAILURES)


def kept_beside(out: Path) -> Path:
    """Name the folder of the outlines of a timeline."""
    return out.with_name(f"{out.name}.studies")


def foreign_studies(folder: Path) -> list[str]:
    """Name what no analysis of several studies left in a folder."""
    return [
        entry.name
        for entry in _entries(folder)
        if entry.name not in STUDY_TABLES and (not entry.is_dir() or foreign_entry(entry))
    ]


def check_kept(kept: Path) -> None:
    """Refuse a folder that holds anything but results of studies: it will be taken away.

    What a run that was killed left half done in it goes.

    Raises
    ------
    OutputError
        Naming what stands in it.
    """
    if kept.is_dir():
        prepare_tables(kept)
    if kept.is_file() or (foreign := foreign_studies(kept)):
        found = "is a file" if kept.is_file() else f"holds {foreign[0]}"
        raise OutputError(
            f"{kept}, where outlines are kept until the timeline stands, {found}; move it away, or "
            "choose another folder for the timeline"
        )


def hand_over(kept: Path, study_ids: Iterable[str], studies: Path) -> None:
    """Give a timeline the results of its studies; they stay where they are kept as well."""
    studies.mkdir()
    for table in STUDY_TABLES:
        shutil.copy2(kept / table, studies / table)
    for study_id in study_ids:
        shutil.copytree(kept / study_id, studies / study_id, copy_function=_link_or_copy)


def clear(kept: Path, study_ids: Iterable[str]) -> None:
    """Take away the results that a timeline holds, and the folder if only its tables are left."""
    for study_id in study_ids:
        shutil.rmtree(kept / study_id, ignore_errors=True)
    if all(entry.name in STUDY_TABLES for entry in _entries(kept)):
        shutil.rmtree(kept, ignore_errors=True)


def _entries(folder: Path) -> list[Path]:
    """Give what somebody or a run put into a folder, if it is one."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [entry for entry in entries if entry.name not in LEFT_BY_DESKTOPS]


def _link_or_copy(source: str, target: str) -> None:
    """Give a file a second name, which takes no room; copy it where the disk has no such names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
