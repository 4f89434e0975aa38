"""NIfTI images and label maps: files to values and back.

Voxels keep the order in which the file holds them. The affine is the header's sform, else its
qform, which NIfTI defines in RAS+ mm. Stored values are scaled by scl_slope and scl_inter.

nibabel reads and writes the header. The bytes are read once, hashed, and inflated by isal piece
by piece, each converted while it is in the processor's cache. Label maps that we write carry a
mark in the header, so that their labels are never ambiguous.

Limits: one file (.nii, .nii.gz), one volume, real numbers; no header and image pairs.

Source: NIfTI-1 and NIfTI-2 data format standards (nifti.nimh.nih.gov).
"""

import hashlib
import math
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import numpy as np
from isal import igzip
from isal.igzip_lib import IsalError
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, ImageError, LabelError, OutputError
from gliokit.core.geometry import Affine, voxel_volume_mm3
from gliokit.core.image import Image, LabelMap, Mask
from gliokit.io.conventions import LabelConvention, convention_of_name, to_labels
from gliokit.io.plain_nibabel import HeaderDataError, nib
from gliokit.io.whole_file import write_whole_file

MARK = b"gliokit labels BraTS2023"  # stands in the header's descrip; part of the format
PROBABILITY_STEP = 1 / 255  # of a stored probability: a byte per voxel from 0 to 1
COMPRESSION = 1  # by zlib: isal is faster, but now and then codes the same voxels in other bytes
EXTENSION = bytes(4)  # "no header extension", between the header and the voxels
PIECE = 1 << 18  # voxels; 64 k to 1 M are equally fast
HEADERS = (nib.Nifti1Header, nib.Nifti2Header)
SINGLE_FILE = (b"n+1", b"n+2")
TIME_UNITS, SECONDS = 0b111000, {8: 1.0, 16: 1e-3, 24: 1e-6}  # of a step in time, by code
OTHER_UNITS = {1: "meters", 3: "micrometers"}  # of length, by code; files without a code are in mm
# isal's stub gives its error as an instance
FAILURES: tuple[type[Exception], ...] = (EOFError, OSError, HeaderDataError, IsalError)  # type: ignore[assignment]
Number = TypeVar("Number", bound=np.generic)


def read_image(path: Path) -> Image:
    """Read one MR image.

    Raises
    ------
    ImageError
        If the file cannot be read as one 3-D volume of real, finite and not all equal numbers.
    GeometryError
        If the header does not say where the voxels lie.
    """
    volume = _open(path)
    array = volume.voxels(np.dtype(np.float32))
    _check_intensities(array, path)
    return Image(array, _affine(volume), str(path), volume.sha256)


def read_label_map(path: Path, *, convention: LabelConvention | None = None) -> LabelMap:
    """Read a label map and translate its values into our labels.

    Where `convention` is not given, our mark, the file's name or the values decide; the map's
    `note` says so if they allow another reading.

    Raises
    ------
    LabelError
        If the values are no labels, unknown, or ambiguous.
    ImageError, GeometryError
        As `read_image`; a map without any label is accepted.
    """
    volume = _open(path)
    marked = bytes(volume.header["descrip"]).startswith(MARK)
    reading = to_labels(
        volume.voxels(volume.exact_dtype),
        option=convention,
        marked=LabelConvention.BRATS2023 if marked else None,
        hint=convention_of_name(path.name),
        source=str(path),
    )
    return LabelMap(reading.labels, _affine(volume), str(path), reading.note, volume.sha256)


def read_mask(path: Path, *, value: int | None = None) -> Mask:
    """Read a region from any map of whole numbers.

    Parameters
    ----------
    value : int or None
        The number that the region has; by default the only one there is beside 0.

    Raises
    ------
    LabelError
        If there is no such voxel, there are several numbers and none was asked for, or there are
        others than whole ones.
    ImageError, GeometryError
        As `read_image`.
    """
    volume = _open(path)
    array = volume.voxels(volume.exact_dtype)
    found = np.unique(array)
    found = found[found != 0]
    if (wrong := found[found != np.rint(found)]).size:  # NaN is not equal to itself
        raise LabelError(f"{path}: holds {wrong[0]:g}; needed whole numbers alone")
    named = ", ".join(f"{number:g}" for number in found[:10]) or "none"
    if value is None and len(found) > 1:
        raise LabelError(f"{path}: holds several regions ({named}); say which number is meant")
    mask = array != 0 if value is None else array == value
    if not mask.any():
        wanted = "other than 0" if value is None else value
        raise LabelError(
            f"{path}: no voxel is {wanted}; found {named}; give another mask or number"
        )
    return Mask(mask, _affine(volume), str(path), volume.sha256)


def read_frames(path: Path) -> tuple[Image, NDArray[np.float32], float]:
    """Read volumes of one grid.

    Returns
    -------
    first : Image
        The first volume, with the affine and hash of the file.
    frames : (X, Y, Z, T)
        All volumes.
    step_s : float
        Time between them; 0 where the header does not say it.

    Raises
    ------
    ImageError, GeometryError
        As `read_image`; single values may be anything.
    """
    volume = _open(path, dimensions=4)
    frames = volume.voxels(np.dtype(np.float32))
    units = int(volume.header["xyzt_units"]) & TIME_UNITS
    step_s = float(volume.header["pixdim"][4]) * SECONDS.get(units, 0.0)
    first = Image(frames[..., 0], _affine(volume), str(path), volume.sha256)
    return first, frames, step_s


def write_image(path: Path, image: Image, *, note: str = "") -> None:
    """Write an image as float32; the same image gives the same bytes.

    Parameters
    ----------
    note : str
        For the header's description, up to 79 characters; what is simulated says so there.

    Raises
    ------
    OutputError
        If it cannot be written there; nothing half written is left.
    """
    array = image.array.astype(np.float32, copy=False)
    _write(path, array, image.affine, description=note.encode())


def write_frames(
    path: Path,
    frames: NDArray[np.float32],
    affine: Affine,
    *,
    step_s: float = 0.0,
    note: str = "",
) -> None:
    """Write volumes of one grid as float32; the same frames give the same bytes.

    Parameters
    ----------
    frames : (X, Y, Z, T)
        One volume after another.
    step_s : float
        Time between them; 0 where they are no series in time.
    note : str
        For the header's description.

    Raises
    ------
    OutputError
        If it cannot be written there; nothing half written is left.
    """
    array = frames.astype(np.float32, copy=False)
    _write(path, array, affine, step_s=step_s, description=note.encode())


def write_label_map(path: Path, label_map: LabelMap) -> None:
    """Write a label map with our mark in its header; the same labels give the same bytes.

    Raises
    ------
    OutputError
        If it cannot be written there; nothing half written is left.
    """
    _write(path, label_map.array.astype(np.uint8, copy=False), label_map.affine, description=MARK)


def write_probability_map(
    path: Path, probability: NDArray[np.float32], affine: Affine, *, note: str = ""
) -> None:
    """Write probabilities as bytes that read as 0-1; the same map gives the same bytes.

    Parameters
    ----------
    probability : (X, Y, Z)
        0-1, kept to the nearest 1/255: the header's scl_slope turns bytes into probabilities.
    note : str
        For the header's description.

    Raises
    ------
    OutputError
        If it cannot be written there; nothing half written is left.
    """
    stored = np.rint(probability / PROBABILITY_STEP).astype(np.uint8)
    _write(path, stored, affine, slope=PROBABILITY_STEP, description=note.encode())


@dataclass(frozen=True, slots=True)
class _Volume:
    """An open file that holds one 3-D volume of real numbers."""

    path: Path
    header: nib.Nifti1Header
    shape: tuple[int, ...]
    scaling: tuple[float, float] | None  # slope and intercept, if they change anything
    stream: BytesIO | igzip.IGzipFile
    sha256: str

    @property
    def exact_dtype(self) -> np.dtype[np.generic]:
        """The dtype that holds the scaled values without loss."""
        return np.dtype(np.float64) if self.scaling else self.header.get_data_dtype()

    def voxels(self, dtype: np.dtype[Number]) -> NDArray[Number]:
        """Read the scaled voxels (X, Y, Z); scaling is done in double precision."""
        voxels = np.empty(math.prod(self.shape), dtype)
        piece = np.empty(PIECE, self.header.get_data_dtype())
        with _readable(self.path), np.errstate(over="ignore", invalid="ignore"):
            self.stream.seek(self.header.get_data_offset() or self.header.single_vox_offset)
            for start in range(0, voxels.size, PIECE):
                stored = piece[: voxels.size - start]
                if self.stream.readinto(stored.view(np.uint8).data) < stored.nbytes:
                    raise EOFError("it ends before the last voxel")
                voxels[start : start + PIECE] = self._scaled(stored)
            self.stream.read()  # to the end, where gzip's checksum stands
        return voxels.reshape(self.shape, order="F")

    def _scaled(self, stored: NDArray[np.generic]) -> NDArray[np.generic]:
        if self.scaling is None:
            return stored
        slope, intercept = self.scaling
        return np.asarray(stored, dtype=np.float64) * slope + intercept


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read or inflated into a message."""
    try:
        yield
    except FAILURES as error:
        raise ImageError(
            f"{path}: damaged or truncated ({error}); needed a whole NIfTI file; copy it again"
        ) from None


def _open(path: Path, *, dimensions: int = 3) -> _Volume:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ImageError(
            f"{path}: cannot be read ({error.strerror}); give the path of a NIfTI file"
        ) from None
    stream: BytesIO | igzip.IGzipFile = BytesIO(content)
    if content.startswith(b"\x1f\x8b"):  # by content: names do not always tell
        stream = igzip.IGzipFile(fileobj=stream)
    with _readable(path):
        header = _header(stream, path)
        scaling = header.get_slope_inter()
    return _Volume(
        path,
        header,
        _shape(header, path, dimensions),
        None if scaling in ((None, None), (1, 0)) else scaling,
        stream,
        hashlib.sha256(content).hexdigest(),
    )


def _header(stream: BytesIO | igzip.IGzipFile, path: Path) -> nib.Nifti1Header:
    start = stream.read(max(kind.sizeof_hdr for kind in HEADERS))
    for kind in HEADERS:
        if kind.may_contain_header(start):
            header = kind(start[: kind.sizeof_hdr])
            if header["magic"].item() in SINGLE_FILE:
                return header
    raise ImageError(
        f"{path}: not a NIfTI file; needed a single .nii or .nii.gz; convert it, for example "
        "with dcm2niix"
    )


def _shape(header: nib.Nifti1Header, path: Path, dimensions: int) -> tuple[int, ...]:
    shape, dtype = header.get_data_shape(), header.get_data_dtype()
    while len(shape) > dimensions and shape[-1] == 1:
        shape = shape[:-1]
    size = "×".join(map(str, shape))
    if len(shape) != dimensions:
        needed = (
            "one 3-D volume; split it into one file per volume"
            if dimensions == 3
            else "a series of volumes, the fourth axis time; merge them into one file"
        )
        raise ImageError(f"{path}: a {len(shape)}-D image of {size} voxels; needed {needed}")
    if 0 in shape:
        raise ImageError(f"{path}: empty, {size} voxels; needed an image; export it again")
    if dtype.kind not in "iuf":
        raise ImageError(
            f"{path}: voxels are of type {header.get_value_label('datatype')}; needed one real "
            "number per voxel; export the magnitude or a gray-scale image"
        )
    return shape


def _affine(volume: _Volume) -> Affine:
    header = volume.header
    if unit := OTHER_UNITS.get(int(header["xyzt_units"]) % 8):  # above stands the unit of time
        raise GeometryError(
            f"{volume.path}: the header gives lengths in {unit}; needed mm; convert its affine and "
            "set its unit"
        )
    if not (header["sform_code"] or header["qform_code"]):
        raise GeometryError(
            f"{volume.path}: orientation unknown, sform and qform codes are both 0; needed one of "
            "them, or left and right are guessed; set it in the header"
        )
    try:
        affine = np.asarray(header.get_best_affine(), dtype=np.float64)
        voxel_volume_mm3(affine)
    except (ValueError, HeaderDataError) as error:
        raise GeometryError(f"{volume.path}: {error}") from None
    return affine


def _check_intensities(array: NDArray[np.float32], path: Path) -> None:
    with np.errstate(invalid="ignore"):
        low, high = float(array.min()), float(array.max())  # NaN shows in both
    if not (math.isfinite(low) and math.isfinite(high)):
        bad = array.size - np.count_nonzero(np.isfinite(array))
        raise ImageError(
            f"{path}: {bad} of {array.size} voxels are NaN or infinite; needed a number in each; "
            "set them to 0 if they are background"
        )
    if low == high:
        kind = "empty, every voxel is 0" if low == 0 else f"constant, every voxel is {low:g}"
        raise ImageError(f"{path}: {kind}; needed an image; export it again")


def _write(
    path: Path,
    array: NDArray[np.generic],
    affine: Affine,
    *,
    description: bytes = b"",
    step_s: float = 0.0,
    slope: float | None = None,
) -> None:
    if not path.name.endswith((".nii", ".nii.gz")):
        raise OutputError(f"{path}: the name of a NIfTI file must end in .nii or .nii.gz")
    header = nib.Nifti1Header()
    header.set_data_dtype(array.dtype)
    header.set_data_shape(array.shape)
    header.set_data_offset(header.sizeof_hdr + len(EXTENSION))
    header.set_xyzt_units("mm", "sec" if step_s else None)
    header["descrip"] = description
    header.set_sform(affine, code="scanner")
    header.set_qform(affine, code="scanner")
    if not np.allclose(header.get_qform(), affine, atol=1e-3):
        header.set_qform(None)  # a quaternion cannot hold shear; the sform alone is right
    if step_s:
        header["pixdim"][4] = step_s
    if slope is not None:
        header.set_slope_inter(slope, 0)
    parts = [header.binaryblock + EXTENSION, array.ravel(order="F").data]
    if path.suffix == ".gz":  # a gzip header of its own holds neither name nor time
        gzip = zlib.compressobj(COMPRESSION, wbits=zlib.MAX_WBITS + 16)
        parts = [*map(gzip.compress, parts), gzip.flush()]
    write_whole_file(path, b"".join(parts))
