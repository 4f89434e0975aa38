"""Label maps as DICOM SEG, and back.

BINARY, one segment per label that is present, on the native grid of the series it refers to and
in that series' frame of reference. Empty frames are left out. Same study, a new series.

A SEG of no segment does not exist: an empty label map is refused.

Limits of reading: one grid, segments that do not overlap, terms of `gliokit.core.coding`.

Source: DICOM PS3.3 2024, A.51, C.8.20; highdicom, doi:10.1007/s10278-022-00683-y.
"""

from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes

from gliokit.core.coding import ABNORMAL_STRUCTURE, BRAIN, LABEL_CODES, LABEL_COLORS
from gliokit.core.errors import GeometryError, ImageError, LabelError
from gliokit.core.geometry import GRID_TOLERANCE_MM, Grid, to_voxel, to_world
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import LABEL_TERMS, Label
from gliokit.io.dicom_encoding import LPS_OF_RAS, code_of, encoded
from gliokit.io.dicom_identity import (
    BLANK_UID,
    MANUFACTURER,
    RESEARCH_USE,
    Maker,
    equipment,
    forget_clock,
    made_uid,
    series_number,
    shared_identity,
    source_moment,
    without_identity,
)
from gliokit.io.dicom_source import planes_by_slice
from gliokit.io.whole_file import write_whole_file

SERIES_OFFSET = 7000  # of the series number; assumed free in a study
LABEL_OF_CODE = {(term.value, term.scheme): label for label, term in LABEL_CODES.items()}


def write_seg(
    path: Path,
    labels: LabelMap,
    headers: Sequence[Dataset],
    *,
    maker: Maker,
) -> Dataset:
    """Write a label map as DICOM SEG.

    Parameters
    ----------
    labels : LabelMap
        On the native grid of the series.
    headers : sequence of Dataset
        Of the series, without pixels: one per slice, or one enhanced.
    maker : Maker
        What made the labels; it stands in the file and in its UIDs.

    Returns
    -------
    Dataset
        As written; its UIDs and segments are what other objects refer to.

    Raises
    ------
    LabelError
        If no voxel has a label, or one is unknown.
    GeometryError
        If the labels do not lie on the grid of the series, or it has no frame of reference.
    OutputError
        If the file cannot be written.
    """
    present = _present(labels)
    planes_by_slice(labels, headers)
    seg = _segmentation(labels, present, headers, maker=maker)
    sources = [str(header.SOPInstanceUID) for header in headers]
    content = encoded(seg)  # all that the file says, its UIDs blank
    uids = {
        kind: made_uid(f"seg {kind}", sources=sources, content=content, maker=maker)
        for kind in ("series", "instance", "dimensions")
    }
    seg.SeriesInstanceUID, seg.SOPInstanceUID = uids["series"], uids["instance"]
    _set_dimensions(seg, uids["dimensions"])
    write_whole_file(path, encoded(seg))
    return seg


def read_seg(path: Path, *, grid: Grid | None = None) -> LabelMap:
    """Read a DICOM SEG.

    Parameters
    ----------
    grid : Grid, optional
        Where to lay the labels; without it, the frames that the file holds and no more.

    Raises
    ------
    ImageError
        If the file is no SEG.
    LabelError
        If segments overlap or have an unknown term.
    GeometryError
        If its frames are no stack, or a labeled voxel is none of `grid`.
    """
    try:
        seg = hd.seg.segread(path)
    except Exception as error:  # what pydicom and highdicom raise on a damaged file is open-ended
        raise ImageError(f"{path}: cannot be read as DICOM SEG ({error}); give a SEG") from error
    table = _label_table(seg, path)
    try:
        volume = seg.get_volume(combine_segments=True)
    except (RuntimeError, ValueError) as error:
        raise LabelError(f"{path}: {error}; needed segments apart on one regular stack") from error
    in_ras = np.diag([*LPS_OF_RAS, 1.0]) @ volume.affine
    affine = in_ras[:, [2, 1, 0, 3]]  # of slice, row, column
    labels = LabelMap(table[volume.array].transpose(2, 1, 0).copy(), affine, source=str(path))
    return labels if grid is None else _laid_on(grid, labels)


def _present(labels: LabelMap) -> tuple[Label, ...]:
    values = np.unique(labels.array)
    unknown = sorted(set(values.tolist()) - set(Label))
    if unknown:
        raise LabelError(f"{labels.source}: unknown labels {unknown}; needed 0 to {max(Label)}")
    present = tuple(Label(value) for value in values if value != Label.BACKGROUND)
    if not present:
        raise LabelError(
            f"{labels.source}: no voxel has a label; a DICOM SEG needs a segment; write none"
        )
    return present


def _segmentation(
    labels: LabelMap, present: tuple[Label, ...], headers: Sequence[Dataset], *, maker: Maker
) -> Dataset:
    """Give the file but for its own UIDs."""
    numbers = np.zeros(len(Label), dtype=np.uint8)
    numbers[list(present)] = np.arange(1, len(present) + 1)
    first, device = headers[0], equipment(maker)
    date, time = source_moment(first)
    seg = hd.seg.Segmentation(
        source_images=[without_identity(header) for header in headers],
        pixel_array=_volume(numbers[labels.array], labels, first.FrameOfReferenceUID),
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _segment(number, label, maker) for number, label in enumerate(present, 1)
        ],
        series_instance_uid=BLANK_UID,
        series_number=series_number(first, SERIES_OFFSET),
        sop_instance_uid=BLANK_UID,
        instance_number=1,
        manufacturer=device.Manufacturer,
        manufacturer_model_name=device.ManufacturerModelName,
        software_versions=device.SoftwareVersions,
        device_serial_number=device.DeviceSerialNumber,
        content_label="TUMOR",
        content_description=_description(maker),
        series_description=f"Tumor segmentation, {RESEARCH_USE.lower()}",
        content_date=date,
        content_time=time,
        series_date=date,
        series_time=time,
    )
    forget_clock(seg)
    seg.update(shared_identity(first))
    seg.DeviceUID = device.DeviceUID
    _set_dimensions(seg, BLANK_UID)
    return seg


def _volume(numbers: NDArray[np.uint8], labels: LabelMap, frame_of_reference: str) -> hd.Volume:
    return hd.Volume(
        np.ascontiguousarray(numbers.transpose(2, 1, 0)),  # slice, row, column
        labels.affine[:, [2, 1, 0, 3]],
        coordinate_system="PATIENT",
        frame_of_reference_uid=frame_of_reference,
        from_reference_convention="RAS",
    )


def _description(maker: Maker) -> str:
    made = f"Tumor segmentation by {MANUFACTURER}" if maker.model else maker.name.capitalize()
    return f"{made}. {RESEARCH_USE}"


def _segment(number: int, label: Label, maker: Maker) -> hd.seg.SegmentDescription:
    kinds = hd.seg.SegmentAlgorithmTypeValues
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=LABEL_TERMS[label],
        segmented_property_category=code_of(ABNORMAL_STRUCTURE),
        segmented_property_type=code_of(LABEL_CODES[label]),
        algorithm_type=kinds.AUTOMATIC if maker.model else kinds.MANUAL,
        algorithm_identification=_algorithm(maker) if maker.model else None,
        anatomic_regions=[code_of(BRAIN)],
        display_color=hd.color.CIELabColor.from_rgb(*LABEL_COLORS[label]),
    )


def _algorithm(maker: Maker) -> hd.AlgorithmIdentificationSequence:
    return hd.AlgorithmIdentificationSequence(
        name=maker.name,
        family=codes.DCM.ArtificialIntelligence,
        version=maker.version,
        source=MANUFACTURER,
        parameters={"options": maker.options} if maker.options else None,
    )


def _set_dimensions(seg: Dataset, uid: str) -> None:
    for item in (*seg.DimensionOrganizationSequence, *seg.DimensionIndexSequence):
        item.DimensionOrganizationUID = uid


def _label_table(seg: hd.seg.Segmentation, path: Path) -> NDArray[np.uint8]:
    """Give the label of each segment number."""
    table = np.zeros(max(seg.segment_numbers) + 1, dtype=np.uint8)
    for segment in seg.SegmentSequence:
        term = segment.SegmentedPropertyTypeCodeSequence[0]
        code = (str(term.get("CodeValue", "")), str(term.CodingSchemeDesignator))
        if code not in LABEL_OF_CODE:
            raise LabelError(
                f"{path}: unknown term {' '.join(code)} of segment {segment.SegmentNumber}; needed "
                f"{', '.join(term.meaning for term in LABEL_CODES.values())}"
            )
        table[segment.SegmentNumber] = LABEL_OF_CODE[code]
    return table


def _laid_on(grid: Grid, labels: LabelMap) -> LabelMap:
    indices = np.argwhere(labels.array)
    points = to_world(labels.affine, indices)
    places = np.rint(to_voxel(grid.affine, points)).astype(int)
    apart = np.linalg.norm(to_world(grid.affine, places) - points, axis=1).max(initial=0)
    if apart > GRID_TOLERANCE_MM or (places < 0).any() or (places >= grid.shape).any():
        raise GeometryError(
            f"{labels.source}: labeled voxels lie up to {apart:.3g} mm from those of the grid or "
            "beyond it; needed the same grid; resample the labels"
        )
    array = np.zeros(grid.shape, dtype=np.uint8)
    array[tuple(places.T)] = labels.array[tuple(indices.T)]
    return LabelMap(array, grid.affine, source=labels.source)
