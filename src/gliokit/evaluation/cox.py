"""Proportional hazards on a few covariates: the bar that survival models must clear.

Not a prognostic system: without penalty it needs some ten events for each covariate.

Source: Cox, J R Stat Soc B 1972;34:187-202, doi:10.1111/j.2517-6161.1972.tb00899.x; ties: Efron,
J Am Stat Assoc 1977;72:557-65, doi:10.1080/01621459.1977.10480613; baseline hazard: Breslow, J R
Stat Soc B 1972;34:216-7.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.evaluation.survival_curve import check_follow_up

NEWTON_STEPS = 20  # about six are needed; without a best fit, more than 30 to the tolerance
# another step could gain this share of the log likelihood; less is lost in its rounding
NEWTON_TOLERANCE = 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class CoxModel:
    """A fitted model.

    Attributes
    ----------
    coefficients : (p,)
        Log hazard ratio per unit of each covariate.
    center : (p,)
        Mean of the covariates, where the baseline stands.
    times, cumulative_hazard : (k,)
        Of the baseline; level from each time on.
    """

    coefficients: NDArray[np.float64]
    center: NDArray[np.float64]
    times: NDArray[np.float64]
    cumulative_hazard: NDArray[np.float64]

    def risk(self, X: ArrayLike) -> NDArray[np.float64]:
        """Log hazard of each row of covariates (n, p) relative to the center, (n,)."""
        return (np.asarray(X, dtype=np.float64) - self.center) @ self.coefficients

    def survival(self, X: ArrayLike, times: ArrayLike) -> NDArray[np.float64]:
        """Probability of each row (n, p) to be without the event at each time (k,), (n, k)."""
        place = np.searchsorted(self.times, np.asarray(times), side="right")
        baseline = np.concatenate([[0.0], self.cumulative_hazard])[place]
        return np.exp(-np.exp(self.risk(X))[:, None] * baseline)


def fit_cox(time: ArrayLike, event: ArrayLike, X: ArrayLike) -> CoxModel:
    """Fit by damped Newton steps.

    Parameters
    ----------
    time, event : (n,)
        Of the event, or of the last observation; whether the event was seen.
    X : (n, p)
        Covariates.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, no event was seen, or the covariates tell the order
        of events without error or say the same twice, so that there is no best fit.
    """
    times, events = check_follow_up(time, event)
    covariates = np.asarray(X, dtype=np.float64)
    if covariates.ndim != 2 or len(covariates) != times.size or not np.isfinite(covariates).all():
        raise ValueError(
            f"covariates have the shape {covariates.shape}; needed {times.size} rows, all finite"
        )
    if not events.any():
        raise ValueError(f"no event in {times.size} rows; a hazard cannot be learnt")
    center = covariates.mean(axis=0)
    if np.linalg.matrix_rank(covariates - center) < covariates.shape[1]:
        raise ValueError("covariates do not vary, or say the same twice; leave some out")
    likelihood = _Likelihood(times, events, covariates - center)
    fit = _maximize(likelihood, covariates.shape[1])
    at, hazard = likelihood.baseline(fit)
    return CoxModel(fit, center, at, hazard)


def partial_likelihood(
    time: ArrayLike, event: ArrayLike, X: ArrayLike, coefficients: ArrayLike
) -> tuple[float, NDArray[np.float64]]:
    """Give the log partial likelihood and its negative curvature (p, p) at some coefficients (p,).

    Parameters
    ----------
    time, event, X
        As for `fit_cox`.

    Raises
    ------
    ValueError
        If times or events are none, as for `fit_cox`.
    """
    times, events = check_follow_up(time, event)
    covariates = np.asarray(X, dtype=np.float64)
    likelihood = _Likelihood(times, events, covariates - covariates.mean(axis=0))
    value, _, curvature = likelihood.derivatives(np.asarray(coefficients, dtype=np.float64))
    return value, curvature


class _Likelihood:
    """Partial log likelihood of centered covariates (n, p), rows by falling time."""

    def __init__(
        self, time: NDArray[np.float64], event: NDArray[np.bool_], X: NDArray[np.float64]
    ) -> None:
        order = np.lexsort((~event, -time))  # at equal times, events first
        self.time, self.event, self.X = time[order], event[order], X[order]
        self.times = np.unique(self.time[self.event])  # (k,)
        # rows at risk at an event time are the first so many
        self.at_risk = np.searchsorted(-self.time, -self.times, side="right")

    def derivatives(
        self, fit: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Value, gradient (p,) and negative curvature (p, p)."""
        eta = self.X @ fit
        value, gradient, curvature = 0.0, np.zeros_like(fit), np.zeros((fit.size, fit.size))
        for t, size in zip(self.times, self.at_risk, strict=True):
            dying = np.flatnonzero(self.event & (self.time == t))
            top = eta[:size].max()  # taken out, so that the hazard of an outlier does not overflow
            hazard = np.exp(eta[:size] - top)
            everybody = _moments(hazard, self.X[:size])
            tied = _moments(hazard[dying], self.X[dying])
            value += float((eta[dying] - top).sum())
            gradient += self.X[dying].sum(axis=0)
            # Efron: those who die together leave the risk set one by one, on average
            for left in np.arange(dying.size) / dying.size:
                zeroth, first, second = (a - left * b for a, b in zip(everybody, tied, strict=True))
                mean = first / zeroth
                value -= float(np.log(zeroth))
                gradient -= mean
                curvature += second / zeroth - np.outer(mean, mean)
        return value, gradient, curvature

    def baseline(self, fit: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Event times and cumulative baseline hazard, (k,) each."""
        with np.errstate(over="ignore"):  # of an outlier: the baseline is 0 while it is at risk
            total = np.cumsum(np.exp(self.X @ fit))
        deaths = np.array([np.sum(self.event & (self.time == t)) for t in self.times])
        return self.times, np.cumsum(deaths / total[self.at_risk - 1])


def _moments(
    hazard: NDArray[np.float64], X: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    weighted = hazard[:, None] * X
    return hazard.sum(), weighted.sum(axis=0), weighted.T @ X


def _maximize(likelihood: _Likelihood, covariates: int) -> NDArray[np.float64]:
    fit = np.zeros(covariates)
    value, gradient, curvature = likelihood.derivatives(fit)
    for _ in range(NEWTON_STEPS):
        try:
            step = np.linalg.solve(curvature, gradient)
        except np.linalg.LinAlgError:
            break
        if gradient @ step < NEWTON_TOLERANCE * max(1, abs(value)):
            return fit + step
        better = likelihood.derivatives(fit + step)
        while better[0] < value:  # concave: a short enough step is an improvement
            step = step / 2
            better = likelihood.derivatives(fit + step)
        fit, (value, gradient, curvature) = fit + step, better
    raise ValueError(
        "the covariates tell the order of events without error, so that there is no best fit; "
        "leave some out, or add patients"
    )
