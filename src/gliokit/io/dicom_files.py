"""DICOM files of a folder or a zip archive, found by their content.

No name and no ending is trusted. An archive is read in memory and never unpacked; one that
could write elsewhere, or would fill the memory, is refused before a file in it is read.

Limits: no archive inside an archive, none with a password; the deflated transfer syntax is not
read, since its size is known only after it has filled the memory.

Source: DICOM PS3.10 2024, 7.1 (preamble and prefix).
"""

import os
import stat
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from gliokit.core.errors import LayoutError
from gliokit.io.archives import ZIP_START, is_zip
from gliokit.io.dicom_start import starts_dicom
from gliokit.io.dicom_values import MALFORMED

SNIFFED = 1024  # bytes; the file meta group lies within them
ARCHIVES = (ZIP_START, b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")

MAX_ARCHIVE_BYTES = 16 << 30  # unpacked; a study with diffusion and perfusion has 1 to 3 GiB
MAX_MEMBER_BYTES = 4 << 30  # one enhanced file; more than any scanner writes in one
MAX_MEMBERS = 200_000  # a perfusion study in classic files has about 10 000
MAX_RATIO = 200  # deflate gives 1000 on zeros, 2 to 5 on MR images, up to 50 on padded ones
SMALL_BYTES = 1 << 20  # below it a ratio harms nobody

Open = Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class DicomFile:
    """One DICOM file.

    Attributes
    ----------
    header : Dataset
        All elements but the pixels.
    open : function
        Opens the whole file, while `open_dicom` lasts.
    """

    header: Dataset = field(repr=False)
    open: Open = field(repr=False)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What a folder or an archive holds.

    Attributes
    ----------
    dicom : tuple of DicomFile
        Image objects and all others.
    left_out : tuple of str
        How many files were not read, and why; without their names.
    """

    dicom: tuple[DicomFile, ...]
    left_out: tuple[str, ...]


@contextmanager
def open_dicom(path: Path) -> Iterator[FoundFiles]:
    """Find all DICOM files of a folder with its subfolders, of a zip archive, or the one file.

    Raises
    ------
    LayoutError
        If there is no such path, or an archive is damaged or unsafe.
    """
    if path.is_dir():
        yield _headers(_folder(path))
    elif not path.is_file():
        raise LayoutError(f"{path}: no such folder or file; needed is a folder or zip of DICOM")
    elif is_zip(path):
        _check_whole(path)
        try:
            with zipfile.ZipFile(path) as archive:
                _check_archive(archive, path)
                yield _headers(_members(archive, path))
        except (zipfile.BadZipFile, OSError) as error:
            raise LayoutError(f"{path}: damaged archive ({error}); make it again") from error
    else:
        yield _headers([lambda: path.open("rb")])


def _check_whole(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        raise LayoutError(
            f"{path}: damaged archive: it begins as a zip of {path.stat().st_size} bytes and lacks "
            "the list of its files at the end; needed is the whole one: copy it again, or make it "
            "again"
        )


def _folder(folder: Path) -> Iterator[Open]:
    for root, folders, names in os.walk(folder):  # links to folders are not followed
        folders.sort()
        for file in (Path(root, name) for name in sorted(names)):
            if file.is_file():  # neither a pipe, nor a link to nowhere
                yield lambda file=file: file.open("rb")  # type: ignore[misc]


def _members(archive: zipfile.ZipFile, path: Path) -> Iterator[Open]:
    for member in sorted(archive.infolist(), key=lambda member: member.filename):
        if not member.is_dir():
            yield lambda member=member: BytesIO(_unpacked(archive, member, path))  # type: ignore[misc]


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> bytes:
    try:
        content = archive.read(member)  # never more than the size that was checked
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise LayoutError(f"{path}: damaged archive ({error}); make it again") from error
    if content.startswith(ARCHIVES):
        raise LayoutError(f"{path}: an archive inside the archive; unpack it and give a folder")
    return content


def _check_archive(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > MAX_ARCHIVE_BYTES:
        raise LayoutError(
            f"{path}: {len(members)} files of {total / 2**30:.1f} GiB, at most {MAX_MEMBERS} of "
            f"{MAX_ARCHIVE_BYTES >> 30} GiB are read; unpack the studies that are needed"
        )
    for member in members:
        if reason := _unsafe(member):
            raise LayoutError(f"{path}: {reason}; unpack it yourself if you trust it")


def _unsafe(member: zipfile.ZipInfo) -> str | None:
    """Say what is wrong with a member, or None. Its name is not told: it may hold a patient's."""
    name = member.orig_filename.replace("\\", "/")
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or (parts and ":" in parts[0]) or "\0" in name:
        return "a file in the archive would lie outside of it (path traversal)"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a file in the archive is a link"
    if member.flag_bits & 1:
        return "the archive has a password"
    large = member.file_size > SMALL_BYTES
    if member.file_size > MAX_MEMBER_BYTES or (
        large and member.file_size > MAX_RATIO * max(member.compress_size, 1)
    ):
        return (
            f"a file of {member.file_size / 2**20:.0f} MiB is packed in "
            f"{member.compress_size} bytes, at most {MAX_RATIO} to 1 is read (zip bomb)"
        )
    return None


def _headers(sources: Iterable[Open]) -> FoundFiles:
    dicom: list[DicomFile] = []
    counts = {"no DICOM": 0, "damaged": 0, "deflated, which is not read": 0}
    for source in sources:
        try:
            with source() as stream:
                kind = _kind(stream.read(SNIFFED))
                stream.seek(0)
                if kind:
                    counts[kind] += 1
                else:
                    dicom.append(DicomFile(_header(stream), source))
        except (*MALFORMED, InvalidDicomError, EOFError, OSError):
            counts["damaged"] += 1
    left_out = tuple(
        f"{count} file{' is' if count == 1 else 's are'} {what}"
        for what, count in counts.items()
        if count
    )
    return FoundFiles(tuple(dicom), left_out)


def _kind(start: bytes) -> str | None:
    """Say why a file with this start is not read, or None."""
    if not starts_dicom(start):
        return "no DICOM"
    if DeflatedExplicitVRLittleEndian.encode() in start:
        return "deflated, which is not read"
    return None


def _header(stream: BinaryIO) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of harmless faults; what is needed is checked later
        header = dcmread(stream, stop_before_pixels=True, force=True)
        if "SOPClassUID" not in header:
            raise InvalidDicomError
    if not hasattr(header, "file_meta"):
        header.file_meta = FileMetaDataset()
    if "TransferSyntaxUID" not in header.file_meta:
        implicit, _ = header.original_encoding
        header.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
        )
    return header
