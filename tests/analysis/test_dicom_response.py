"""Visits out of DICOM files: analyzed first, with results or SEGs given, or named in a table."""

import json
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path

import numpy as np
import pydicom
import pytest

from gliokit.analysis import dicom_response
from gliokit.analysis.dicom_paths import holds_dicom
from gliokit.analysis.dicom_response import DicomPatient, follow_dicom, follow_table
from gliokit.analysis.patient_visits import Space
from gliokit.analysis.response_settings import ResponseRun
from gliokit.core.errors import CohortError, LayoutError, NotAssessableError, OutputError
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.io.cohorts import read_cohort
from gliokit.io.conventions import LabelConvention
from gliokit.io.dicom_writer import Element, SliceOrder, StudyFacts, write_series
from gliokit.measurement.response.criterion import Baseline
from gliokit.measurement.response.options import Options
from gliokit.measurement.volume_course import Since

RUN = ResponseRun(
    ("macdonald1990", "rano2_2023-volume"),
    Options(baseline=Baseline.FIRST),
    space=Space(registered=True),
)
DAYS = {"later": 60, "first": 0}  # names are in another order than days


@pytest.fixture(scope="module")
def write_visit(series_of):
    """Write T1c and FLAIR of a brain of 4 mm voxels with a bright box of some length."""
    grid = np.moveaxis(np.indices((36, 42, 33)), 0, -1)
    brain = np.linalg.norm((grid - [18, 21, 16]) / [16, 19, 15], axis=-1) < 1
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = [-72, -84, -66]

    def write(folder, day, length, *, patient="998877"):
        started = datetime(2014, 3, 9, 8, 30) + timedelta(days=day)
        who = (Element(0x00100010, "PN", "Doe^Jane"), Element(0x00100020, "LO", patient))
        study = StudyFacts(f"{patient} {day}", started, "SIEMENS", "Skyra", "E11", 3.0, who)
        for sequence in (MRSequence.T1C, MRSequence.FLAIR):
            series = series_of(sequence, order=SliceOrder.ASCENDING)
            array = np.where(brain, 100 + series.number + grid[..., 0] % 3, 0).astype(np.float32)
            array[8 : 8 + length, 20:25, 14:18] = 200
            write_series(
                folder / sequence, array, affine=affine, study=study, series=series, enhanced=True
            )

    return write


@pytest.fixture(scope="module")
def load_segmenter():
    """Give the loader of a segmenter that needs no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1])
        return import_module("fakes").load


def no_model():
    """Fail where a model is asked for."""
    raise AssertionError("no model is needed")


@pytest.fixture
def without_report(monkeypatch):
    """Write no report where none is looked at: that takes most of the time."""
    monkeypatch.setattr(dicom_response, "write_timeline_sr", lambda *args, **kwargs: None)


@pytest.fixture(scope="module")
def export(tmp_path_factory, write_visit):
    """Write two visits of a patient, whose tumor grows from 5 to 8 voxels of 4 mm."""
    folder = tmp_path_factory.mktemp("export")
    write_visit(folder / "a", DAYS["later"], 8)
    write_visit(folder / "b", DAYS["first"], 5)
    return folder


@pytest.fixture(scope="module")
def analyzed(export, tmp_path_factory, load_segmenter):
    """Follow the patient whose studies nobody has analyzed, and give the folder."""
    out = tmp_path_factory.mktemp("response") / "out"
    follow_dicom(DicomPatient(export, load_segmenter), out, run=RUN)
    return out


def record(out):
    return json.loads((out / "timeline.json").read_text())


def categories(out, number=0):
    return [own["category"] for own in record(out)["verdicts"][number]["assessments"]]


def test_studies_are_analyzed_first_and_stand_in_the_order_of_their_days(analyzed):
    visits = record(analyzed)["visits"]
    assert [visit["day"]["value"] for visit in visits] == [0, 60]
    for visit in visits:
        assert (analyzed / "studies" / visit["study_id"] / "segmentation.nii.gz").is_file()
    assert visits[0]["volumes"]["ET"]["value"] == pytest.approx(5 * 5 * 4 * 0.064)


def test_growth_is_progression_with_its_interval(analyzed):
    assert categories(analyzed)[0] == "baseline"
    assert categories(analyzed, 1)[0] == "baseline"
    changes = record(analyzed)["visits"][1]["changes"]
    (own,) = [
        it
        for it in changes
        if it["region"] == Region.ENHANCING_TUMOR and it["since"] == Since.NADIR
    ]
    assert own["relative"]["value"] == pytest.approx(0.6)
    low, high = own["relative"]["interval"]
    assert low < 0.6 < high
    assert [it["share"] for it in own["certainties"]] == [0.25, 0.4]
    assert "from the smallest (day 0)" in (analyzed / "timeline.html").read_text()


def test_the_report_stands_in_the_newest_study_with_its_seg(analyzed, export):
    report = pydicom.dcmread(analyzed / "timeline_sr.dcm")
    (newest,) = (export / "a" / "t1c").iterdir()
    assert report.StudyInstanceUID == pydicom.dcmread(newest).StudyInstanceUID
    (seg,) = (
        pydicom.dcmread(path)
        for path in (analyzed / "studies").glob("*/seg.dcm")
        if pydicom.dcmread(path).StudyInstanceUID == report.StudyInstanceUID
    )
    named = str(report.CurrentRequestedProcedureEvidenceSequence)
    assert seg.SOPInstanceUID in named
    assert "Doe" in str(report.PatientName)


def test_outlines_that_are_kept_for_a_timeline_are_no_results_for_it(export, tmp_path):
    kept = tmp_path / "out.studies"
    patient = DicomPatient(export, no_model, kept)
    with pytest.raises(
        OutputError, match=r"an earlier run into .*out has outlined.*leave out --re"
    ):
        follow_dicom(patient, tmp_path / "out", run=RUN)


def test_outlines_are_kept_where_a_later_step_fails_and_taken_up_again(
    export, analyzed, tmp_path, load_segmenter, monkeypatch
):
    def load():
        segmenter = load_segmenter()
        segmenter.predict = None  # nothing is outlined twice
        return segmenter

    def fail(*args, **kwargs):
        raise NotAssessableError("the visits cannot be registered")

    patient, out, kept = DicomPatient(export, load), tmp_path / "out", tmp_path / "out.studies"
    shutil.copytree(analyzed / "studies", kept)
    monkeypatch.setattr(dicom_response, "load_visits", fail)
    with pytest.raises(NotAssessableError, match="cannot be registered"):
        follow_dicom(patient, out, run=RUN)
    assert (out.exists(), len(list(kept.glob("*/segmentation.nii.gz")))) == (False, 2)
    monkeypatch.setattr(dicom_response, "load_visits", lambda *args, **kwargs: [])
    monkeypatch.setattr(dicom_response, "_write", lambda *args, **kwargs: None)
    follow_dicom(patient, out, run=RUN)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    for path in (analyzed / "studies").rglob("*.*"):
        standing = out / "studies" / path.relative_to(analyzed / "studies")
        assert standing.read_bytes() == path.read_bytes()


def test_nothing_stands_beside_a_timeline_once_it_is_written(analyzed):
    assert [path.name for path in analyzed.parent.iterdir()] == ["out"]


def test_a_folder_of_somebody_where_outlines_are_kept_is_refused(export, tmp_path):
    (tmp_path / "out.studies").mkdir()
    (tmp_path / "out.studies" / "notes.txt").write_text("keep")
    with pytest.raises(OutputError, match=r"holds notes\.txt; move it away"):
        follow_dicom(DicomPatient(export, no_model), tmp_path / "out", run=RUN)


def test_results_that_stand_are_taken_and_give_the_same_report(analyzed, export, tmp_path):
    patient = DicomPatient(export, no_model, analyzed / "studies")
    (tmp_path / "out.studies").mkdir()  # somebody's, for the model has nothing to do
    (tmp_path / "out.studies" / "notes.txt").write_text("keep")
    follow_dicom(patient, tmp_path / "out", run=RUN)
    assert (tmp_path / "out.studies" / "notes.txt").read_text() == "keep"
    for name in ("timeline_sr.dcm", "timeline.json", "timeline.html"):
        assert (tmp_path / "out" / name).read_bytes() == (analyzed / name).read_bytes()
    assert not (tmp_path / "out" / "studies").exists()


def test_results_of_other_studies_are_refused(export, tmp_path):
    (tmp_path / "results").mkdir()
    patient = DicomPatient(export, no_model, tmp_path / "results")
    with pytest.raises(LayoutError, match=r"holds no result of study-\w+, study-\w+; needed"):
        follow_dicom(patient, tmp_path / "out", run=RUN)


@pytest.fixture
def with_segs(analyzed, export, tmp_path):
    """Copy the studies and lay the SEG of each beside them."""
    shutil.copytree(export, tmp_path / "export")
    for seg in (analyzed / "studies").glob("*/seg.dcm"):
        shutil.copy(seg, tmp_path / "export" / f"{seg.parent.name}.dcm")
    return tmp_path / "export"


def test_a_seg_in_the_study_is_taken_before_a_model(with_segs, analyzed, tmp_path):
    follow_dicom(DicomPatient(with_segs, no_model), tmp_path / "out", run=RUN)
    ours, theirs = record(tmp_path / "out"), record(analyzed)
    assert ours["visits"][1]["enhancing"] == theirs["visits"][1]["enhancing"]
    assert ours["visits"][1]["volumes"]["ET"]["interval"] is None
    report = pydicom.dcmread(tmp_path / "out" / "timeline_sr.dcm")
    assert report.ManufacturerModelName == "gliokit bright-voxels 1"


def test_two_segs_in_a_study_are_refused(with_segs, tmp_path):
    first = next(with_segs.glob("*.dcm"))
    shutil.copy(first, with_segs / "again.dcm")
    with pytest.raises(LayoutError, match="has 2 SEGs; leave the one that is meant"):
        follow_dicom(DicomPatient(with_segs, no_model), tmp_path / "out", run=RUN)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("without_report")
def test_a_study_that_cannot_be_used_is_left_out_and_named(with_segs, tmp_path, write_visit):
    write_visit(with_segs / "c", 90, 5)
    for path in (with_segs / "c").glob("*/*"):
        image = pydicom.dcmread(path)
        image.SOPClassUID = pydicom.uid.CTImageStorage
        image.save_as(path)
    out = tmp_path / "out"
    follow_dicom(DicomPatient(with_segs, no_model), out, run=RUN)
    assert len(record(out)["visits"]) == 2
    (note,) = record(out)["notes"]
    assert note.startswith("Left out: study-")
    assert "no series of MR images in it" in note
    assert note in (out / "timeline.html").read_text()


@pytest.fixture
def table(with_segs, tmp_path):
    """Write a table of the visits whose images are folders: of a series, and of the study."""
    by_date = {pydicom.dcmread(seg).StudyDate: seg for seg in with_segs.glob("*.dcm")}
    first, later = (by_date[date] for date in sorted(by_date))
    (tmp_path / "visits.csv").write_text(
        "patient_id,study_id,day,t1c,flair,labels,rt_end_day\n"
        f"p,second,60,export/a,export/a,export/{later.name},-200\n"
        f"p,first,0,export/b/t1c,export/b/flair,export/{first.name},-200\n"
    )
    return tmp_path / "visits.csv"


def test_a_folder_that_is_read_is_not_written_to(with_segs, analyzed):
    patient = DicomPatient(with_segs, no_model)
    with pytest.raises(OutputError, match="lie in each other; choose a folder apart"):
        follow_dicom(patient, with_segs / "timeline", run=RUN, force=True)
    again = DicomPatient(with_segs, no_model, analyzed / "studies")
    with pytest.raises(OutputError, match="lie in each other; choose a folder apart"):
        follow_dicom(again, analyzed, run=RUN, force=True)
    assert (analyzed / "studies").is_dir()


def test_two_studies_of_one_day_are_refused_before_any_is_analyzed(export, tmp_path, write_visit):
    shutil.copytree(export, tmp_path / "export")
    write_visit(tmp_path / "export" / "c", DAYS["later"] + 1 / 24, 5)
    with pytest.raises(CohortError, match=r"study-\w+ and study-\w+ are of one day, 2014-05-08"):
        follow_dicom(DicomPatient(tmp_path / "export", no_model), tmp_path / "out", run=RUN)


@pytest.mark.usefixtures("without_report")
def test_days_are_counted_from_the_first_study_even_if_it_is_left_out(
    with_segs, tmp_path, write_visit
):
    write_visit(with_segs / "c", -10, 5)
    for path in (with_segs / "c").glob("*/*"):
        image = pydicom.dcmread(path)
        image.SOPClassUID = pydicom.uid.CTImageStorage
        image.save_as(path)
    out = tmp_path / "out"
    follow_dicom(DicomPatient(with_segs, no_model), out, run=RUN)
    assert [visit["day"]["value"] for visit in record(out)["visits"]] == [10, 70]
    assert record(out)["notes"][-1].startswith("Days are counted from the first study")


@pytest.mark.usefixtures("without_report")
def test_a_convention_is_of_nifti_and_a_seg_says_its_own(table, tmp_path):
    run = replace(RUN, space=replace(RUN.space, convention=LabelConvention.BRATS2023))
    follow_table(read_cohort(table), tmp_path / "out", run=run)
    assert categories(tmp_path / "out")[0] == "baseline"


def test_images_of_a_table_may_be_folders_of_dicom(table, analyzed, tmp_path):
    cohort = read_cohort(table)
    assert holds_dicom(cohort.rows)
    follow_table(cohort, tmp_path / "out", run=RUN)
    ours = record(tmp_path / "out")
    assert [visit["study_id"] for visit in ours["visits"]] == ["first", "second"]
    assert ours["treatment"]["radiation_end"] == {"value": -200, "unit": "d"}
    sizes = [visit["enhancing"]["product"] for visit in ours["visits"]]
    assert sizes == [visit["enhancing"]["product"] for visit in record(analyzed)["visits"]]
    assert (tmp_path / "out" / "timeline_sr.dcm").is_file()


def test_visits_of_two_patients_in_a_table_are_refused(table, with_segs, tmp_path, write_visit):
    shutil.rmtree(with_segs / "a")
    write_visit(with_segs / "a", 60, 8, patient="554433")
    with pytest.raises(CohortError, match="of another patient than those of the rows before"):
        follow_table(read_cohort(table), tmp_path / "out", run=RUN)


def test_no_report_is_written_of_lengths_in_voxels_and_that_is_said(table, tmp_path):
    run = replace(RUN, space=replace(RUN.space, voxel_units=True))
    follow_table(read_cohort(table), tmp_path / "out", run=run)
    assert not (tmp_path / "out" / "timeline_sr.dcm").exists()
    (note,) = record(tmp_path / "out")["notes"]
    assert note.startswith("No DICOM SR was written: lengths are in voxels")


def test_a_folder_with_studies_of_somebody_is_not_replaced(export, tmp_path):
    (tmp_path / "out" / "studies" / "mine").mkdir(parents=True)
    (tmp_path / "out" / "studies" / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(OutputError, match="holds studies/mine"):
        follow_dicom(DicomPatient(export, no_model), tmp_path / "out", run=RUN, force=True)
