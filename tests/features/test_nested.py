"""Plain models that choose their settings inside the rows they are given."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gliokit.evaluation.classification import auc
from gliokit.evaluation.survival import harrell_c
from gliokit.features.nested import nested_classifier, nested_hazard


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def with_gaps(X):
    """Take the first ten features of every fourth row out, as of a region that is not there."""
    gaps = X.copy()
    gaps[::4, :10] = np.nan
    return gaps


def test_a_class_that_the_features_tell_is_learnt_across_gaps(rng):
    y = np.arange(120) % 2
    X = rng.normal(size=(120, 60))
    X[:, 20] += 2 * y
    model = nested_classifier(LogisticRegression(), grid={"C": (0.1, 1.0)}, counts=(1, 20))
    model.fit(with_gaps(X)[:80], y[:80])
    assert auc(y[80:], model.predict_proba(with_gaps(X)[80:])[:, 1]) > 0.8
    assert model[-1].best_params_["select__count"] == 1


def test_that_a_region_is_absent_can_be_learnt(rng):
    y = (np.arange(120) % 4 == 0).astype(int)
    model = nested_classifier(LogisticRegression(), grid={}, counts=(1,))
    model.fit(with_gaps(rng.normal(size=(120, 30))), y)
    assert auc(y, model.predict_proba(with_gaps(rng.normal(size=(120, 30))))[:, 1]) == 1


def test_survival_is_learnt_across_gaps_and_censoring(rng):
    X = rng.normal(size=(150, 40))
    y = np.column_stack([rng.exponential(np.exp(-1.5 * X[:, 20])), rng.random(150) < 0.7])
    model = nested_hazard(counts=(1, 10)).fit(with_gaps(X)[:100], y[:100])
    assert harrell_c(*y[100:].T, model.predict(with_gaps(X)[100:])) > 0.7


def test_a_column_that_always_stays_is_used_though_others_tell_more(rng):
    X = rng.normal(size=(150, 20))
    y = np.column_stack([rng.exponential(np.exp(-2 * X[:, 5] - X[:, 0])), np.ones(150)])
    model = nested_hazard(counts=(1,), always=(0,)).fit(X, y)
    assert np.count_nonzero(model[-1].best_estimator_[-1].coef_) == 2
    older = X[:1] + np.eye(20)[:1]
    assert model.predict(older) > model.predict(X[:1])


def test_an_unknown_age_is_the_mean(rng):
    X = rng.normal(size=(60, 10))
    y = np.column_stack([rng.exponential(np.exp(-X[:, 0])), np.ones(60)])
    X[:5, 0] = np.nan
    model = nested_hazard(counts=(2,), always=(0,)).fit(X, y)
    mean = X[:1].copy()
    mean[0, 0] = np.nanmean(X[:, 0])
    assert model.predict(X[:1]) == pytest.approx(model.predict(mean))
