"""Simulated studies of all vendors, disguised: planted identifiers go, all else stays."""

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from gliokit.io.deidentification.dates import shift_dicom, shift_iso
from gliokit.io.deidentification.descriptors import clean_text
from gliokit.io.deidentification.dicom import deidentify_dataset, deidentify_file, disguise
from gliokit.io.deidentification.key import SecretKey
from gliokit.io.deidentification.traces import Traces
from gliokit.phantom.dicom.identifiers import draw_identity
from gliokit.phantom.dicom.series import draw_plan
from gliokit.phantom.dicom.study import write_study
from gliokit.phantom.scan.scanner import Vendor

EXTENT = np.array([[-80.0, -115, -90], [80, 90, 95]])
CASES = [(vendor, enhanced) for vendor in Vendor for enhanced in (False, True)]
KEY = SecretKey(bytes(range(32)))


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def pairs(request, tmp_path_factory):
    """Give what was planted, and each file before and after."""
    vendor, enhanced = request.param
    folder = tmp_path_factory.mktemp("dicom")
    rng = np.random.default_rng(3)
    plan = draw_plan(rng, vendor=vendor, extent_mm=EXTENT, coarseness=6, enhanced=enhanced)
    planted = write_study(
        folder,
        plan,
        render=lambda series: np.ones(series.grid.shape, np.float32),
        identity=draw_identity(rng, age=55, sex="M"),
        day=40,
    )
    before = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    after = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    for dataset in after:
        deidentify_file(dataset, disguise(dataset.PatientID, KEY))
    return planted, list(zip(before, after, strict=True))


def test_no_planted_identifier_is_left(pairs):
    planted, files = pairs
    texts = [str(dataset).casefold() for _, dataset in files]
    for one in planted:
        assert not any(one.value.casefold() in text for text in texts)


def test_the_search_finds_traces_before_and_none_after(pairs):
    _, files = pairs
    traces = Traces()
    patient = files[0][0].PatientID
    for before, _ in files:
        traces.add(before, patient=patient)
    searcher, days = traces.searcher(), disguise(patient, KEY).days
    for before, after in files:
        assert searcher.find_in_dataset(before, patient=patient, days=days)
        assert searcher.find_in_dataset(after, patient=patient, days=days) == ""


def test_pixels_and_geometry_stay_and_private_attributes_go(pairs):
    for before, after in pairs[1]:
        assert after.PixelData == before.PixelData
        for keyword in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"):
            assert all_of(after, keyword) == all_of(before, keyword)
        assert not any(element.tag.is_private for element in after.iterall())


def test_uids_are_mapped_one_to_one_and_the_codes_of_the_profile_are_set(pairs):
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        mapped = {(before[keyword].value, after[keyword].value) for before, after in pairs[1]}
        olds, news = (set(side) for side in zip(*mapped, strict=True))
        assert len(olds) == len(news) == len(mapped)
        assert not olds & news
    _, after = pairs[1][0]
    codes = {code.CodeValue for code in after.DeidentificationMethodCodeSequence}
    assert codes == {"113100", "113107", "113105"}
    assert after.PatientIdentityRemoved == "YES"


def all_of(dataset, keyword):
    return [str(one.value) for one in dataset.iterall() if one.keyword == keyword]


def test_days_between_dates_are_kept_over_a_leap_day():
    assert shift_dicom("20200301", 2) == "20200228"
    assert shift_dicom("20200301123000.5+0100", 1) == "20200229123000.5+0100"
    assert shift_iso("2020-03-01T12:30:00", 1) == "2020-02-29T12:30:00"
    assert shift_dicom("20201301", 1) == ""
    assert shift_dicom("20200301 Smith", 1) == ""


@pytest.mark.parametrize("text", ["AX T2 FLAIR", "Sag 3D BRAVO +C", "t1_mprage_sag_iso 1mm"])
def test_protocol_words_stay(text):
    assert clean_text(text) == text


@pytest.mark.parametrize("text", ["AX T1 Quillory", "MR head 12.03.11", "T2 4711389", "Östervane"])
def test_text_with_any_other_word_goes_as_a_whole(text):
    assert clean_text(text) == ""


def test_names_in_sequences_within_sequences_go():
    inner, outer, dataset = Dataset(), Dataset(), Dataset()
    inner.PatientName, inner.ReferencedSOPInstanceUID = "Quillory^Corvin", "1.2.3"
    outer.ReferencedImageSequence = [inner]
    dataset.SourceImageSequence = [outer]
    deidentify_dataset(dataset, disguise("1", KEY))
    assert "Quillory" not in str(dataset)
    assert "1.2.3" not in str(dataset)
