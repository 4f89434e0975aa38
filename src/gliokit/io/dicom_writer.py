"""MR series as a scanner writes them: values and facts to DICOM files.

Classic MR Image Storage, one file per slice, or Enhanced MR Image Storage, one file. World is
RAS+ mm up to here and LPS in the files. The third axis of an array runs across the slices; the
first runs along a row of the picture, the second down a column. Explicit VR, little endian.

UIDs and file names are hashes of the study's key, and no date comes from the clock: the same
input gives the same bytes. The names of the files say neither series nor order.

Limits: unsigned 16-bit magnitude, one volume per call, no skew. Enhanced files hold what
readers need for geometry, values, times and agent, not all that the standard requires.

Source: DICOM PS3.3 2024, C.7.6.2 (image plane), C.8.3 (MR), C.8.13 (enhanced MR), PS3.10.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import UID, EnhancedMRImageStorage, MRImageStorage
from pydicom.valuerep import format_number_as_ds

from gliokit.core.errors import GeometryError, ImageError
from gliokit.core.geometry import Affine, spacing_mm, voxel_volume_mm3
from gliokit.io.dicom_encoding import LPS_OF_RAS, encoded, uid_of_digest
from gliokit.io.whole_file import make_folder, write_whole_file

SKEW_TOLERANCE = 1e-4  # of a cosine; DICOM asks rows and columns to be orthogonal
CHARACTER_SET = "ISO_IR 100"  # Latin-1
# needed in every file, empty where nothing is known (type 2)
EMPTY = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "PositionReferenceIndicator",
)

Value = str | int | float | bytes | tuple[str, ...] | tuple[float, ...]


class SliceOrder(StrEnum):
    """How the numbers of the instances run against the third axis of the array."""

    ASCENDING = "ascending"
    DESCENDING = "descending"
    INTERLEAVED = "interleaved"  # every other slice, then the rest


@dataclass(frozen=True, slots=True)
class Element:
    """One data element that is written as given, over whatever else stands there.

    Attributes
    ----------
    tag : int
        Group and element, such as 0x00100010; of a private element with its block.
    vr : str
        Value representation, two letters.
    within : tuple of int
        Sequences that hold it, the outermost first; the first item of each.
    creator : str
        Private creator that reserves the block, for private elements.
    """

    tag: int
    vr: str
    value: Value
    within: tuple[int, ...] = ()
    creator: str = ""

    @property
    def path(self) -> str:
        """Where it stands, such as "(0040,0275)[0](0032,1060)"."""
        groups = [f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in (*self.within, self.tag)]
        return "[0]".join(groups)


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What all files of a study share.

    Attributes
    ----------
    key : str
        UIDs and file names are made of it; one per study.
    started : datetime
        Start of the study; the series follow by their delay.
    field_t : float
        Magnetic field in tesla.
    elements : tuple of Element
        All else, such as identifiers of patient and study.
    """

    key: str
    started: datetime
    manufacturer: str
    model: str
    software: str
    field_t: float
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What the headers of one series say, besides where its voxels lie.

    Times are in ms, angles in degrees. Empty text and None leave the tag out.

    Attributes
    ----------
    number : int
        Of the series; with the study's key it makes the UIDs.
    delay_s : int
        Seconds since the start of the study.
    thickness_mm : float
        Of a slice; the gap is what remains of the distance between slices.
    state_spacing : bool
        Whether SpacingBetweenSlices is written.
    rescaled : bool
        Stored integers span all bits, slope and intercept give the values back; else values
        are rounded and stored as they are, with neither tag.
    first_instance : int
        Number of the first slice, for series in several calls (localizers).
    elements : tuple of Element
        All else, such as what only one vendor writes.
    """

    number: int
    description: str
    image_type: tuple[str, ...]
    scanning_sequence: tuple[str, ...]
    sequence_variant: tuple[str, ...]
    acquisition_type: str
    repetition_ms: float | None
    echo_ms: float
    inversion_ms: float | None
    flip_degrees: float
    thickness_mm: float
    contrast_agent: str = ""
    delay_s: int = 0
    order: SliceOrder = SliceOrder.ASCENDING
    state_spacing: bool = True
    rescaled: bool = False
    bits_stored: int = 12
    first_instance: int = 1
    elements: tuple[Element, ...] = ()


def write_series(
    folder: Path,
    array: NDArray[np.float32],
    *,
    affine: Affine,
    study: StudyFacts,
    series: SeriesFacts,
    enhanced: bool = False,
) -> tuple[Path, ...]:
    """Write one series.

    Parameters
    ----------
    folder : Path
        Made if it is missing; several series may share it.
    array : (X, Y, Z)
        Values; the third axis runs across the slices.
    affine : (4, 4)
        Voxel index to RAS+ mm, its axes orthogonal.
    enhanced : bool
        One multi-frame file, its frames in the order of the instances.

    Returns
    -------
    tuple of Path
        In the order of the instances.

    Raises
    ------
    GeometryError
        If the axes of `affine` are not orthogonal.
    ImageError
        If a value is not finite or does not fit the bits.
    OutputError
        If a file cannot be written.
    """
    _check_axes(affine, series.number)
    stored, slope, intercept = _quantize(array, series)
    slices = slice_order(array.shape[2], series.order)
    shared = _shared(study, series)
    shared.update(_pixel_module(stored, series))
    if enhanced:
        dataset = _enhanced(shared, affine, series=series, rescale=(slope, intercept))
        _add_frames(dataset, affine, slices)
        files = [(dataset, stored[:, :, slices])]
    else:
        shared.update(_classic(affine, series, rescale=(slope, intercept)))
        files = [
            (_slice(shared, affine, k, number=number), stored[:, :, k : k + 1])
            for number, k in enumerate(slices, series.first_instance)
        ]
    return tuple(
        _save(folder, dataset, voxels, study=study, series=series) for dataset, voxels in files
    )


def slice_order(n: int, order: SliceOrder) -> tuple[int, ...]:
    """Give the slice, an index of the third axis, of each of `n` instances in their order."""
    if order is SliceOrder.DESCENDING:
        return tuple(reversed(range(n)))
    if order is SliceOrder.INTERLEAVED:
        first = (n + 1) % 2  # an even number of slices begins with the second, as Siemens does
        return (*range(first, n, 2), *range(1 - first, n, 2))
    return tuple(range(n))


def instance_uid(study_key: str, series: int, instance: int) -> str:
    """Give the SOPInstanceUID of an instance; of an enhanced file, that of its first."""
    return _uid(study_key, series, instance)


def _uid(*parts: str | int) -> UID:
    return uid_of_digest(hashlib.sha256("/".join(map(str, parts)).encode()).digest())


def _check_axes(affine: Affine, number: int) -> None:
    voxel_volume_mm3(affine)
    axes = affine[:3, :3] / spacing_mm(affine)
    skew = np.abs(axes.T @ axes - np.eye(3)).max()
    if skew > SKEW_TOLERANCE:
        raise GeometryError(
            f"series {number}: axes of the affine are skew (cosine {skew:.3g}); DICOM needs "
            "orthogonal ones; resample it"
        )


def _quantize(
    array: NDArray[np.float32], series: SeriesFacts
) -> tuple[NDArray[np.uint16], float, float]:
    """Give stored integers, slope and intercept."""
    low, high, top = float(array.min()), float(array.max()), 2**series.bits_stored - 1
    if not np.isfinite([low, high]).all():
        raise ImageError(
            f"series {series.number}: found NaN or infinite values; needed numbers; set them to 0"
        )
    slope, intercept = 1.0, 0.0
    if series.rescaled:
        # as the header will say it, so that who reads it finds the same numbers
        intercept = float(format_number_as_ds(low))
        slope = float(format_number_as_ds((high - low) / top or 1.0))
    stored = np.rint((array.astype(np.float64) - intercept) / slope)
    if stored.min() < 0 or stored.max() > top:
        raise ImageError(
            f"series {series.number}: found values from {low:g} to {high:g}; {series.bits_stored} "
            f"bits need 0 to {top}; scale them, or let the series be rescaled"
        )
    return stored.astype(np.uint16), slope, intercept


def _put(dataset: Dataset, values: Mapping[str, object]) -> None:
    for keyword, value in values.items():
        if value not in (None, "", ()):
            setattr(dataset, keyword, list(value) if isinstance(value, tuple) else value)


def _shared(study: StudyFacts, series: SeriesFacts) -> Dataset:
    """Give what classic and enhanced files of a series have in common."""
    dataset = Dataset()
    for keyword in EMPTY:
        setattr(dataset, keyword, "")
    started = study.started + timedelta(seconds=series.delay_s)
    for name, moment in (("Study", study.started), ("Series", started)):
        setattr(dataset, f"{name}Date", f"{moment:%Y%m%d}")
        setattr(dataset, f"{name}Time", f"{moment:%H%M%S}")
    _put(
        dataset,
        {
            "SpecificCharacterSet": CHARACTER_SET,
            "ImageType": series.image_type,
            "AcquisitionDate": dataset.SeriesDate,
            "AcquisitionTime": dataset.SeriesTime,
            "AcquisitionDateTime": dataset.SeriesDate + dataset.SeriesTime,
            "ContentDate": dataset.SeriesDate,
            "ContentTime": dataset.SeriesTime,
            "Modality": "MR",
            "Manufacturer": study.manufacturer,
            "ManufacturerModelName": study.model,
            "SoftwareVersions": study.software,
            "SeriesDescription": series.description,
            "MRAcquisitionType": series.acquisition_type,
            "MagneticFieldStrength": study.field_t,
            "PatientPosition": "HFS",
            "StudyInstanceUID": _uid(study.key),
            "SeriesInstanceUID": _uid(study.key, series.number),
            "FrameOfReferenceUID": _uid(study.key, "frame of reference"),
            "SeriesNumber": series.number,
            "AcquisitionNumber": 1,
            "ContrastBolusAgent": series.contrast_agent,
        },
    )
    return dataset


def _pixel_module(stored: NDArray[np.uint16], series: SeriesFacts) -> Dataset:
    dataset = Dataset()
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Columns, dataset.Rows = stored.shape[:2]
    dataset.BitsAllocated = 16
    dataset.BitsStored, dataset.HighBit = series.bits_stored, series.bits_stored - 1
    dataset.PixelRepresentation = 0
    return dataset


def _classic(affine: Affine, series: SeriesFacts, *, rescale: tuple[float, float]) -> Dataset:
    """Give what all slices share in the classic form."""
    dataset = _plane(affine, series)
    dataset.update(_orientation(affine))
    dataset.SOPClassUID = MRImageStorage
    dataset.ScanOptions = dataset.EchoTrainLength = ""  # type 2
    dataset.ScanningSequence = list(series.scanning_sequence)
    dataset.SequenceVariant = list(series.sequence_variant)
    dataset.RepetitionTime = _ds(series.repetition_ms)  # may be empty
    dataset.EchoTime, dataset.FlipAngle = _ds(series.echo_ms), _ds(series.flip_degrees)
    _put(dataset, {"InversionTime": _ds(series.inversion_ms)})
    if series.rescaled:
        dataset.update(_rescale(*rescale))
    return dataset


def _slice(shared: Dataset, affine: Affine, k: int, *, number: int) -> Dataset:
    dataset = Dataset()
    dataset.update(shared)
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = _position(affine, k)
    return dataset


def _enhanced(
    shared: Dataset, affine: Affine, *, series: SeriesFacts, rescale: tuple[float, float]
) -> Dataset:
    """Give the multi-frame file but for its frames."""
    timing, echo, inversion, frame_type = Dataset(), Dataset(), Dataset(), Dataset()
    _put(timing, {"RepetitionTime": series.repetition_ms, "FlipAngle": series.flip_degrees})
    echo.EffectiveEchoTime = series.echo_ms
    inversion.InversionRecovery = "YES" if "IR" in series.scanning_sequence else "NO"
    _put(inversion, {"InversionTimes": series.inversion_ms})
    frame_type.FrameType = list(series.image_type)
    groups = Dataset()
    groups.PixelMeasuresSequence = [_plane(affine, series)]
    groups.PlaneOrientationSequence = [_orientation(affine)]
    groups.PixelValueTransformationSequence = [_rescale(*rescale)]
    groups.MRTimingAndRelatedParametersSequence = [timing]
    groups.MREchoSequence = [echo]
    groups.MRModifierSequence = [inversion]
    groups.MRImageFrameTypeSequence = [frame_type]
    dataset = Dataset()
    dataset.update(shared)
    dataset.SOPClassUID = EnhancedMRImageStorage
    dataset.InstanceNumber = series.first_instance
    dataset.EchoPulseSequence = _echo_pulse_sequence(series.scanning_sequence)
    dataset.EchoPlanarPulseSequence = "YES" if "EP" in series.scanning_sequence else "NO"
    dataset.SharedFunctionalGroupsSequence = [groups]
    return dataset


def _echo_pulse_sequence(scanning_sequence: tuple[str, ...]) -> str:
    """Give the enhanced word for classic ones; nothing but EP or IR is taken for a spin echo."""
    if "GR" not in scanning_sequence:
        return "SPIN"
    return "BOTH" if "SE" in scanning_sequence else "GRADIENT"


def _add_frames(dataset: Dataset, affine: Affine, slices: tuple[int, ...]) -> None:
    organization, index = Dataset(), Dataset()
    organization.DimensionOrganizationUID = _uid(dataset.SeriesInstanceUID, "dimensions")
    index.DimensionOrganizationUID = organization.DimensionOrganizationUID
    index.DimensionIndexPointer = 0x00209057  # position in the stack
    index.FunctionalGroupPointer = 0x00209111  # frame content
    dataset.DimensionOrganizationSequence = [organization]
    dataset.DimensionIndexSequence = [index]
    dataset.NumberOfFrames = len(slices)
    frames = []
    for k in slices:
        content, position, frame = Dataset(), Dataset(), Dataset()
        content.StackID = "1"
        content.InStackPositionNumber = k + 1
        content.DimensionIndexValues = k + 1
        position.ImagePositionPatient = _position(affine, k)
        frame.FrameContentSequence = [content]
        frame.PlanePositionSequence = [position]
        frames.append(frame)
    dataset.PerFrameFunctionalGroupsSequence = frames


def _plane(affine: Affine, series: SeriesFacts) -> Dataset:
    across_columns, across_rows, across_slices = spacing_mm(affine)
    dataset = Dataset()
    dataset.PixelSpacing = [_ds(across_rows), _ds(across_columns)]  # in this order
    dataset.SliceThickness = _ds(series.thickness_mm)
    if series.state_spacing:
        dataset.SpacingBetweenSlices = _ds(across_slices)
    return dataset


def _orientation(affine: Affine) -> Dataset:
    axes = LPS_OF_RAS[:, None] * affine[:3, :2] / spacing_mm(affine)[:2]
    dataset = Dataset()
    dataset.ImageOrientationPatient = [_ds(cosine) for cosine in axes.T.ravel()]
    return dataset


def _position(affine: Affine, k: int) -> list[str | None]:
    first_voxel = affine[:3, 2] * k + affine[:3, 3]
    return [_ds(coordinate) for coordinate in LPS_OF_RAS * first_voxel]


def _rescale(slope: float, intercept: float) -> Dataset:
    dataset = Dataset()
    dataset.RescaleIntercept, dataset.RescaleSlope = _ds(intercept), _ds(slope)
    dataset.RescaleType = "US"  # unspecified
    return dataset


def _ds(number: float | None) -> str | None:
    return None if number is None else format_number_as_ds(float(number) + 0.0)  # no "-0.0"


def _save(
    folder: Path,
    dataset: Dataset,
    voxels: NDArray[np.uint16],
    *,
    study: StudyFacts,
    series: SeriesFacts,
) -> Path:
    dataset.SOPInstanceUID = _uid(study.key, series.number, dataset.InstanceNumber)
    for element in (*study.elements, *series.elements):
        _add(dataset, element)
    # rows outside columns, frames outside both
    dataset.add_new(0x7FE00010, "OW", voxels.T.astype("<u2").tobytes())
    name = hashlib.sha256(dataset.SOPInstanceUID.encode()).hexdigest()[:10].upper()
    path = folder / f"IM{name}"
    make_folder(path.parent)
    write_whole_file(path, encoded(dataset))
    return path


def _add(dataset: Dataset, element: Element) -> None:
    for sequence in element.within:
        if sequence not in dataset:
            dataset.add_new(sequence, "SQ", [Dataset()])
        dataset = dataset[sequence].value[0]
    if element.creator:
        group, block = element.tag >> 16, element.tag >> 8 & 0xFF
        dataset.add_new(group << 16 | block, "LO", element.creator)
    value = element.value
    dataset.add_new(element.tag, element.vr, list(value) if isinstance(value, tuple) else value)
