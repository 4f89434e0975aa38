"""Records of cases: as JSON, paired, without an answer, and what they cost."""

import json
from math import isnan, nan
from multiprocessing import get_context

import numpy as np
import pytest

from gliokit.analysis.cost import measured
from gliokit.analysis.evaluation_tables import Draws, differences, summarized
from gliokit.analysis.record_json import plain, read_case
from gliokit.analysis.scored_case import failed_case, scored_case
from gliokit.analysis.worst_cases import worst_cases
from gliokit.core.cohort import Cohort, check_rows
from gliokit.core.image import LabelMap
from gliokit.reporting.evaluation_record import CaseResult

FEW = Draws(seed=0, resamples=20)


def labels(*boxes):
    array = np.zeros((12, 12, 12), np.uint8)
    for label, stop in boxes:
        array[2:stop, 2:6, 2:6] = label
    return LabelMap(array, np.eye(4))


@pytest.fixture
def cohort():
    """Give a study with enhancing tumor, and one with edema alone."""
    table = [{"patient_id": p, "study_id": f"{p}-0", "labels": "x"} for p in ("a", "b")]
    references = {"a-0": labels((2, 10), (3, 6)), "b-0": labels((2, 10))}
    rows = check_rows(table, source="table")
    return Cohort(rows, lambda row: None, lambda row: references[row.study_id])


def dice(case):
    return {own.region.value: own.dice for own in case.scores}


def test_to_outline_nothing_scores_nothing_and_gains_nothing(cohort):
    with_core, without_core = (
        failed_case(cohort, row, fold=0, why="no image") for row in cohort.rows
    )
    assert dice(with_core) == {"WT": 0, "TC": 0, "ET": 0}
    assert dice(without_core)["WT"] == 0
    assert isnan(dice(without_core)["ET"])  # an empty answer would have been called perfect
    assert with_core.reason == without_core.reason == "no image"


def test_a_failed_study_lowers_the_mean(cohort):
    good = scored_case(cohort, cohort.rows[0], cohort.load_labels(cohort.rows[0]), fold=0)
    bad = failed_case(cohort, cohort.rows[1], fold=0, why="no image")
    whole = next(own for own in summarized([good, bad], draws=FEW) if own.metric == "dice")
    assert (whole.mean, whole.patients) == (0.5, 2)


def test_a_case_comes_back_from_json_as_it_was(cohort):
    case = failed_case(cohort, cohort.rows[1], fold=3, why="no image")
    text = json.dumps(plain(case), allow_nan=False)
    again = read_case(json.loads(text))
    assert json.dumps(plain(again), allow_nan=False) == text
    assert isnan(again.seconds)
    assert again.scores[0].region is case.scores[0].region


def test_differences_pair_studies_whatever_their_order_and_fold(cohort):
    first, second = cohort.rows
    better = [scored_case(cohort, row, cohort.load_labels(row), fold=0) for row in (first, second)]
    worse = [scored_case(cohort, row, labels((2, 6)), fold=1) for row in (second, first)]
    found = differences(better, worse, metric="dice", draws=FEW)
    whole = next(own for own in found if own.region == "WT")
    assert whole.mean == pytest.approx(1 - 2 * 64 / (64 + 128))
    assert whole.patients == 2


def test_studies_that_only_one_has_scores_for_are_left_out(cohort):
    row = cohort.rows[0]
    one = scored_case(cohort, row, cohort.load_labels(row), fold=0)
    none = CaseResult("b", "b-0", 0, (), reason="no reference")
    found = differences([one, none], [one, none], metric="dice", draws=FEW)
    assert {own.patients for own in found} == {1}


def test_the_worst_come_first_and_failures_are_not_pictured(cohort):
    row = cohort.rows[0]
    good = scored_case(cohort, row, cohort.load_labels(row), fold=0)
    poor = scored_case(cohort, row, labels((2, 6)), fold=1)
    failed = failed_case(cohort, row, fold=2, why="no image")
    assert worst_cases([good, failed, poor]) == [poor, good]


def test_the_peak_of_memory_is_that_of_the_block():
    # in a process of its own: one that ran other tests may hold free memory, which is given out
    with get_context("spawn").Pool(1) as pool:
        small, large, after = pool.apply(costs_around_a_block)
    assert large.peak_mb > small.peak_mb + 30
    assert after.peak_mb < large.peak_mb - 30
    assert 0 <= small.seconds < 60


def costs_around_a_block():
    with measured() as small:
        pass
    with measured() as large:
        block = np.ones(40_000_000, np.uint8)
    del block
    with measured() as after:
        pass
    return small, large, after


def test_cost_is_unknown_while_the_block_runs():
    with measured() as cost:
        assert isnan(cost.seconds)
        assert isnan(cost.peak_mb)
    assert cost.seconds is not nan
