"""What a reader of a folder layout finds: studies, those it leaves out, and why."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import by_sequence


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell of a source's table that has no word in ours, and so stays empty."""

    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a source's table says of a study, in our columns and words."""

    cells: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """One study of a collection.

    Attributes
    ----------
    patient_id, study_id : str
        All studies of a patient carry one `patient_id`.
    images : mapping of MRSequence to Path
        At least one.
    labels : Path or None
        Label map that a person drew or corrected.
    automatic_labels : Path or None
        Label map that only a program drew: no reference, unless the user says so.
    facts : Facts
        Day, phase, site and clinical columns.
    """

    patient_id: str
    study_id: str
    images: Mapping[MRSequence, Path]
    labels: Path | None = None
    automatic_labels: Path | None = None
    facts: Facts = Facts()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that gets no row, and the reason."""

    study_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class FoundCohort:
    """All that a reader found.

    Attributes
    ----------
    studies, left_out : tuple
        In the order of their names.
    notes : tuple of str
        What the user must know of the whole collection.
    """

    studies: tuple[FoundStudy, ...]
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()

    def unread(self) -> Counter[Unread]:
        """Count the cells that were left empty because their words are not ours."""
        return Counter(cell for study in self.studies for cell in study.facts.unread)


def collect(items: Iterable[FoundStudy | LeftOut], *, notes: Iterable[str] = ()) -> FoundCohort:
    """Sort what a reader yields into studies and those left out."""
    everything = list(items)
    return FoundCohort(
        tuple(item for item in everything if isinstance(item, FoundStudy)),
        tuple(item for item in everything if isinstance(item, LeftOut)),
        tuple(notes),
    )


def folders_below(root: Path) -> Iterator[Path]:
    """Give every folder below `root`, in the order of names; hidden ones are passed over."""
    for folder, names, _ in os.walk(root):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(folder) / name for name in names)


def images_among(files: Iterable[Path]) -> dict[MRSequence, Path] | str:
    """Know the image of each sequence by its file's name; a text says why that is impossible."""
    candidates = by_sequence(files)
    for sequence, paths in candidates.items():
        if len(paths) > 1:
            names = ", ".join(path.name for path in paths)
            return f"{names} could each be {sequence}"
    images = {sequence: paths[0] for sequence, paths in candidates.items()}
    return images or "no image of t1, t1c, t2 or flair"
