"""Systems of survival through `gliokit train`, `predict` and `evaluate`, from files."""

import csv
import io
import json
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest

from gliokit.analysis.survival_work import patients_in_numbers
from gliokit.cli.main import main
from gliokit.core.image import Image, LabelMap
from gliokit.io.cohorts import read_cohort
from gliokit.io.nifti import write_image, write_label_map
from gliokit.prognosis.dempsey2005 import Dempsey2005

PATIENTS, WITHOUT_ENHANCEMENT = 24, 5  # the number of one patient whose tumor does not enhance
AFFINE = np.diag([5.0, 5.0, 5.0, 1.0])


def gliokit(*words):
    """Run a command in this process, its tasks too, which saves the start of others."""

    def run_tasks(tasks, handler, *, jobs, scheduler=None):
        for task in tasks:
            yield task, handler(task)

    said, handler = io.StringIO(), signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        for module in ("evaluation_run", "prediction_run"):
            patch.setattr(f"gliokit.analysis.{module}.run_tasks", run_tasks)
        patch.setattr(sys, "argv", ["gliokit", *map(str, words)])
        try:
            with pytest.raises(SystemExit) as ending:
                main()
        finally:
            signal.signal(signal.SIGTERM, handler)
    return ending.value.code or 0, said.getvalue()


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


def figures_of(out):
    """Read what the summary says of the system itself, by figure."""
    rows = table(out / "summary.csv")
    return {
        own["figure"]: own for own in rows if own["system"] == "dempsey2005" and not own["against"]
    }


def evaluate(*words, cohort, out):
    return gliokit(
        "evaluate", *words, "--cohort", cohort, "-o", out,
        "--folds", 2, "--resamples", 100, "--tiny",
    )  # fmt: skip


@pytest.fixture(scope="module")
def evaluated(folder, tmp_path_factory):
    """Evaluate once: the folder, the exit code, and what was said."""
    out = tmp_path_factory.mktemp("evaluated") / "out"
    return out, *evaluate("dempsey2005", cohort=folder / "cohort.csv", out=out)


def test_the_c_index_stands_beside_bars_and_permuted_outcomes(evaluated):
    out, code, said = evaluated
    assert code == 1  # one study has no answer
    assert "C-index" in said
    rows = {
        (own["system"], own["against"], own["figure"]): own for own in table(out / "summary.csv")
    }
    own = rows["dempsey2005", "", "c_index"]
    assert (own["patients"], own["unanswered"]) == (str(PATIENTS), "1")
    assert 0.6 < float(own["low"]) < float(own["value"]) < float(own["high"]) <= 1
    assert 0.6 < float(rows["dempsey2005", "", "c_index_uno"]["value"]) <= 1
    assert float(rows["age alone", "", "c_index"]["value"]) < 0.7
    assert float(rows["dempsey2005", "age alone", "c_index"]["low"]) > 0
    assert 0.35 < float(rows["dempsey2005", "", "c_index_of_permuted_outcomes"]["value"]) < 0.6


def test_every_patient_is_answered_by_a_model_that_did_not_learn_from_him(evaluated, folder):
    out, *_ = evaluated
    system = Dempsey2005(Dempsey2005.TINY)
    patients = patients_in_numbers(
        system, read_cohort(folder / "cohort.csv"), folder=out / "dempsey2005" / "described"
    )
    folds = json.loads((out / "folds.json").read_text())["folds"]
    cases = table(out / "dempsey2005" / "cases.csv")
    assert len(cases) == PATIENTS
    for case in cases:
        tested = folds[int(case["fold"])]["test"]
        assert case["study_id"] in tested
        if case["failure"]:
            assert case["study_id"] == f"P{WITHOUT_ENHANCEMENT:02d}"
            assert case["log_hazard"] == ""
            continue
        system.learn([own for own in patients if own.study_id not in tested])
        [asked] = [own for own in patients if own.study_id == case["study_id"]]
        hazard = system.answer(asked.study_id, asked.description).log_hazard
        assert float(case["log_hazard"]) == pytest.approx(hazard, rel=1e-4)


def test_the_report_holds_the_authors_tables_and_no_dice(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("gliokit.analysis.survival_evaluation.ROUNDS", 2)
    systems, out = ("dempsey2005", "gutman2013"), tmp_path / "out"
    evaluate(*systems, cohort=folder / "cohort.csv", out=out)
    page = (out / "report.html").read_text()
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


def test_a_second_run_describes_and_learns_nothing_again(evaluated, folder, monkeypatch):
    out, *_ = evaluated
    described = sorted((out / "dempsey2005" / "described").iterdir())
    assert len(described) == PATIENTS
    first = (out / "summary.csv").read_text()

    def refuse(*_):
        raise AssertionError("described again")

    monkeypatch.setattr("gliokit.prognosis.dempsey2005.Dempsey2005.describe", refuse)
    _, said = evaluate("dempsey2005", cohort=folder / "cohort.csv", out=out)
    assert "is there already" in said
    assert (out / "summary.csv").read_text() == first


def test_a_system_that_could_not_learn_has_no_c_index_and_no_lead(folder, tmp_path):
    words, out = ("dempsey2005", "--set", "covariates=['age', 'kps']"), tmp_path / "out"
    rows = table(folder / "cohort.csv")
    few = folder / "few_deaths.csv"
    write_table(few, [{**own, "os_event": int(n < 6)} for n, own in enumerate(rows)])
    code, said = evaluate(*words, cohort=few, out=out)
    assert code == 1
    assert "C-index –, age alone –, clinical facts alone –, permuted outcomes –" in said
    figures = [own["value"] for own in table(out / "summary.csv")]
    assert figures == [""] * len(figures)
    page = (out / "report.html").read_text()
    assert "nobody has an answer" in page
    assert "dempsey2005 could not be trained in fold 0, 1: found deaths: " in page
    assert "of 24 studies: so it has no figure" in page
    assert "too few deaths to fit it" in page


def test_follow_up_that_ended_before_the_scan_is_refused_before_any_work(folder, tmp_path):
    rows = table(folder / "cohort.csv")
    rows[3]["day"] = "9000"
    early = folder / "early.csv"
    write_table(early, [{"day": "0", **own} for own in rows])
    code, said = evaluate("dempsey2005", cohort=early, out=tmp_path / "out")
    assert code == 2
    assert "row 5: os_days" in said
    assert not (tmp_path / "out").exists()


def test_outlines_and_survival_are_not_set_side_by_side(folder, tmp_path):
    code, said = evaluate(
        "dempsey2005", "rao2015", cohort=folder / "cohort.csv", out=tmp_path / "out"
    )
    assert code == 2
    assert "answer different questions" in said


def test_lessons_of_outlines_are_refused(folder, tmp_path):
    words = ("dempsey2005", "--leak")
    code, said = evaluate(*words, cohort=folder / "cohort.csv", out=tmp_path / "out")
    assert code == 2
    assert "are lessons of systems that outline tumors" in said


def test_a_trained_model_answers_with_what_it_rests_on(folder, tmp_path):
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


def test_another_age_is_asked_about_again_and_the_same_is_not(folder, tmp_path):
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


def test_of_repeated_folds_the_first_round_is_calibrated_and_permuted(folder, tmp_path):
    out = tmp_path / "out"
    evaluate("dempsey2005", "--repeats", 2, cohort=folder / "cohort.csv", out=out)
    own = figures_of(out)
    assert own["c_index"]["patients"] == str(PATIENTS)
    assert len(table(out / "dempsey2005" / "cases.csv")) == 2 * PATIENTS
    held = json.loads((out / "evaluation.json").read_text())
    [alive] = [t for t in held["tables"] if t["title"].endswith("Probability to be alive")]
    assert alive["rows"][0][1] == f"{PATIENTS - 1} of {PATIENTS}"


def test_a_run_that_is_stopped_after_a_fold_without_answers_still_writes_its_report(
    folder, tmp_path, monkeypatch
):
    def stop(*_):
        raise KeyboardInterrupt

    rows = table(folder / "cohort.csv")
    sites = folder / "sites.csv"
    write_table(sites, [{**own, "site": "bc"[n % 2] if n else "a"} for n, own in enumerate(rows)])
    (folder / "0.nii.gz").rename(folder / "aside.nii.gz")  # site a cannot be described
    monkeypatch.setattr("gliokit.cli.evaluate._tell", stop)
    try:
        evaluate("dempsey2005", "--by", "site", cohort=sites, out=tmp_path / "out")
    finally:
        (folder / "aside.nii.gz").rename(folder / "0.nii.gz")
    own = figures_of(tmp_path / "out")
    assert (own["c_index"]["value"], own["c_index"]["unanswered"]) == ("", "1")
