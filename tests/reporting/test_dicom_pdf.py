"""A PDF as a DICOM object: the document unchanged, in the study of its source."""

import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest

from gliokit.core.errors import ImageError
from gliokit.io.dicom_identity import NO_DATE, Maker
from gliokit.io.dicom_writer import Element, SliceOrder, StudyFacts
from gliokit.reporting.dicom_pdf import write_encapsulated_pdf

MAKER = Maker("small 1.2", "cd" * 32, "minimum_lesion_ml=0.1")
PATIENT = (Element(0x00100010, "PN", "Müller^Jörg"), Element(0x00100020, "LO", "12345"))
STUDY = StudyFacts(
    "pdf test", datetime(2014, 3, 9, 8, 30), "SIEMENS", "Skyra", "E11", 3.0, elements=PATIENT
)
DOCUMENT = b"%PDF-1.3\nan odd number of bytes\n"


@pytest.fixture
def headers(tmp_path, write_headers):
    voxels = np.ones((8, 6, 3), dtype=np.float32)
    return write_headers(
        tmp_path / "source", voxels, np.eye(4), STUDY, thickness_mm=2.0, order=SliceOrder.ASCENDING
    )


@pytest.mark.parametrize("document", [DOCUMENT, DOCUMENT + b"\n"], ids=["odd", "even"])
def test_document_comes_back_as_it_was(tmp_path, headers, document):
    write_encapsulated_pdf(tmp_path / "pdf.dcm", document, headers, maker=MAKER)
    back = pydicom.dcmread(tmp_path / "pdf.dcm")
    assert back.EncapsulatedDocument[: back.EncapsulatedDocumentLength] == document
    assert back.MIMETypeOfEncapsulatedDocument == "application/pdf"


def test_object_belongs_to_patient_study_and_pictures_of_its_source(tmp_path, headers):
    write_encapsulated_pdf(tmp_path / "pdf.dcm", DOCUMENT, headers, maker=MAKER)
    back, first = pydicom.dcmread(tmp_path / "pdf.dcm"), headers[0]
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate"):
        assert back[keyword].value == first[keyword].value
    assert back.SeriesInstanceUID != first.SeriesInstanceUID
    assert (back.ContentDate, back.BurnedInAnnotation) == ("20140309", "NO")
    assert "research use only" in back.SeriesDescription.lower()
    assert "research use only" in back.DocumentTitle.lower()
    assert [item.ReferencedSOPInstanceUID for item in back.SourceInstanceSequence] == [
        header.SOPInstanceUID for header in headers
    ]


def test_same_document_gives_the_same_bytes_and_another_one_other_uids(tmp_path, headers):
    paths = [tmp_path / name for name in ("one.dcm", "two.dcm", "three.dcm", "four.dcm")]
    other = replace(MAKER, model="another")
    one = write_encapsulated_pdf(paths[0], DOCUMENT, headers, maker=MAKER)
    write_encapsulated_pdf(paths[1], DOCUMENT, headers, maker=MAKER)
    three = write_encapsulated_pdf(paths[2], DOCUMENT + b"x", headers, maker=MAKER)
    four = write_encapsulated_pdf(paths[3], DOCUMENT, headers, maker=other)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len({made.SOPInstanceUID for made in (one, three, four)}) == 3
    assert len({made.SeriesInstanceUID for made in (one, three, four)}) == 3


def test_source_without_any_date_gets_no_date_of_the_clock(tmp_path, headers):
    for name in ("Content", "Acquisition", "Series", "Study"):
        headers[0][f"{name}Date"].value = ""
    made = write_encapsulated_pdf(tmp_path / "pdf.dcm", DOCUMENT, headers, maker=MAKER)
    assert (made.ContentDate, made.StudyDate) == (NO_DATE, "")


def test_what_is_no_pdf_is_refused(tmp_path, headers):
    with pytest.raises(ImageError, match="found no PDF"):
        write_encapsulated_pdf(tmp_path / "pdf.dcm", b"<html>", headers, maker=MAKER)
    assert not (tmp_path / "pdf.dcm").exists()


@pytest.mark.parametrize("maker", [MAKER, Maker(None)], ids=["model", "person"])
def test_dciodvfy_finds_no_error(tmp_path, headers, maker):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    write_encapsulated_pdf(tmp_path / "pdf.dcm", DOCUMENT, headers, maker=maker)
    run = subprocess.run(
        ["dciodvfy", "-new", tmp_path / "pdf.dcm"], capture_output=True, check=False
    )
    said = (run.stdout + run.stderr).decode("latin-1")
    assert "Error" not in said, said
