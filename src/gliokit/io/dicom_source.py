"""Planes of a source series, and which slice of a label map each of them is.

World is RAS+ mm; LPS ends here. A classic header is one plane, an enhanced one a plane per frame.

Source: DICOM PS3.3 2024, C.7.6.2 (image plane), C.7.6.16 (functional groups).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import GRID_TOLERANCE_MM, to_world
from gliokit.core.image import LabelMap
from gliokit.io.dicom_writer import LPS_OF_RAS

Headers: TypeAlias = tuple[Dataset, ...]  # of one series, without pixels


@dataclass(frozen=True, slots=True)
class SourcePlane:
    """One picture of the source.

    Attributes
    ----------
    sop_class, uid : str
        SOP Class and Instance UID.
    frame : int or None
        Number from 1 in a multi-frame file; None in a classic one.
    corners_mm : (3, 3)
        Centers of the first pixel, of the last of the first row and of the last of the first
        column, RAS+.
    """

    sop_class: str
    uid: str
    frame: int | None
    corners_mm: NDArray[np.float64]


def source_planes(headers: Sequence[Dataset]) -> tuple[SourcePlane, ...]:
    """List the planes of a series.

    Raises
    ------
    GeometryError
        If a header does not say where its plane lies.
    """
    return tuple(plane for header in headers for plane in _planes(header))


def planes_by_slice(labels: LabelMap, headers: Sequence[Dataset]) -> Mapping[int, SourcePlane]:
    """Find the source plane of each slice of a label map on the series' native grid.

    Parameters
    ----------
    labels : LabelMap
        Its first axis runs along a row of the pictures, the second down a column, the third
        across the slices, in either direction. A slice may lack its plane.
    headers : sequence of Dataset
        Of the source, in any order.

    Raises
    ------
    GeometryError
        If a plane is no slice of the label map, or the series has no frame of reference.
    """
    if not headers or not headers[0].get("FrameOfReferenceUID"):
        raise GeometryError(
            "source series: no frame of reference; a derived DICOM object needs one; write NIfTI"
        )
    inverse = np.linalg.inv(labels.affine)
    columns, rows, slices = labels.array.shape
    found: dict[int, SourcePlane] = {}
    for plane in source_planes(headers):
        k = round(float(inverse[2, :3] @ plane.corners_mm[0] + inverse[2, 3]))
        expected = to_world(labels.affine, [[0, 0, k], [columns - 1, 0, k], [0, rows - 1, k]])
        apart = float(np.linalg.norm(expected - plane.corners_mm, axis=1).max())
        if apart > GRID_TOLERANCE_MM or not 0 <= k < slices:
            raise GeometryError(
                f"a plane of the source series lies {apart:.3g} mm from slice {k} of the label map "
                f"(of {slices}); needed the native grid; resample the labels onto it"
            )
        found[k] = plane
    return found


def _planes(header: Dataset) -> tuple[SourcePlane, ...]:
    if "PerFrameFunctionalGroupsSequence" not in header:
        return (_plane(header, None, position=header, orientation=header, measures=header),)
    shared = (header.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    return tuple(
        _plane(
            header,
            number,
            position=_group(frame, shared, "PlanePositionSequence"),
            orientation=_group(frame, shared, "PlaneOrientationSequence"),
            measures=_group(frame, shared, "PixelMeasuresSequence"),
        )
        for number, frame in enumerate(header.PerFrameFunctionalGroupsSequence, 1)
    )


def _group(frame: Dataset, shared: Dataset, name: str) -> Dataset:
    items = frame.get(name) or shared.get(name) or [Dataset()]
    return items[0]


def _plane(
    header: Dataset,
    frame: int | None,
    *,
    position: Dataset,
    orientation: Dataset,
    measures: Dataset,
) -> SourcePlane:
    try:
        first = np.asarray(position.ImagePositionPatient, dtype=float)
        along_row, down_column = np.reshape(orientation.ImageOrientationPatient, (2, 3)).astype(
            float
        )
        row_step, column_step = (float(step) for step in measures.PixelSpacing)
    except (AttributeError, TypeError, ValueError) as error:
        raise GeometryError(
            f"source series: a header does not say where its plane lies ({error}); export it again"
        ) from error
    corners = first + np.stack(
        [
            np.zeros(3),
            along_row * column_step * (header.Columns - 1),
            down_column * row_step * (header.Rows - 1),
        ]
    )
    return SourcePlane(
        str(header.SOPClassUID), str(header.SOPInstanceUID), frame, corners * LPS_OF_RAS
    )
