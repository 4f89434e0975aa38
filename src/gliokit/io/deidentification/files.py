"""One file of a tree: what it is, whom it shows, and the same file without what identifies.

DICOM, NIfTI, and the side files of a NIfTI file: JSON, and the numbers of its diffusion directions
(bval, bvec). What was written is read again and searched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from gliokit.core.errors import OutputError
from gliokit.io.deidentification.burned_in import has_burned_in_text
from gliokit.io.deidentification.dicom import Disguise, deidentify_file, disguise
from gliokit.io.deidentification.faces import (
    Face,
    is_brain_untouched,
    is_brain_untouched_in_nifti,
    remove_face,
    remove_face_of_nifti,
)
from gliokit.io.deidentification.key import SecretKey
from gliokit.io.deidentification.nifti import (
    clean_nifti,
    header_of,
    read_content,
    stored_voxels,
    write_compressed,
)
from gliokit.io.deidentification.sidecar import clean_numbers, clean_sidecar, patient_of
from gliokit.io.deidentification.traces import Searcher, Traces

WRITTEN = "written"
TEXT_SUSPECTED = "text suspected in the pixels; look, and give --accept-pixels"
UNSUPPORTED = "no image that is supported"
IMAGES = "1.2.840.10008.5.1.4.1.1."
# CT, enhanced CT, MR, enhanced MR, legacy converted MR, PET, enhanced PET, segmentation
CLASSES = frozenset(IMAGES + end for end in ("2", "2.1", "4", "4.1", "4.4", "128", "130", "66.4"))
CAPTURES = IMAGES + "7"  # secondary capture, and its multi-frame forms
NO_IMAGE = "neither DICOM nor NIfTI with its side files"
TABLE = "a table, whose columns may hold anything"
NIFTI = (".nii", ".nii.gz")
NUMBERS = (".bval", ".bvec")
SIDE_FILES = (".json", *NUMBERS)
TABLES = (".tsv", ".csv")


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the input.

    Attributes
    ----------
    patient, study, series, instance : str
        As the file names them.
    state : str
        What becomes of it.
    gone : tuple of str
        Keys of a side file that are not copied.
    """

    path: Path
    patient: str
    study: str
    series: str
    instance: str
    state: str = WRITTEN
    gone: tuple[str, ...] = ()

    def place(self, key: SecretKey) -> Path:
        """Give the name in the output, without its suffix."""
        names = [key.short(kind, getattr(self, kind)) for kind in ("study", "series", "instance")]
        return Path(key.pseudonym(self.patient), *names)


def look_at(folder: Path, path: Path, traces: Traces, *, accept_pixels: bool) -> Found:
    """Tell what a file is, and note what identifies in it."""
    name = path.relative_to(folder).as_posix()
    lone = Found(path, name, name, name, name)
    try:
        if path.name.endswith(NIFTI):
            return _look_at_nifti(lone, folder, traces, accept_pixels=accept_pixels)
        if path.suffix in SIDE_FILES and _image_of(path):
            return _look_at_side_file(replace(_of_path(lone, folder), instance=_stem(path)))
        if path.suffix in TABLES:
            return replace(lone, state=TABLE)
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
        return replace(lone, state=NO_IMAGE)
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
    content = read_content(lone.path)
    clean_nifti(content)  # raises where it is none
    if accept_pixels:
        return found
    volume = stored_voxels(content).first
    text = any(has_burned_in_text(volume[:, :, k].T) for k in range(volume.shape[2]))
    return replace(found, state=TEXT_SUSPECTED) if text else found


def _look_at_side_file(found: Found) -> Found:
    text = found.path.read_text(encoding="utf-8")
    if found.path.suffix in NUMBERS:
        clean_numbers(text)  # raises where it is more than numbers
        return found
    return replace(found, gone=clean_sidecar(text, days=0)[1])


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


def suffix_of(path: Path) -> str:
    """Give the suffix that a file has in the output."""
    if path.name.endswith(NIFTI):
        return ".nii.gz"
    return path.suffix if path.suffix in SIDE_FILES else ".dcm"


def write_file(
    one: Found, place: Path, *, key: SecretKey, searcher: Searcher, faces: Sequence[Face] = ()
) -> None:
    """Write one file and search it.

    Parameters
    ----------
    faces : sequence of Face
        What is to go from its pixels; none to leave them as they are.

    Raises
    ------
    OutputError
        If an identifying value is left, or a voxel of the brain is another.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    shown, suffix = disguise(one.patient, key), suffix_of(one.path)
    path = place.with_name(place.name + suffix)
    if suffix == ".dcm":
        left, raw = _write_dicom(one, path, shown, searcher, faces)
    elif suffix in SIDE_FILES:
        text = one.path.read_text(encoding="utf-8")
        known = (
            clean_numbers(text) if suffix in NUMBERS else clean_sidecar(text, days=shown.days)[0]
        )
        path.write_text(known, encoding="utf-8")
        left, raw = "", path.read_bytes()
    else:
        left, raw = "", _write_nifti(one, path, faces)
    if left or searcher.find_in_bytes(raw):
        raise OutputError(
            f"{one.path}: an identifying value is left {left or 'in its bytes'}; nothing was "
            "written; leave the file out, and report the attribute"
        )


def _write_dicom(
    one: Found, path: Path, shown: Disguise, searcher: Searcher, faces: Sequence[Face]
) -> tuple[str, bytes]:
    """Write a DICOM file; give the tag that still identifies, and all bytes but the pixels."""
    dataset = pydicom.dcmread(one.path)
    if faces:
        remove_face(dataset, faces)
    deidentify_file(dataset, shown, face_removed=bool(faces))
    dataset.save_as(path, enforce_file_format=True)
    again = pydicom.dcmread(path)
    if faces and not is_brain_untouched(pydicom.dcmread(one.path), again, faces):
        raise _brain_changed(one)
    left = searcher.find_in_dataset(again, patient=one.patient, days=shown.days)
    return left, path.read_bytes().replace(again.PixelData, b"")


def _write_nifti(one: Found, path: Path, faces: Sequence[Face]) -> bytes:
    """Write a NIfTI file; give the bytes of its header."""
    clean = clean_nifti(read_content(one.path))
    content = clean
    for face in faces:
        content = remove_face_of_nifti(content, face)
    write_compressed(path, content)
    again = read_content(path)
    if not all(is_brain_untouched_in_nifti(clean, again, face) for face in faces):
        raise _brain_changed(one)
    return header_of(again)


def _brain_changed(one: Found) -> OutputError:
    return OutputError(
        f"{one.path}: voxels of the brain would change with the face; nothing was written; leave "
        "the file out, and report it"
    )
