"""Bars by hand, and nulls that catch procedures made leaky on purpose."""

import math

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from gliokit.core.cohort import Row
from gliokit.core.errors import FoldError
from gliokit.evaluation.baselines import (
    chance_on_null,
    permute_between_patients,
    permuted_null,
    predict_hazard,
    predict_logistic,
    predict_majority,
    predict_prevalence,
    probe_site,
)
from gliokit.evaluation.classification import auc
from gliokit.evaluation.folds import patient_folds
from gliokit.evaluation.out_of_fold import (
    Examples,
    mean_over_folds,
    of_estimator,
    out_of_fold,
)
from gliokit.evaluation.survival import harrell_c

PATIENTS = 60


def examples(X, y, patients=None):
    patients = range(len(X)) if patients is None else patients
    names = [f"P{patient}" for patient in patients]
    return Examples([f"{p}-{i}" for i, p in enumerate(names)], names, np.asarray(X), np.asarray(y))


def folds_of(rows, *, stratify=True, folds=5, seed=0):
    table = [
        Row(2 + i, patient, study, {"y": str(label)})
        for i, (study, patient, label) in enumerate(
            zip(rows.studies, rows.patients, rows.y, strict=True)
        )
    ]
    stratum = "y" if stratify else None
    return patient_folds(table, seed=seed, folds=folds, stratify=stratum, validation=0).folds


def test_bars_by_hand():
    X, y, asked = np.zeros((5, 1)), np.array([1, 0, 0, 1, 0]), np.zeros((2, 1))
    assert predict_majority(X, y, asked).tolist() == [0, 0]
    assert predict_majority(X, np.array(["b", "a", "b", "a", "c"]), asked).tolist() == ["a", "a"]
    assert predict_prevalence(X, y, asked).tolist() == [0.4, 0.4]


def test_age_that_tells_is_found_and_unknown_age_is_the_mean():
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    age = rng.normal(40 + 20 * y, 8)[:, None]
    assert auc(y, out_of_fold(examples(age, y), folds_of(examples(age, y)), predict_logistic)) > 0.9
    unknown, mean = predict_logistic(age, y, np.array([[math.nan], [age.mean()]]))
    assert unknown == pytest.approx(mean)


def test_age_that_kills_is_found():
    rng = np.random.default_rng(0)
    age = rng.uniform(30, 80, 150)
    death, censored = rng.exponential(np.exp(-0.08 * (age - 55))), rng.exponential(2, 150)
    y = np.stack([np.minimum(death, censored), death <= censored], axis=1)
    rows = examples(age[:, None], y)
    risk = out_of_fold(rows, folds_of(rows, stratify=False), predict_hazard)
    assert harrell_c(*y.T, risk) == pytest.approx(harrell_c(*y.T, age), abs=0.02)


def test_labels_move_between_patients_as_a_block():
    patients = ["A", "A", "B", "C", "C", "C"]
    labels = np.array(["a1", "a2", "b1", "c1", "c2", "c3"])
    seen = set()
    for seed in range(30):
        moved = labels[permute_between_patients(patients, np.random.default_rng(seed))]
        seen.add(tuple(moved))
        for start, stop in ((0, 2), (2, 3), (3, 6)):
            donor = moved[start][0]
            expected = np.resize(labels[np.char.startswith(labels, donor)], stop - start)
            assert moved[start:stop].tolist() == expected.tolist()
    assert len(seen) == 6


def test_figure_on_permuted_labels_is_drawn_anew_each_round_and_repeatable():
    y, patients = np.arange(20.0), list(range(20))
    null = permuted_null(lambda labels: labels[0], y, patients=patients, seed=0, rounds=30)
    assert len(set(null)) > 5
    again = permuted_null(lambda labels: labels[0], y, patients=patients, seed=0, rounds=30)
    assert null.tolist() == again.tolist()


def null_cohort(seed=0, features=300):
    """Features that say nothing, one row per patient."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(PATIENTS, features)), np.arange(PATIENTS) % 2


def best_features(X, y):
    """Ten features whose classes differ most."""
    apart = X[y == 1].mean(axis=0) - X[y == 0].mean(axis=0)
    return np.argsort(-np.abs(apart))[:10]


def honest(X):
    def fit_predict(known, y, asked):
        chosen = best_features(known, y)
        return predict_logistic(known[:, chosen], y, asked[:, chosen])

    def procedure(y):
        rows = examples(X, y)
        folds = folds_of(rows)
        return mean_over_folds(auc, rows, folds, out_of_fold(rows, folds, fit_predict))

    return procedure


def selects_outside_the_folds(X):
    def procedure(y):
        rows = examples(X[:, best_features(X, y)], y)
        return auc(y, out_of_fold(rows, folds_of(rows), predict_logistic))

    return procedure


def copies_before_the_split(X):
    """Give each row of one class a near copy, as SMOTE would, and take the copy for a patient."""

    def procedure(y):
        rng = np.random.default_rng(0)
        rare = np.flatnonzero(y == 1)
        copies = X[rare] + rng.normal(0, 0.05, size=(rare.size, X.shape[1]))
        rows = examples(np.concatenate([X, copies]), np.concatenate([y, y[rare]]))
        nearest = of_estimator(lambda: KNeighborsClassifier(1))
        return auc(rows.y, out_of_fold(rows, folds_of(rows), nearest))

    return procedure


def judged(make):
    X, y = null_cohort()
    null = permuted_null(make(X), y, patients=list(range(PATIENTS)), seed=0, rounds=20)
    return chance_on_null(null)


def test_honest_procedure_is_at_chance_on_a_null_cohort():
    verdict = judged(honest)
    assert verdict.at_chance
    assert verdict.lower < verdict.mean < verdict.upper < 0.55


@pytest.mark.parametrize("leaky", [selects_outside_the_folds, copies_before_the_split])
def test_leaky_procedure_is_not_at_chance_on_a_null_cohort(leaky):
    verdict = judged(leaky)
    assert not verdict.at_chance
    assert verdict.lower > 0.6


def test_too_few_rounds_do_not_show_chance():
    assert not chance_on_null([0.4, 0.6]).at_chance
    assert chance_on_null([0.49, 0.51] * 10).at_chance
    assert chance_on_null([0.33, 0.34] * 10, chance=1 / 3).at_chance
    with pytest.raises(ValueError, match="1 figures; needed two or more"):
        chance_on_null([0.5])


def sites(seed, shift):
    rng = np.random.default_rng(seed)
    site = np.array(["north", "south", "west"])[np.arange(90) % 3]
    X = rng.normal(size=(90, 4))
    X[:, 0] += shift * (site == "south")
    return examples(X, site)


def test_features_that_name_the_site_are_found():
    rows = sites(0, shift=3)
    probe = probe_site(rows, folds_of(rows), seed=0, rounds=19)
    assert probe.balanced_accuracy > 0.5
    assert probe.p_value == pytest.approx(1 / 20)
    assert probe.null.mean() == pytest.approx(1 / 3, abs=0.06)


def test_features_that_do_not_name_the_site_pass():
    p_values = [
        probe_site(rows, folds_of(rows), seed=0, rounds=9, fit_predict=nearest_mean).p_value
        for rows in (sites(seed, shift=0) for seed in range(12))
    ]
    assert np.mean(p_values) > 0.3


def nearest_mean(X, y, asked):
    names = np.unique(y)
    means = np.stack([X[y == name].mean(axis=0) for name in names])
    return names[np.linalg.norm(asked[:, None] - means, axis=-1).argmin(axis=1)]


def test_probe_asks_for_the_whole_cohort():
    rows = sites(0, shift=0)
    with pytest.raises(FoldError, match="is tested by no fold"):
        probe_site(rows, folds_of(rows)[:2], seed=0)
