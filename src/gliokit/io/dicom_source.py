"""Headers of a source series, and which of its pictures each slice of a label map is.

World is RAS+ mm; LPS ends here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from gliokit.core.errors import GeometryError, ImageError
from gliokit.core.geometry import GRID_TOLERANCE_MM, to_world
from gliokit.core.image import LabelMap
from gliokit.io.dicom_encoding import LPS_OF_RAS
from gliokit.io.dicom_planes import Plane, planes_of

Headers: TypeAlias = tuple[Dataset, ...]  # of one series, without pixels


def planes_by_slice(labels: LabelMap, headers: Sequence[Dataset]) -> Mapping[int, Plane]:
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
        If a header does not say where its plane lies, a plane is no slice of the label map, or
        the series has no frame of reference.
    """
    if not headers or not headers[0].get("FrameOfReferenceUID"):
        raise GeometryError(
            "source series: no frame of reference; a derived DICOM object needs one; write NIfTI"
        )
    inverse = np.linalg.inv(labels.affine)
    columns, rows, slices = labels.array.shape
    found: dict[int, Plane] = {}
    for plane in _planes(headers):
        corners = _corners_mm(plane)
        k = round(float(inverse[2, :3] @ corners[0] + inverse[2, 3]))
        expected = to_world(labels.affine, [[0, 0, k], [columns - 1, 0, k], [0, rows - 1, k]])
        apart = float(np.linalg.norm(expected - corners, axis=1).max())
        if apart > GRID_TOLERANCE_MM or not 0 <= k < slices:
            raise GeometryError(
                f"a plane of the source series lies {apart:.3g} mm from slice {k} of the label map "
                f"(of {slices}); needed the native grid; resample the labels onto it"
            )
        found[k] = plane
    return found


def _planes(headers: Sequence[Dataset]) -> Iterator[Plane]:
    for index, header in enumerate(headers):
        try:
            yield from planes_of(header, index)
        except ImageError as error:
            raise GeometryError(f"source series: {error}") from error


def _corners_mm(plane: Plane) -> NDArray[np.float64]:
    """Centers of the first pixel, of the last of its row and of the last of its column, RAS+."""
    directions = np.reshape(plane.cosines, (2, 3))
    across = (
        directions * np.reshape(plane.spacing_mm, (2, 1)) * (np.reshape(plane.shape, (2, 1)) - 1)
    )
    return (np.array(plane.position_mm) + np.vstack([np.zeros(3), across])) * LPS_OF_RAS
