"""A patient's visits as a structured report: tracked, dated, read back, and judged by dciodvfy."""

import shutil
import subprocess
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

import highdicom as hd
import numpy as np
import pytest
from pydicom.sr.codedict import codes

from gliokit.core.errors import GeometryError
from gliokit.core.findings import DISCLAIMER
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label, Region
from gliokit.io.dicom_identity import Maker
from gliokit.io.dicom_seg import write_seg
from gliokit.io.dicom_writer import Element, StudyFacts
from gliokit.measurement.lesion_matching import State
from gliokit.measurement.volume_course import Since
from gliokit.reporting.timeline_sr import VisitSource, write_timeline_sr
from gliokit.reporting.timeline_sr_groups import SUM_OF_PRODUCTS

MAKER = Maker("small 1.2", "cd" * 32, "criteria=rano2_2023")
PATIENT = (Element(0x00100010, "PN", "Müller^Jörg"), Element(0x00100020, "LO", "12345"))
SHAPE, AFFINE = (16, 16, 8), np.diag([4.0, 4.0, 4.0, 1.0])


@pytest.fixture(scope="module")
def sources(tmp_path_factory, timeline, write_headers):
    """Write a series and a SEG per visit, the days apart that the visits are."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[4:9, 4:9, 2:5] = Label.ENHANCING
    folder, found = tmp_path_factory.mktemp("sources"), []
    for visit in timeline.visits:
        started = datetime(2014, 3, 9, 8, 30) + timedelta(days=visit.day)
        facts = StudyFacts(visit.study_id, started, "SIEMENS", "Skyra", "E11", 3.0, PATIENT)
        voxels = np.ones(SHAPE, dtype=np.float32)
        headers = tuple(
            write_headers(folder / visit.study_id, voxels, AFFINE, facts, enhanced=True)
        )
        path = folder / visit.study_id / "seg.dcm"
        found.append(
            VisitSource(headers, write_seg(path, LabelMap(labels, AFFINE), headers, maker=MAKER))
        )
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory, timeline, sources):
    """Write the report of the patient."""
    path = tmp_path_factory.mktemp("report") / "timeline_sr.dcm"
    write_timeline_sr(path, timeline, sources, maker=MAKER)
    return path


@pytest.fixture(scope="module")
def document(path):
    """Read it back."""
    return hd.sr.srread(path)


@pytest.fixture(scope="module")
def other(tmp_path_factory, timeline, sources):
    """Write another report: by a person, simulated, with a note, and L1 gone at the last visit."""
    last = timeline.visits[-1]
    gone = replace(
        last.enhancing,
        lesions=last.enhancing.lesions[1:],
        states=(("L1", State.VANISHED), ("L2", State.NEW)),
    )
    visits = (*timeline.visits[:-1], replace(last, enhancing=gone))
    changed = replace(timeline, visits=visits, simulated=True, notes=("A visit was left out.",))
    path = tmp_path_factory.mktemp("other") / "timeline_sr.dcm"
    write_timeline_sr(path, changed, sources, maker=Maker(None))
    return path


def groups(document, name):
    """Give the groups of that name in the order of the visits."""
    found = document.content.get_image_measurement_groups()
    return [group for group in found if group.tracking_identifier == name]


def items(dataset):
    """Give all content items, at any depth."""
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from items(item)


def told(group, name):
    """Give the values of the items of a group by name."""
    return [item.value for item in items(group[0]) if item.name.meaning == name]


def sizes(group):
    return {item.name.meaning: (item.value, item.unit.value) for item in group.get_measurements()}


def test_every_visit_has_its_sizes_under_its_day(document):
    found = groups(document, "enhancing tumor")
    assert [sizes(group)["Volume"][0] for group in found] == [8.0, 5.0, 3.0, 6.0]
    assert [sizes(group)[SUM_OF_PRODUCTS.meaning] for group in found] == [
        (value, "mm2") for value in (800.0, 500.0, 300.0, 600.0)
    ]
    assert [told(group, "Time Point") for group in found] == [
        ["day 0"],
        ["day 56"],
        ["day 112"],
        ["day 168"],
    ]
    assert told(found[1], "Subject Time Point Identifier") == ["second"]
    assert told(found[3], "Longitudinal Temporal Offset from Event") == [168.0]


def test_a_volume_and_its_change_have_the_ranges_of_their_intervals(document, timeline):
    found = groups(document, "enhancing tumor")
    [volume] = found[1].get_measurements(name=codes.SCT.Volume)
    ranges = [item.value for item in volume[0].ContentSequence]
    assert ranges == [5.0, 2.5]
    change = next(
        own
        for own in timeline.visits[1].changes
        if own.since is Since.BASELINE and own.region is Region.ENHANCING_TUMOR
    )
    [told_change] = [
        item
        for item in items(found[1][0])
        if item.name.meaning == "Relative change from the baseline"
    ]
    assert told_change.value == pytest.approx(-0.375)
    upper = told_change.ContentSequence[0].value
    assert upper == pytest.approx(change.relative.interval[1] + 0.375)


def test_a_lesion_is_tracked_by_one_uid_through_all_visits(document):
    found = groups(document, "enhancing tumor L1")
    assert len(found) == 4
    assert len({group.tracking_uid for group in found}) == 1
    [late] = groups(document, "enhancing tumor L2")
    assert late.tracking_uid != found[0].tracking_uid
    assert sizes(found[1])["Long axis"] == (25.0, "mm")
    roles = [g.get_qualitative_evaluations(name=codes.DCM.BaselineCategory)[0] for g in found]
    assert {role.value for role in roles} == {codes.DCM.TargetLesionAtBaseline}


def test_a_later_visit_leaves_the_uid_of_a_lesion(document, tmp_path, timeline, sources):
    first = replace(timeline, visits=timeline.visits[:2])
    early = write_timeline_sr(tmp_path / "sr.dcm", first, sources[:2], maker=MAKER)
    early = hd.sr.Comprehensive3DSR.from_dataset(early)
    before, after = (groups(one, "enhancing tumor L1")[0] for one in (early, document))
    assert before.tracking_uid == after.tracking_uid
    assert early.SOPInstanceUID != document.SOPInstanceUID


def test_diameters_lie_in_the_frame_of_reference_of_their_visit(document, sources):
    found = groups(document, "enhancing tumor L1")
    frames = []
    for group in found:
        [axis] = group.get_measurements(name=codes.SCT.LongAxis)
        frames.append(axis.referenced_coordinates[0].frame_of_reference_uid)
    assert frames == [source.headers[0].FrameOfReferenceUID for source in sources]


def test_each_criterion_has_its_category_with_the_reason_at_every_visit(document):
    found = groups(document, "rano2_2023")
    assert [told(group, "Current Response")[0].meaning for group in found] == [
        "baseline",
        "SD",
        "not assessable",
        "PD",
    ]
    assert told(found[3], "Reason of the response") == ["enhancing tumor measures 600 mm², or 6 mL"]
    possible = [code.meaning for code in told(found[2], "Response that remains possible")]
    assert possible == ["preliminary PR", "SD"]


def test_baseline_and_nadir_are_named(document):
    found = groups(document, "rano2_2023")
    kinds = [[code.meaning for code in told(group, "Time Point Type")] for group in found]
    assert kinds == [["Baseline"], [], ["Nadir"], []]
    assert sizes(found[3])["Size at the baseline"] == (800.0, "mm2")
    assert sizes(found[3])["Size at the nadir"] == (300.0, "mm2")
    text = " ".join(words(document))
    assert "day 168 PD. Baseline: day 0. Nadir: day 112." in text


def words(document):
    [told_in_words] = [
        item
        for item in document.content[0].ContentSequence
        if item.name.meaning == "Qualitative Evaluations"
    ]
    return [item.value for item in told_in_words.ContentSequence]


def test_what_it_is_for_and_what_was_not_used_stand_in_words(other):
    said = words(hd.sr.srread(other))
    assert said[0] == DISCLAIMER
    assert "Simulated patient: all is made by a program." in said
    assert "rano_lgg2011: not used, T2/FLAIR cannot be seen at every visit." in said
    assert "A visit was left out." in said
    assert "Day 56: slices 5 mm apart." in said


def test_a_lesion_that_is_gone_has_its_state_and_no_size(other):
    vanished = groups(hd.sr.srread(other), "enhancing tumor L1")[-1]
    assert told(vanished, "State of the lesion")[0].meaning == "vanished"
    assert "Long axis" not in sizes(vanished)


def test_it_stands_in_the_newest_study_and_refers_to_the_pictures_of_all(document, sources):
    newest = sources[-1].headers[0]
    assert document.StudyInstanceUID == newest.StudyInstanceUID
    assert (document.PatientName, document.ContentDate) == ("Müller^Jörg", "20140824")
    everything = {h.SOPInstanceUID for source in sources for h in source.headers}
    everything |= {source.seg.SOPInstanceUID for source in sources}
    assert {uid for _, _, uid, _ in document.get_evidence()} == everything
    assert "InstanceCreationDate" not in document


def test_the_same_timeline_gives_the_same_bytes(path, timeline, sources, tmp_path):
    write_timeline_sr(tmp_path / "again.dcm", timeline, sources, maker=MAKER)
    assert (tmp_path / "again.dcm").read_bytes() == path.read_bytes()


def test_lengths_in_voxels_are_refused(timeline, sources, tmp_path):
    voxels = replace(timeline, voxel_units=True)
    with pytest.raises(GeometryError, match="lengths are in voxels"):
        write_timeline_sr(tmp_path / "sr.dcm", voxels, sources, maker=MAKER)


def test_a_source_without_frame_of_reference_is_refused(timeline, sources, tmp_path):
    bare = deepcopy(sources[1].headers[0])
    del bare.FrameOfReferenceUID
    some = [sources[0], VisitSource((bare,)), *sources[2:]]
    with pytest.raises(GeometryError, match="frame of reference"):
        write_timeline_sr(tmp_path / "sr.dcm", timeline, some, maker=MAKER)


@pytest.mark.parametrize("name", ["path", "other"], ids=["model", "person"])
def test_dciodvfy_finds_no_error(request, name):
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    command = ["dciodvfy", "-new", request.getfixturevalue(name)]
    run = subprocess.run(command, capture_output=True, check=False)
    said = (run.stdout + run.stderr).decode("latin-1")
    assert "Error" not in said, said


def test_dsrdump_reads_it(path):
    if shutil.which("dsrdump") is None:
        pytest.skip("dsrdump (dcmtk) is not installed")
    run = subprocess.run(["dsrdump", path], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    assert b"enhancing tumor L1" in run.stdout


def test_a_lesion_that_came_after_the_baseline_never_becomes_one_of_it(timeline, sources, tmp_path):
    last = timeline.visits[-1]
    later = replace(
        last,
        day=200,
        study_id="fifth",
        enhancing=replace(last.enhancing, states=(("L1", State.PRESENT), ("L2", State.PRESENT))),
    )
    longer = replace(timeline, visits=(*timeline.visits, later))
    path = tmp_path / "sr.dcm"
    write_timeline_sr(path, longer, [*sources, sources[-1]], maker=MAKER)
    document = hd.sr.srread(path)
    found = groups(document, "enhancing tumor L2")
    assert [told(group, "Baseline Category")[0].meaning for group in found] == [
        codes.DCM.NonLesionAtBaseline.meaning
    ] * 2
    [first, *_] = groups(document, "enhancing tumor L1")
    assert told(first, "Baseline Category")[0].meaning == codes.DCM.TargetLesionAtBaseline.meaning


def test_a_part_apart_from_what_merged_is_told_by_its_own_name(timeline, sources, tmp_path):
    last = timeline.visits[-1]
    one, other = last.enhancing.lesions
    merged = replace(
        last.enhancing,
        lesions=(replace(one, name="L1+L2"), replace(other, name="L2", volume_ml=0.75)),
        states=(("L1", State.MERGED), ("L2", State.MERGED)),
    )
    changed = replace(timeline, visits=(*timeline.visits[:-1], replace(last, enhancing=merged)))
    path = tmp_path / "sr.dcm"
    write_timeline_sr(path, changed, sources, maker=MAKER)
    document = hd.sr.srread(path)
    assert len(groups(document, "enhancing tumor L1+L2")) == 1
    [apart] = groups(document, "enhancing tumor L2")
    assert sizes(apart)["Volume"][0] == 0.75


def test_the_baseline_of_another_criterion_than_the_first_dates_nothing(
    timeline, sources, tmp_path
):
    first, second = timeline.verdicts
    path = tmp_path / "sr.dcm"
    write_timeline_sr(path, replace(timeline, verdicts=(second, first)), sources, maker=MAKER)
    [at, *_] = groups(hd.sr.srread(path), "enhancing tumor L1")
    assert told(at, "Longitudinal Temporal Offset from Event") == []
    assert told(at, "Baseline Category") == []
