"""A tree of DICOM, NIfTI and JSON files written anew without what identifies the patients.

First all files are looked at: which patient, which series, which values identify, whether text
seems burned in. Then what may go is written under new names, and each written file is read
again and searched for every identifying value of the input. If one is found, nothing stays.

`summary.csv` counts files by patient, study and series, in pseudonyms, with the reason where
they were refused. What is neither image nor side file is not copied.
"""

import re
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from gliokit.analysis.output import check_replaceable, csv_text, whole_folder
from gliokit.core.errors import LayoutError, OutputError
from gliokit.io.deidentification.burned_in import has_burned_in_text
from gliokit.io.deidentification.dicom import deidentify_file, disguise
from gliokit.io.deidentification.key import SecretKey
from gliokit.io.deidentification.nifti import (
    clean_nifti,
    header_of,
    read_content,
    write_compressed,
)
from gliokit.io.deidentification.sidecar import clean_sidecar, patient_of
from gliokit.io.deidentification.traces import Searcher, Traces

SUMMARY = "summary.csv"
COLUMNS = ("patient", "study", "series", "files", "state")
WRITTEN = "written"
TEXT_SUSPECTED = "text suspected in the pixels; look, and give --accept-pixels"
UNSUPPORTED = "no image that is supported"
IMAGES = "1.2.840.10008.5.1.4.1.1."
# CT, enhanced CT, MR, enhanced MR, legacy converted MR, PET, enhanced PET, segmentation
CLASSES = frozenset(IMAGES + end for end in ("2", "2.1", "4", "4.1", "4.4", "128", "130", "66.4"))
CAPTURES = IMAGES + "7"  # secondary capture, and its multi-frame forms
NIFTI = (".nii", ".nii.gz")
_OURS = re.compile(r"P[0-9A-F]{12}(/[0-9a-f]{16}){0,3}(\.dcm|\.nii\.gz|\.json)?")

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the input; `state` says what becomes of it."""

    path: Path
    patient: str
    study: str
    series: str
    instance: str
    state: str = WRITTEN

    def place(self, key: SecretKey) -> Path:
        """Give the name in the output, without its suffix."""
        names = [key.short(kind, getattr(self, kind)) for kind in ("study", "series", "instance")]
        return Path(key.pseudonym(self.patient), *names)


@dataclass(frozen=True, slots=True)
class Survey:
    """All files of the input and the identifying values in them."""

    files: tuple[Found, ...]
    traces: Traces


def survey(folder: Path, *, accept_pixels: bool, told: Told) -> Survey:
    """Look at each file under a folder; a series with suspected text is refused as a whole.

    Raises
    ------
    LayoutError
        If there is no file.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    if not paths:
        raise LayoutError(f"{folder}: found no file; needed DICOM or NIfTI; name their folder")
    traces, files = Traces(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values of the headers
        for number, path in enumerate(paths, start=1):
            files.append(_look(folder, path, traces, accept_pixels=accept_pixels))
            told(f"looked at {number} of {len(paths)} files")
    suspected = {one.series for one in files if one.state == TEXT_SUSPECTED}
    return Survey(tuple(_judged(files, suspected)), traces)


def write_deidentified(found: Survey, out: Path, *, key: SecretKey, force: bool, told: Told) -> int:
    """Write what may be written, search it for traces, and move it to `out`; give the count.

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
            _write(one, temporary / one.place(key), key=key, searcher=searcher)
            told(f"wrote {number} of {len(files)} files")
        (temporary / SUMMARY).write_text(_summary(found.files, key), encoding="utf-8")
    return len(files)


def _look(folder: Path, path: Path, traces: Traces, *, accept_pixels: bool) -> Found:
    """Tell what a file is, and note what identifies in it."""
    lone = Found(path, *[path.relative_to(folder).as_posix()] * 4)
    try:
        if path.name.endswith(NIFTI):
            return _look_at_nifti(lone, folder, traces, accept_pixels=accept_pixels)
        if path.suffix == ".json" and _image_of(path):
            return replace(_of_path(lone, folder), instance=_stem(path))
        dataset = pydicom.dcmread(path)
        patient = str(dataset.get("PatientID") or dataset.get("PatientName") or "")
        study = str(dataset.StudyInstanceUID)
        found = Found(
            path,
            patient or study,
            study,
            str(dataset.SeriesInstanceUID),
            str(dataset.SOPInstanceUID),
        )
        traces.add(dataset, patient=found.patient)
        return replace(found, state=_state_of(dataset, accept_pixels=accept_pixels))
    except (InvalidDicomError, AttributeError):
        return replace(lone, state="neither DICOM nor NIfTI with its side file")
    except Exception:  # whatever is wrong with one file, the others go on
        return replace(lone, state="cannot be read")


def _state_of(dataset: FileDataset, *, accept_pixels: bool) -> str:
    kind = str(dataset.SOPClassUID)
    capture = kind.startswith(CAPTURES)
    if (kind not in CLASSES and not capture) or "PixelData" not in dataset:
        return UNSUPPORTED
    if accept_pixels:
        return WRITTEN
    if capture or str(dataset.get("BurnedInAnnotation", "")).upper() == "YES":
        return TEXT_SUSPECTED
    try:
        pixels = np.asarray(dataset.pixel_array)
    except Exception:  # no decoder, or damaged: nobody has looked at the pixels
        return TEXT_SUSPECTED
    frames = pixels if int(dataset.get("NumberOfFrames") or 1) > 1 else pixels[None]
    return TEXT_SUSPECTED if any(map(has_burned_in_text, frames)) else WRITTEN


def _look_at_nifti(lone: Found, folder: Path, traces: Traces, *, accept_pixels: bool) -> Found:
    found = replace(_of_path(lone, folder), instance=_stem(lone.path))
    traces.add_words([found.patient])
    clean_nifti(read_content(lone.path))  # raises where it is none
    if accept_pixels:
        return found
    volume = np.asarray(
        cast(nib.Nifti1Image, nib.load(lone.path)).dataobj
    )  # or a NIfTI-2, its heir
    volume = volume.reshape(*volume.shape[:3], -1)[..., 0]
    text = any(has_burned_in_text(volume[:, :, k].T) for k in range(volume.shape[2]))
    return replace(found, state=TEXT_SUSPECTED) if text else found


def _of_path(lone: Found, folder: Path) -> Found:
    """Take patient and study from the side file, or from the names of the folders."""
    side = lone.path.parent / f"{Path(_stem(lone.path)).name}.json"
    parts = lone.path.relative_to(folder).parts
    patient = patient_of(side.read_text(encoding="utf-8")) if side.is_file() else ""
    subject = next((part for part in parts if part.startswith("sub-")), parts[0])
    return replace(
        lone,
        patient=patient or subject.removeprefix("sub-"),
        study=str(lone.path.parent),
        series=_stem(lone.path),
    )


def _stem(path: Path) -> str:
    return str(path.parent / path.name.removesuffix(".gz").rsplit(".", maxsplit=1)[0])


def _image_of(path: Path) -> bool:
    return any(Path(_stem(path) + suffix).is_file() for suffix in NIFTI)


def _judged(files: list[Found], suspected: set[str]) -> list[Found]:
    """Refuse series with suspected text, and instances that were there before."""
    seen: set[tuple[str, str, str]] = set()
    judged = []
    for one in files:
        state = TEXT_SUSPECTED if one.series in suspected else one.state
        mark = (one.patient, one.instance, _suffix(one.path))
        if state == WRITTEN and mark in seen:
            state = "the same instance again"
        seen.add(mark)
        judged.append(replace(one, state=state))
    return judged


def _suffix(path: Path) -> str:
    if path.name.endswith(NIFTI):
        return ".nii.gz"
    return ".json" if path.suffix == ".json" else ".dcm"


def _write(one: Found, place: Path, *, key: SecretKey, searcher: Searcher) -> None:
    """Write one file and search it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shown, suffix = disguise(one.patient, key), _suffix(one.path)
    path = place.with_name(place.name + suffix)
    if suffix == ".dcm":
        dataset = pydicom.dcmread(one.path)
        deidentify_file(dataset, shown)
        dataset.save_as(path, enforce_file_format=True)
        again = pydicom.dcmread(path)
        left = searcher.find_in_dataset(again, patient=one.patient, days=shown.days)
        raw = path.read_bytes().replace(again.PixelData, b"")
    elif suffix == ".json":
        text, _ = clean_sidecar(one.path.read_text(encoding="utf-8"), days=shown.days)
        path.write_text(text, encoding="utf-8")
        left, raw = "", path.read_bytes()
    else:
        write_compressed(path, clean_nifti(read_content(one.path)))
        left, raw = "", header_of(read_content(path))
    if left or searcher.find_in_bytes(raw):
        raise OutputError(
            f"{one.path}: an identifying value is left {left or 'in its bytes'}; nothing was "
            "written; leave the file out, and report the attribute"
        )


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
