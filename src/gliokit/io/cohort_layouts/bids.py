"""BIDS: a folder per subject and session, images in `anat`, label maps among the derivatives.

| what | where |
|---|---|
| images | `sub-01[/ses-2]/anat/sub-01[_ses-2][_ce-gadolinium]_T1w.nii.gz`, `T2w`, `FLAIR` |
| labels | the same place in `derivatives/PIPELINE/`, or beside the images, `..._dseg.nii.gz` |
| columns | `participants.tsv`, `sub-01/sub-01_sessions.tsv`, `sub-01/ses-2/...` by their names |

A T1w with a `ce-` entity is t1c. Columns of ours (`age`, `sex`, `idh`, `day`, `phase`, ...) are
taken where their words are; `n/a` is unknown. `acq_time` gives no day: BIDS does not say which
session is the diagnostic one. Two label maps of one session, or one of tissues, are no reference.

Checked: the specification (entities, suffixes, tables); the files that `gliokit phantom` writes.

Source: Brain Imaging Data Structure 1.10, bids-specification.readthedocs.io
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from gliokit.core.cohort import CODES, NUMBERS
from gliokit.io.cohort_layouts.facts import (
    SEX,
    Reading,
    Sources,
    joined,
    number,
    read_facts,
    read_table,
    word,
)
from gliokit.io.cohort_layouts.found import (
    Facts,
    FoundCohort,
    FoundStudy,
    LeftOut,
    Unread,
    collect,
    images_among,
)
from gliokit.io.layouts import nifti_files

PARTICIPANTS = "participants.tsv"


def _as_it_is(text: str) -> str:
    return text


def _readings() -> Iterator[tuple[str, Reading]]:
    """Give every column of ours that a table of BIDS may hold."""
    yield from ((column, _as_it_is) for column in ("site", "scanner", "therapy"))
    yield from ((column, number(column)) for column in NUMBERS)
    for column, codes in CODES.items():
        yield column, word({code.casefold(): code for code in codes})
    yield "sex", SEX


SOURCES: Sources = MappingProxyType({column: (column, how) for column, how in _readings()})


def find_bids(root: Path) -> FoundCohort:
    """Find the sessions of a BIDS dataset."""
    table = root / PARTICIPANTS
    participants = _by_id(table, "participant_id")
    notes = [] if table.is_file() else [f"no {PARTICIPANTS}: clinical columns stay empty"]
    subjects = {f.name: f for f in sorted(root.glob("sub-*")) if f.is_dir()}
    return collect(_studies(root, subjects, participants), notes=notes)


def _studies(
    root: Path, subjects: Mapping[str, Path], participants: Mapping[str, Facts]
) -> Iterator[FoundStudy | LeftOut]:
    for subject, folder in subjects.items():
        sessions = _by_id(folder / f"{subject}_sessions.tsv", "session_id")
        for session in sorted(f for f in folder.glob("ses-*") if f.is_dir()) or [folder]:
            study_id = subject if session == folder else f"{subject}_{session.name}"
            images = images_among(
                path for path in nifti_files(session / "anat") if path.name.startswith("sub-")
            )
            if isinstance(images, str):
                yield LeftOut(study_id, images)
                continue
            maps = _label_maps(root, session)
            facts = joined(
                sessions.get(session.name, Facts()),
                participants.get(subject, Facts()),
                Facts(unread=_doubt(maps)),
            )
            labels = maps[0] if len(maps) == 1 else None
            yield FoundStudy(subject, study_id, images, labels=labels, facts=facts)
    for subject in sorted(participants.keys() - subjects.keys()):
        yield LeftOut(subject, f"in {PARTICIPANTS}, but without a folder")


def _label_maps(root: Path, session: Path) -> list[Path]:
    """Find the label maps of a session; tissues are no tumor."""
    inside = session.relative_to(root) / "anat"
    places = [root / inside, *(p / inside for p in sorted((root / "derivatives").glob("*")))]
    return [
        path
        for place in places
        for path in nifti_files(place)
        if path.name.partition(".")[0].endswith("_dseg") and "_desc-tissue" not in path.name
    ]


def _doubt(maps: list[Path]) -> tuple[Unread, ...]:
    """Two label maps of one session are no reference: the cell stays empty, and that is said."""
    return (Unread("labels", ", ".join(path.name for path in maps)),) if len(maps) > 1 else ()


def _by_id(table: Path, column: str) -> dict[str, Facts]:
    """Read a table of BIDS, if it is there, by its first column."""
    lines = read_table(table) if table.is_file() else []
    return {line[column].strip(): read_facts(line, SOURCES) for line in lines if line.get(column)}
