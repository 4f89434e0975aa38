"""`gliokit analyze` of DICOM: which series is which, and objects that lie where the source lies."""

import json
import zipfile
from datetime import datetime

import numpy as np
import pydicom
import pytest

from gliokit.core.vocabulary import MRSequence
from gliokit.io.dicom_seg import read_seg
from gliokit.io.dicom_writer import Element, SeriesFacts, SliceOrder, StudyFacts, write_series
from gliokit.io.nifti import read_label_map

# scanning sequence, TR, TE, TI in ms, as spin echo at 1.5 T is run
PROTOCOL = {
    MRSequence.T1: ("SE", 550.0, 12.0, None),
    MRSequence.T1C: ("SE", 550.0, 12.0, None),
    MRSequence.T2: ("SE", 4500.0, 100.0, None),
    MRSequence.FLAIR: ("IR", 9000.0, 110.0, 2400.0),
}
AGENT, NO_AGENT = (Element(0x00180010, "LO", value) for value in ("Gadovist", ""))
NAME, NUMBER = "Doe^Jane", "998877"
STUDY = StudyFacts(
    "analyze test",
    datetime(2014, 3, 9, 8, 30),
    "SIEMENS",
    "Skyra",
    "E11",
    3.0,
    elements=(Element(0x00100010, "PN", NAME), Element(0x00100020, "LO", NUMBER)),
)


def write_study(folder, study, facts=STUDY):
    for number, sequence in enumerate(PROTOCOL, start=1):
        image = study[sequence]
        kind, repetition, echo, inversion = PROTOCOL[sequence]
        series = SeriesFacts(
            number=number,
            description="ax",
            image_type=("ORIGINAL", "PRIMARY", "M"),
            scanning_sequence=(kind,),
            sequence_variant=("SP",),
            acquisition_type="2D",
            repetition_ms=repetition,
            echo_ms=echo,
            inversion_ms=inversion,
            flip_degrees=90.0,
            thickness_mm=2.0,
            order=SliceOrder.INTERLEAVED,
            elements=(AGENT if sequence is MRSequence.T1C else NO_AGENT,),
        )
        write_series(folder, image.array, affine=image.affine, study=facts, series=series)


@pytest.fixture
def dicom_folder(bright_study, tmp_path):
    write_study(tmp_path / "dicom", bright_study)
    return tmp_path / "dicom"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def test_dicom_gives_the_labels_of_the_same_study_as_nifti(
    analyze, dicom_folder, study_folder, out, tmp_path
):
    assert analyze(dicom_folder, "-o", out).code == 0
    assert analyze(study_folder, "-o", tmp_path / "nifti").code == 0
    ours = read_label_map(out / "segmentation.nii.gz")
    theirs = read_label_map(tmp_path / "nifti" / "segmentation.nii.gz")
    assert ours.grid.difference(theirs.grid) is None
    np.testing.assert_array_equal(ours.array, theirs.array)


def test_segmentation_object_holds_the_labels_on_the_grid_of_the_source(analyze, dicom_folder, out):
    ending = analyze(dicom_folder, "-o", out)
    labels = read_label_map(out / "segmentation.nii.gz")
    seg = read_seg(out / "seg.dcm", grid=labels.grid)
    np.testing.assert_array_equal(seg.array, labels.array)
    assert str(out / "rtstruct.dcm") in ending.stdout


def test_the_series_of_each_sequence_is_shown(analyze, dicom_folder, out):
    lines = analyze(dicom_folder, "-o", out).stderr
    for number, sequence in enumerate(PROTOCOL, start=1):
        assert f"gliokit: {sequence}: series {number} (" in lines


def test_names_folders_and_archives_do_not_matter(analyze, dicom_folder, out, tmp_path):
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number, path in enumerate(sorted(dicom_folder.iterdir(), reverse=True)):
            opened.writestr(f"part{number % 2}/{number}", path.read_bytes())
    assert analyze(dicom_folder, "-o", out).code == 0
    assert analyze(archive, "-o", tmp_path / "again").code == 0
    for name in ("segmentation.nii.gz", "seg.dcm", "rtstruct.dcm"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_a_series_can_be_named_by_its_number(analyze, dicom_folder, out):
    ending = analyze(dicom_folder, "--t1c", "2", "-o", out)
    assert ending.code == 0
    assert "t1c: series 2" in ending.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [("9", "no series 9; there are 1, 2, 3, 4"), ("t1.nii.gz", "give the number of its series")],
)
def test_what_is_no_series_is_refused(analyze, dicom_folder, out, given, message):
    ending = analyze(dicom_folder, "--t1c", given, "-o", out)
    assert ending.code == 2
    assert message in " ".join(ending.stderr.split())
    assert not out.exists()


def test_two_studies_at_once_are_refused(analyze, bright_study, dicom_folder, out):
    other = StudyFacts("other", datetime(2015, 1, 2), "SIEMENS", "Skyra", "E11", 3.0)
    write_study(dicom_folder, bright_study, other)
    ending = analyze(dicom_folder, "-o", out)
    assert ending.code == 2
    assert "2 studies" in ending.stderr


def test_no_name_of_the_patient_is_written_but_into_dicom(analyze, dicom_folder, out):
    ending = analyze(dicom_folder, "-o", out)
    for text in (ending.stderr, *(path.read_text() for path in out.glob("*.[hj]*"))):
        assert NAME not in text
        assert NUMBER not in text
    assert pydicom.dcmread(out / "seg.dcm").PatientName == NAME  # the archive files it under it


def test_measure_finds_the_same_size_in_both_forms(analyze, gliokit, dicom_folder, out):
    analyze(dicom_folder, "-o", out)
    volumes = [
        json.loads(gliokit("measure", out / name, "--json").stdout)
        for name in ("segmentation.nii.gz", "seg.dcm")
    ]
    assert volumes[0] == volumes[1]


def test_without_a_frame_of_reference_the_rest_is_written_and_said(analyze, dicom_folder, out):
    for path in dicom_folder.iterdir():
        image = pydicom.dcmread(path)
        del image.FrameOfReferenceUID
        image.save_as(path)
    ending = analyze(dicom_folder, "-o", out)
    assert ending.code == 0
    assert "has no frame of reference" in ending.stderr
    assert (out / "segmentation.nii.gz").is_file()
    assert not (out / "seg.dcm").exists()
