"""Regions as contours for radiotherapy: DICOM RT Structure Set.

One ROI per region that is present, one or more closed contours per slice, half way between
voxels inside and outside. A region's hole is cut out by a keyhole: a contour runs along a bridge
to the hole, around it, and back over the same bridge.

A ROI is what a model found, or the label map of a person: unapproved, its type an assumption.
An empty label map is refused, as in `gliokit.io.dicom_seg`.

Source: DICOM PS3.3 2024, A.19, C.8.8.5, C.8.8.6 (keyhole), C.8.8.8.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias, cast

import numpy as np
from contourpy import FillType, contour_generator
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage
from scipy.spatial import cKDTree

from gliokit.core.coding import REGION_COLORS
from gliokit.core.errors import LabelError
from gliokit.core.geometry import Affine, to_world
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.vocabulary import REGION_TERMS, Region
from gliokit.io.dicom_encoding import LPS_OF_RAS, encoded
from gliokit.io.dicom_identity import (
    BLANK_UID,
    MANUFACTURER,
    RESEARCH_USE,
    Maker,
    equipment,
    made_uid,
    series_number,
    shared_identity,
    source_moment,
)
from gliokit.io.dicom_planes import Plane
from gliokit.io.dicom_source import planes_by_slice
from gliokit.io.whole_file import write_whole_file

SERIES_OFFSET = 8000  # of the series number; assumed free in a study
STUDY_COMPONENT = "1.2.840.10008.3.1.2.3.1"  # retired class that the referenced study still names
# assumed: gross tumor as the core; FLAIR abnormality alone is no target
INTERPRETED_TYPES: MappingProxyType[Region, str] = MappingProxyType(
    {
        Region.WHOLE_TUMOR: "",
        Region.TUMOR_CORE: "GTV",
        Region.ENHANCING_TUMOR: "GTV",
        Region.RESECTION_CAVITY: "CAVITY",
    }
)

Polygon: TypeAlias = NDArray[np.float64]
# of contourpy: all points of each outline with its holes, and where each of these rings begins
Rings: TypeAlias = tuple[list[NDArray[np.float64]], list[NDArray[np.uint32]]]


def write_rtstruct(
    path: Path,
    labels: LabelMap,
    headers: Sequence[Dataset],
    *,
    maker: Maker,
) -> Dataset:
    """Write the regions of a label map as DICOM RT Structure Set; arguments as in `write_seg`.

    Returns
    -------
    Dataset
        As written.

    Raises
    ------
    LabelError
        If no region has a voxel.
    GeometryError
        If the labels do not lie on the grid of the series, or it has no frame of reference.
    OutputError
        If the file cannot be written.
    """
    planes = planes_by_slice(labels, headers)
    masks = {region: region_mask(labels.array, region) for region in Region}
    masks = {region: mask for region, mask in masks.items() if mask.any()}
    if not masks:
        raise LabelError(
            f"{labels.source}: no voxel has a label; an RT Structure Set needs a contour; "
            "write none"
        )
    structures = _structure_set(headers[0], planes, maker)
    for number, (region, mask) in enumerate(masks.items(), 1):
        _add_roi(structures, number, region, maker=maker)
        structures.ROIContourSequence.append(
            _roi_contour(number, region, mask, affine=labels.affine, planes=planes)
        )
    sources = [str(header.SOPInstanceUID) for header in headers]
    structures.SOPInstanceUID = structures.SeriesInstanceUID = BLANK_UID
    content = encoded(structures, syntax=ImplicitVRLittleEndian)
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID"):
        uid = made_uid(f"rtstruct {keyword}", sources=sources, content=content, maker=maker)
        setattr(structures, keyword, uid)
    # in implicit VR a contour of any length has room; in explicit VR only 64 kB
    write_whole_file(path, encoded(structures, syntax=ImplicitVRLittleEndian))
    return structures


def region_polygons(mask: NDArray[np.bool_]) -> list[Polygon]:
    """Outline the pixels of one slice.

    Parameters
    ----------
    mask : (X, Y)
        Pixels of the region.

    Returns
    -------
    list of (n, 2)
        Closed polygons in pixel indices, the last point not repeated; holes cut out by keyholes.
    """
    padded = np.pad(mask, 1).astype(np.float64)  # what touches the border closes there
    generator = contour_generator(z=padded.T, fill_type=FillType.OuterOffset)
    points, offsets = cast(Rings, generator.filled(0.5, np.inf))
    polygons = []
    for group, starts in zip(points, offsets, strict=True):
        rings = [_straightened(group[start : end - 1] - 1) for start, end in pairwise(starts)]
        polygons.append(_with_keyholes(rings[0], rings[1:]))
    return polygons


def _straightened(ring: Polygon) -> Polygon:
    """Leave out points on a straight line between their neighbors."""
    before, after = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return ring[np.abs(turn) > 1e-9]


def _with_keyholes(outer: Polygon, holes: Sequence[Polygon]) -> Polygon:
    """Join holes to their outline, the nearest first, so that no bridge crosses another hole."""
    remaining = list(holes)
    while remaining:
        tree = cKDTree(outer)
        nearest = [tree.query(hole) for hole in remaining]
        chosen = int(np.argmin([distances.min() for distances, _ in nearest]))
        distances, places = nearest[chosen]
        entry = int(distances.argmin())
        place = int(places[entry])
        hole = np.roll(remaining.pop(chosen), -entry, axis=0)
        outer = np.concatenate([outer[: place + 1], hole, hole[:1], outer[place:]])
    return outer


def _structure_set(first: Dataset, planes: Mapping[int, Plane], maker: Maker) -> Dataset:
    """Give the file but for its ROIs and its own UIDs."""
    structures = shared_identity(first)
    structures.update(equipment(maker))
    date, time = source_moment(first)
    structures.SOPClassUID = RTStructureSetStorage
    structures.Modality = "RTSTRUCT"
    structures.SeriesNumber = series_number(first, SERIES_OFFSET)
    structures.SeriesDescription = f"Tumor contours, {RESEARCH_USE.lower()}"
    structures.InstanceNumber = 1
    structures.OperatorsName = ""
    structures.SeriesDate = structures.StructureSetDate = date
    structures.SeriesTime = structures.StructureSetTime = time
    structures.StructureSetLabel = "TUMOR"
    structures.StructureSetDescription = f"Tumor contours by {MANUFACTURER}. {RESEARCH_USE}"
    structures.FrameOfReferenceUID = first.FrameOfReferenceUID
    structures.PositionReferenceIndicator = ""
    structures.ApprovalStatus = "UNAPPROVED"
    structures.ReferencedFrameOfReferenceSequence = [_frame_of_reference(first, planes)]
    structures.StructureSetROISequence = []
    structures.ROIContourSequence = []
    structures.RTROIObservationsSequence = []
    return structures


def _frame_of_reference(first: Dataset, planes: Mapping[int, Plane]) -> Dataset:
    frame, study, series = Dataset(), Dataset(), Dataset()
    images = {plane.uid: plane for plane in planes.values()}
    series.SeriesInstanceUID = first.SeriesInstanceUID
    # frames are named by each contour, files here
    series.ContourImageSequence = [_image(plane, frame=None) for plane in images.values()]
    study.ReferencedSOPClassUID = STUDY_COMPONENT
    study.ReferencedSOPInstanceUID = first.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame.FrameOfReferenceUID = first.FrameOfReferenceUID
    frame.RTReferencedStudySequence = [study]
    return frame


def _image(plane: Plane, *, frame: int | None) -> Dataset:
    image = Dataset()
    image.ReferencedSOPClassUID = plane.sop_class
    image.ReferencedSOPInstanceUID = plane.uid
    if frame is not None:
        image.ReferencedFrameNumber = frame
    return image


def _add_roi(structures: Dataset, number: int, region: Region, *, maker: Maker) -> None:
    roi, observation = Dataset(), Dataset()
    roi.ROINumber = number
    roi.ReferencedFrameOfReferenceUID = structures.FrameOfReferenceUID
    roi.ROIName = REGION_TERMS[region]
    roi.ROIDescription = f"{region}: {maker.name}. {RESEARCH_USE}"
    roi.ROIGenerationAlgorithm = "AUTOMATIC" if maker.model else "MANUAL"
    roi.ROIGenerationDescription = f"{MANUFACTURER} {maker.version}" if maker.model else maker.name
    observation.ObservationNumber = number
    observation.ReferencedROINumber = number
    observation.RTROIInterpretedType = INTERPRETED_TYPES[region]
    observation.ROIInterpreter = ""
    structures.StructureSetROISequence.append(roi)
    structures.RTROIObservationsSequence.append(observation)


def _roi_contour(
    number: int,
    region: Region,
    mask: NDArray[np.bool_],
    *,
    affine: Affine,
    planes: Mapping[int, Plane],
) -> Dataset:
    roi = Dataset()
    roi.ROIDisplayColor = list(REGION_COLORS[region])
    roi.ReferencedROINumber = number
    roi.ContourSequence = [
        _contour(polygon, k, affine=affine, plane=planes.get(k))
        for k in np.flatnonzero(mask.any(axis=(0, 1))).tolist()
        for polygon in region_polygons(mask[:, :, k])
    ]
    return roi


def _contour(polygon: Polygon, k: int, *, affine: Affine, plane: Plane | None) -> Dataset:
    points = to_world(affine, np.column_stack([polygon, np.full(len(polygon), k)])) * LPS_OF_RAS
    contour = Dataset()
    if plane is not None:
        contour.ContourImageSequence = [_image(plane, frame=plane.frame_reference)]
    contour.ContourGeometricType = "CLOSED_PLANAR"
    contour.NumberOfContourPoints = len(points)
    # a micrometer is enough, and every number fits the 16 characters of its kind
    contour.ContourData = [f"{coordinate + 0.0:.3f}" for coordinate in points.ravel()]
    return contour
