"""One file of a tree: what it is, whom it shows, and the same file without what identifies.

DICOM, NIfTI, and the JSON side file of a NIfTI file. What was written is read again and searched.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import nibabel as nib
import numpy as np
import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError

from gliokit.core.errors import OutputError
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

WRITTEN = "written"
TEXT_SUSPECTED = "text suspected in the pixels; look, and give --accept-pixels"
UNSUPPORTED = "no image that is supported"
IMAGES = "1.2.840.10008.5.1.4.1.1."
# CT, enhanced CT, MR, enhanced MR, legacy converted MR, PET, enhanced PET, segmentation
CLASSES = frozenset(IMAGES + end for end in ("2", "2.1", "4", "4.1", "4.4", "128", "130", "66.4"))
CAPTURES = IMAGES + "7"  # secondary capture, and its multi-frame forms
NIFTI = (".nii", ".nii.gz")


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


def look_at(folder: Path, path: Path, traces: Traces, *, accept_pixels: bool) -> Found:
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
    image = cast(nib.Nifti1Image, nib.load(lone.path))  # or a NIfTI-2, its heir
    volume = np.asarray(image.dataobj)
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


def suffix_of(path: Path) -> str:
    """Give the suffix that a file has in the output."""
    if path.name.endswith(NIFTI):
        return ".nii.gz"
    return ".json" if path.suffix == ".json" else ".dcm"


def write_file(one: Found, place: Path, *, key: SecretKey, searcher: Searcher) -> None:
    """Write one file and search it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    shown, suffix = disguise(one.patient, key), suffix_of(one.path)
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
