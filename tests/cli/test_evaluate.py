"""`gliokit evaluate`: folds, tables, and what happens when something fails or stops."""

import csv
import json
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from distributed import LocalCluster

from gliokit.analysis.evaluation_run import only_run
from gliokit.core.image import LabelMap
from gliokit.io.nifti import read_label_map, write_label_map

FEW = ("--folds", 2, "--resamples", 50)


@pytest.fixture
def out(tmp_path):
    return tmp_path / "result"


@pytest.fixture
def evaluate_in_workers(threshold, out):
    """Run the command with one system in two folds, unless told otherwise."""

    def run(cohort, *words, systems=("threshold2000",)):
        return threshold("evaluate", *systems, "--cohort", cohort, "-o", out, *FEW, *words)

    return run


@pytest.fixture
def evaluate(evaluate_in_workers, monkeypatch):
    """Do so in this process, which saves the start of others."""
    in_this_process(monkeypatch, "evaluation_run")
    return evaluate_in_workers


def in_this_process(monkeypatch, module):
    def run_tasks(tasks, handler, *, jobs, scheduler=None):
        for task in tasks:
            yield task, handler(task)

    monkeypatch.setattr(f"gliokit.analysis.{module}.run_tasks", run_tasks)


def is_dice(row):
    return (row["region"], row["metric"]) == ("WT", "dice")


def table(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_study_is_answered_by_a_model_that_did_not_learn_from_it(evaluate, labelled, out):
    ending = evaluate(labelled(4))
    assert ending.code == 0
    assert ending.stdout.split() == [
        str(out / name) for name in ("report.html", "summary.csv", "evaluation.json")
    ]
    folds = json.loads((out / "folds.json").read_text())["folds"]
    cases = table(out / "threshold2000" / "cases.csv")
    assert {case["study_id"] for case in cases} == {"p0-0", "p1-0", "p2-0", "p3-0"}
    for case in cases:
        assert case["study_id"] in folds[int(case["fold"])]["test"]
        assert case["study_id"] not in folds[int(case["fold"])]["train"]


def test_scores_costs_and_label_maps_are_written(evaluate, labelled, out, bright_study):
    evaluate(labelled(4))
    [row] = [
        row
        for row in table(out / "summary.csv")
        if (row["region"], row["metric"]) == ("WT", "dice")
    ]
    assert float(row["mean"]) == 1.0  # the bright box is found whole
    assert [float(row[name]) for name in ("mean_low", "mean_high")] == [1.0, 1.0]
    assert (row["patients"], row["studies"], row["failed_studies"]) == ("4", "4", "0")
    assert float(row["seconds_per_case"]) > 0
    assert float(row["peak_memory_mb"]) > 10
    assert float(row["training_minutes_per_fold"]) > 0
    labels = read_label_map(out / "threshold2000" / "predictions" / "p1-0.nii.gz")
    assert labels.array.sum() == 3 * 120
    fold = out / "threshold2000" / "fold-0"
    assert sorted(path.name for path in fold.iterdir()) == [
        "minutes.json", "model", "result.json", "training",
    ]  # fmt: skip


def test_systems_are_compared_study_by_study(evaluate, labelled, out, fakes, monkeypatch):
    class Blind(fakes.ThresholdSystem):
        """Sees nothing."""

        card = replace(fakes.ThresholdSystem.card, name="blind2001")

    both = {"threshold2000": fakes.ThresholdSystem, "blind2001": Blind}
    monkeypatch.setattr("gliokit.analysis.systems.SYSTEMS", both)
    ending = evaluate(labelled(4), "--set", "blind2001.shift=1000", systems=tuple(both))
    assert ending.code == 0
    rows = table(out / "summary.csv")
    dice = [row for row in rows if (row["region"], row["metric"]) == ("WT", "dice")]
    found = [(row["system"], row["against"], float(row["mean"])) for row in dice]
    assert found == [
        ("threshold2000", "", 1.0),
        ("blind2001", "", 0.0),
        ("threshold2000", "blind2001", 1.0),
    ]
    report = (out / "report.html").read_text()
    assert "below 0, blind2001 is higher" in report


def test_finished_folds_are_not_done_again(evaluate, labelled, out):
    evaluate(labelled(4))
    written = (out / "threshold2000" / "fold-0" / "model" / "threshold.txt").stat().st_mtime_ns
    ending = evaluate(labelled(4))
    assert ending.stderr.count("is there already") == 2
    assert (
        out / "threshold2000" / "fold-0" / "model" / "threshold.txt"
    ).stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seed", "7"], "holds other folds"),
        (["--set", "shift=1"], "was made with another settings; choose another folder, or do it"),
        (["--minutes", "1"], "was made with another minutes"),
    ],
)
def test_what_was_made_otherwise_is_refused(evaluate, labelled, words, message):
    evaluate(labelled(4))
    ending = evaluate(labelled(4), *words)
    assert ending.code == 2
    assert message in ending.stderr


def test_changed_settings_are_done_again_with_force(evaluate, labelled, out):
    evaluate(labelled(4))
    assert evaluate(labelled(4), "--set", "shift=1000", "--force").code == 0
    dice = next(row for row in table(out / "summary.csv") if row["metric"] == "dice")
    assert float(dice["mean"]) == 0


def test_altered_folds_are_refused(evaluate, labelled, out):
    evaluate(labelled(4))
    path = out / "folds.json"
    path.write_text(path.read_text().replace("p0-0", "p9-9"))
    ending = evaluate(labelled(4))
    assert ending.code == 2
    assert "the folds were altered" in ending.stderr


def test_a_study_without_an_answer_counts_as_nothing_outlined(evaluate, labelled, out):
    cohort = labelled(4)
    text = cohort.read_text().replace("images/t1c.nii.gz", "images/gone.nii.gz", 1)
    cohort.write_text(text)
    ending = evaluate(cohort, "--validation", 0)
    assert ending.code == 1
    assert "1 studies lack an answer" in ending.stderr or "lack an answer" in ending.stderr
    cases = {case["study_id"]: case for case in table(out / "threshold2000" / "cases.csv")}
    assert "column t1c: no such file" in cases["p0-0"]["failure"]
    assert cases["p0-0"]["dice"] == "0"
    assert str(out.parent) not in cases["p0-0"]["failure"]


def test_a_fold_that_dies_costs_the_other_nothing(evaluate_in_workers, labelled, out):
    ending = evaluate_in_workers(labelled(4, p1="deadly-lesson"), "--validation", 0, "--jobs", 2)
    assert ending.code == 1
    assert "worker process died" in ending.stderr
    summary = next(row for row in table(out / "summary.csv") if row["metric"] == "dice")
    assert (summary["studies"], summary["failed_studies"]) == ("4", "2")
    assert float(summary["mean"]) == 0.5  # two are found whole, two count as nothing


def test_a_fold_that_failed_is_tried_again(evaluate, labelled, out, fakes, monkeypatch):
    cohort = labelled(4, p1="hard-lesson")
    assert evaluate(cohort, "--validation", 0).code == 1
    assert (
        "not trained: nothing can be learnt from this"
        in (out / "threshold2000" / "cases.csv").read_text()
    )
    ending = evaluate(cohort, "--validation", 0)
    assert ending.stderr.count("is there already") == 1
    assert ending.stderr.count("failed: nothing can be learnt") == 1


def test_sites_are_left_out_one_by_one(evaluate, labelled, out):
    evaluate(labelled(4), "--by", "site")
    folds = json.loads((out / "folds.json").read_text())
    assert folds["kind"] == "sites"
    assert [fold["test"] for fold in folds["folds"]] == [["p0-0", "p2-0"], ["p1-0", "p3-0"]]


def test_another_cohort_is_locked_away_for_the_test(evaluate, labelled, out, tmp_path):
    cohort = labelled(3)
    other = tmp_path / "other.csv"
    other.write_text(cohort.read_text().replace("p", "q").replace("qatient", "patient"))
    header = cohort.read_text().splitlines()[0]
    lines = [line.replace("p", "q", 2) for line in cohort.read_text().splitlines()[1:]]
    other.write_text("\n".join([header, *lines]) + "\n")
    assert evaluate(cohort, "--external", other).code == 0
    cases = table(out / "threshold2000" / "cases.csv")
    assert {case["study_id"] for case in cases} == {"q0-0", "q1-0", "q2-0"}


def test_repeats_keep_label_maps_apart(evaluate, labelled, out):
    evaluate(labelled(4), "--repeats", 2)
    predictions = out / "threshold2000" / "predictions"
    assert len(list(predictions.glob("*.nii.gz"))) == 4
    assert len(list((predictions / "repeat-1").glob("*.nii.gz"))) == 4
    dice = next(row for row in table(out / "summary.csv") if row["metric"] == "dice")
    assert (dice["patients"], dice["studies"]) == ("4", "8")


def test_two_workers_find_the_same_as_this_process(threshold, labelled, tmp_path, request):
    def scores(out, jobs):
        words = ("--cohort", labelled(4), "-o", out, *FEW, "--jobs", jobs)
        assert threshold("evaluate", "threshold2000", *words).code == 0
        cost = dict.fromkeys(("seconds", "peak_memory_mb"))
        return [{**row, **cost} for row in table(out / "threshold2000" / "cases.csv")]

    both = scores(tmp_path / "both", 2)
    request.getfixturevalue("evaluate")
    assert scores(tmp_path / "alone", 1) == both


def test_a_second_run_in_the_same_folder_is_refused(evaluate, labelled, out):
    with only_run(out):
        ending = evaluate(labelled(4))
    assert ending.code == 2
    assert "another run is at work in" in ending.stderr
    assert evaluate(labelled(4)).code == 0


def test_report_says_what_a_reader_must_know(evaluate, labelled, out):
    evaluate(labelled(4, p1="hard-lesson"), "--validation", 0, "--simulated")
    report = (out / "report.html").read_text()
    for text in (
        "For research use only; not a medical device",
        "Simulated patients: every figure here is one of simulated images.",
        "Only 4 patients",
        "threshold2000 gave no answer for 2 of 4 studies",
        "The cohorts differ: easy",
        json.loads((out / "folds.json").read_text())["sha256"],
    ):
        assert text in report
    assert not re.search(r"<script|(src|href)=.http", report)


def test_systems_are_wanted_or_predictions_but_not_both(threshold, labelled, out):
    words = ("--cohort", labelled(3), "-o", out)
    assert "name a SYSTEM, or a folder of --predictions" in threshold("evaluate", *words).stderr
    ending = threshold("evaluate", "threshold2000", "--predictions", "x", *words)
    assert "--predictions are scored as they are: drop SYSTEM" in ending.stderr
    assert not out.exists()


# stopped


def test_a_stopped_run_leaves_nothing_half_done_and_goes_on(start, evaluate, labelled, out):
    cohort = labelled(4, p1="endless")
    words = ("--cohort", cohort, "-o", out, *FEW, "--validation", 0)
    process = start("evaluate", "threshold2000", *words)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert (process.returncode, "Traceback" in stderr) == (130, False)
    assert [path for path in out.rglob("*") if path.suffix == ".part"] == []
    assert len(list(out.glob("threshold2000/fold-*/model"))) < 2
    assert evaluate(cohort, "--validation", 0).code == 0
    assert len(list(out.glob("threshold2000/fold-*/model"))) == 2


# predictions that are given


@pytest.fixture
def given(evaluate, labelled, out, tmp_path):
    """Make a folder of label maps of four studies by an evaluation."""
    cohort = labelled(4)
    evaluate(cohort)
    folder = tmp_path / "theirs"
    (out / "threshold2000" / "predictions").rename(folder)
    return cohort, folder


def score(threshold, cohort, *folders, out):
    words = [word for folder in folders for word in ("--predictions", folder)]
    return threshold("evaluate", *words, "--cohort", cohort, "-o", out, "--resamples", 50)


def test_anybodys_label_maps_are_scored(threshold, given, tmp_path, monkeypatch):
    cohort, folder = given
    in_this_process(monkeypatch, "given_predictions")
    ending = score(threshold, cohort, folder, out=tmp_path / "scores")
    assert ending.code == 0
    [row] = [row for row in table(tmp_path / "scores" / "summary.csv") if is_dice(row)]
    assert (row["system"], float(row["mean"]), row["patients"]) == ("theirs", 1.0, "4")
    assert (tmp_path / "scores" / "theirs" / "cases.csv").is_file()


def test_a_missing_label_map_is_a_study_without_an_answer(threshold, given, tmp_path, monkeypatch):
    cohort, folder = given
    (folder / "p2-0.nii.gz").unlink()
    write_label_map(folder / "p3-0.nii.gz", LabelMap(np.zeros((4, 4, 4), np.uint8), np.eye(4)))
    in_this_process(monkeypatch, "given_predictions")
    ending = score(threshold, cohort, folder, out=tmp_path / "scores")
    assert ending.code == 1
    [row] = [row for row in table(tmp_path / "scores" / "summary.csv") if is_dice(row)]
    assert (float(row["mean"]), row["failed_studies"]) == (0.5, "2")
    cases = {row["study_id"]: row["failure"] for row in table(tmp_path / "scores/theirs/cases.csv")}
    assert "study p2-0 has no label map; needed p2-0.nii.gz" in cases["p2-0"]
    assert "grids of the reference and the prediction differ" in cases["p3-0"]


def test_a_folder_of_other_studies_is_refused(threshold, given, tmp_path):
    cohort, _ = given
    (tmp_path / "empty").mkdir()
    ending = score(threshold, cohort, tmp_path / "empty", out=tmp_path / "scores")
    assert ending.code == 2
    assert "empty holds no label map of the cohort; needed files such as p0-0.nii.gz" in (
        ending.stderr
    )


# lessons


def test_leak_lesson_sets_both_ways_side_by_side(evaluate, labelled, out):
    ending = evaluate(labelled(4), "--leak")
    assert ending.code == 0
    [lesson] = json.loads((out / "evaluation.json").read_text())["tables"]
    whole = next(row for row in lesson["rows"] if row[1] == "WT")
    assert [cell.split()[0] for cell in whole[2:5]] == ["1.000", "1.000", "0.000"]
    assert whole[5] == "4"  # patients, not half-stacks
    for way, sides_shared in (("slices-mixed", True), ("patients-apart", False)):
        folds = json.loads((out / "leak-lesson" / way / "folds.json").read_text())["folds"]
        shared = any(
            {study[:2] for study in fold["test"]} & {study[:2] for study in fold["train"]}
            for fold in folds
        )
        assert shared is sides_shared
    assert "The leak lesson" in (out / "report.html").read_text()


def test_controls_are_turned_one_at_a_time(evaluate, labelled, out):
    ending = evaluate(labelled(6), "--controls")
    assert ending.code == 0
    [lesson] = json.loads((out / "evaluation.json").read_text())["tables"]
    turned = [(row[1], row[2]) for row in lesson["rows"]]
    assert turned == [
        ("as it is", ""), ("dropout", "0.2"), ("l1", "1e-06"), ("l2", "0.0001"),
        ("batch_norm", "on"), ("augmentation", "0.5"), ("patience", "5"),
    ]  # fmt: skip
    assert all(len(row) == len(lesson["columns"]) for row in lesson["rows"])
    assert float(lesson["rows"][0][5]) > 0.5


def test_two_workers_of_a_cluster_give_the_evaluation_of_one_process(
    threshold, labelled, fakes, tmp_path
):
    found = {}
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:
        for name, where in (("one", ()), ("two", ("--scheduler", cluster.scheduler_address))):
            words = ("--cohort", labelled(4), "-o", tmp_path / name, *FEW, *where)
            assert threshold("evaluate", "threshold2000", *words).code == 0
            rows = table(tmp_path / name / "threshold2000" / "cases.csv")
            measured = {"seconds", "peak_memory_mb"}
            found[name] = [{k: v for k, v in row.items() if k not in measured} for row in rows]
    assert len(found["one"]) == 4 * 3  # studies, regions
    assert found["two"] == found["one"]
