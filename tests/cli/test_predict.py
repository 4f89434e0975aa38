"""`gliokit predict`: a model on every study of a cohort."""

import csv
import os
from pathlib import Path

import pytest

from gliokit.io.nifti import read_label_map


@pytest.fixture
def out(tmp_path):
    return tmp_path / "labels"


@pytest.fixture
def model(threshold, labelled, tmp_path):
    threshold("train", "threshold2000", "--cohort", labelled(3), "-o", tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def predict(threshold, model, out):
    """Run the command with the model of a threshold."""
    return lambda cohort, *words: threshold("predict", model, "--cohort", cohort, "-o", out, *words)


def table(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_study_gets_a_label_map_and_a_line(predict, labelled, out):
    ending = predict(labelled(3))
    assert ending.code == 0
    assert ending.stdout.split() == [str(out / "predictions.csv"), str(out / "failures.csv")]
    rows = table(out / "predictions.csv")
    assert [row["study_id"] for row in rows] == ["p0-0", "p1-0", "p2-0"]
    assert {float(row["enhancing_tumor_ml"]) for row in rows} == {3.24}
    assert read_label_map(out / "p0-0.nii.gz").note == ""  # marked: its numbers are not guessed


def test_bad_studies_and_dead_workers_never_stop_the_rest(predict, labelled, out):
    cohort = labelled(3, p0="deadly")
    cohort.write_text(
        cohort.read_text()
        .replace("images/t1c", "images/gone", 2)
        .replace("images/gone", "images/t1c", 1)
    )
    ending = predict(cohort)
    assert ending.code == 1
    assert [row["study_id"] for row in table(out / "predictions.csv")] == ["p2-0"]
    failures = {row["study_id"]: row["reason"] for row in table(out / "failures.csv")}
    assert "worker process died" in failures["deadly"]
    assert "column t1c: no such file" in failures["p1-0"]


def test_a_second_run_does_not_ask_again(predict, labelled, out):
    predict(labelled(2))
    before = (out / "p0-0.nii.gz").stat().st_mtime_ns
    ending = predict(labelled(3))
    assert ending.stderr.count("is there already") == 2
    assert (out / "p0-0.nii.gz").stat().st_mtime_ns == before
    assert len(table(out / "predictions.csv")) == 3


def test_label_maps_of_two_models_are_never_mixed(predict, threshold, labelled, model):
    predict(labelled(2))
    words = ("train", "threshold2000", "--cohort", labelled(3), "-o", model, "--force")
    threshold(*words, "--set", "shift=1")
    ending = predict(labelled(2))
    assert ending.code == 2
    assert "holds label maps of another model" in ending.stderr


def test_a_folder_of_the_user_is_refused(predict, labelled, out):
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    ending = predict(labelled(2))
    assert ending.code == 2
    assert "was not made by gliokit predict" in ending.stderr


def test_an_altered_model_is_refused(predict, labelled, model, out):
    (model / "threshold.txt").write_text("0.0")
    ending = predict(labelled(2))
    assert ending.code == 2
    assert "damaged or altered" in ending.stderr
    assert not out.exists()


def test_studies_whose_images_were_replaced_are_asked_again(predict, labelled, tmp_path):
    cohort = labelled(2)
    predict(cohort)
    os.utime(tmp_path / "images" / "t1c.nii.gz", ns=(0, 1))
    ending = predict(cohort)
    assert ending.code == 0
    assert "is there already" not in ending.stderr
    assert predict(cohort).stderr.count("is there already") == 2
