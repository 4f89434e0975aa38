"""`gliokit train`: a cohort to a model bundle."""

import json
import os
import signal

import pytest

from gliokit.bundles.bundle import read_bundle


@pytest.fixture
def out(tmp_path):
    return tmp_path / "model"


def test_a_model_is_written_and_its_logs_are_kept(threshold, labelled, out):
    ending = threshold("train", "threshold2000", "--cohort", labelled(5), "-o", out)
    assert (ending.code, ending.stdout) == (0, f"{out}\n")
    assert "4 studies of 4 patients, seed 0" in read_bundle(out).card.training[0]
    kept = [path.name for path in out.with_name("model.training").rglob("*") if path.is_file()]
    assert kept == ["log.csv"]


def test_progress_is_said_by_part(threshold, labelled, out):
    ending = threshold("train", "threshold2000", "--cohort", labelled(3), "-o", out)
    assert "only: step 1 of at most 5, loss 0.5, 1 s left" in ending.stderr


def test_settings_come_from_a_file_and_from_the_command_line(threshold, labelled, out, tmp_path):
    (tmp_path / "s.toml").write_text("shift = 2\nsteps = 9\n[schedule]\nbatch = 7\n")
    ending = threshold(
        "train", "threshold2000", "--cohort", labelled(3), "-o", out,
        "--settings", tmp_path / "s.toml", "--set", "steps=3", "--set", "schedule.steps=8",
    )  # fmt: skip
    assert ending.code == 0
    settings = json.loads((out / "settings.json").read_text())["settings"]
    assert (settings["steps"], settings["shift"]) == (3, 2.0)
    assert (settings["schedule"]["batch"], settings["schedule"]["steps"]) == (7, 8)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["threshold1999"], "no system is called 'threshold1999'; there are threshold2000"),
        (["threshold2000", "--set", "depth=3"], "unknown settings depth; known are steps"),
        (["threshold2000", "--set", "steps=many"], "setting steps: found 'many'; needed int"),
        (["threshold2000", "--set", "steps"], "needed name=value"),
        (["threshold2000", "--settings", "none.toml"], "none.toml: cannot be read"),
    ],
)
def test_what_is_not_known_is_refused_before_anything_is_written(
    threshold, labelled, out, words, message
):
    ending = threshold("train", *words, "--cohort", labelled(3), "-o", out)
    assert ending.code == 2
    assert message in ending.stderr
    assert not out.with_name("model.training").exists()


def test_a_model_is_replaced_only_with_force(threshold, labelled, out):
    words = ("train", "threshold2000", "--cohort", labelled(3), "-o", out)
    threshold(*words)
    ending = threshold(*words)
    assert ending.code == 2
    assert "is there already; choose another folder, or --force" in ending.stderr
    assert threshold(*words, "--set", "shift=1", "--force").code == 0
    assert json.loads((out / "settings.json").read_text())["settings"]["shift"] == 1.0


def test_a_failed_training_leaves_no_model(threshold, labelled, out):
    ending = threshold(
        "train", "threshold2000", "--cohort", labelled(3, p1="hard-lesson"), "-o", out,
        "--validation", 0,
    )  # fmt: skip
    assert ending.code == 3
    assert "nothing can be learnt from this" in ending.stderr
    assert not out.exists()


def test_only_the_first_process_of_several_writes(threshold, labelled, out, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    ending = threshold("train", "threshold2000", "--cohort", labelled(3), "-o", out)
    assert (ending.code, ending.stdout, ending.stderr) == (0, "", "")
    assert not out.exists()


def test_a_stopped_training_leaves_no_model(start, labelled, out):
    cohort = labelled(3, p1="endless")
    process = start("train", "threshold2000", "--cohort", cohort, "-o", out, "--validation", 0)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 130
    assert stderr.rstrip().endswith("gliokit: interrupted")
    assert not out.exists()
    assert out.with_name("model.training").is_dir()  # where it would go on
