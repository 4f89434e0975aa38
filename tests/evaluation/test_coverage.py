"""Intervals hold the truth about as often as they say; 500 cohorts stand in `benchmarks/`."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.classification import auc
from gliokit.evaluation.survival import harrell_c

ROOT = Path(__file__).parents[2]
COHORTS, PATIENTS, RESAMPLES = 100, 40, 200


@pytest.fixture
def simulation(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.interval_coverage")


@pytest.mark.parametrize("name", ["auc", "c_index", "mean_dice"])
def test_interval_holds_the_truth_as_often_as_it_says(simulation, name):
    held = simulation.cover(
        name, "patients", cohorts=COHORTS, patients=PATIENTS, resamples=RESAMPLES
    )
    # of 100 at 0.95 the standard error is 0.022
    assert 0.88 <= held <= 0.99


def test_drawing_studies_in_place_of_patients_falls_short(simulation, monkeypatch):
    monkeypatch.setattr(simulation, "studies_of", lambda n, rng: np.repeat(np.arange(n), 6))
    held = simulation.cover("mean_dice", "studies", cohorts=50, patients=30, resamples=RESAMPLES)
    assert held < 0.8


@pytest.mark.parametrize("name", ["auc", "c_index", "mean_dice"])
def test_truth_is_the_mean_over_many_cohorts(simulation, name):
    draw, truth = simulation.FIGURES[name]
    cohorts = [draw(300, np.random.default_rng([seed, 9])) for seed in range(60)]
    figures = [cohort.figure(np.arange(cohort.patients.size)) for cohort in cohorts]
    assert np.mean(figures) == pytest.approx(truth(), abs=4 * np.std(figures) / np.sqrt(60))


def test_permuted_null_is_centered_on_chance(simulation):
    mean, error = simulation.mean_and_error(simulation.null_figures(rounds=60, patients=50, seed=0))
    assert abs(mean - 0.5) < 3 * error < 0.05


def test_difference_of_two_models_is_found_on_the_same_patients():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 3 == 0
    good = y + rng.normal(size=200)
    poor = good + rng.normal(0, 3, size=200)
    low, high = interval(
        lambda rows: auc(y[rows], good[rows]) - auc(y[rows], poor[rows]),
        patients=range(200),
        seed=0,
        resamples=400,
    )
    assert 0 < low < auc(y, good) - auc(y, poor) < high


def test_concordance_gets_an_interval_from_the_same_resampler():
    rng = np.random.default_rng(0)
    time, risk = rng.exponential(size=60), rng.normal(size=60)
    event = np.ones(60)
    low, high = interval(
        lambda rows: harrell_c(time[rows], event[rows], risk[rows]),
        patients=range(60),
        seed=0,
        resamples=300,
    )
    assert low < 0.5 < high
