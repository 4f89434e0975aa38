"""A tree of DICOM and NIfTI files written anew without what identifies the patients.

First all files are looked at: which patient, which series, which values identify, whether text
seems burned in. Then what may go is written under new names, and each written file is read
again and searched for every identifying value of the input. If one is found, nothing stays.

With `find_faces`, the face of each series goes, too; one without a brain, whose face nobody can
find, is not written.

`summary.csv` counts files by patient, study and series, in pseudonyms, with the reason where
they were refused. What is neither image nor side file is not copied.
"""

import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from gliokit.analysis.output import check_replaceable, csv_text, whole_folder
from gliokit.core.errors import ImageError, LayoutError, NotAssessableError, OutputError
from gliokit.core.image import Image
from gliokit.io.deidentification.faces import (
    Face,
    FindFace,
    Mask,
    face_of_nifti,
    faces_of_dicom,
)
from gliokit.io.deidentification.files import (
    TEXT_SUSPECTED,
    WRITTEN,
    Found,
    look_at,
    suffix_of,
    write_file,
)
from gliokit.io.deidentification.key import SecretKey
from gliokit.io.deidentification.traces import Traces
from gliokit.preprocessing.brain import check_brain
from gliokit.preprocessing.deface import face_region

SUMMARY = "summary.csv"
COLUMNS = ("patient", "study", "series", "files", "state")
_OURS = re.compile(r"P[0-9A-F]{12}(/[0-9a-f]{16}){0,3}(\.dcm|\.nii\.gz|\.json|\.bval|\.bvec)?")

Told = Callable[[str], None]
FindBrain = Callable[[Image], Mask]


@dataclass(frozen=True, slots=True)
class Survey:
    """All files of the input, the identifying values in them, and the faces to remove.

    Attributes
    ----------
    faces : mapping of str to tuple of Face
        By series; empty where faces are left.
    """

    files: tuple[Found, ...]
    traces: Traces
    faces: Mapping[str, tuple[Face, ...]] = field(default_factory=dict)


def survey(folder: Path, *, accept_pixels: bool) -> Survey:
    """Look at each file under a folder; a series with suspected text is refused as a whole.

    Raises
    ------
    LayoutError
        If there is no file.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if not paths:
        raise LayoutError(f"{folder}: found no file; needed DICOM or NIfTI; name their folder")
    traces = Traces()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values of the headers
        files = [look_at(folder, path, traces, accept_pixels=accept_pixels) for path in paths]
    suspected = {one.series for one in files if one.state == TEXT_SUSPECTED}
    return Survey(tuple(_judged(files, suspected)), traces)


def find_faces(found: Survey, find_brain: FindBrain, *, told: Told) -> Survey:
    """Find the face in each series that may be written; refuse those in which none is found.

    Parameters
    ----------
    find_brain : callable
        Image to its brain (X, Y, Z).
    """
    series: dict[str, list[Found]] = defaultdict(list)
    for one in found.files:
        if one.state == WRITTEN:
            series[one.series].append(one)
    faces, refused = {}, {}
    for number, (name, members) in enumerate(series.items(), start=1):
        try:
            faces[name] = _faces(members, partial(_find_face, find_brain=find_brain))
        except ImageError as error:
            refused[name] = str(error)
        told(f"looked for the face in {number} of {len(series)} series")
    files = tuple(
        replace(one, state=refused.get(one.series, one.state)) if one.state == WRITTEN else one
        for one in found.files
    )
    return Survey(files, found.traces, faces)


def write_deidentified(
    found: Survey, out: Path, *, key: SecretKey, force: bool, told: Told
) -> None:
    """Write what may be written, search it for traces, and move it to `out`.

    Raises
    ------
    OutputError
        If `out` may not be written, or an identifying value is left: nothing is written then.
    LayoutError
        If there is nothing that may be written.
    """
    files = [one for one in found.files if one.state == WRITTEN]
    if not files:
        reasons = ", ".join(sorted({one.state for one in found.files}))
        raise LayoutError(f"no file may be written: {reasons}")
    out, searcher = out.resolve(), found.traces.searcher()
    with (
        whole_folder(out, check=partial(_check, out, force=force)) as temporary,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for number, one in enumerate(files, start=1):
            faces = found.faces.get(one.series, ())
            write_file(one, temporary / one.place(key), key=key, searcher=searcher, faces=faces)
            told(f"wrote {number} of {len(files)} files")
        (temporary / SUMMARY).write_text(_summary(found.files, key), encoding="utf-8")


def _faces(members: Sequence[Found], find: FindFace) -> tuple[Face, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values of the headers
        paths = {suffix_of(one.path): one.path for one in members}
        if ".nii.gz" in paths:
            return (face_of_nifti(paths[".nii.gz"], find),)
        return faces_of_dicom([one.path for one in members], find)


def _find_face(image: Image, find_brain: FindBrain) -> tuple[Mask, Mask] | None:
    brain = find_brain(image)
    try:
        check_brain(brain, image.affine, study_id="")
        return face_region(image.grid, brain), brain
    except NotAssessableError:
        return None


def _judged(files: list[Found], suspected: set[str]) -> list[Found]:
    """Refuse series with suspected text, and instances that were there before."""
    seen: set[tuple[str, str, str]] = set()
    judged = []
    for one in files:
        state = TEXT_SUSPECTED if one.series in suspected else one.state
        mark = (one.patient, one.instance, suffix_of(one.path))
        if state == WRITTEN and mark in seen:
            state = "the same instance again"
        seen.add(mark)
        judged.append(replace(one, state=state))
    return judged


def _summary(files: tuple[Found, ...], key: SecretKey) -> str:
    counts = Counter(
        (
            key.pseudonym(one.patient),
            key.short("study", one.study),
            key.short("series", one.series),
            one.state,
        )
        for one in files
    )
    rows = [(*names[:3], count, names[3]) for names, count in sorted(counts.items())]
    return csv_text(COLUMNS, rows)


def _check(out: Path, *, force: bool) -> None:
    """Refuse a folder that holds anything but an earlier result of this command."""
    summary = out / SUMMARY
    ours = summary.is_file() and summary.read_text(encoding="utf-8").startswith(",".join(COLUMNS))
    names = {path.relative_to(out).as_posix() for path in out.rglob("*")} if ours else set()
    if not ours or any(not _OURS.fullmatch(name) for name in names - {SUMMARY}):
        check_replaceable(out, force=force)
    elif not force:
        raise OutputError(f"{out} holds a result already; replace it with --force")


def check_places(folder: Path, out: Path, key: Path) -> None:
    """Refuse an output or a key within the input, and the input or the key within the output.

    Raises
    ------
    OutputError
        Naming what lies in what.
    """
    folder, out, key = folder.resolve(), out.resolve(), key.resolve()
    for inner, outer in ((out, folder), (folder, out), (key, out), (key, folder)):
        if inner.is_relative_to(outer):
            raise OutputError(f"{inner} lies in {outer}; choose a place outside")
