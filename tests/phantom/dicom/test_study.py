"""A whole simulated study as DICOM: all that was planted is in the files."""

import numpy as np
import pydicom
import pytest

from gliokit.core.vocabulary import Map
from gliokit.phantom.dicom.identifiers import Kind, burn_in, draw_identity
from gliokit.phantom.dicom.series import Role, draw_plan
from gliokit.phantom.dicom.study import write_study
from gliokit.phantom.scan.scanner import Vendor

EXTENT = np.array([[-80.0, -115, -90], [80, 90, 95]])
DAY = 93
CASES = [(vendor, enhanced) for vendor in Vendor for enhanced in (False, True)]


def ramp(plan):
    """Pixels that differ from slice to slice, in the units of what is shown."""
    columns, rows, slices = np.indices(plan.grid.shape, dtype=np.float32)
    return (columns + rows + 5 * slices) * (2 if plan.sequence is Map.ADC else 0.01)


def write(folder, vendor, *, enhanced=False, burn_text=True):
    rng = np.random.default_rng(3)
    plan = draw_plan(rng, vendor=vendor, extent_mm=EXTENT, coarseness=3, enhanced=enhanced)
    identity = draw_identity(rng, age=55, sex="M")
    planted = write_study(
        folder, plan, render=ramp, identity=identity, day=DAY, burn_text=burn_text
    )
    return plan, identity, planted


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    written = {}
    for case in CASES:
        folder = tmp_path_factory.mktemp("dicom")
        plan, identity, planted = write(folder, case[0], enhanced=case[1])
        files = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
        written[case] = (plan, identity, planted, files)
    return written


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def study(request, studies):
    return studies[request.param]


def find(dataset, path):
    """Give the value at a path such as "(0040,0275)[0](0032,1060)"."""
    *sequences, last = path.split("[0]")
    for sequence in sequences:
        dataset = dataset[tag_of(sequence)].value[0]
    return str(dataset[tag_of(last)].value)


def tag_of(text):
    return int(text.strip("()").replace(",", ""), 16)


def test_every_planted_identifier_is_found_in_every_file_it_is_listed_for(study):
    _, _, planted, files = study
    in_tags = [one for one in planted if one.box is None]
    assert len(in_tags) > 25
    for file in files:
        for one in in_tags:
            if one.series in (None, file.SeriesNumber):
                assert one.value in find(file, one.path), one


def test_every_burned_in_text_is_found_in_its_box(study):
    _, _, planted, files = study
    by_uid = {file.SOPInstanceUID: file for file in files}
    in_pixels = [one for one in planted if one.box is not None]
    assert {one.kind for one in in_pixels} == {Kind.NAME, Kind.PATIENT_ID, Kind.BIRTH_DATE}
    for one in in_pixels:
        file = by_uid[one.sop_instance_uid]
        frames = np.reshape(file.pixel_array, (-1, file.Rows, file.Columns))
        left, top, right, bottom = one.box
        letters = frames[one.frame - 1, top:bottom, left:right]
        blank = np.zeros((right, bottom), dtype=np.float32)
        expected, (place,) = burn_in(blank, (one.value,), level=1.0)
        assert file.SeriesNumber == one.series
        np.testing.assert_array_equal(
            letters.max() == letters.T, expected[place[0] : place[2], place[1] : place[3]] == 1
        )


def test_names_stand_nowhere_that_is_not_listed(study):
    _, identity, planted, files = study
    for file in files:
        listed = {one.path for one in planted if one.series in (None, file.SeriesNumber)}
        for element in file.iterall():
            named = identity.family in str(element.value) and element.VR != "SQ"
            if named:
                tag = f"({element.tag.group:04X},{element.tag.element:04X})"
                assert any(path.endswith(tag) for path in listed), tag


def test_series_have_as_many_instances_as_planned(study):
    plan, _, _, files = study
    planned, found = {}, {}
    for series in plan.series:
        number = series.facts.number
        planned[number] = planned.get(number, 0) + series.grid.shape[2]
    for file in files:
        frames = int(file.get("NumberOfFrames", 1))
        found[file.SeriesNumber] = found.get(file.SeriesNumber, 0) + frames
    assert found == planned


def test_localizer_and_derived_map_can_be_told_from_images(study):
    plan, _, _, files = study
    roles = {series.facts.number: series.role for series in plan.series}
    planes = {}
    for file in files:
        role = roles[file.SeriesNumber]
        assert (file.ImageType[0] == "DERIVED") == (role is Role.DERIVED)
        shared = file.get("SharedFunctionalGroupsSequence")
        holder = shared[0].PlaneOrientationSequence[0] if shared else file
        orientation = tuple(float(cosine) for cosine in holder.ImageOrientationPatient)
        planes.setdefault(file.SeriesNumber, set()).add(orientation)
    assert {number for number, found in planes.items() if len(found) == 3} == {
        number for number, role in roles.items() if role is Role.LOCALIZER
    }


def test_values_of_the_map_are_kept(study):
    plan, _, _, files = study
    (adc,) = (series for series in plan.series if series.role is Role.DERIVED)
    expected = min(ramp(adc).max(), 4095 if plan.vendor is not Vendor.GE else 65535)
    highest = 0.0
    for file in files:
        if file.SeriesNumber == adc.facts.number:
            shared = file.get("SharedFunctionalGroupsSequence")
            holder = shared[0].PixelValueTransformationSequence[0] if shared else file
            slope = float(holder.get("RescaleSlope", 1))
            value = file.pixel_array.max() * slope + float(holder.get("RescaleIntercept", 0))
            highest = max(highest, value)
    assert highest == pytest.approx(expected, abs=1)


def test_files_of_a_study_share_its_uid_and_its_date(study):
    _, identity, _, files = study
    assert len({file.StudyInstanceUID for file in files}) == 1
    assert {file.StudyDate for file in files} == {f"{identity.date_of(DAY):%Y%m%d}"}


@pytest.mark.parametrize("vendor", Vendor)
def test_same_seed_gives_the_same_files(tmp_path, vendor):
    for name in ("a", "b"):
        write(tmp_path / name, vendor)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "ab"
    )
    assert first == second


def test_text_is_burned_in_only_on_request(tmp_path):
    _, _, planted = write(tmp_path, Vendor.GE, burn_text=False)
    assert all(one.box is None for one in planted)
