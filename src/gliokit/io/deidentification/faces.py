"""Pixels of a face set to background in DICOM and NIfTI files; nothing else is changed.

Stored values are overwritten where they stand, so scales and all other bytes stay. Background is
the lowest value of a file. All volumes of a series in time lose the same voxels. Compressed
DICOM is decompressed, since a changed picture cannot be packed again as it was.

A series is read as an analysis reads it (`gliokit.io.dicom`); each of its pictures must lie on
one of the grids that are found so.

Source: DICOM PS3.15 2024, annex E.3.2 (clean recognizable visual features).
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import pixel_dtype

from gliokit.core.errors import GeometryError, ImageError, LayoutError
from gliokit.core.geometry import GRID_TOLERANCE_MM, Grid, to_voxel, to_world
from gliokit.core.image import Image
from gliokit.io.deidentification.nifti import read_content, stored_voxels
from gliokit.io.dicom import read_dicom
from gliokit.io.dicom_encoding import LPS_OF_RAS
from gliokit.io.dicom_planes import Plane, planes_of

Mask: TypeAlias = NDArray[np.bool_]
# image to the voxels (X, Y, Z) of its face and of its brain, or None if it shows no brain
FindFace: TypeAlias = Callable[[Image], tuple[Mask, Mask] | None]

NO_VOLUME = "no volume of MR images can be read, so a face cannot be removed"
NO_BRAIN = "no whole brain that faces forward is found, so a face cannot be removed"


@dataclass(frozen=True, slots=True)
class PackedMask:
    """A mask, small, since those of all series of a run are kept at once.

    Attributes
    ----------
    shape : tuple of int
        (X, Y, Z).
    slices : tuple of bytes
        Packed, along the third axis.
    """

    shape: tuple[int, int, int]
    slices: tuple[bytes, ...] = field(repr=False)

    @staticmethod
    def of(mask: Mask) -> "PackedMask":
        """Pack a mask (X, Y, Z)."""
        x, y, z = mask.shape
        bits = (np.packbits(mask[:, :, k]).tobytes() for k in range(z))
        return PackedMask((x, y, z), tuple(zlib.compress(one, 1) for one in bits))

    def slice(self, k: int) -> Mask:
        """Give a slice (X, Y)."""
        x, y, _ = self.shape
        bits = np.frombuffer(zlib.decompress(self.slices[k]), dtype=np.uint8)
        return np.unpackbits(bits, count=x * y).astype(bool).reshape(x, y)

    @property
    def whole(self) -> Mask:
        """The mask (X, Y, Z)."""
        return np.stack([self.slice(k) for k in range(self.shape[2])], axis=2)


@dataclass(frozen=True, slots=True)
class Face:
    """Where face and brain lie on one grid.

    Attributes
    ----------
    grid : Grid
        Of a series; its third axis runs across the slices.
    face, brain : PackedMask
        (X, Y, Z).
    """

    grid: Grid
    face: PackedMask
    brain: PackedMask

    def slice_of(self, plane: Plane) -> int | None:
        """Give the slice on which a picture lies, or None if it lies elsewhere."""
        columns, rows = plane.shape
        if (columns, rows) != self.grid.shape[:2]:
            return None
        origin = np.array(plane.position_mm)
        along, down = np.reshape(plane.cosines, (2, 3)) * np.reshape(plane.spacing_mm, (2, 1))
        corners = np.array([origin, origin + along * (columns - 1), origin + down * (rows - 1)])
        corners = corners * LPS_OF_RAS
        k = round(float(to_voxel(self.grid.affine, corners[0])[2]))
        there = to_world(self.grid.affine, [[0, 0, k], [columns - 1, 0, k], [0, rows - 1, k]])
        near = np.abs(there - corners).max() <= GRID_TOLERANCE_MM
        return k if near and 0 <= k < self.grid.shape[2] else None


def faces_of_dicom(paths: Sequence[Path], find: FindFace) -> tuple[Face, ...]:
    """Find the faces of one series, one per grid.

    Raises
    ------
    ImageError
        If one of its files is no MR image of a volume, or no brain is found.
    """
    with TemporaryDirectory() as folder:
        for number, path in enumerate(paths):
            Path(folder, str(number)).symlink_to(path.absolute())
        try:
            studies = read_dicom(Path(folder))
        except LayoutError as error:
            raise ImageError(NO_VOLUME) from error
    series = [one for study in studies for one in study.series]
    faces = tuple(_found(one.image, find) for one in series)
    for path in paths:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        if any(_place(plane, faces) is None for plane in planes_of(header, 0)):
            raise ImageError(NO_VOLUME)
    return faces


def face_of_nifti(path: Path, find: FindFace) -> Face:
    """Find the face in a NIfTI file, by its first volume.

    Raises
    ------
    ImageError
        If it holds no volume of real numbers, or no brain is found.
    """
    stored = stored_voxels(read_content(path))
    try:
        first = stored.first
    except ImageError as error:
        raise ImageError(NO_VOLUME) from error
    return _found(Image(-first if stored.slope < 0 else first, stored.affine), find)


def remove_face(dataset: Dataset, faces: Sequence[Face]) -> None:
    """Overwrite the face in the pixels of a DICOM file, in place.

    Raises
    ------
    GeometryError
        If a picture lies on no grid of a face.
    """
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.decompress(generate_instance_uid=False)
    pixels = bytearray(dataset.PixelData)
    stored = np.frombuffer(pixels, dtype=pixel_dtype(dataset))
    for plane, frame, where in _frames(dataset, stored, faces):
        frame[where.face] = stored.max() if plane.slope < 0 else stored.min()
    dataset.PixelData = bytes(pixels)


def remove_face_of_nifti(content: bytes, face: Face) -> bytes:
    """Overwrite the face in the uncompressed content of a NIfTI file."""
    changed = bytearray(content)
    stored = stored_voxels(changed)
    lowest = np.nanmax if stored.slope < 0 else np.nanmin
    stored.voxels[face.face.whole] = lowest(stored.voxels)
    return bytes(changed)


def is_brain_untouched(before: Dataset, after: Dataset, faces: Sequence[Face]) -> bool:
    """Tell whether two DICOM files hold the same brain, both as they are decoded."""
    pairs = zip(
        _frames(before, np.asarray(before.pixel_array).ravel(), faces),
        _frames(after, np.asarray(after.pixel_array).ravel(), faces),
        strict=True,
    )
    return all(np.array_equal(a[w.brain], b[w.brain]) for (_, a, w), (_, b, _) in pairs)


def is_brain_untouched_in_nifti(before: bytes, after: bytes, face: Face) -> bool:
    """Tell whether two NIfTI files hold the same brain."""
    brain = face.brain.whole
    first, second = (stored_voxels(content).voxels[brain] for content in (before, after))
    return first.tobytes() == second.tobytes()


@dataclass(frozen=True, slots=True)
class _Where:
    """Pixels (rows, columns) of one picture."""

    face: Mask
    brain: Mask


def _found(image: Image, find: FindFace) -> Face:
    found = find(image)
    if found is None:
        raise ImageError(NO_BRAIN)
    return Face(image.grid, *map(PackedMask.of, found))


def _place(plane: Plane, faces: Sequence[Face]) -> tuple[Face, int] | None:
    places = ((face, face.slice_of(plane)) for face in faces)
    return next(((face, k) for face, k in places if k is not None), None)


def _frames(
    dataset: Dataset, stored: NDArray[np.number], faces: Sequence[Face]
) -> Iterator[tuple[Plane, NDArray[np.number], _Where]]:
    """Give each picture of a file: its plane, a view of its pixels, and what lies where."""
    planes = planes_of(dataset, 0)
    columns, rows = planes[0].shape
    frames = stored[: len(planes) * rows * columns].reshape(len(planes), rows, columns)
    for plane, frame in zip(planes, frames, strict=True):
        place = _place(plane, faces)
        if place is None:
            raise GeometryError("a picture lies beside its series; export it again")
        face, k = place
        yield plane, frame, _Where(face.face.slice(k).T, face.brain.slice(k).T)
