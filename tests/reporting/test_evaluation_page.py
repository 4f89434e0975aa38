"""The report of an evaluation: what it must say, and that it says it alike each time."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.core.system import PublishedFigure, SystemCard, Task
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.segmentation_scores import paired_difference, score_case, summarize
from gliokit.reporting.comparison import Comparison, compare
from gliokit.reporting.evaluation_page import render_evaluation
from gliokit.reporting.evaluation_record import (
    CaseResult,
    Compared,
    Curve,
    Evaluation,
    SystemResult,
    Table,
    system_costs,
)

CARD = SystemCard(
    name="toy2000",
    title="toy",
    task=Task.SEGMENTATION,
    question="none?",
    sequences=(MRSequence.T1,),
    fields=("labels",),
    source="nobody",
    cohort="10 patients",
    figures=(
        PublishedFigure("mean Dice, whole tumor", 0.88, "10 patients", "patient", "its own caveat"),
        PublishedFigure("median sensitivity", 0.5, "10 patients", "voxel"),
    ),
    assumed=("the width",),
)


def cases(shift):
    found = []
    for number in range(3):
        reference = np.zeros((20, 20, 20), np.uint8)
        reference[4:12, 4:12, 4:12] = 2
        prediction = np.roll(reference, shift + number, axis=0)
        scores = score_case(reference, prediction, spacing_mm=(1, 1, 1))
        found.append(
            CaseResult(f"P{number}", f"S{number}", 0, scores, seconds=2.0 + number, peak_mb=100)
        )
    return tuple(found)


def system(name, shift, **more):
    own = cases(shift)
    scores = [score for case in own for score in case.scores]
    patients = [case.patient_id for case in own for _ in case.scores]
    summaries = summarize(scores, patients=patients, seed=0, resamples=20)
    return SystemResult(name, own, summaries=summaries, training_minutes={0: 4.0}, **more)


@pytest.fixture(scope="module")
def evaluation():
    first, second = system("toy2000", 0, card=CARD), system("other2001", 2)
    pairs = [[s for case in own.cases for s in case.scores] for own in (first, second)]
    patients = [case.patient_id for case in first.cases for _ in case.scores]
    differences = paired_difference(*pairs, patients=patients, metric="dice", seed=0, resamples=20)
    curve = Curve(0, "coarse", [1.0, 2.0], [0.9, 0.4], [2.0], [0.7])
    return Evaluation(
        cohort="cohort.csv",
        patients=3,
        studies=3,
        simulated=False,
        split="3 folds of patients",
        facts={"seed": "7", "gliokit": "0.1.0"},
        systems=(replace(first, curves=(curve,)), second),
        compared=tuple(Compared("toy2000", "other2001", own) for own in differences),
        tables=(Table("A lesson", "learn <this>", ("a", "b"), (("1", "2"),)),),
        folds_sha256="ab" * 32,
    )


def words(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_same_evaluation_gives_the_same_page(evaluation):
    assert render_evaluation(evaluation) == render_evaluation(evaluation)


def test_mean_median_and_interval_stand_in_the_table(evaluation):
    whole = next(
        own
        for own in evaluation.systems[0].summaries
        if own.region is Region.WHOLE_TUMOR and own.metric == "dice"
    )
    low, high = whole.mean_interval
    text = words(render_evaluation(evaluation))
    assert f"toy2000 {whole.mean:.3f} {low:.3f} to {high:.3f} {whole.median:.3f}" in text


def test_page_says_who_was_tested_and_how(evaluation):
    text = words(render_evaluation(evaluation))
    assert text.count("For research use only; not a medical device") == 2
    assert "3 studies of 3 patients; 3 folds of patients." in text
    assert "ab" * 32 in text
    assert "Only 3 patients: intervals are rough" in text
    assert "imulated" not in text


def test_simulated_patients_are_called_so(evaluation):
    text = words(render_evaluation(replace(evaluation, simulated=True)))
    assert "on simulated patients" in text
    assert "3 simulated studies" in text


def test_published_figures_never_stand_without_their_caveat(evaluation):
    text = words(render_evaluation(evaluation))
    assert "0.88 10 patients patient" in text
    assert "The cohorts differ: its own caveat" in text
    assert "median sensitivity 0.5 10 patients voxel – The cohorts differ." in text


def test_unfinished_folds_and_failures_are_said(evaluation):
    failed = replace(evaluation.systems[1].cases[0], reason="no image <here>")
    second = replace(evaluation.systems[1], cases=(failed, *evaluation.systems[1].cases[1:]))
    page = render_evaluation(replace(evaluation, undone=2, systems=(evaluation.systems[0], second)))
    text = words(page)
    assert "Not finished: 2 trainings are not done." in text
    assert "other2001 gave no answer for 1 of 3 studies" in text
    assert "no image &lt;here&gt;" in page


def test_page_needs_no_script_and_no_network(evaluation):
    assert not re.search(r"<script|@import|(src|href)=.http|url\(", render_evaluation(evaluation))


def test_costs_are_summed_up_and_unknown_where_nothing_was_measured():
    own = system("toy2000", 0)
    assert (system_costs(own).seconds, system_costs(own).peak_mb) == (3.0, 100)
    assert system_costs(own).minutes == 4.0
    nothing = system_costs(SystemResult("given", ()))
    assert all(map(np.isnan, (nothing.seconds, nothing.peak_mb, nothing.minutes)))


def test_worst_cases_are_shown_with_both_outlines(evaluation, make_case):
    case = make_case()
    shifted = LabelMap(np.roll(case.labels.array, 3, axis=0), case.labels.affine)
    figures = compare(case.study, case.labels, shifted)
    assert [title for title, _ in figures] == ["reference", "prediction"] * 2
    outlines = [dict(figure.outlines) for _, figure in figures]
    assert outlines[0] != outlines[1]
    assert len({figure.position for _, figure in figures}) == 1  # one slice
    page = render_evaluation(evaluation, [Comparison("toy2000", "S1", "Dice WT 0.50", figures)])
    assert "toy2000, study S1: Dice WT 0.50" in words(page)
    assert page.count("<image ") == 4


def test_equal_and_empty_maps_can_be_pictured_too(make_case):
    case = make_case()
    empty = LabelMap(np.zeros_like(case.labels.array), case.labels.affine)
    assert len(compare(case.study, case.labels, case.labels)) == 4
    assert len(compare(case.study, empty, empty)) == 4


def test_settings_stand_as_a_user_types_them(evaluation):
    settings = {
        "sequences": (MRSequence.T1, MRSequence.FLAIR),
        "empty": (),
        "size": {"region": Region.TUMOR_CORE, "targets": 5},
    }
    first = replace(evaluation.systems[0], settings=settings)
    text = words(render_evaluation(replace(evaluation, systems=(first, evaluation.systems[1]))))
    assert f"sequences t1, flair empty none size region: {Region.TUMOR_CORE.value}; targets: 5" in (
        text
    )


def test_folds_that_could_not_be_trained_are_said_with_the_first_reason(evaluation):
    first = replace(evaluation.systems[0], failures={0: "no <deaths>", 2: "none either"})
    text = words(render_evaluation(replace(evaluation, systems=(first, evaluation.systems[1]))))
    assert "toy2000 could not be trained in fold 0, 2: no <deaths>." in text
