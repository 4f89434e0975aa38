"""Stored numbers of a DICOM file, decoded.

Compressed files are decoded by what is installed beside pydicom; where nothing is, the reason
names the package.

Source: DICOM PS3.5 2024, 8 and A.4 (encapsulated pixel data).
"""

import warnings

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from gliokit.core.errors import ImageError
from gliokit.io.dicom_files import DicomFile
from gliokit.io.dicom_values import MALFORMED, number

MAX_VOXELS = 1 << 30  # of one file; 4 GiB as float32
PACKAGES = (  # by the start of the transfer syntax
    ("1.2.840.10008.1.2.4.9", "pylibjpeg and pylibjpeg-openjpeg"),  # JPEG 2000
    ("1.2.840.10008.1.2.4.8", "pyjpegls"),  # JPEG-LS
    ("1.2.840.10008.1.2.4.", "pylibjpeg and pylibjpeg-libjpeg"),  # JPEG
)


def stored_pixels(file: DicomFile) -> NDArray[np.number]:
    """Decode all pictures of a file, (frames, rows, columns), without rescaling.

    Raises
    ------
    ImageError
        If the transfer syntax cannot be decoded here, the pixels are missing, cut off or
        damaged, or there are absurdly many.
    """
    header = file.header
    _check_decoder(UID(header.file_meta.TransferSyntaxUID))
    rows, columns = number(header, "Rows") or 0, number(header, "Columns") or 0
    frames = number(header, "NumberOfFrames") or 1
    if not 0 < rows * columns * frames <= MAX_VOXELS:
        raise ImageError(
            f"{columns:g}×{rows:g}×{frames:g} pixels in a file, 1 to {MAX_VOXELS} can be read; "
            "export the series again"
        )
    with warnings.catch_warnings(), file.open() as stream:
        warnings.simplefilter("ignore")  # of harmless faults, such as padding at the end
        try:
            dataset = dcmread(stream, force=True)
            dataset.file_meta = header.file_meta
            pixels = np.asarray(dataset.pixel_array)
        except (*MALFORMED, EOFError, OSError, RuntimeError, MemoryError) as error:
            raise ImageError(
                "pixels are missing, cut off or damaged; export the series again"
            ) from error
    expected = (int(frames), int(rows), int(columns))
    if pixels.size != np.prod(expected):
        raise ImageError(f"{pixels.size} pixels in a file, {np.prod(expected)} are needed")
    return pixels.reshape(expected)


def _check_decoder(syntax: UID) -> None:
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise ImageError(
            f"transfer syntax {syntax.name} is unknown here; export it uncompressed"
        ) from None
    if not decoder.is_available:
        package = next((name for start, name in PACKAGES if syntax.startswith(start)), "")
        remedy = f"install {package} or export" if package else "export"
        raise ImageError(f"nothing here decodes {syntax.name}; {remedy} the series uncompressed")
