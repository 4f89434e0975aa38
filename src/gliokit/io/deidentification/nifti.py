"""A NIfTI file without the texts of its header and without extensions.

Voxels, affine and scales are copied byte for byte. Our own mark of label values stays.

Source: NIfTI-1 and NIfTI-2 headers, https://nifti.nimh.nih.gov/nifti-1
"""

import gzip
import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError
from gliokit.core.geometry import Affine
from gliokit.io.nifti import MARK

COMPRESSION = 6
_GZIP = b"\x1f\x8b"
_EXTENSION_FLAG = bytes(4)


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where a header of one kind holds what: (start, stop) in bytes."""

    size: int
    magic: tuple[int, bytes]
    texts: tuple[tuple[int, int], ...]  # data_type, db_name, aux_file, intent_name
    description: tuple[int, int]
    offset: tuple[int, str]  # of the voxels


_SHAPES = (
    _Shape(348, (344, b"n+1\0"), ((4, 32), (228, 252), (328, 344)), (148, 228), (108, "f")),
    _Shape(540, (4, b"n+2\0"), ((320, 344), (508, 524)), (240, 320), (168, "q")),
)


def clean_nifti(content: bytes) -> bytes:
    """Give the uncompressed content of a file without texts and extensions.

    Raises
    ------
    ImageError
        If it is no NIfTI file in one piece.
    """
    shape, order = _shape_of(content)
    start, kind = shape.offset
    (offset,) = struct.unpack_from(order + kind, content, start)
    if not shape.size <= offset <= len(content):
        raise ImageError(
            f"the header says that voxels begin at byte {offset:g} of {len(content)}; needed a "
            "whole file; export it again"
        )
    header = bytearray(content[: shape.size])
    marked = bytes(header[slice(*shape.description)]).rstrip(b"\0") == MARK
    for first, last in (*shape.texts, shape.description):
        header[first:last] = bytes(last - first)
    if marked:
        header[shape.description[0] : shape.description[0] + len(MARK)] = MARK
    struct.pack_into(order + kind, header, start, shape.size + len(_EXTENSION_FLAG))
    return bytes(header) + _EXTENSION_FLAG + content[int(offset) :]


def header_of(content: bytes) -> bytes:
    """Give the header and what stands between it and the voxels."""
    shape, order = _shape_of(content)
    (offset,) = struct.unpack_from(order + shape.offset[1], content, shape.offset[0])
    return content[: int(offset)]


@dataclass(frozen=True, slots=True)
class Stored:
    """Voxels as they are stored.

    Attributes
    ----------
    voxels : (X, Y, Z) or more axes
        A view of the content, which writes into it if that can be written.
    slope : float
        Of the scale; not a number where there is none.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    """

    voxels: NDArray[np.generic]
    slope: float
    affine: Affine

    @property
    def first(self) -> NDArray[np.float32]:
        """The first volume (X, Y, Z) without its scale.

        Raises
        ------
        ImageError
            If it is none, or holds no real numbers.
        """
        first = self.voxels
        while first.ndim > 3:
            first = first[..., 0]
        if first.ndim != 3 or first.dtype.kind not in "iuf":
            raise ImageError(
                f"found {first.ndim} axes of {first.dtype}; needed a volume of numbers"
            )
        return np.nan_to_num(first.astype(np.float32))


def stored_voxels(content: bytes | bytearray) -> Stored:
    """Find the voxels in the uncompressed content of a file.

    Raises
    ------
    ImageError
        If it is no NIfTI file in one piece, or ends too soon.
    """
    shape, _ = _shape_of(content)
    kind = nib.Nifti2Header if shape is _SHAPES[1] else nib.Nifti1Header
    header = kind.from_fileobj(BytesIO(content))
    sides = header.get_data_shape()
    try:
        flat = np.frombuffer(
            content, header.get_data_dtype(), int(np.prod(sides)), int(header["vox_offset"])
        )
    except ValueError as error:
        raise ImageError("the file ends before its voxels do; export it again") from error
    affine = np.asarray(header.get_best_affine(), dtype=np.float64)
    return Stored(flat.reshape(sides, order="F"), float(header["scl_slope"]), affine)


def read_content(path: Path) -> bytes:
    """Read a file, uncompressed.

    Raises
    ------
    ImageError
        If it cannot be read or is damaged.
    """
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw.startswith(_GZIP) else raw
    except (OSError, EOFError, ValueError) as error:
        raise ImageError("it cannot be read; needed a whole file; export it again") from error


def write_compressed(path: Path, content: bytes) -> None:
    """Write compressed; the same content gives the same bytes."""
    path.write_bytes(gzip.compress(content, compresslevel=COMPRESSION, mtime=0))


def _shape_of(content: bytes | bytearray) -> tuple[_Shape, str]:
    for shape in _SHAPES:
        start, magic = shape.magic
        if content[start : start + len(magic)] == magic and len(content) >= shape.size:
            little = struct.unpack_from("<i", content)[0] == shape.size
            return shape, "<" if little else ">"
    raise ImageError(
        "found no NIfTI file in one piece (.nii or .nii.gz); convert header and image pairs first"
    )
