"""`gliokit analyze` of DICOM: which series is which, and objects that lie where the source lies."""

import csv
import json
import zipfile
from datetime import datetime, timedelta

import numpy as np
import pydicom
import pytest

from gliokit.core.vocabulary import MRSequence
from gliokit.io.dicom_seg import read_seg
from gliokit.io.dicom_writer import Element, StudyFacts, write_series
from gliokit.io.nifti import read_label_map

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


@pytest.fixture
def write_study(bright_study, series_of):
    """Write the series of the bright study into a folder."""

    def write(folder, facts=STUDY, *, enhanced=False):
        for sequence in MRSequence:
            image = bright_study[sequence]
            write_series(
                folder,
                image.array,
                affine=image.affine,
                study=facts,
                series=series_of(sequence, thickness_mm=2.0),
                enhanced=enhanced,
            )
        return folder

    return write


@pytest.fixture
def dicom_folder(write_study, tmp_path):
    return write_study(tmp_path / "dicom")


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
    for number, sequence in enumerate(MRSequence, start=1):
        assert f"gliokit: {sequence}: series {number} (" in lines


@pytest.fixture
def no_objects(monkeypatch):
    """Leave out the DICOM objects: they take most of the time of so small a study."""
    monkeypatch.setattr("gliokit.analysis.dicom_analysis._write_objects", lambda *_: None)


@pytest.mark.usefixtures("no_objects")
def test_the_plan_of_series_stands_in_the_result_without_descriptions(
    analyze, dicom_folder, bright_study, series_of, out
):
    image = bright_study[MRSequence.T1]
    for number, slices in ((5, 2), (6, 44)):  # too few to be read; a T1 after agent was given
        facts = series_of(MRSequence.T1, number=number, description=NAME, thickness_mm=2.0)
        array = image.array[..., :slices]
        write_series(dicom_folder, array, affine=image.affine, study=STUDY, series=facts)
    ending = analyze(dicom_folder, "--t1c", "3", "-o", out)
    assert "t1c: series 3" in ending.stderr
    text, report = ((out / name).read_text() for name in ("findings.json", "report.html"))
    plan = json.loads(text)["series"]
    planned = {one["number"]: one for one in plan["read"]}
    assert [one["taken_for"] for one in planned.values()] == [["t1"], [], ["t1c"], ["flair"], []]
    assert [planned[n]["kind"] for n in (1, 2, 6)] == ["t1", "t1c", "t1c"]
    assert planned[3]["text"] == "Chosen by the user."
    assert planned[6]["text"] == "Would fit, too; series 3 was taken."
    assert plan["left_out"][0].startswith("series 5: ")
    assert "<summary>Series of this study: 3 used, 2 not, others not read</summary>" in report
    assert "<td>Would fit, too; series 3 was taken.</td>" in report
    assert not [name for name in NAME.split("^") if name in text + report]


def test_names_folders_and_archives_do_not_matter(analyze, dicom_folder, out, tmp_path):
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for number, path in enumerate(sorted(dicom_folder.iterdir(), reverse=True)):
            opened.writestr(f"part{number % 2}/{number}", path.read_bytes())
    assert analyze(dicom_folder, "-o", out).code == 0
    assert analyze(archive, "-o", tmp_path / "again").code == 0
    for name in ("segmentation.nii.gz", "seg.dcm", "rtstruct.dcm"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize(
    ("given", "message"),
    [("9", "no series 9; there are 1, 2, 3, 4"), ("t1.nii.gz", "give the number of its series")],
)
def test_what_is_no_series_is_refused(analyze, dicom_folder, out, given, message):
    ending = analyze(dicom_folder, "--t1c", given, "-o", out)
    assert ending.code == 2
    assert message in " ".join(ending.stderr.split())
    assert not out.exists()


def visit(key, day, *, described="", patient=NUMBER):
    """Facts of a study of the patient."""
    elements = {0x00100010: ("PN", NAME), 0x00100020: ("LO", patient)}
    if described:
        elements[0x00081030] = ("LO", described)
    return StudyFacts(
        key,
        datetime(2014, 3, 9) + timedelta(days=day),
        "SIEMENS",
        "Skyra",
        "E11",
        3.0,
        elements=tuple(Element(tag, vr, value) for tag, (vr, value) in elements.items()),
    )


@pytest.fixture
def visits(write_study, tmp_path):
    """Write studies, without order of names, and give their folder."""

    def write(*facts):
        for number, one in enumerate(facts):
            write_study(tmp_path / "visits" / str(9 - number), one, enhanced=True)
        return tmp_path / "visits"

    return write


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def findings(out, row):
    return json.loads((out / row["study_id"] / "findings.json").read_text())


def codes(found):
    return [notice["code"] for notice in found["warnings"]]


def test_studies_of_one_patient_go_each_to_its_folder_in_the_order_of_days(analyze, visits, out):
    folder = visits(visit("late", 90), visit("first", 0), visit("middle", 30))
    ending = analyze(folder, "-o", out)
    assert ending.code == 0
    done = rows(out / "summary.csv")
    assert rows(out / "failures.csv") == []
    assert len({row["patient_id"] for row in done}) == 1
    assert ending.stderr.count("t1c: series 2 (") == 3
    days = [
        [notice["text"] for notice in findings(out, row)["warnings"] if "days" in notice["code"]]
        for row in done
    ]
    first = done[0]["study_id"]
    assert days[0] == []
    assert days[1][0].startswith(f"Made 30 days after {first}")
    assert days[2][0].startswith(f"Made 90 days after {first}")
    assert all((out / row["study_id"] / "seg.dcm").is_file() for row in done)


def test_a_study_among_others_gives_the_labels_that_it_gives_alone(analyze, visits, out, tmp_path):
    folder = visits(visit("first", 0), visit("second", 30))
    assert analyze(folder / "9", "-o", tmp_path / "alone").code == 0
    assert analyze(folder, "-o", out).code == 0
    for name in ("segmentation.nii.gz", "seg.dcm"):
        there = out / rows(out / "summary.csv")[0]["study_id"] / name
        assert there.read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_a_bad_study_stops_no_other_and_has_its_reason(analyze, visits, out):
    folder = visits(visit("bad", 0), visit("good", 30))
    for path in (folder / "9").iterdir():
        image = pydicom.dcmread(path)
        image.SOPClassUID = pydicom.uid.CTImageStorage
        image.save_as(path)
    ending = analyze(folder, "-o", out)
    assert ending.code == 1
    (failed,), (done,) = rows(out / "failures.csv"), rows(out / "summary.csv")
    assert "no series of MR images in it (" in failed["reason"]
    assert failed["exit_code"] == "3"
    assert failed["study_id"] != done["study_id"]
    assert "1 of 2 studies failed" in ending.stderr


def test_a_second_run_keeps_what_is_current_and_makes_the_rest(analyze, visits, out):
    folder = visits(visit("first", 0), visit("second", 30))
    analyze(folder, "-o", out)
    first, second = rows(out / "summary.csv")
    created = findings(out, first)["created"]
    (out / second["study_id"] / "report.html").unlink()
    ending = analyze(folder, "-o", out)
    assert f"{first['study_id']} unchanged since the last run" in ending.stderr
    assert f"{second['study_id']} done" in ending.stderr
    assert findings(out, first)["created"] == created


@pytest.mark.slow
def test_another_first_study_is_told_to_the_results_that_stand(analyze, visits, out):
    folder = visits(visit("second", 30), visit("third", 60))
    analyze(folder, "-o", out)
    last = rows(out / "summary.csv")[-1]
    visits(visit("second", 30), visit("third", 60), visit("first", 0))
    analyze(folder, "-o", out)
    assert any("Made 60 days after" in one["text"] for one in findings(out, last)["warnings"])


def test_what_is_of_one_study_is_refused_with_several(analyze, visits, out):
    folder = visits(visit("first", 0), visit("second", 30))
    ending = analyze(folder, "--t1c", "2", "--study-id", "x", "--force", "-o", out)
    assert ending.code == 2
    assert "drop --study-id, --t1c, --force" in " ".join(ending.stderr.split())
    assert not out.exists()


def test_several_at_a_time_are_refused(analyze, visits, out):
    ending = analyze(visits(visit("first", 0), visit("second", 30)), "--jobs", "2", "-o", out)
    assert ending.code == 2
    assert "one after the other: drop --jobs" in " ".join(ending.stderr.split())
    assert not out.exists()


def test_several_patients_in_one_folder_are_refused(analyze, visits, out):
    folder = visits(visit("first", 0), visit("second", 30, patient="other"))
    ending = analyze(folder, "-o", out)
    assert ending.code == 2
    assert "2 studies of 2 patients" in ending.stderr
    assert not out.exists()


def test_a_phase_out_of_a_description_is_said_with_its_place(analyze, visits, out):
    folder = visits(visit("one", 0, described="MR BRAIN POST-OP DAY 1 Doe"))
    assert analyze(folder, "-o", out).code == 0
    found = json.loads((out / "findings.json").read_text())
    assert dict(found["options"])["phase"] == "post-operative"
    (said,) = (one for one in found["warnings"] if one["code"] == "phase-from-description")
    assert "'post-op' in the study description" in said["text"]
    assert "Doe" not in str(found)


def test_the_phase_that_the_user_gives_goes_before_a_description(analyze, visits, out):
    folder = visits(visit("one", 0, described="POST-OP"))
    assert analyze(folder, "--phase", "pre", "-o", out).code == 0
    found = json.loads((out / "findings.json").read_text())
    assert dict(found["options"])["phase"] == "pre-operative"
    assert not [code for code in codes(found) if code.startswith("phase-")]


def test_after_a_post_operative_study_all_are(analyze, visits, out):
    folder = visits(
        visit("first", 0), visit("op", 9, described="postop"), visit("re", 60, described="pre op")
    )
    analyze(folder, "-o", out)
    found = [findings(out, row) for row in rows(out / "summary.csv")]
    phases = [dict(one["options"])["phase"] for one in found]
    assert phases == ["unknown", "post-operative", "post-operative"]
    assert "phase-from-earlier-study" in codes(found[2])


@pytest.mark.usefixtures("no_objects")
def test_days_that_are_stated_of_the_first_study_follow_for_the_others(analyze, visits, out):
    folder = visits(visit("late", 90), visit("first", 0, described="postop"))
    days = ("--days-since-surgery", "-10", "--days-since-rt-end", "-95")
    ending = analyze(folder, *days, "-o", out)
    assert ending.code == 0
    done = rows(out / "summary.csv")
    assert [row["days_since_surgery"] for row in done] == ["-10", "80"]
    assert [row["days_since_rt_end"] for row in done] == ["-95", "-5"]
    assert [row["days_since_rt_start"] for row in done] == ["", ""]
    assert [row["phase"] for row in done] == ["pre-operative", "post-operative"]
    written = [(out / row["study_id"] / "report.html").read_text() for row in done]
    assert "80 days after surgery, 5 days before the end of radiotherapy" in written[1]
    written += [ending.stderr, *((out / r["study_id"] / "findings.json").read_text() for r in done)]
    assert not [text for text in written if "20140" in text or "2014-0" in text]


def test_days_of_the_first_study_are_refused_where_no_date_tells_which_that_is(
    analyze, visits, out
):
    folder = visits(visit("one", 0), visit("other", 30))
    for path in (path for path in folder.rglob("*") if path.is_file()):
        dataset = pydicom.dcmread(path)
        for name in ("StudyDate", "SeriesDate", "AcquisitionDate", "AcquisitionDateTime"):
            if name in dataset:
                dataset[name].value = ""
        dataset.save_as(path)
    ending = analyze(folder, "--days-since-surgery", "-4", "-o", out)
    assert ending.code == 2
    assert "none has a date that tells which is the first" in " ".join(ending.stderr.split())
    assert not out.exists()


def test_a_phase_that_a_later_day_contradicts_is_refused_before_anything_is_analyzed(
    analyze, visits, out
):
    folder = visits(visit("first", 0), visit("late", 30))
    ending = analyze(folder, "--days-since-surgery", "-10", "--phase", "pre", "-o", out)
    assert ending.code == 2
    assert "but the days since surgery (20) make" in " ".join(ending.stderr.split())
    assert not out.exists()


def test_a_date_is_not_taken_for_days(analyze, visits, out):
    folder = visits(visit("first", 0), visit("late", 30))
    ending = analyze(folder, "--days-since-surgery", "20140309", "-o", out)
    assert ending.code == 2
    assert "36500" in ending.stderr
    assert not out.exists()


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
