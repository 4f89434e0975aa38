"""What a result writes for archives, as dcmtk reads it."""

import shutil
import subprocess

import numpy as np
import pydicom
import pytest


def dcmtk(tool, *arguments):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} (dcmtk) is not installed")
    run = subprocess.run([tool, *arguments], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode("latin-1")
    return run.stdout.decode("utf-8")


def test_result_of_a_dicom_study_holds_an_object_of_each_kind(objects):
    assert [file.name for file in objects] == ["pdf.dcm", "rtstruct.dcm", "seg.dcm", "sr.dcm"]
    made = [pydicom.dcmread(file, stop_before_pixels=True) for file in objects]
    assert len({one.StudyInstanceUID for one in made}) == 1
    assert len({one.SeriesInstanceUID for one in made}) == len({o.SeriesNumber for o in made}) == 4


def test_study_without_a_tumor_has_a_report_and_no_objects_of_labels(analyze_labels):
    folder = analyze_labels(np.zeros((48, 56, 24), dtype=np.uint8), "none")
    assert sorted(file.name for file in folder.glob("*.dcm")) == ["pdf.dcm", "sr.dcm"]


def test_all_are_dicom_files(objects):
    said = dcmtk("dcmftest", *objects)
    assert [line.split(":")[0] for line in said.splitlines()] == ["yes"] * len(objects)


def test_report_is_read_with_its_numbers_and_points(objects):
    said = dcmtk("dsrdump", next(file for file in objects if file.name == "sr.dcm"))
    assert "Comprehensive 3D SR Document" in said
    assert '"For research use only; not ' in said
    assert 'TEXT:(,,"Tracking Identifier")="TC-1"' in said
    assert said.count("SCOORD3D") == 2 * 2  # of the whole tumor and its core
    assert 'NUM:(,,"Volume")="0.8" (cm3,UCUM,"cubic centimeter")' in said


def test_document_is_taken_out_as_it_went_in(objects, tmp_path):
    source = next(file for file in objects if file.name == "pdf.dcm")
    dcmtk("dcm2pdf", source, tmp_path / "out.pdf")
    made = pydicom.dcmread(source)
    document = made.EncapsulatedDocument[: made.EncapsulatedDocumentLength]
    assert (tmp_path / "out.pdf").read_bytes() == document
