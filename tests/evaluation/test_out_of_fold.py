"""Rows answered without their patient."""

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gliokit.core.cohort import Row
from gliokit.core.errors import FoldError
from gliokit.evaluation.baselines import predict_majority
from gliokit.evaluation.classification import auc
from gliokit.evaluation.folds import Fold, patient_folds
from gliokit.evaluation.out_of_fold import (
    Examples,
    mean_over_folds,
    of_classifier,
    of_estimator,
    out_of_fold,
)


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


def test_every_row_is_answered_without_its_patient():
    patients = np.repeat(np.arange(12), 2)
    rows = examples(patients[:, None], patients, patients)

    def forget(X, y, asked):
        assert not set(X[:, 0]) & set(asked[:, 0])
        return asked[:, 0] * 10.0

    answers = out_of_fold(rows, folds_of(rows, stratify=False), forget)
    assert answers.tolist() == (patients * 10.0).tolist()
    some = out_of_fold(rows, folds_of(rows, stratify=False)[:1], forget)
    assert 0 < np.isnan(some).sum() < some.size


def test_folds_that_mix_patients_or_repeat_are_refused():
    rows = examples(np.zeros((4, 1)), [0, 1, 0, 1], [0, 0, 1, 2])
    torn = Fold(0, train=("P0-0", "P1-2"), validation=(), test=("P0-1",))
    with pytest.raises(FoldError, match=r"P0-0 \(train\) and P0-1 \(test\)"):
        out_of_fold(rows, [torn], predict_majority)
    whole = Fold(0, train=("P1-2",), validation=(), test=("P2-3",))
    with pytest.raises(FoldError, match="P2-3 is tested twice"):
        out_of_fold(rows, [whole, whole], predict_majority)


def test_figure_is_averaged_over_the_folds_that_define_it():
    rows = examples(np.zeros((6, 1)), [1, 0, 1, 0, 1, 1])
    sides = [rows.studies[:2], rows.studies[2:4], rows.studies[4:]]
    folds = [Fold(i, (), (), tuple(side)) for i, side in enumerate(sides)]
    answers = np.array([0.9, 0.8, 0.1, 0.2, 0.5, 0.6])  # in order, out of order, one class
    assert mean_over_folds(auc, rows, folds, answers) == 0.5
    assert math.isnan(mean_over_folds(auc, rows, folds[2:], answers))


def test_new_estimator_is_made_in_each_fold():
    made = []

    def make():
        made.append(LogisticRegression())
        return made[-1]

    rows = examples(np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2)
    answers = out_of_fold(rows, folds_of(rows, folds=4), of_estimator(make))
    assert len({id(model) for model in made}) == 4
    assert set(answers) <= {0, 1}


def test_classifier_answers_by_the_probability_of_class_one():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    rows = examples(rng.normal(y, 0.5)[:, None], y)
    probability = out_of_fold(rows, folds_of(rows), of_classifier(LogisticRegression))
    assert probability[y == 1].mean() > 0.6
    assert probability[y == 0].mean() < 0.4
