"""Many studies: each its result, a reason for each that has none, and going on later."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distributed import LocalCluster

from gliokit.analysis.analyze import analyze
from gliokit.analysis.cohort_run import (
    Outcome,
    analyze_cohort,
    is_current,
    prepare_tables,
    standing_result,
    write_tables,
)
from gliokit.analysis.given_labels import GivenLabels
from gliokit.analysis.options import Options
from gliokit.analysis.reasons import without_paths
from gliokit.core.cohort import Row
from gliokit.core.course import Course
from gliokit.core.errors import OutputError
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label, MRSequence, Phase
from gliokit.io.cohorts import read_cohort
from gliokit.io.layouts import read_study
from gliokit.io.nifti import read_image, read_label_map, write_image


@pytest.fixture
def run(study_folder, tmp_path, fakes):
    """Run over studies of the given ids, all with the same images."""

    def run_cohort(
        *study_ids,
        out=tmp_path / "out",
        options=None,
        columns="t1c,flair",
        phase="",
        scheduler=None,
    ):
        paths = ",".join(f"patient/{sequence}.nii.gz" for sequence in columns.split(","))
        lines = [f"p-{name},{name},{phase},{paths}" for name in study_ids]
        table = tmp_path / "cohort.csv"
        table.write_text("\n".join([f"patient_id,study_id,phase,{columns}", *lines]))
        outcomes = analyze_cohort(
            read_cohort(table),
            out,
            load_segmenter=fakes.load,
            options=options or Options(),
            scheduler=scheduler,
        )
        return {outcome.study_id: outcome for outcome in outcomes}

    return run_cohort


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def give_labels(out, study_folder):
    """Write the result of a study whose labels, 8 voxels of edema, a person drew."""
    images = {s: study_folder / f"{s}.nii.gz" for s in (MRSequence.T1C, MRSequence.FLAIR)}
    study = read_study(None, overrides=images)
    labels = np.zeros(study.reference.array.shape, np.uint8)
    labels[20:22, 20:22, 20:22] = Label.EDEMA
    analyze(study, out, segmenter=GivenLabels(LabelMap(labels, study.reference.affine)))


def result(outcome):
    """Give what does not change with the time of day."""
    findings = outcome.findings and replace(outcome.findings, created="")
    return replace(outcome, findings=findings)


def changed(outcomes):
    return [name for name, outcome in outcomes.items() if not outcome.reused]


def test_every_study_gets_its_folder_and_its_line(run, out):
    run("s1", "s2")
    assert sorted(path.name for path in out.iterdir()) == [
        "failures.csv",
        "s1",
        "s2",
        "summary.csv",
    ]
    assert [row["study_id"] for row in rows(out / "summary.csv")] == ["s1", "s2"]
    assert rows(out / "failures.csv") == []


def test_summary_gives_volumes_and_what_was_missing(run, out):
    run("s1")
    (row,) = rows(out / "summary.csv")
    assert row["patient_id"] == "p-s1"
    assert float(row["enhancing_tumor_ml"]) == pytest.approx(6 * 5 * 4 * 0.027)
    assert float(row["enhancing_tumor_low_ml"]) == pytest.approx(0.9 * 6 * 5 * 4 * 0.027)
    assert float(row["enhancing_tumor_high_ml"]) == pytest.approx(1.1 * 6 * 5 * 4 * 0.027)
    assert row["missing"] == "t1 t2"
    assert row["warnings"] == "missing-sequence"


def test_bad_study_stops_no_other(run, out):
    outcomes = run("s1", "no-brain", "s2")
    assert [row["study_id"] for row in rows(out / "summary.csv")] == ["s1", "s2"]
    (failure,) = rows(out / "failures.csv")
    assert failure == {
        "study_id": "no-brain",
        "reason": "no brain was found; give an image of a head",
        "exit_code": "3",
    }
    assert outcomes["no-brain"].findings is None
    assert not (out / "no-brain").exists()


def test_worker_that_dies_is_the_failure_of_its_study(run, out):
    run("s1", "deadly", "s2")
    assert [row["study_id"] for row in rows(out / "summary.csv")] == ["s1", "s2"]
    (failure,) = rows(out / "failures.csv")
    assert failure["study_id"] == "deadly"
    assert failure["reason"].startswith("the worker process died, as it does when memory runs out")
    assert failure["exit_code"] == "1"
    assert sorted(path.name for path in out.iterdir() if path.name.startswith(".")) == []


def test_worker_that_sees_other_files_is_the_failure_of_its_study(run, out, monkeypatch):
    """Where the file system is not shared, the folder that was made here is missing there."""
    is_dir = Path.is_dir
    monkeypatch.setattr(Path, "is_dir", lambda path: path != out and is_dir(path))
    with LocalCluster(n_workers=1, processes=False, dashboard_address="127.0.0.1:0") as cluster:
        outcomes = run("s1", scheduler=cluster.scheduler_address)
    assert "does not see the output folder" in outcomes["s1"].reason


def test_two_workers_of_a_scheduler_give_the_outcomes_of_one_process(run, tmp_path):
    studies = ("s1", "no-brain", "s2")
    here = run(*studies, out=tmp_path / "here")
    with LocalCluster(n_workers=2, processes=False, dashboard_address="127.0.0.1:0") as cluster:
        there = run(*studies, out=tmp_path / "there", scheduler=cluster.scheduler_address)
    for table in ("summary.csv", "failures.csv"):
        assert (tmp_path / "here" / table).read_bytes() == (tmp_path / "there" / table).read_bytes()
    assert {name: result(o) for name, o in here.items()} == {
        name: result(o) for name, o in there.items()
    }


def test_second_run_does_nothing_again(run, out):
    run("s1")
    before = (out / "s1" / "findings.json").read_bytes()
    assert changed(run("s1", "s2")) == ["s2"]
    assert (out / "s1" / "findings.json").read_bytes() == before
    assert [row["study_id"] for row in rows(out / "summary.csv")] == ["s1", "s2"]


@pytest.fixture
def finished(study_folder, tmp_path, fakes):
    """Analyze a study; give it with what tells whether its result still holds."""
    study, out, segmenter = read_study(study_folder), tmp_path / "finished", fakes.load()
    analyze(study, out, segmenter=segmenter)

    def still_holds(study=study, model=segmenter.model, options=None):
        standing = standing_result(out)
        return standing is not None and is_current(
            standing, study, model=model, options=options or Options()
        )

    return study, out, still_holds


def test_result_holds_for_the_same_images_model_and_options(finished):
    study, _, still_holds = finished
    assert still_holds(study)


def test_other_options_make_a_result_outdated(finished):
    *_, still_holds = finished
    assert not still_holds(options=Options(minimum_lesion_ml=1))


def test_asking_for_probabilities_makes_a_result_outdated(finished):
    *_, still_holds = finished
    assert not still_holds(options=Options(probabilities=True))


def test_other_phase_makes_a_result_outdated(finished):
    study, _, still_holds = finished
    assert not still_holds(replace(study, phase=Phase.POSTOPERATIVE))


def test_other_days_make_a_result_outdated(finished):
    study, _, still_holds = finished
    assert not still_holds(replace(study, course=Course(days_since_surgery=3)))


def test_other_image_makes_a_result_outdated(finished):
    study, _, still_holds = finished
    flair = replace(study[MRSequence.FLAIR], sha256="1" * 64)
    assert not still_holds(replace(study, images={**study.images, MRSequence.FLAIR: flair}))


def test_further_image_makes_a_result_outdated(finished):
    study, _, still_holds = finished
    fewer = {s: image for s, image in study.images.items() if s is not MRSequence.FLAIR}
    assert not still_holds(replace(study, images=fewer))


def test_other_model_makes_a_result_outdated(finished, fakes):
    *_, still_holds = finished
    assert not still_holds(model=replace(fakes.load().model, sha256="1" * 64))


def test_other_version_makes_a_result_outdated(finished, monkeypatch):
    *_, still_holds = finished
    monkeypatch.setattr("gliokit.analysis.cohort_run.version", lambda _: "99")
    assert not still_holds()


@pytest.mark.parametrize("name", ["report.html", "segmentation.nii.gz", "findings.json"])
def test_incomplete_result_does_not_hold(finished, name):
    _, out, still_holds = finished
    (out / name).unlink()
    assert not still_holds()


def test_result_without_the_probabilities_that_it_speaks_of_does_not_hold(run, out):
    options = Options(probabilities=True)
    run("s1", options=options)
    assert changed(run("s1", options=options)) == []
    (out / "s1" / "probabilities_RC.nii.gz").unlink()
    assert changed(run("s1", options=options)) == ["s1"]
    assert (out / "s1" / "probabilities_RC.nii.gz").is_file()


def test_result_that_cannot_be_read_does_not_hold(finished):
    _, out, still_holds = finished
    (out / "findings.json").write_text("{")
    assert not still_holds()


def test_outdated_result_is_replaced(run):
    run("s1")
    assert changed(run("s1", options=Options(minimum_lesion_ml=1))) == ["s1"]


def test_file_of_the_user_in_a_result_is_kept(run, out):
    run("s1")
    (out / "s1" / "edited.nii.gz").touch()
    (failure,) = run("s1", options=Options(minimum_lesion_ml=1)).values()
    assert "holds edited.nii.gz, which gliokit did not write" in failure.reason
    assert (out / "s1" / "edited.nii.gz").exists()


def test_table_of_the_user_is_not_overwritten(run, out):
    out.mkdir()
    (out / "summary.csv").write_text("my,own,numbers\n")
    with pytest.raises(OutputError, match=r"summary\.csv was not written by gliokit"):
        run("s1")
    assert (out / "summary.csv").read_text() == "my,own,numbers\n"


def test_table_of_an_earlier_version_is_replaced(out):
    out.mkdir()
    (out / "summary.csv").write_text("patient_id,study_id,necrotic_core_ml,edema_ml\n")
    prepare_tables(out)
    write_tables(out, [], {})
    assert (out / "summary.csv").read_text().endswith("days_since_rt_end\n")


def test_output_folder_that_cannot_be_made_is_refused(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        run("s1", out=tmp_path / "file" / "out")


def test_result_of_given_labels_stands_for_that_of_a_model(run, out, study_folder):
    give_labels(out / "s1", study_folder)
    assert changed(run("s1")) == []
    (row,) = rows(out / "summary.csv")
    assert float(row["edema_ml"]) == pytest.approx(8 * 0.027)
    assert row["whole_tumor_low_ml"] == row["whole_tumor_high_ml"] == ""
    assert "given-labels" in row["warnings"]


def test_result_of_given_labels_stands_whatever_concerns_the_model_alone(run, out, study_folder):
    give_labels(out / "s1", study_folder)
    outcomes = run("s1", options=Options(probabilities=True), phase="post-operative")
    assert changed(outcomes) == []
    assert outcomes["s1"].findings.model is None


def test_days_of_the_table_are_told_of_a_result_that_a_person_gave(out, finished):
    study, folder, _ = finished
    standing = standing_result(folder)
    given = replace(standing, model=None)
    operated = replace(study, course=Course(days_since_surgery=30))
    assert is_current(given, operated, model=standing.model, options=Options())
    row = Row(2, "p", "s1", {"day": "40", "surgery_day": "10"})
    out.mkdir()
    write_tables(out, [row], {"s1": Outcome("s1", given)})
    (told,) = rows(out / "summary.csv")
    assert told["days_since_surgery"] == "30"


def test_phase_of_the_table_stands_in_the_result(run):
    (outcome,) = run("s1", phase="post-operative").values()
    assert ("phase", "post-operative") in outcome.findings.options


def test_result_of_given_labels_is_never_replaced(run, out, study_folder):
    give_labels(out / "s1", study_folder)
    (failure,) = run("s1", options=Options(minimum_lesion_ml=1)).values()
    assert "s1 has a result whose labels a person gave" in failure.reason
    assert np.count_nonzero(read_label_map(out / "s1" / "segmentation.nii.gz").array) == 8


def test_failure_of_a_study_with_an_earlier_result_says_what_its_folder_holds(
    run, out, study_folder
):
    run("s1")
    (study_folder / "t1c.nii.gz").write_bytes(b"broken")
    (failure,) = run("s1").values()
    assert failure.reason.endswith("what stands in its folder is of an earlier run")
    assert rows(out / "summary.csv") == []


@pytest.mark.parametrize("image", ["gone", "broken", "shifted"])
def test_reason_names_columns_and_never_paths(run, out, study_folder, image):
    flair = study_folder / "flair.nii.gz"
    if image == "gone":
        flair.unlink()
    elif image == "broken":
        flair.write_bytes(b"broken")
    else:
        read = read_image(flair)
        write_image(flair, replace(read, affine=np.eye(4)))
    (failure,) = run("s1").values()
    assert "flair" in failure.reason
    text = (out / "failures.csv").read_text()
    assert str(study_folder) not in text
    assert "flair.nii" not in text


def test_path_that_begins_another_is_told_from_it():
    cells = {"t1": "/DOE  JANE/1", "t1c": "/DOE  JANE/1c"}
    row = Row(2, "p", "s", cells)
    assert without_paths("/DOE JANE/1c and /DOE JANE/1 differ", row) == "t1c and t1 differ"


def test_volumes_that_could_not_be_assessed_are_left_empty(run, out):
    run("s1", columns="flair,t2")
    (row,) = rows(out / "summary.csv")
    assert row["tumor_core_ml"] == row["enhancing_tumor_ml"] == row["enhancing_ml"] == ""
    assert row["tumor_core_low_ml"] == row["tumor_core_high_ml"] == ""
    assert float(row["whole_tumor_high_ml"]) > float(row["whole_tumor_ml"])
    assert float(row["whole_tumor_ml"]) > 0
    assert float(row["edema_ml"]) == 0
