"""Structured reports: every number with its place, read back, and judged by dciodvfy."""

import shutil
import subprocess
from dataclasses import replace
from datetime import datetime

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from gliokit.core.errors import GeometryError
from gliokit.core.findings import DISCLAIMER, DetectionLimit, Notice, Quantity
from gliokit.core.vocabulary import Region, Side
from gliokit.io.dicom_identity import Maker
from gliokit.io.dicom_seg import write_seg
from gliokit.io.dicom_writer import Element, SliceOrder, StudyFacts, write_series
from gliokit.reporting.dicom_sr import write_sr
from gliokit.reporting.dicom_sr_groups import ENHANCING_VOLUME, PRODUCT

MAKER = Maker("small 1.2", "cd" * 32, "minimum_lesion_ml=0.1")
PATIENT = (Element(0x00100010, "PN", "Müller^Jörg"), Element(0x00100020, "LO", "12345"))
STUDY = StudyFacts(
    "sr test", datetime(2014, 3, 9, 8, 30), "SIEMENS", "Skyra", "E11", 3.0, elements=PATIENT
)
LIMIT = DetectionLimit(
    Region.ENHANCING_TUMOR, Quantity(0.4, "mL"), None, None, None, "0.4 mL or more is found."
)


@pytest.fixture
def is_enhanced():
    return False


@pytest.fixture
def headers(tmp_path, case, is_enhanced, t1_series):
    files = write_series(
        tmp_path / "source",
        np.ones(case.labels.array.shape, dtype=np.float32),
        affine=case.labels.affine,
        study=STUDY,
        series=replace(t1_series, thickness_mm=2.0, order=SliceOrder.ASCENDING),
        enhanced=is_enhanced,
    )
    return [pydicom.dcmread(file, stop_before_pixels=True) for file in files]


@pytest.fixture
def report(tmp_path, case, headers):
    """Give a function that writes a report of the case, and reads it back."""
    seg = write_seg(tmp_path / "seg.dcm", case.labels, headers, maker=MAKER)

    def write(*, maker=MAKER, seg=seg, **changes):
        findings = replace(case.findings, **changes)
        write_sr(tmp_path / "sr.dcm", findings, headers, maker=maker, seg=seg)
        return hd.sr.srread(tmp_path / "sr.dcm")

    write.seg = seg
    write.path = tmp_path / "sr.dcm"
    return write


def groups(document):
    content = document.content
    found = (
        *content.get_image_measurement_groups(),
        *content.get_volumetric_roi_measurement_groups(),
    )
    return {group.tracking_identifier: group for group in found}


def sizes(group):
    return {item.name.meaning: (item.value, item.unit.value) for item in group.get_measurements()}


def texts(document):
    [words] = [
        item
        for item in document.content[0].ContentSequence
        if item.name.meaning == "Qualitative Evaluations"
    ]
    return [(item.name.meaning, item.value) for item in words.ContentSequence]


def items(dataset):
    """Give all content items, at any depth."""
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from items(item)


def test_every_number_stands_under_its_unit(report, case):
    found = groups(report())
    volumes = {entry.region: entry.volume.value for entry in case.findings.volumes_by_region}
    assert sizes(found["whole tumor"]) == {"Volume": (volumes[Region.WHOLE_TUMOR], "cm3")}
    assert sizes(found["tumor core"]) == {"Volume": (volumes[Region.TUMOR_CORE], "cm3")}
    assert sizes(found["enhancing tumor"]) == {"Volume": (volumes[Region.ENHANCING_TUMOR], "cm3")}
    assert sizes(found["necrotic and non-enhancing core"])["Volume"] == (
        pytest.approx(0.096),
        "cm3",
    )
    assert sizes(found["TC-1"]) == {
        "Volume": (volumes[Region.TUMOR_CORE], "cm3"),
        ENHANCING_VOLUME.meaning: (volumes[Region.ENHANCING_TUMOR], "cm3"),
        "Long axis": (10.0, "mm"),
        "Perpendicular Axis": (9.5, "mm"),
        PRODUCT.meaning: (95.0, "mm2"),
    }


def test_diameters_end_where_they_were_measured_in_the_frame_of_the_source(report, case, headers):
    lesion = case.findings.lesions[0]
    group = groups(report())[lesion.name]
    for name, line in (
        (codes.SCT.LongAxis, lesion.longest),
        (codes.SCT.PerpendicularAxis, lesion.perpendicular),
    ):
        [measurement] = group.get_measurements(name=name)
        [coordinates] = measurement.referenced_coordinates
        assert coordinates.graphic_type == hd.sr.GraphicTypeValues3D.POLYLINE
        assert coordinates.frame_of_reference_uid == headers[0].FrameOfReferenceUID
        assert np.allclose(coordinates.value * [-1, -1, 1], [line.start, line.end], atol=1e-4)


def test_whole_segments_are_named_and_so_are_those_that_a_lesion_was_measured_on(report):
    found = groups(report())
    terms = {
        segment.SegmentNumber: segment.SegmentedPropertyTypeCodeSequence[0].CodeMeaning
        for segment in report.seg.SegmentSequence
    }
    for name, term in (("enhancing tumor", "Enhancing Lesion"), ("ET-1", "Enhancing Lesion")):
        [item] = [i for i in items(found[name][0]) if "ReferencedSOPSequence" in i]
        reference = item.ReferencedSOPSequence[0]
        assert reference.ReferencedSOPInstanceUID == report.seg.SOPInstanceUID
        assert terms[reference.ReferencedSegmentNumber] == term
    assert found["enhancing tumor"].referenced_segment is not None
    [whole] = found["whole tumor"].source_images
    assert list(whole.ReferencedSOPSequence[0].ReferencedSegmentNumber) == list(terms)


def test_side_of_a_lesion_is_told_by_the_standards_words(report, case):
    lesions = tuple(
        replace(lesion, side=side) for lesion, side in zip(case.findings.lesions, Side, strict=True)
    )
    found = groups(report(lesions=lesions))
    sites = {lesion.side: found[lesion.name].finding_sites[0] for lesion in lesions}
    assert sites[Side.LEFT].laterality == codes.SCT.Left
    assert sites[Side.RIGHT].laterality == codes.SCT.Right
    assert sites[Side.MIDLINE].laterality is None
    assert sites[Side.MIDLINE].topographical_modifier == codes.SCT.Midline


def test_model_is_named_only_where_one_made_the_labels(report):
    names = [item for item in items(report()) if item.name.meaning == "Algorithm Name"]
    assert {item.value for item in names} == {"small 1.2"}
    assert len(names) == len(groups(report()))
    by_person = report(maker=Maker(None), model=None)
    assert not [i for i in items(by_person) if i.name.meaning.startswith("Algorithm")]
    assert by_person.ManufacturerModelName == "gliokit"


def test_interval_stands_as_the_range_above_and_below_its_volume(report, case):
    volumes = tuple(
        replace(entry, volume=Quantity(3.0, "mL", (2.5, 4.25)))
        for entry in case.findings.volumes_by_region
    )
    [volume] = groups(report(volumes_by_region=volumes))["tumor core"].get_measurements()
    ranges = {i.name.value: (i.value, i.unit.value) for i in volume[0].ContentSequence}
    assert ranges == {"371886008": (1.25, "cm3"), "371885007": (0.5, "cm3")}
    assert any(
        text.startswith("90 % interval") for _, text in texts(report(volumes_by_region=volumes))
    )
    assert not any(text.startswith("90 % interval") for _, text in texts(report()))


def test_number_that_was_not_assessed_does_not_stand_in_it(report, case):
    unseen = Notice("n", "No T1c: the core was not seen.", (Region.TUMOR_CORE,))
    document = report(not_assessed=(unseen,), lesions=case.findings.lesions[:1])
    core = groups(document)["tumor core"]
    assert core.get_measurements() == []
    [evaluation] = core.get_qualitative_evaluations(name=codes.SCT.Volume)
    assert evaluation.value == codes.DCM.ValueUnknown
    assert ("Not assessed", unseen.text) in texts(document)


def test_what_is_doubtful_and_what_it_is_for_are_said_in_words(report):
    doubt = Notice("d", "A doubt – of ≥ 3 kinds.")
    said = texts(report(warnings=(doubt,)))
    assert said[0] == ("Comment", DISCLAIMER)
    assert said[1][0] == "Finding"
    assert said[1][1].startswith("One tumor core lesion on the right, measuring 10.0 × 9.5")
    assert ("Comment", doubt.text) in said


def test_the_detection_limit_is_said_where_there_is_one(report):
    said = ("Comment", "Detection limit: 0.4 mL or more is found.")
    assert said in texts(report(detection_limit=LIMIT))
    assert not any("Detection limit" in text for _, text in texts(report(detection_limit=None)))


def test_study_without_a_tumor_gets_a_report_that_says_so(report, case):
    nothing = tuple(
        replace(entry, voxels=0, volume=Quantity(0.0, "mL"))
        for entry in case.findings.volumes_by_region
    )
    labels = tuple(replace(entry, voxels=0) for entry in case.findings.volumes_by_label)
    document = report(seg=None, lesions=(), volumes_by_region=nothing, volumes_by_label=labels)
    assert ("Finding", "No tumor was found.") in texts(document)
    found = groups(document)
    assert list(found) == ["whole tumor", "tumor core", "enhancing tumor", "resection cavity"]
    assert {sizes(group)["Volume"] for group in found.values()} == {(0.0, "cm3")}


@pytest.mark.parametrize("is_enhanced", [False, True], ids=["classic", "enhanced"])
def test_report_belongs_to_patient_study_and_pictures_of_its_source(report, headers):
    document = report()
    first = headers[0]
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate"):
        assert document[keyword].value == first[keyword].value
    assert document.SeriesInstanceUID not in (first.SeriesInstanceUID, report.seg.SeriesInstanceUID)
    assert (document.ContentDate, document.Modality) == ("20140309", "SR")
    assert "InstanceCreationDate" not in document
    named = {uid for _, _, uid, _ in document.get_evidence()}
    assert named == {h.SOPInstanceUID for h in headers} | {report.seg.SOPInstanceUID}
    observers = document.content.get_observer_contexts()
    assert observers[0].observer_identifying_attributes.name.startswith("gliokit ")
    assert (document.VerificationFlag, document.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")


@pytest.mark.parametrize(
    ("character_set", "name"),
    [("ISO_IR 126", "Παπαδόπουλος^Γιώργος"), (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎")],
)
def test_name_in_any_letters_is_kept(report, headers, character_set, name):
    for header in headers:
        header.SpecificCharacterSet, header.PatientName = character_set, name
    document = report(warnings=(Notice("d", "Überlagerung ≥ 3 mm"),))
    assert document.PatientName == name
    assert ("Comment", "Überlagerung ≥ 3 mm") in texts(document)


def test_patient_data_that_break_the_standard_are_kept_as_they_are(report, headers):
    for header in headers:
        header.PatientSex = "X"
        del header.AccessionNumber
    document = report()
    assert (document.PatientSex, document.AccessionNumber) == ("X", "")


def test_same_findings_give_the_same_bytes_whenever_they_were_made(report):
    report()
    first = report.path.read_bytes()
    report(created="2031-01-01T00:00:00+00:00")
    assert report.path.read_bytes() == first


def test_another_model_or_finding_makes_other_uids(report, case):
    one = report()
    other = report(maker=replace(MAKER, bundle_sha256="ef" * 32))
    smaller = tuple(replace(one, volume=Quantity(0.5, "mL")) for one in case.findings.lesions)
    changed = report(lesions=smaller)
    assert len({one.SOPInstanceUID, other.SOPInstanceUID, changed.SOPInstanceUID}) == 3
    tracked = [groups(document)["TC-1"].tracking_uid for document in (one, other, changed)]
    assert len(set(tracked)) == 3


def test_private_terms_are_declared(report):
    document = report()
    schemes = {code.CodingSchemeDesignator for code in _codes(document)}
    assert [
        item.CodingSchemeDesignator for item in document.CodingSchemeIdentificationSequence
    ] == [scheme for scheme in schemes if scheme.startswith("99")]


def _codes(document):
    for item in items(document):
        yield item.ConceptNameCodeSequence[0]
        if "ConceptCodeSequence" in item:
            yield item.ConceptCodeSequence[0]


def test_source_without_frame_of_reference_is_refused(tmp_path, case, headers):
    del headers[0].FrameOfReferenceUID
    with pytest.raises(GeometryError, match="frame of reference"):
        write_sr(tmp_path / "sr.dcm", case.findings, headers, maker=MAKER)
    assert not (tmp_path / "sr.dcm").exists()


@pytest.mark.parametrize("is_enhanced", [False, True], ids=["classic", "enhanced"])
@pytest.mark.parametrize("maker", [MAKER, Maker(None)], ids=["model", "person"])
def test_dciodvfy_finds_no_error(report, maker):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    unseen = Notice("n", "No T1c.", (Region.ENHANCING_TUMOR,))
    report(maker=maker, not_assessed=(unseen,), detection_limit=LIMIT)
    run = subprocess.run(["dciodvfy", "-new", report.path], capture_output=True, check=False)
    said = (run.stdout + run.stderr).decode("latin-1")
    assert "Error" not in said, said
