"""A folder of several NIfTI studies of one patient, a folder each, as a cohort that is analyzed.

A study is a folder in which a file is named after a sequence (`gliokit.io.layouts`), however deep:
`PATIENT/visit1/t1c.nii.gz`, `sub-01/ses-1/anat/sub-01_ses-1_FLAIR.nii.gz`. Studies come in the
order of their folders' names, numbers by their size; NIfTI files tell no days, so nothing is said
of days and nothing follows from one study for the next. A study is named by a hash of its images,
as it is alone, since names of folders may hold patient names; a folder of which no study can be
made is named by its place.

| found | becomes |
|---|---|
| two files of one sequence, the images of another folder again, no access to one | a failed study |
| files of DICOM outside the folders of the studies; folders of several BIDS subjects | refused |
| images below a study's own folder; NIfTI files without a sequence's name | not read, and said |
| folders without permission to open | not read, and said |
| results of gliokit, hidden folders, links to folders, all other files | passed over |
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path

from gliokit.analysis.output import holds_result
from gliokit.bundles.file_hash import file_sha256
from gliokit.core.cohort import Cohort, Row
from gliokit.core.errors import LayoutError
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence, Phase
from gliokit.io.cohorts import load_row
from gliokit.io.dicom_start import START_BYTES, starts_dicom
from gliokit.io.layouts import by_sequence, named_by_hashes, nifti_files

PATIENT = "patient"  # NIfTI files tell no more of who it is


@dataclass(frozen=True, slots=True)
class Found:
    """Folders below a root, sorted by what they hold.

    Attributes
    ----------
    studies : tuple of Path
        With images, in the order of their names.
    nested : tuple of Path
        With images, below one of these.
    nameless : tuple of Path
        With NIfTI files, none of which is a known image.
    closed : tuple of Path
        That may not be opened.
    others : tuple of Path
        Files outside the studies that are no NIfTI files.
    """

    studies: tuple[Path, ...] = ()
    nested: tuple[Path, ...] = ()
    nameless: tuple[Path, ...] = ()
    closed: tuple[Path, ...] = ()
    others: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def not_read(self) -> tuple[str, ...]:
        """What holds images and is passed over, in words without names."""
        if not self.studies:
            return ()
        kinds = (
            (self.nested, "with images below the folder of a study"),
            (self.nameless, "with NIfTI files of no known sequence"),
            (self.closed, "without permission to open"),
        )
        return tuple(f"not read: {_folders(found)} {what}" for found, what in kinds if found)


@dataclass(frozen=True, slots=True)
class NiftiVisit:
    """The folder of one study.

    Attributes
    ----------
    study_id : str
        As it would be alone, or `folder-2` where no study can be made of the second folder.
    images : mapping of MRSequence to Path
        None where there is a problem.
    problem : str
        Why no study can be made of it; it holds no name of a file or folder.
    """

    study_id: str
    images: Mapping[MRSequence, Path] = field(repr=False)
    problem: str = ""


def find_studies(root: Path) -> Found:
    """Find the NIfTI studies of a folder: its own images if it has any, else those below it.

    Parameters
    ----------
    root : Path
        Anything; where it is no folder there are none.

    Raises
    ------
    LayoutError
        If there is DICOM beside NIfTI studies, or the folders name several subjects.
    """
    kinds: dict[str, list[Path]] = {one.name: [] for one in fields(Found)}
    if root.is_dir():
        _sort(root, kinds, below_study=False)
    kinds["studies"].sort(key=lambda folder: _natural(folder.relative_to(root)))
    found = Found(**{kind: tuple(paths) for kind, paths in kinds.items()})
    if found.studies:
        _check_one_kind(root, found)
        _check_one_subject(root, found)
    return found


def visits_of(found: Found) -> tuple[NiftiVisit, ...]:
    """Name the studies by their images, and say of which folders none can be made."""
    return tuple(_visits(found.studies))


def cohort_of(visits: Sequence[NiftiVisit], phase: Phase | None) -> Cohort:
    """Give the studies as a cohort whose loader pickles, all of one phase."""
    stated = {"phase": str(phase)} if phase else {}
    rows = [
        Row(number, PATIENT, one.study_id, {**stated, **_cells(one)})
        for number, one in enumerate(visits, 1)
    ]
    problems = {one.study_id: one.problem for one in visits if one.problem}
    return Cohort(rows, partial(_load, problems))


def _sort(folder: Path, kinds: Mapping[str, list[Path]], *, below_study: bool) -> None:
    if holds_result(folder):
        return
    try:
        files, entries = nifti_files(folder), sorted(folder.iterdir())
        inner = [path for path in entries if path.is_dir()]
    except PermissionError:  # as of `lost+found` on a disk of a study
        kinds["closed"].append(folder)
        return
    images = bool(by_sequence(files))
    if images:
        kinds["nested" if below_study else "studies"].append(folder)
    elif files:
        kinds["nameless"].append(folder)
    if not (below_study or images):
        kinds["others"] += sorted({*entries} - {*inner, *files})
    for path in inner:
        # a link may lead back to where it lies
        if not path.name.startswith(".") and not path.is_symlink():
            _sort(path, kinds, below_study=below_study or images)


def _is_dicom_file(path: Path) -> bool:
    try:
        if not path.is_file():  # what is read from a pipe may never come
            return False
        with path.open("rb") as stream:
            return starts_dicom(stream.read(START_BYTES))
    except PermissionError:
        return False


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort `visit2` before `visit10`."""
    words = re.findall(r"\d+|\D+", path.as_posix())
    return [(int(word), "") if word.isdecimal() else (-1, word) for word in words]


def _check_one_kind(root: Path, found: Found) -> None:
    if dicom := sum(map(_is_dicom_file, found.others)):
        raise LayoutError(
            f"{root}: {_folders(found.studies)} of NIfTI images, and {dicom} DICOM files beside "
            "them; needed one kind: give each a folder of its own"
        )


def _check_one_subject(root: Path, found: Found) -> None:
    parts = {part for folder in found.studies for part in folder.relative_to(root).parts}
    subjects = {part.partition("_")[0] for part in parts if part.startswith("sub-")}
    if len(subjects) > 1:
        raise LayoutError(
            f"{root}: studies of {len(subjects)} BIDS subjects; needed one patient: give a folder "
            "each, or the table of gliokit cohort bids with --cohort"
        )


def _visits(folders: Sequence[Path]) -> Iterator[NiftiVisit]:
    seen: dict[str, int] = {}
    for number, folder in enumerate(folders, 1):
        try:
            images = _images(folder)
            study_id = named_by_hashes({s: file_sha256(path) for s, path in images.items()})
            _check_new(seen.setdefault(study_id, number), number)
        except (LayoutError, OSError) as error:
            said = error.strerror if isinstance(error, OSError) else error
            yield NiftiVisit(f"folder-{number}", {}, f"folder {number}: {said}")
        else:
            yield NiftiVisit(study_id, images)


def _check_new(first: int, number: int) -> None:
    if first != number:
        raise LayoutError(f"the same images as folder {first}; give each study its own")


def _images(folder: Path) -> dict[MRSequence, Path]:
    named = by_sequence(nifti_files(folder))
    for sequence, paths in named.items():
        if len(paths) > 1:
            raise LayoutError(f"{len(paths)} files could each be {sequence}; keep one of them")
    return {sequence: paths[0] for sequence, paths in named.items()}


def _folders(found: Sequence[Path]) -> str:
    return "1 folder" if len(found) == 1 else f"{len(found)} folders"


def _cells(visit: NiftiVisit) -> dict[str, str]:
    return {str(sequence): str(path.absolute()) for sequence, path in visit.images.items()}


def _load(problems: Mapping[str, str], row: Row) -> Study:
    if row.study_id in problems:
        raise LayoutError(problems[row.study_id])
    return load_row(row)
