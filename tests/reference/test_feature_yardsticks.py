"""Plain nested models on the public tables reach the published yardsticks, and no more.

The whole table, with repeats and nulls: `python -m benchmarks.feature_yardsticks`. A figure above
the interval is a leak until proven otherwise.
"""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def yardsticks():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        yield import_module("benchmarks.feature_yardsticks")


@pytest.fixture(scope="module")
def tables(shared_data, yardsticks):
    return yardsticks.read_tables(shared_data / "tables")


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize(
    ("task", "model", "rows", "positive"),
    [
        ("idh", "logistic", 148, 57),
        ("idh", "svm", 148, 57),
        ("idh_lower_grade", "svm", 64, 53),
        ("codeletion_in_idh_mutant", "svm", 56, 13),
        ("grade_4", "svm", 166, 101),
        ("mgmt_glioblastoma", "svm", 63, 27),
    ],
)
def test_a_class_is_told_as_well_as_the_yardstick_says(
    yardsticks, tables, task, model, rows, positive
):
    examples, _ = yardsticks.choose(yardsticks.TASKS[task], tables)
    assert (len(examples.y), examples.y.sum()) == (rows, positive)
    low, high = yardsticks.TASKS[task].yardstick
    figure = yardsticks.held_out(examples, yardsticks.CLASSIFIERS[model], seed=0)
    assert low <= figure <= high


@pytest.mark.parametrize(
    ("task", "rows"),
    [("survival_glioblastoma", 98), ("survival_upenn_rcbv_histogram_and_age", 232)],
)
def test_survival_is_told_as_well_as_the_yardstick_says(yardsticks, tables, task, rows):
    chosen = yardsticks.TASKS[task]
    examples, _ = yardsticks.choose(chosen, tables)
    assert len(examples.y) == rows
    figure = yardsticks.held_out(examples, yardsticks.hazard_models(chosen)["cox"], seed=0)
    assert chosen.yardstick[0] <= figure <= chosen.yardstick[1]


@pytest.mark.parametrize("task", ["idh", "idh_lower_grade", "codeletion_in_idh_mutant", "grade_4"])
def test_age_alone_is_the_bar_that_the_yardstick_says(yardsticks, tables, task):
    examples, age = yardsticks.choose(yardsticks.TASKS[task], tables)
    known = yardsticks.Examples(examples.studies, examples.patients, age, examples.y)
    low, high = yardsticks.TASKS[task].age_yardstick
    assert low <= yardsticks.held_out(known, yardsticks.predict_logistic, seed=0) <= high


def test_permuted_labels_are_told_no_better_than_by_chance(yardsticks, tables):
    examples, _ = yardsticks.choose(yardsticks.TASKS["idh"], tables)
    figures = []
    for seed in range(3):
        y = np.random.default_rng(seed).permutation(examples.y)
        permuted = yardsticks.Examples(examples.studies, examples.patients, examples.X, y)
        figures.append(yardsticks.held_out(permuted, yardsticks.CLASSIFIERS["logistic"], seed=0))
    assert np.mean(figures) < 0.65
