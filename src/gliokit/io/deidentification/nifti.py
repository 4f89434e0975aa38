"""A NIfTI file without the texts of its header and without extensions.

Voxels, affine and scales are copied byte for byte. Our own mark of label values stays.

Source: NIfTI-1 and NIfTI-2 headers, https://nifti.nimh.nih.gov/nifti-1
"""

import gzip
import struct
from dataclasses import dataclass
from pathlib import Path

from gliokit.core.errors import ImageError
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


def _shape_of(content: bytes) -> tuple[_Shape, str]:
    for shape in _SHAPES:
        start, magic = shape.magic
        if content[start : start + len(magic)] == magic and len(content) >= shape.size:
            little = struct.unpack_from("<i", content)[0] == shape.size
            return shape, "<" if little else ">"
    raise ImageError(
        "found no NIfTI file in one piece (.nii or .nii.gz); convert header and image pairs first"
    )
