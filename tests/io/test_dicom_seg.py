"""DICOM SEG written on series of our own writer, read back, and judged by dciodvfy."""

import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from gliokit.core.coding import ABNORMAL_STRUCTURE, BRAIN, LABEL_CODES
from gliokit.core.errors import GeometryError, ImageError, LabelError
from gliokit.core.geometry import Grid, to_voxel, to_world
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.io.dicom_identity import NO_DATE, Maker, derived_uid, shared_identity
from gliokit.io.dicom_seg import read_seg, write_seg
from gliokit.io.dicom_writer import Element, StudyFacts

SHAPE = (18, 14, 9)
PATIENT = (
    Element(0x00100010, "PN", "Müller^Jörg"),
    Element(0x00100020, "LO", "12345"),
    Element(0x00100030, "DA", "19610203"),
    Element(0x00100040, "CS", "M"),
)
STUDY = StudyFacts(
    "seg test", datetime(2014, 3, 9, 8, 30), "SIEMENS", "Skyra", "E11", 3.0, elements=PATIENT
)
MAKER = Maker("default", "ab" * 32, "spacing=1")


def oblique():
    x, z = np.radians([17, 11])
    about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    about_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
    affine = np.eye(4)
    turn = np.array(about_x) @ np.array(about_z) @ np.diag([-1.0, -1, 1])
    affine[:3, :3] = turn * [0.7, 0.9, 4.8]
    affine[:3, 3] = [12.3, 45.6, -7.8]
    return affine


def tumor():
    """Every label, on some slices only, unlike in any mirror image."""
    array = np.zeros(SHAPE, dtype=np.uint8)
    array[3:11, 2:9, 2:7] = Label.EDEMA
    array[5:9, 3:7, 3:6] = Label.ENHANCING
    array[6:8, 4:6, 4] = Label.NECROTIC_CORE
    array[9:15, 8:12, 5:7] = Label.CAVITY
    return array


@pytest.fixture(params=["classic", "enhanced"])
def headers(tmp_path, request, write_headers):
    """Headers along the third axis of the array, as the reader gives them."""
    voxels, enhanced = np.ones(SHAPE, dtype=np.float32), request.param == "enhanced"
    found = write_headers(tmp_path / "source", voxels, oblique(), STUDY, enhanced=enhanced)
    if len(found) > 1:
        found.sort(
            key=lambda h: to_voxel(oblique(), np.array(h.ImagePositionPatient) * [-1, -1, 1])[2]
        )
    return found


@pytest.fixture
def labels():
    return LabelMap(tumor(), oblique())


def test_labels_and_affine_come_back_on_the_native_grid(tmp_path, headers, labels):
    write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)
    back = read_seg(tmp_path / "seg.dcm", grid=labels.grid)
    assert np.array_equal(back.array, labels.array)
    box = read_seg(tmp_path / "seg.dcm")
    assert np.allclose(np.abs(np.linalg.inv(labels.affine) @ box.affine)[:3, :3], np.eye(3))
    indices = np.argwhere(box.array == Label.NECROTIC_CORE)
    world = to_world(box.affine, indices)
    expected = to_world(labels.affine, np.argwhere(labels.array == Label.NECROTIC_CORE))
    assert np.abs(np.sort(world, axis=0) - np.sort(expected, axis=0)).max() < 1e-3


def test_codes_are_those_of_the_standard():
    standard = [codes.SCT.Necrosis, codes.SCT.Edema, codes.NCIt.EnhancingLesion]
    ours = [LABEL_CODES[label] for label in (Label.NECROTIC_CORE, Label.EDEMA, Label.ENHANCING)]
    ours += [ABNORMAL_STRUCTURE, BRAIN]
    standard += [codes.SCT.MorphologicallyAbnormalStructure, codes.SCT.Brain]
    assert [(c.value, c.scheme, c.meaning) for c in ours] == [
        (c.value, c.scheme_designator, c.meaning) for c in standard
    ]


def test_source_without_any_date_gets_no_date_of_the_clock(tmp_path, headers, labels):
    for header in headers:
        for name in ("Content", "Acquisition", "Series", "Study"):
            header[f"{name}Date"].value = ""
    seg = write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)
    assert (str(seg.ContentDate), seg.StudyDate) == (NO_DATE, "")


def test_each_frame_refers_to_the_source_picture_at_its_place(tmp_path, headers, labels):
    seg = write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)
    known = {}
    for header in headers:
        for n, frame in enumerate(header.get("PerFrameFunctionalGroupsSequence", [header]), 1):
            item = frame.get("PlanePositionSequence", [frame])[0]
            number = n if frame is not header else None
            known[header.SOPInstanceUID, number] = list(item.ImagePositionPatient)
    for frame in seg.PerFrameFunctionalGroupsSequence:
        source = frame.DerivationImageSequence[0].SourceImageSequence[0]
        place = known[source.ReferencedSOPInstanceUID, source.get("ReferencedFrameNumber")]
        assert np.allclose(frame.PlanePositionSequence[0].ImagePositionPatient, place, atol=1e-3)


def test_file_belongs_to_patient_study_and_frame_of_reference_of_its_source(
    tmp_path, headers, labels
):
    write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)
    seg, source = pydicom.dcmread(tmp_path / "seg.dcm"), headers[0]
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID"):
        assert seg[keyword].value == source[keyword].value
    assert seg.FrameOfReferenceUID == source.FrameOfReferenceUID
    assert seg.SeriesInstanceUID != source.SeriesInstanceUID
    assert seg.ContentDate == "20140309"
    assert "InstanceCreationDate" not in seg
    assert "research use only" in seg.SeriesDescription.lower()
    assert "research use only" in seg.ContentDescription.lower()
    assert [s.SegmentedPropertyTypeCodeSequence[0].CodeMeaning for s in seg.SegmentSequence] == [
        "Necrosis",
        "Edema",
        "Enhancing Lesion",
        "Resection cavity",
    ]


def test_same_input_gives_the_same_bytes(tmp_path, headers, labels):
    for name in ("one.dcm", "two.dcm"):
        write_seg(tmp_path / name, labels, headers, maker=MAKER)
    assert (tmp_path / "one.dcm").read_bytes() == (tmp_path / "two.dcm").read_bytes()


@pytest.mark.parametrize(
    "change", [{"model": "other"}, {"bundle_sha256": "cd" * 32}, {"options": "spacing=2"}]
)
def test_another_maker_makes_other_uids(tmp_path, headers, labels, change):
    one = write_seg(tmp_path / "one.dcm", labels, headers, maker=MAKER)
    two = write_seg(tmp_path / "two.dcm", labels, headers, maker=replace(MAKER, **change))
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.SeriesInstanceUID != two.SeriesInstanceUID


def test_one_other_voxel_makes_another_uid(tmp_path, headers, labels):
    one = write_seg(tmp_path / "one.dcm", labels, headers, maker=MAKER)
    array = labels.array.copy()
    array[3, 2, 2] = 0
    two = write_seg(tmp_path / "two.dcm", replace(labels, array=array), headers, maker=MAKER)
    assert one.SOPInstanceUID != two.SOPInstanceUID


def test_one_label_alone_keeps_its_meaning(tmp_path, headers, labels):
    only = replace(labels, array=np.where(tumor() == Label.CAVITY, tumor(), 0).astype(np.uint8))
    write_seg(tmp_path / "seg.dcm", only, headers, maker=MAKER)
    assert np.array_equal(read_seg(tmp_path / "seg.dcm", grid=only.grid).array, only.array)


@pytest.mark.parametrize("slices", [[4], [1, 7], [0, 1, 5], [8]])
def test_labels_on_few_slices_come_back(tmp_path, headers, labels, slices):
    array = np.zeros(SHAPE, dtype=np.uint8)
    array[3:8, 2:5, slices] = Label.ENHANCING
    write_seg(tmp_path / "seg.dcm", replace(labels, array=array), headers, maker=MAKER)
    assert np.array_equal(read_seg(tmp_path / "seg.dcm", grid=labels.grid).array, array)


def test_patient_data_that_break_the_standard_are_kept_as_they_are(tmp_path, headers, labels):
    for header in headers:
        header.PatientSex = "X"
        del header.AccessionNumber
    write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)
    seg = pydicom.dcmread(tmp_path / "seg.dcm")
    assert (seg.PatientSex, seg.AccessionNumber) == ("X", "")
    assert headers[0].PatientName == "Müller^Jörg"


def test_empty_label_map_is_refused(tmp_path, headers, labels):
    empty = replace(labels, array=np.zeros(SHAPE, dtype=np.uint8))
    with pytest.raises(LabelError, match="needs a segment"):
        write_seg(tmp_path / "seg.dcm", empty, headers, maker=MAKER)
    assert not (tmp_path / "seg.dcm").exists()


def test_unknown_label_is_refused(tmp_path, headers, labels):
    with pytest.raises(LabelError, match="unknown labels"):
        write_seg(tmp_path / "seg.dcm", replace(labels, array=tumor() + 1), headers, maker=MAKER)


def test_labels_on_another_grid_are_refused(tmp_path, headers, labels):
    moved = labels.affine.copy()
    moved[0, 3] += 0.1
    with pytest.raises(GeometryError, match="native grid"):
        write_seg(tmp_path / "seg.dcm", replace(labels, affine=moved), headers, maker=MAKER)


def test_series_without_frame_of_reference_is_refused(tmp_path, headers, labels):
    del headers[0].FrameOfReferenceUID
    with pytest.raises(GeometryError, match="frame of reference"):
        write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)


def test_grid_that_does_not_hold_the_labels_is_refused(tmp_path, headers, labels):
    write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)
    with pytest.raises(GeometryError, match="same grid"):
        read_seg(tmp_path / "seg.dcm", grid=Grid((10, 10, 4), labels.affine))


def test_file_that_is_no_seg_is_refused(tmp_path):
    (tmp_path / "seg.dcm").write_bytes(b"no DICOM")
    with pytest.raises(ImageError, match="cannot be read as DICOM SEG"):
        read_seg(tmp_path / "seg.dcm")


def test_unknown_term_is_refused(tmp_path, headers, labels):
    seg = write_seg(tmp_path / "seg.dcm", labels, headers, maker=MAKER)
    seg.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0].CodeValue = "1"
    seg.save_as(tmp_path / "other.dcm")
    with pytest.raises(LabelError, match="unknown term"):
        read_seg(tmp_path / "other.dcm")


def test_segments_say_who_outlined_them(tmp_path, headers, labels):
    by_model = write_seg(tmp_path / "model.dcm", labels, headers, maker=MAKER)
    for segment in by_model.SegmentSequence:
        assert segment.SegmentAlgorithmType == "AUTOMATIC"
        [algorithm] = segment.SegmentationAlgorithmIdentificationSequence
        assert algorithm.AlgorithmName == "default"
    by_person = write_seg(tmp_path / "person.dcm", labels, headers, maker=Maker(None))
    for segment in by_person.SegmentSequence:
        assert segment.SegmentAlgorithmType == "MANUAL"
        assert "SegmentationAlgorithmIdentificationSequence" not in segment
        assert "SegmentAlgorithmName" not in segment
    assert "person" in by_person.ContentDescription


@pytest.mark.parametrize("maker", [MAKER, Maker(None)], ids=["model", "person"])
def test_dciodvfy_finds_no_error(tmp_path, headers, labels, maker):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    write_seg(tmp_path / "seg.dcm", labels, headers, maker=maker)
    run = subprocess.run(
        ["dciodvfy", "-new", tmp_path / "seg.dcm"], capture_output=True, check=False
    )
    said = (run.stdout + run.stderr).decode("latin-1")
    assert "Error" not in said, said


def test_neighboring_parts_of_a_uid_are_kept_apart():
    rest = {"sources": ["1"], "content": b"", "version": "1"}
    one = derived_uid("k", model="ab", options="c", **rest)
    assert one != derived_uid("k", model="a", options="bc", **rest)
    assert one == derived_uid("k", model="ab", options="c", **rest)
    assert len(one) <= 64


def test_what_is_shared_with_the_source_is_a_copy(headers):
    identity = shared_identity(headers[0])
    identity["PatientName"].value = "changed"
    assert headers[0].PatientName == "Müller^Jörg"
