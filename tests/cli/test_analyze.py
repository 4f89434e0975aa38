"""`gliokit analyze`: good input, bad input, and what is left when it is stopped."""

import csv
import errno
import json
import os
import re
import signal
from pathlib import Path

import dask
import nibabel as nib
import numpy as np
import pytest
from distributed import LocalCluster

from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import MRSequence
from gliokit.io.nifti import read_label_map, write_image, write_label_map


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def assert_refused(ending, code, message, out):
    """Expect one line, and nothing written."""
    assert ending.code == code
    last = ending.stderr.splitlines()[-1]
    assert re.search(message, last), last
    assert last.startswith("gliokit: ")
    assert ending.stdout == ""
    assert not out.exists()
    assert hidden(out.parent) == []


def load(path):
    return np.asanyarray(nib.load(path).dataobj)


def save(path, array):
    nib.save(nib.Nifti1Image(array, nib.load(path).affine), path)


# good input


def test_paths_of_the_result_go_to_stdout(analyze, study_folder, out):
    ending = analyze(study_folder, "-o", out)
    assert ending.code == 0
    paths = ending.stdout.split()
    assert [Path(path).name for path in paths] == [
        "report.html",
        "segmentation.nii.gz",
        "findings.json",
    ]
    assert all(Path(path).is_file() for path in paths)


def test_stages_and_volumes_go_to_stderr(analyze, study_folder, out):
    lines = analyze(study_folder, "-o", out).stderr.splitlines()
    assert "gliokit: outlining the tumor" in lines
    assert "gliokit: enhancing tumor     3.24 mL  90 % interval 2.92–3.56" in lines


def test_images_may_be_named_one_by_one(analyze, study_folder, out):
    t1c, flair = study_folder / "t1c.nii.gz", study_folder / "flair.nii.gz"
    assert analyze("--t1c", t1c, "--flair", flair, "-o", out).code == 0
    findings = json.loads((out / "findings.json").read_text())
    assert [image["sequence"] for image in findings["inputs"]] == ["t1c", "flair"]


def test_study_is_named_by_a_hash_unless_told(analyze, study_folder, tmp_path):
    analyze(study_folder, "-o", tmp_path / "a")
    analyze(study_folder, "-o", tmp_path / "b", "--study-id", "P7")
    names = [json.loads((tmp_path / n / "findings.json").read_text())["study_id"] for n in "ab"]
    assert re.fullmatch(r"study-[0-9a-f]{10}", names[0])
    assert names[1] == "P7"


def test_edited_labels_take_the_place_of_the_model(analyze, study_folder, out, bright_study):
    grid = bright_study.reference.grid
    array = np.zeros(grid.shape, np.uint8)
    array[20:24, 20:24, 20:24] = 3
    edited = study_folder.parent / "edited.nii.gz"
    write_label_map(edited, LabelMap(array, grid.affine))
    assert analyze(study_folder, "--labels", edited, "-o", out).code == 0
    assert json.loads((out / "findings.json").read_text())["model"] is None
    assert np.array_equal(read_label_map(out / "segmentation.nii.gz").array, array)


def test_segmentation_edited_in_place_can_be_measured_into_its_own_folder(
    analyze, study_folder, out
):
    analyze(study_folder, "-o", out)
    edited = out / "segmentation.nii.gz"
    ending = analyze(study_folder, "--labels", edited, "-o", out, "--force")
    assert ending.code == 0
    assert "The labels were given by the user" in ending.stderr


def test_minimum_size_of_lesions_can_be_chosen(analyze, study_folder, out):
    analyze(study_folder, "-o", out, "--minimum-lesion-ml", 5)
    findings = json.loads((out / "findings.json").read_text())
    assert findings["minimum_lesion_ml"]["value"] == 5
    assert findings["lesions"][0]["longest"] is None


def test_result_is_replaced_with_force(analyze, study_folder, out):
    analyze(study_folder, "-o", out, "--study-id", "old")
    assert analyze(study_folder, "-o", out, "--study-id", "new", "--force").code == 0
    assert json.loads((out / "findings.json").read_text())["study_id"] == "new"


def test_probabilities_are_written_on_request_and_go_with_the_result_that_held_them(
    analyze, study_folder, out
):
    ending = analyze(study_folder, "-o", out, "--probabilities")
    assert str(out / "probabilities_WT.nii.gz") in ending.stdout.split()
    maps = [f"probabilities_{region}.nii.gz" for region in ("ET", "RC", "TC", "WT")]
    assert sorted(path.name for path in out.glob("probabilities*")) == maps
    assert (
        dict(json.loads((out / "findings.json").read_text())["options"])["probabilities"] == "yes"
    )
    assert analyze(study_folder, "-o", out, "--force").code == 0
    assert list(out.glob("probabilities*")) == []


@pytest.fixture
def told(fakes, monkeypatch):
    """Give the phases that the segmenter is told of."""
    phases, predict = [], fakes.BrightVoxels.predict

    def listen(segmenter, study):
        phases.append(study.phase)
        return predict(segmenter, study)

    monkeypatch.setattr(fakes.BrightVoxels, "predict", listen)
    return phases


@pytest.mark.parametrize(
    ("words", "phase"),
    [
        (["--phase", "pre"], "pre-operative"),
        (["--phase", "post"], "post-operative"),
        ([], "unknown"),
    ],
)
def test_phase_is_told_to_the_segmenter_and_the_reader(
    analyze, study_folder, out, told, words, phase
):
    analyze(study_folder, "-o", out, *words)
    assert told == [phase]
    assert dict(json.loads((out / "findings.json").read_text())["options"])["phase"] == phase
    shown = f"<dt>Phase</dt><dd>{phase}</dd>" in (out / "report.html").read_text()
    assert shown is bool(words)


def test_a_corrected_bias_field_is_said(analyze, study_folder, out):
    assert analyze(study_folder, "-o", out, "--bias-field", "n4").code == 0
    found = json.loads((out / "findings.json").read_text())
    assert dict(found["options"])["bias_field"] == "n4"
    assert "bias-field-corrected" in [notice["code"] for notice in found["warnings"]]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_model_runs_on_the_device_that_is_asked_for(analyze, study_folder, out, device):
    analyze(study_folder, "-o", out, "--device", device)
    assert json.loads((out / "findings.json").read_text())["model"]["device"] == device


# bad input


@pytest.mark.parametrize("sequence", MRSequence)
def test_missing_sequence_is_said_and_the_analysis_goes_on(analyze, study_folder, out, sequence):
    (study_folder / f"{sequence}.nii.gz").unlink()
    ending = analyze(study_folder, "-o", out)
    assert ending.code == 0
    assert f"warning: no {sequence} image:" in ending.stderr.lower()
    assert json.loads((out / "findings.json").read_text())["missing"] == [sequence]


def test_volumes_that_cannot_be_judged_are_not_printed(analyze, study_folder, out):
    (study_folder / "t1c.nii.gz").unlink()
    stderr = analyze(study_folder, "-o", out).stderr
    assert re.search(r"enhancing tumor +not assessed", stderr)
    assert re.search(r"whole tumor +[0-9.]+ mL", stderr)


def test_folder_without_any_sequence_is_refused(analyze, tmp_path, out):
    (tmp_path / "empty").mkdir()
    ending = analyze(tmp_path / "empty", "-o", out)
    assert_refused(ending, 2, "empty: found no NIfTI files", out)


def test_neither_folder_nor_image_is_refused(analyze, out):
    assert_refused(analyze("-o", out), 2, "no image is named; .*--t1 PATH", out)


def test_an_image_on_another_grid_is_registered(analyze, study_folder, out, bright_study):
    flair = bright_study[MRSequence.FLAIR]
    write_image(study_folder / "flair.nii.gz", Image(flair.array[:, :, 1:], flair.affine))
    ending = analyze(study_folder, "-o", out)
    assert ending.code == 0
    assert "registering the images" in ending.stderr
    assert (out / "native/flair.nii.gz").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda array: np.stack([array, array], axis=-1), "a 4-D image of 48×56×44×2 voxels"),
        (lambda array: np.zeros_like(array), "empty, every voxel is 0"),
        (lambda array: np.full_like(array, 7), "constant, every voxel is 7"),
        (lambda array: np.where(array == 200, np.nan, array), "120 of .* voxels are NaN"),
    ],
    ids=["4-D", "empty", "constant", "NaN"],
)
def test_image_that_holds_nothing_usable_is_refused(analyze, study_folder, out, spoil, message):
    spoilt = study_folder / "t2.nii.gz"
    save(spoilt, spoil(load(spoilt)))
    assert_refused(analyze(study_folder, "-o", out), 2, rf"t2\.nii\.gz: {message}", out)


def test_truncated_gzip_is_refused(analyze, study_folder, out):
    path = study_folder / "t2.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    message = r"t2\.nii\.gz: damaged or truncated"
    assert_refused(analyze(study_folder, "-o", out), 2, message, out)


def test_two_candidates_for_a_sequence_are_named(analyze, study_folder, out):
    (study_folder / "t1ce.nii.gz").write_bytes((study_folder / "t1c.nii.gz").read_bytes())
    ending = analyze(study_folder, "-o", out)
    assert_refused(ending, 2, r"t1c\.nii\.gz.*t1ce\.nii\.gz", out)


def test_labels_with_unknown_values_are_refused(analyze, study_folder, out, bright_study):
    labels = study_folder.parent / "edited.nii.gz"
    array = np.where(bright_study.reference.array == 200, 7, 0)
    write_image(labels, Image(array, bright_study.reference.affine))
    ending = analyze(study_folder, "--labels", labels, "-o", out)
    assert_refused(ending, 2, r"edited\.nii\.gz: found unknown labels 7", out)


def test_labels_on_another_grid_are_refused(analyze, study_folder, out, bright_study):
    labels = study_folder.parent / "edited.nii.gz"
    write_label_map(labels, LabelMap(np.zeros((4, 4, 4), np.uint8), np.eye(4)))
    ending = analyze(study_folder, "--labels", labels, "-o", out)
    assert_refused(ending, 2, r"edited\.nii\.gz differ: 48×56×44 against 4×4×4 voxels", out)


def test_result_is_never_overwritten_without_force(analyze, study_folder, out):
    analyze(study_folder, "-o", out)
    before = (out / "findings.json").read_bytes()
    ending = analyze(study_folder, "-o", out)
    assert ending.code == 2
    assert ending.stderr.endswith("holds a result already; replace it with --force\n")
    assert (out / "findings.json").read_bytes() == before


def test_folder_of_the_user_is_never_overwritten(analyze, study_folder, out):
    before = sorted(study_folder.iterdir())
    ending = analyze(study_folder, "-o", study_folder, "--force")
    assert ending.code == 2
    assert "which gliokit did not write" in ending.stderr
    assert sorted(study_folder.iterdir()) == before


def test_full_disk_leaves_nothing(analyze, study_folder, out, monkeypatch):
    write_bytes = Path.write_bytes

    def fill(path, content):
        write_bytes(path, content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fill)
    assert_refused(analyze(study_folder, "-o", out), 1, "no space left to write .*out", out)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--convention", "brats2017"], "give both"),
        (["--labels", "l.nii", "--model", "m"], "no model is run: drop --model"),
        (["--labels", "l.nii", "--probabilities"], "no model is run: drop --probabilities"),
        (["--labels", "l.nii", "--device", "cuda"], "no model is run: drop --device"),
        (["--labels", "l.nii", "--bias-field", "n4"], "no model is run: drop --bias-field"),
        (["--cohort", "c.csv"], "from the table: drop STUDY"),
        (["--cohort", "c.csv", "--phase", "pre"], "its phase, from the table: drop STUDY, --phase"),
        (["--phase", "later"], "Invalid value for '--phase'"),
        (["--jobs", "0"], "Invalid value for '--jobs'"),
        (["--scheduler", "tcp://here:1"], "--cohort are shared out: drop --scheduler"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(analyze, study_folder, out, options, message):
    ending = analyze(study_folder, "-o", out, *options)
    assert ending.code == 2
    assert message in ending.stderr
    assert not out.exists()


# stopped


@pytest.mark.parametrize(
    ("number", "code", "last"),
    [(signal.SIGINT, 130, "gliokit: interrupted"), (signal.SIGTERM, 143, "")],
)
def test_stopped_run_leaves_nothing(start, study_folder, out, number, code, last):
    process = start("analyze", study_folder, "-o", out, "--study-id", "endless")
    os.killpg(process.pid, number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in stderr
    assert stderr.rstrip().endswith(last)
    assert sorted(path.name for path in out.parent.iterdir()) == ["patient"]


def test_what_a_killed_run_leaves_is_removed_by_the_next(start, analyze, study_folder, out):
    process = start("analyze", study_folder, "-o", out, "--study-id", "endless")
    process.kill()
    process.communicate()
    assert len(hidden(out.parent)) == 1
    analyze(study_folder, "-o", out)
    assert hidden(out.parent) == []


def test_second_run_leaves_the_first_at_work_alone(start, analyze, study_folder, out):
    start("analyze", study_folder, "-o", out, "--study-id", "endless")
    working = hidden(out.parent)
    analyze(study_folder, "-o", out)
    assert hidden(out.parent) == working
    assert len(working) == 1


# cohorts


@pytest.fixture
def cohort(study_folder, tmp_path):
    def write(*study_ids):
        table = tmp_path / "cohort.csv"
        lines = [f"p,{name},patient/t1c.nii.gz,patient/flair.nii.gz" for name in study_ids]
        table.write_text("\n".join(["patient_id,study_id,t1c,flair", *lines]))
        return table

    return write


def test_cohort_reports_each_study_and_the_tables(analyze, cohort, out):
    ending = analyze("--cohort", cohort("s1", "s2"), "--jobs", 2, "-o", out)
    assert ending.code == 0
    assert ending.stdout.split() == [str(out / "summary.csv"), str(out / "failures.csv")]
    assert {"s1 done", "s2 done"} == set(re.findall(r"s\d done", ending.stderr))


@pytest.fixture
def operated(study_folder, tmp_path, monkeypatch):
    """Write the table of a study with its day and that of surgery; it is analyzed in here."""
    monkeypatch.setattr(
        "gliokit.analysis.cohort_run.run_tasks",
        lambda tasks, handler, **_: ((task, handler(task)) for task in tasks),
    )

    def write(day, phase=""):
        table = tmp_path / "operated.csv"
        table.write_text(
            "patient_id,study_id,phase,day,surgery_day,rt_start_day,rt_end_day,t1c\n"
            f"p,s1,{phase},{day},10,39,NA,patient/t1c.nii.gz\n"
        )
        return table

    return write


def test_cohort_says_days_since_treatment_and_the_phase(analyze, operated, out):
    assert analyze("--cohort", operated(40), "-o", out).code == 0
    found = json.loads((out / "s1" / "findings.json").read_text())
    assert found["course"] == {
        "days_since_surgery": 30,
        "days_since_rt_start": 1,
        "days_since_rt_end": None,
    }
    assert dict(found["options"])["phase"] == "post-operative"
    report = (out / "s1" / "report.html").read_text()
    assert "<dd>30 days after surgery, 1 day after the start of radiotherapy</dd>" in report
    (row,) = csv.DictReader((out / "summary.csv").read_text().splitlines())
    since = [row[f"days_since_{event}"] for event in ("surgery", "rt_start", "rt_end")]
    assert since == ["30", "1", ""]
    assert row["phase"] == "post-operative"


def test_cohort_whose_phase_contradicts_its_days_is_refused(analyze, operated, out):
    ending = analyze("--cohort", operated(3, "post-operative"), "-o", out)
    assert ending.code == 2
    assert "row 2, column phase: found post-operative, but day 3 lies before" in ending.stderr
    assert not out.exists()


def test_days_of_one_study_are_stated_by_options(analyze, study_folder, out):
    days = ("--days-since-surgery", -4, "--days-since-rt-start", 0)
    assert analyze(study_folder, *days, "-o", out).code == 0
    found = json.loads((out / "findings.json").read_text())
    assert found["course"]["days_since_surgery"] == -4
    assert dict(found["options"])["phase"] == "pre-operative"
    told = "4 days before surgery, on the day of the start of radiotherapy"
    assert told in (out / "report.html").read_text()


def test_phase_and_days_that_contradict_each_other_are_refused(analyze, study_folder, out):
    ending = analyze(study_folder, "--phase", "post", "--days-since-surgery", -4, "-o", out)
    assert ending.code == 2
    assert "stated to be post-operative, but its days since surgery (-4)" in ending.stderr
    assert not out.exists()


def test_days_are_refused_beside_a_table_that_has_them(analyze, operated, out):
    ending = analyze("--cohort", operated(40), "--days-since-rt-end", 0, "-o", out)
    assert ending.code == 2
    assert "from the table: drop --days-since-rt-end" in " ".join(ending.stderr.split())


def test_cohort_with_a_bad_study_says_so_and_fails_at_the_end(analyze, cohort, out):
    ending = analyze("--cohort", cohort("no-brain", "s1"), "-o", out)
    assert ending.code == 1
    assert "1 of 2: no-brain failed: no brain was found" in ending.stderr
    assert "2 of 2: s1 done" in ending.stderr
    assert "1 of 2 studies failed; the reasons are in" in ending.stderr


def test_interrupted_cohort_keeps_what_is_finished_and_goes_on_later(start, analyze, cohort, out):
    table = cohort("s1", "endless", "s2")
    process = start("analyze", "--cohort", table, "-o", out)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert sorted(path.name for path in out.iterdir()) == ["failures.csv", "s1", "summary.csv"]
    ending = analyze("--cohort", cohort("s1", "s2"), "-o", out)
    assert "s1 unchanged since the last run" in ending.stderr
    assert "s2 done" in ending.stderr


def test_cohort_worker_stops_with_a_parent_that_is_killed(start, cohort, out):
    process = start("analyze", "--cohort", cohort("endless"), "-o", out)
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert sorted(path.name for path in out.iterdir()) == ["failures.csv", "summary.csv"]


def test_cohort_runs_on_the_workers_of_a_scheduler(analyze, cohort, out):
    with LocalCluster(n_workers=2, processes=False, dashboard_address="127.0.0.1:0") as cluster:
        url = cluster.scheduler_address
        ending = analyze("--cohort", cohort("s1", "s2"), "--scheduler", url, "-o", out)
    assert ending.code == 0
    assert f"2 studies, on the workers of {url}" in ending.stderr
    assert {"s1 done", "s2 done"} == set(re.findall(r"s\d done", ending.stderr))


def test_cohort_on_a_scheduler_that_does_not_answer_says_so(analyze, cohort, out):
    with dask.config.set({"distributed.comm.timeouts.connect": "0.3s"}):
        url = "tcp://127.0.0.1:1"
        ending = analyze("--cohort", cohort("s1"), "--scheduler", url, "-o", out)
    assert ending.code == 2
    assert f"no dask scheduler answers at {url}" in ending.stderr.splitlines()[-1]


def test_number_of_jobs_is_not_that_of_a_scheduler(analyze, cohort, out):
    url = "tcp://127.0.0.1:1"
    ending = analyze("--cohort", cohort("s1"), "--scheduler", url, "--jobs", 2, "-o", out)
    assert ending.code == 2
    assert "all workers of --scheduler take part: drop --jobs" in ending.stderr


def test_cohort_writes_probabilities_into_the_folder_of_each_study(analyze, cohort, out):
    assert analyze("--cohort", cohort("s1"), "-o", out).code == 0
    ending = analyze("--cohort", cohort("s1"), "--probabilities", "-o", out)
    assert "s1 done" in ending.stderr
    assert len(list((out / "s1").glob("probabilities_*.nii.gz"))) == 4
    ending = analyze("--cohort", cohort("s1"), "--probabilities", "-o", out)
    assert "s1 unchanged since the last run" in ending.stderr
