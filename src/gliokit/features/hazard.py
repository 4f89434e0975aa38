"""Proportional hazards held back by a penalty, as a scikit-learn estimator.

`gliokit.evaluation.cox` fits a few covariates without penalty and is the bar; with the ten or forty
features that are left of a radiomic table there is no best fit without one. Whoever was not seen to
have the event is at risk until the last observation, which needs censoring that has nothing to do
with the event. Of equal times each event is held against all that are at risk.

Source: Cox, J R Stat Soc B 1972;34:187-202, doi:10.1111/j.2517-6161.1972.tb00899.x; ties: Breslow,
Biometrics 1974;30:89-99, doi:10.2307/2529620; ridge: Verweij and Van Houwelingen, Stat Med
1994;13:2427-36, doi:10.1002/sim.4780132307.
"""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from gliokit.evaluation.survival_curve import check_follow_up

NEWTON_STEPS = 50  # about six are needed
GAIN = 1e-9  # share of the likelihood that another step could gain; well above rounding


class HazardRegressor(BaseEstimator):
    """Cox regression with a ridge; the answer is the log hazard relative to the mean row.

    Parameters
    ----------
    penalty : float
        Above 0. Half of it times the sum of squared coefficients is taken from the log
        likelihood, so give features of one scale.

    Attributes
    ----------
    coef_ : (n_features,)
        Log hazard ratio per unit of each feature.
    center_ : (n_features,)
        Mean row, where the answer is 0.
    """

    def __init__(self, *, penalty: float = 10.0) -> None:
        self.penalty = penalty

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Learn from features (n_studies, n_features) and outcomes (n_studies, 2).

        Outcomes are the time, and whether the event was seen.

        Raises
        ------
        ValueError
            If `y` is not (n, 2), a time is negative or not finite, no event was seen, or the
            penalty is not above 0.
        """
        rows, outcomes = validate_data(self, X, y, dtype=np.float64, multi_output=True)
        if outcomes.ndim != 2 or outcomes.shape[1] != 2:
            raise ValueError(
                f"outcomes have the shape {outcomes.shape}; needed {(len(rows), 2)}: time, and "
                "whether the event was seen"
            )
        time, event = check_follow_up(outcomes[:, 0], outcomes[:, 1])
        if not event.any() or not self.penalty > 0:
            raise ValueError(
                f"{np.count_nonzero(event)} events and a penalty of {self.penalty:g}; needed one "
                "event or more, and a penalty above 0"
            )
        order = np.argsort(-time, kind="stable")
        self.center_ = rows.mean(axis=0)
        self.coef_ = _maximize(
            (rows - self.center_)[order], time[order], event[order], penalty=self.penalty
        )
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """Log relative hazard of each row, (n_studies,)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray((rows - self.center_) @ self.coef_)


def _maximize(
    X: NDArray[np.float64],
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    *,
    penalty: float,
) -> NDArray[np.float64]:
    """Find the coefficients by damped Newton steps; the penalized likelihood has one maximum."""
    # rows by falling time: at risk at a time are all down to the last of that time
    at_risk = np.searchsorted(-time, -time[event], side="right") - 1
    fit = np.zeros(X.shape[1])
    value, gradient, curvature = _derivatives(fit, X, event, at_risk, penalty=penalty)
    for _ in range(NEWTON_STEPS):
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step < GAIN * max(abs(value), 1.0):
            return np.asarray(fit + step)
        better = _derivatives(fit + step, X, event, at_risk, penalty=penalty)
        while better[0] < value:  # concave: a short enough step is an improvement
            step = step / 2
            better = _derivatives(fit + step, X, event, at_risk, penalty=penalty)
        fit, (value, gradient, curvature) = fit + step, better
    raise ValueError(
        f"no maximum in {NEWTON_STEPS} steps with a penalty of {penalty:g}; scale the features, or "
        "give a larger penalty"
    )


def _derivatives(
    fit: NDArray[np.float64],
    X: NDArray[np.float64],
    event: NDArray[np.bool_],
    at_risk: NDArray[np.intp],
    *,
    penalty: float,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Give the penalized log likelihood, its gradient (p,) and negative curvature (p, p)."""
    eta = X @ fit
    top = eta.max()  # taken out, so that the hazard of an outlier does not overflow
    # the least likely of all rows must not underflow to a risk set without hazard
    hazard = np.exp(np.maximum(eta - top, -600.0))
    total = hazard.cumsum()[at_risk]  # (events,)
    mean = (hazard[:, None] * X).cumsum(axis=0)[at_risk] / total[:, None]
    value = float((eta[event] - top - np.log(total)).sum()) - penalty / 2 * float(fit @ fit)
    gradient = (X[event] - mean).sum(axis=0) - penalty * fit
    # each row counts in every risk set that it belongs to
    share = np.zeros(len(X))
    np.add.at(share, at_risk, 1 / total)
    weight = hazard * share[::-1].cumsum()[::-1]
    curvature = (weight[:, None] * X).T @ X - mean.T @ mean + penalty * np.eye(fit.size)
    return value, gradient, curvature
