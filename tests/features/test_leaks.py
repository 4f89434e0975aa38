"""Learnt before the split, noise tells the class; learnt inside the fold, it does not.

All data are simulated: features are noise and effects of the site, whatever the class.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gliokit.core.cohort import Row
from gliokit.evaluation.classification import auc
from gliokit.evaluation.folds import patient_folds
from gliokit.evaluation.out_of_fold import Examples, mean_over_folds, of_classifier, out_of_fold
from gliokit.features.harmonization import ComBat
from gliokit.features.selection import StabilitySelector, UnivariateSelector

PATIENTS, FEATURES, SITES = 100, 200, 5
SEEDS = range(10)
FAR_ABOVE_CHANCE, ABOUT_CHANCE = 0.7, 0.6


def held_out(X, y, *steps):
    """Give the AUC of steps that are learnt in each fold, then logistic regression."""
    names = [f"P{number}" for number in range(PATIENTS)]
    rows = [Row(2, name, name, {"y": str(label)}) for name, label in zip(names, y, strict=True)]
    folds = patient_folds(rows, seed=0, folds=5, stratify="y", validation=0).folds

    def learn():
        made = [make() for make in steps]
        return make_pipeline(*made, StandardScaler(), LogisticRegression(solver="newton-cholesky"))

    examples = Examples(names, names, X, y)
    answers = out_of_fold(examples, folds, of_classifier(learn))
    return mean_over_folds(auc, examples, folds, answers)


def null_cohort(seed):
    """Draw classes, sites that mostly see one class, and features that know only the site."""
    rng = np.random.default_rng(seed)
    y = np.arange(PATIENTS) % 2
    its_own = np.where(y == 1, rng.integers(0, 2, PATIENTS), rng.integers(3, 5, PATIENTS))
    site = np.where(rng.random(PATIENTS) < 0.8, its_own, rng.integers(0, SITES, PATIENTS))
    effects = rng.normal(size=(SITES, FEATURES))
    return y, site, rng.normal(size=(PATIENTS, FEATURES)) + effects[site]


def test_combat_before_the_split_makes_noise_tell_the_class():
    figures = []
    for seed in SEEDS:
        y, site, X = null_cohort(seed)
        before = ComBat(covariates=(1,)).fit_transform(np.column_stack([site, y, X]))[:, 1:]
        figures.append(held_out(before, y))
    assert np.mean(figures) > FAR_ABOVE_CHANCE


def test_combat_inside_the_fold_does_not():
    figures = []
    for seed in SEEDS:
        y, site, X = null_cohort(seed)
        figures.append(held_out(np.column_stack([site, X]), y, lambda: ComBat(unknown="leave")))
    assert np.mean(figures) < ABOUT_CHANCE


@pytest.mark.parametrize("select", [UnivariateSelector, lambda: StabilitySelector(draws=20)])
def test_selection_before_the_split_makes_noise_tell_the_class_and_inside_does_not(select):
    before, inside = [], []
    for seed in SEEDS:
        y, rng = np.arange(PATIENTS) % 2, np.random.default_rng(seed)
        X = rng.normal(size=(PATIENTS, 4 * FEATURES))
        before.append(held_out(select().fit_transform(X, y), y))
        inside.append(held_out(X, y, select))
    assert np.mean(before) > FAR_ABOVE_CHANCE
    assert np.mean(inside) < ABOUT_CHANCE
