"""How values become DICOM: signs of the axes, codes, UIDs out of hashes, the bytes of a file.

Source: DICOM PS3.3 2024, C.7.6.2.1.1 (patient coordinates); PS3.5, B.2 (a UUID as a UID);
PS3.10, 7.1 (file meta information).
"""

import hashlib
from io import BytesIO

import numpy as np
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRLittleEndian

from gliokit.core.coding import CodedTerm

LPS_OF_RAS = np.array([-1.0, -1.0, 1.0])  # and RAS of LPS
VERSION = "GLIOKIT_1"


def uid_of_digest(digest: bytes) -> UID:
    """Give a UID under 2.25, the first 16 bytes of a hash as one number."""
    return UID(f"2.25.{int.from_bytes(digest[:16])}")


IMPLEMENTATION = uid_of_digest(hashlib.sha256(VERSION.encode()).digest())


def code_of(term: CodedTerm) -> Code:
    """Give a term as pydicom and highdicom take it."""
    return Code(term.value, term.scheme, term.meaning)


def encoded(dataset: Dataset, *, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """Give the bytes of a file, with its meta information."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = VERSION
    dataset.file_meta = meta
    buffer = BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
