"""The penalized hazard against other ways to the same figure."""

import numpy as np
import pytest

from gliokit.evaluation.cox import fit_cox
from gliokit.evaluation.survival import harrell_c
from gliokit.features.hazard import HazardRegressor


@pytest.fixture
def patients():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6))
    return X, rng.exponential(np.exp(-X[:, 0])), rng.random(120) < 0.7


def test_almost_without_penalty_it_is_the_bar(patients):
    X, time, event = patients
    model = HazardRegressor(penalty=1e-9).fit(X, np.column_stack([time, event]))
    assert model.coef_ == pytest.approx(fit_cox(time, event, X).coefficients, abs=1e-6)
    assert model.predict(X) == pytest.approx(fit_cox(time, event, X).risk(X), abs=1e-6)


@pytest.mark.parametrize("penalty", [0.1, 10])
def test_it_is_the_ridge_of_scikit_survival_with_ties(patients, penalty):
    linear_model = pytest.importorskip("sksurv.linear_model", reason="scikit-survival is in `dev`")
    X, time, event = patients
    rounded = np.ceil(time * 10) / 10
    outcome = np.array(list(zip(event, rounded, strict=True)), dtype=[("e", "?"), ("t", "f8")])
    oracle = linear_model.CoxPHSurvivalAnalysis(alpha=penalty, ties="breslow", tol=1e-12)
    model = HazardRegressor(penalty=penalty).fit(X, np.column_stack([rounded, event]))
    assert model.coef_ == pytest.approx(oracle.fit(X, outcome).coef_, abs=1e-6)


def test_more_features_than_patients_have_a_best_fit():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(30, 60))
    y = np.column_stack([rng.exponential(size=30), np.ones(30)])
    model = HazardRegressor(penalty=1.0).fit(X, y)
    assert harrell_c(y[:, 0], y[:, 1], model.predict(X)) > 0.9


def test_a_larger_penalty_holds_the_hazards_back(patients):
    X, time, event = patients
    y = np.column_stack([time, event])
    sizes = [np.abs(HazardRegressor(penalty=p).fit(X, y).coef_).sum() for p in (0.1, 10, 1000)]
    assert sizes == sorted(sizes, reverse=True)


def test_an_outlier_does_not_overflow(patients):
    X, time, event = patients
    X[0] = 1e4
    model = HazardRegressor(penalty=0.01).fit(X, np.column_stack([time, event]))
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize(
    ("y", "penalty", "message"),
    [
        (np.ones(5), 1.0, r"needed \(5, 2\)"),
        (np.column_stack([np.arange(1, 6), np.zeros(5)]), 1.0, "0 events"),
        (np.column_stack([np.arange(1, 6), np.ones(5)]), 0.0, "a penalty above 0"),
    ],
)
def test_outcomes_and_penalties_without_sense_are_refused(y, penalty, message):
    with pytest.raises(ValueError, match=message):
        HazardRegressor(penalty=penalty).fit(np.arange(5.0)[:, None], y)
