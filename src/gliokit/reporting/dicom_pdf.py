"""A report as a DICOM object: Encapsulated PDF.

It stands in the study of its source as a new series, with its patient and dates, and names the
pictures that it was made of. The document itself shows the study id alone, so that nothing in it
tells who the patient is.

UIDs are hashes of all that it says; the same UID means the same bytes.

Source: DICOM PS3.3 2024, A.45.1, C.24.1, C.24.2.
"""

from collections.abc import Sequence
from pathlib import Path

from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import EncapsulatedPDFStorage

from gliokit.core.errors import ImageError
from gliokit.io.dicom_encoding import encoded
from gliokit.io.dicom_identity import (
    BLANK_UID,
    RESEARCH_USE,
    Maker,
    equipment,
    made_uid,
    series_number,
    shared_identity,
    source_moment,
)
from gliokit.io.whole_file import write_whole_file

SERIES_OFFSET = 6000  # of the series number; assumed free in a study
TITLE = "Glioma MRI report"


def write_encapsulated_pdf(
    path: Path, pdf: bytes, headers: Sequence[Dataset], *, maker: Maker
) -> Dataset:
    """Write a PDF as a DICOM object.

    Parameters
    ----------
    headers : sequence of Dataset
        Of the series that the report is about, without pixels.
    maker : Maker
        What made the labels; it stands in the file and in its UIDs.

    Returns
    -------
    Dataset
        As written.

    Raises
    ------
    ImageError
        If `pdf` is none.
    OutputError
        If the file cannot be written.
    """
    if not pdf.startswith(b"%PDF-"):
        raise ImageError(f"{path}: found no PDF ({pdf[:8]!r}); needed one; render it first")
    document = _document(pdf, headers, maker)
    sources = [str(header.SOPInstanceUID) for header in headers]
    content = encoded(document)  # all that the file says, its UIDs blank
    for keyword in ("SeriesInstanceUID", "SOPInstanceUID"):
        uid = made_uid(f"pdf {keyword}", sources=sources, content=content, maker=maker)
        setattr(document, keyword, uid)
    write_whole_file(path, encoded(document))
    return document


def _document(pdf: bytes, headers: Sequence[Dataset], maker: Maker) -> Dataset:
    """Give the file but for its own UIDs."""
    first = headers[0]
    document = shared_identity(first)
    document.update(equipment(maker))
    date, time = source_moment(first)
    document.SOPClassUID = EncapsulatedPDFStorage
    document.SOPInstanceUID = document.SeriesInstanceUID = BLANK_UID
    document.Modality = "DOC"
    document.ConversionType = "WSD"  # made on a workstation
    document.SeriesNumber = series_number(first, SERIES_OFFSET)
    document.SeriesDescription = f"{TITLE}, {RESEARCH_USE.lower()}"
    document.InstanceNumber = 1
    document.SeriesDate = document.ContentDate = date
    document.SeriesTime = document.ContentTime = time
    document.AcquisitionDateTime = ""  # several series, at several times
    document.BurnedInAnnotation = "NO"
    document.DocumentTitle = f"{TITLE}. {RESEARCH_USE}"
    document.ConceptNameCodeSequence = [_title_code()]
    document.SourceInstanceSequence = [_reference(header) for header in headers]
    document.MIMETypeOfEncapsulatedDocument = "application/pdf"
    document.EncapsulatedDocumentLength = len(pdf)
    document.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    return document


def _title_code() -> Dataset:
    title, code = Dataset(), codes.DCM.ImagingMeasurementReport
    title.CodeValue = code.value
    title.CodingSchemeDesignator = code.scheme_designator
    title.CodeMeaning = code.meaning
    return title


def _reference(header: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = header.SOPClassUID
    reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
    return reference
