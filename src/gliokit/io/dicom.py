"""DICOM studies of MR imaging: any folder or zip archive to series of images.

Files are found by content, grouped by their UIDs and ordered by position; neither names nor
folders nor instance numbers matter. Images come in RAS+ mm; their first axis runs along a row
of the picture, the second down a column, the third across the slices. What is left out is told
with its reason, in words that hold nothing of the patient.

Pictures of several echoes or kinds (magnitude, phase) at the same places become series of their
own; several times or b-values become volumes of one series.

Limits: MR Image Storage and Enhanced MR Image Storage; no mosaics, no skew stacks.

Source: DICOM PS3.3 2024, A.4 and A.36 (MR objects).
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from gliokit.core.errors import GliokitError, ImageError, LayoutError
from gliokit.core.image import Image
from gliokit.core.series import Series
from gliokit.io.dicom_exclusions import reason_to_leave_out
from gliokit.io.dicom_facts import acquisition_facts, acquisition_time, series_number
from gliokit.io.dicom_files import DicomFile, FoundFiles, open_dicom
from gliokit.io.dicom_geometry import Pixels, Stack, arrange
from gliokit.io.dicom_pixels import stored_pixels
from gliokit.io.dicom_planes import Plane, planes_of
from gliokit.io.dicom_values import day, text

NO_SLICE = ("", 0)  # stands for a slice that was interpolated, in `Series.instance_uids`
SHOWN_REASONS = 5
NO_STUDY = "a DICOM file without StudyInstanceUID, which tells studies apart"


@dataclass(frozen=True, slots=True)
class DicomStudy:
    """One study as it came from the scanner.

    Attributes
    ----------
    study_id, patient : str
        Hashes of Study Instance UID and Patient ID.
    series : tuple of Series
        In order of acquisition. Numbers count what was left out too.
    headers : mapping of int to tuple of Dataset
        Without pixels, by number of the series: one per slice along the third axis, of the
        first volume and without interpolated slices; of enhanced series, one per file.
    left_out : tuple of str
        What was not read, and why.
    acquired : date or None
        Day of the study.
    """

    study_id: str
    patient: str
    series: tuple[Series, ...]
    headers: Mapping[int, tuple[Dataset, ...]] = field(repr=False)
    left_out: tuple[str, ...] = ()
    acquired: date | None = None


@dataclass(frozen=True, slots=True)
class _Group:
    """What will be one series: some pictures of some files, or the reason against it."""

    files: tuple[DicomFile, ...]
    planes: tuple[Plane, ...] = ()
    reason: str = ""
    split: str = ""


def read_dicom(path: Path) -> tuple[DicomStudy, ...]:
    """Read all studies of a folder with its subfolders, of a zip archive, or of one file.

    Studies are ordered by patient, day and identifier.

    Raises
    ------
    LayoutError
        If there is no such path, an archive is unsafe or damaged, one study names two
        patients, or nothing can be read as MR images; the message tells why.
    """
    with open_dicom(path) as found:
        by_uid = _by_uid(found)
        nowhere = (*found.left_out, *[NO_STUDY] * len(by_uid.pop("", ())))
        studies = [_study(path, uid, files, nowhere) for uid, files in by_uid.items()]
    if not any(study.series for study in studies):
        reasons = [reason for study in studies for reason in study.left_out] or nowhere
        told = "; ".join(dict.fromkeys(reasons[:SHOWN_REASONS])) or "it is empty"
        raise LayoutError(f"{path}: no series of MR images in it ({told}); give the DICOM folder")
    return tuple(
        sorted(studies, key=lambda one: (one.patient, one.acquired or date.min, one.study_id))
    )


def _by_uid(found: FoundFiles) -> dict[str, list[DicomFile]]:
    """Sort files by study; those that name none stand under the empty text."""
    studies: dict[str, list[DicomFile]] = defaultdict(list)
    for file in found.dicom:
        if "DirectoryRecordSequence" not in file.header:  # a DICOMDIR belongs to no study
            studies[text(file.header, "StudyInstanceUID")].append(file)
    return studies


def _study(
    path: Path, uid: str, files: Sequence[DicomFile], nowhere: tuple[str, ...]
) -> DicomStudy:
    study_id = f"study-{_short_hash(uid)}"
    patients = {text(file.header, "PatientID") for file in files} - {""}
    if len(patients) > 1:
        raise LayoutError(
            f"{path}: {study_id} names {len(patients)} patients, one is needed; separate them"
        )
    series, headers, left_out = [], {}, list(nowhere)
    for count, group in enumerate(_groups(files), 1):
        try:
            one, used = _series(group, count)
        except GliokitError as error:
            left_out.append(f"series {count}: {error}")
        else:
            series.append(one)
            headers[count] = used
    days = (day(file.header, name) for name in ("StudyDate", "AcquisitionDate") for file in files)
    return DicomStudy(
        study_id,
        f"patient-{_short_hash(next(iter(patients), uid))}",
        tuple(series),
        headers,
        tuple(left_out),
        next(filter(None, days), None),
    )


def _short_hash(identifier: str) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()[:10]


def _groups(files: Iterable[DicomFile]) -> list[_Group]:
    """Give what will be series, in order of acquisition."""
    by_series: dict[tuple[str, str], list[DicomFile]] = defaultdict(list)
    for file in files:
        reason = reason_to_leave_out(file) or ""
        by_series[text(file.header, "SeriesInstanceUID"), reason].append(file)
    timed = []
    for (uid, reason), members in by_series.items():
        # in an order that no file name changes
        ordered = tuple(sorted(members, key=lambda file: text(file.header, "SOPInstanceUID")))
        groups = [_Group(ordered, reason=reason)] if reason else _split(ordered, uid)
        time = min(acquisition_time(file.header) for file in ordered)
        number = series_number(ordered[0].header)
        timed += [((time, number, uid, reason, k), group) for k, group in enumerate(groups)]
    return [group for _, group in sorted(timed, key=lambda pair: pair[0])]


def _split(files: tuple[DicomFile, ...], uid: str) -> list[_Group]:
    """Separate echoes and kinds of pictures that lie at the same places."""
    if not uid:
        return [_Group(files, reason="no SeriesInstanceUID; export the series again")]
    try:
        planes = [plane for k, file in enumerate(files) for plane in planes_of(file.header, k)]
    except ImageError as error:
        return [_Group(files, reason=str(error))]
    if len({plane.position_mm for plane in planes}) == len(planes):
        return [_Group(files, tuple(planes))]
    parts: dict[tuple[tuple[str, ...], float], list[Plane]] = defaultdict(list)
    for plane in planes:
        parts[plane.kind, plane.echo_ms or 0.0].append(plane)
    split = f"part of a series of {len(parts)} echoes or kinds" if len(parts) > 1 else ""
    return [_Group(files, tuple(parts[key]), split=split) for key in sorted(parts)]


def _series(group: _Group, number: int) -> tuple[Series, tuple[Dataset, ...]]:
    """Make one series and give the headers of its slices."""
    if group.reason:
        raise ImageError(group.reason)
    used = sorted({plane.file for plane in group.planes})
    pixels = {index: stored_pixels(group.files[index]) for index in used}
    stack = arrange(group.planes, pixels)
    volumes = _volumes(stack, pixels)
    first = [place[0] for place in stack.places]
    uids = [(plane.uid, plane.frame) for plane in first]
    if stack.gap is not None:
        uids.insert(stack.gap, NO_SLICE)
    header = group.files[first[0].file].header
    series = Series(
        number,
        Image(volumes[0], stack.affine, f"series {number}", _hash(stack, volumes)),
        acquisition_facts(header, stack.places[0]),
        volumes if len(volumes) > 1 else None,
        tuple(uids),
        (*((group.split,) if group.split else ()), *stack.notes),
        {
            "study": text(header, "StudyInstanceUID"),
            "series": text(header, "SeriesInstanceUID"),
            "frame_of_reference": text(header, "FrameOfReferenceUID"),
        },
    )
    files = dict.fromkeys(plane.file for plane in first)
    return series, tuple(group.files[index].header for index in files)


def _volumes(stack: Stack, pixels: Pixels) -> NDArray[np.float32]:
    """Give all volumes (T, X, Y, Z) in real values; a missing slice is interpolated."""
    columns, rows = stack.places[0][0].shape
    slices = len(stack.places) + (stack.gap is not None)
    volumes = np.empty((len(stack.places[0]), columns, rows, slices), np.float32)
    for index, place in enumerate(stack.places):
        k = index + (stack.gap is not None and index >= stack.gap)
        for volume, plane in zip(volumes, place, strict=True):
            stored = pixels[plane.file][plane.frame - 1].T
            volume[:, :, k] = stored.astype(np.float64) * plane.slope + plane.intercept
    if (gap := stack.gap) is not None:
        volumes[..., gap] = (volumes[..., gap - 1] + volumes[..., gap + 1]) / 2
    if not np.isfinite(volumes).all():
        raise ImageError("values are not finite; repair the rescale slope of the header")
    if volumes[0].min() == volumes[0].max():
        raise ImageError("all values are equal; nothing can be measured in it")
    return volumes


def _hash(stack: Stack, volumes: NDArray[np.float32]) -> str:
    digest = hashlib.sha256()
    uids = sorted({plane.uid for place in stack.places for plane in place})
    digest.update("/".join(uids).encode())
    digest.update(volumes.tobytes())
    return digest.hexdigest()
