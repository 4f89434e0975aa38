"""Systems of survival through `gliokit train`, `predict` and `evaluate`, from files."""

import csv
import json
import signal
import sys

import numpy as np
import pytest

from gliokit.cli.main import main
from gliokit.core.image import Image, LabelMap
from gliokit.io.nifti import write_image, write_label_map

PATIENTS, WITHOUT_ENHANCEMENT = 24, 5  # the number of one patient whose tumor does not enhance
AFFINE = np.diag([5.0, 5.0, 5.0, 1.0])


@pytest.fixture
def gliokit(monkeypatch, capsys):
    """Run a command in this process, its tasks too, which saves the start of others."""

    def run_tasks(tasks, handler, *, jobs, scheduler=None):
        for task in tasks:
            yield task, handler(task)

    for module in ("evaluation_run", "prediction_run"):
        monkeypatch.setattr(f"gliokit.analysis.{module}.run_tasks", run_tasks)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["gliokit", *map(str, words)])
        handler = signal.getsignal(signal.SIGTERM)
        try:
            with pytest.raises(SystemExit) as ending:
                main()
        finally:
            signal.signal(signal.SIGTERM, handler)
        said = capsys.readouterr()
        return ending.value.code or 0, said.out + said.err

    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write patients of whom the larger tumors kill earlier."""
    folder, rng = tmp_path_factory.mktemp("cohort"), np.random.default_rng(1)
    grid = np.moveaxis(np.indices((30, 34, 28)), 0, -1)
    brain = np.linalg.norm((grid - [14.5, 16.5, 13.5]) / [13, 15, 12], axis=-1) < 1
    radius = np.linalg.norm(grid - [10, 16, 14], axis=-1)
    image = Image(np.where(brain, 100 + radius, 0).astype(np.float32), AFFINE)
    write_image(folder / "t1c.nii.gz", image)
    rows = []
    for number in range(PATIENTS):
        size = rng.uniform(2.2, 6.0)
        inner = 2 if number == WITHOUT_ENHANCEMENT else 3
        labels = np.select([radius < size, radius < size + 1.5], [inner, 2], default=0)
        write_label_map(folder / f"{number}.nii.gz", LabelMap(labels.astype(np.uint8), AFFINE))
        death = rng.exponential(500 * np.exp(-1.5 * (size - 4)))
        rows.append(
            {
                "patient_id": f"P{number:02d}",
                "age": f"{rng.uniform(30, 80):.0f}",
                "os_days": f"{min(death, 3000) + 1:.0f}",
                "os_event": int(death < 3000),
                "t1c": "t1c.nii.gz",
                "labels": f"{number}.nii.gz",
            }
        )
    write_table(folder / "cohort.csv", rows)
    return folder


def write_table(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def evaluate(gliokit, folder, tmp_path):
    def run(*words):
        return gliokit(
            "evaluate", *words, "--cohort", folder / "cohort.csv", "-o", tmp_path / "out",
            "--folds", 2, "--resamples", 100, "--tiny",
        )  # fmt: skip

    return run


def test_the_c_index_stands_beside_bars_and_permuted_outcomes(evaluate, tmp_path):
    code, said = evaluate("dempsey2005")
    assert code == 1  # one study has no answer
    assert "C-index" in said
    rows = {
        (own["system"], own["against"], own["figure"]): own
        for own in table(tmp_path / "out" / "summary.csv")
    }
    own = rows["dempsey2005", "", "c_index"]
    assert (own["patients"], own["unanswered"]) == (str(PATIENTS), "1")
    assert 0.6 < float(own["low"]) < float(own["value"]) < float(own["high"]) <= 1
    assert float(rows["age alone", "", "c_index"]["value"]) < 0.7
    assert float(rows["dempsey2005", "age alone", "c_index"]["low"]) > 0
    assert 0.35 < float(rows["dempsey2005", "", "c_index_of_permuted_outcomes"]["value"]) < 0.6


def test_every_patient_is_answered_by_a_model_that_did_not_learn_from_him(evaluate, tmp_path):
    evaluate("dempsey2005")
    out = tmp_path / "out"
    folds = json.loads((out / "folds.json").read_text())["folds"]
    cases = table(out / "dempsey2005" / "cases.csv")
    assert len(cases) == PATIENTS
    for case in cases:
        assert case["study_id"] in folds[int(case["fold"])]["test"]
    [failed] = [case for case in cases if case["failure"]]
    assert failed["study_id"] == f"P{WITHOUT_ENHANCEMENT:02d}"
    assert failed["log_hazard"] == ""


def test_the_report_holds_the_authors_tables_and_no_dice(evaluate, tmp_path):
    evaluate("dempsey2005", "gutman2013")
    page = (tmp_path / "out" / "report.html").read_text()
    for text in (
        "Evaluation of survival",
        "How well patients are ordered",
        "Beside what needs no image",
        "Systems against each other",
        "dempsey2005: Probability to be alive",
        "dempsey2005: Size and survival: alone, all that enhance",
        "gutman2013: VASARI features and survival",
        "they count as average",
        "For research use only",
    ):
        assert text in page
    assert "Dice of each region" not in page


def test_a_second_run_describes_and_learns_nothing_again(evaluate, tmp_path, monkeypatch):
    evaluate("dempsey2005")
    described = sorted((tmp_path / "out" / "dempsey2005" / "described").iterdir())
    assert len(described) == PATIENTS
    first = (tmp_path / "out" / "summary.csv").read_text()

    def refuse(*_):
        raise AssertionError("described again")

    monkeypatch.setattr("gliokit.prognosis.dempsey2005.Dempsey2005.describe", refuse)
    _, said = evaluate("dempsey2005")
    assert "is there already" in said
    assert (tmp_path / "out" / "summary.csv").read_text() == first


def test_outlines_and_survival_are_not_set_side_by_side(evaluate):
    code, said = evaluate("dempsey2005", "rao2015")
    assert code == 2
    assert "answer different questions" in said


def test_lessons_of_outlines_are_refused(evaluate):
    code, said = evaluate("dempsey2005", "--leak")
    assert code == 2
    assert "are lessons of systems that outline tumors" in said


def test_a_trained_model_answers_with_what_it_rests_on(gliokit, folder, tmp_path):
    cohort, model, out = folder / "cohort.csv", tmp_path / "model", tmp_path / "answers"
    code, said = gliokit("train", "dempsey2005", "--cohort", cohort, "-o", model, "--tiny")
    assert code == 0
    assert f"{PATIENTS} studies of {PATIENTS} patients" in said  # none is set aside
    code, _ = gliokit("predict", model, "--cohort", cohort, "-o", out)
    assert code == 1
    [failure] = table(out / "failures.csv")
    assert "nothing enhances" in failure["reason"]
    answers = table(out / "predictions.csv")
    assert len(answers) == PATIENTS - 1
    held = json.loads((out / "P00.json").read_text())
    assert [part["name"] for part in held["parts"]] == ["doublings of volume_ml", "age"]
    assert float(answers[0]["log_hazard"]) == pytest.approx(held["log_hazard"], rel=1e-4)
    assert float(answers[0]["low"]) < float(answers[0]["log_hazard"]) < float(answers[0]["high"])
    assert held["notes"][0].startswith("Learnt from 23 patients")


def test_another_age_is_asked_about_again_and_the_same_is_not(gliokit, folder, tmp_path):
    model, out = tmp_path / "model", tmp_path / "answers"
    gliokit("train", "dempsey2005", "--cohort", folder / "cohort.csv", "-o", model, "--tiny")
    rows = table(folder / "cohort.csv")[:2]
    few = folder / "few.csv"  # beside the images
    write_table(few, rows)
    gliokit("predict", model, "--cohort", few, "-o", out)
    before = table(out / "predictions.csv")
    rows[0]["age"] = str(int(rows[0]["age"]) + 20)
    write_table(few, rows)
    _, said = gliokit("predict", model, "--cohort", few, "-o", out)
    after = table(out / "predictions.csv")
    assert before[0]["log_hazard"] != after[0]["log_hazard"]
    assert before[1]["log_hazard"] == after[1]["log_hazard"]
    assert "P01 is there already" in said
