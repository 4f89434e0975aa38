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
AT_ONCE = 1_000_000  # members of risk sets that are weighed together: some 20 MB


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


def fit_cox(time: ArrayLike, event: ArrayLike, X: ArrayLike, *, penalty: float = 0.0) -> CoxModel:
    """Fit by damped Newton steps.

    Parameters
    ----------
    time, event : (n,)
        Of the event, or of the last observation; whether the event was seen.
    X : (n, p)
        Covariates.
    penalty : float
        Half of it times the sum of squared coefficients is taken from the log likelihood, so give
        covariates of one scale. Above 0 there is a best fit even where a covariate tells the order
        of events without error.

    Raises
    ------
    ValueError
        If shapes differ, a value is not finite, no event was seen, or, without a penalty, the
        covariates tell the order of events without error; or they say the same twice.
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
    likelihood = _Likelihood(times, events, covariates - center, penalty=penalty)
    fit = _maximize(likelihood, covariates.shape[1])
    at, hazard = likelihood.baseline(fit)
    return CoxModel(fit, center, at, hazard)


def partial_likelihood(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    coefficients: ArrayLike,
    *,
    penalty: float = 0.0,
) -> tuple[float, NDArray[np.float64]]:
    """Give the log partial likelihood and its negative curvature (p, p) at coefficients (p,).

    Parameters
    ----------
    time, event, X, penalty
        As for `fit_cox`; the penalty is taken off both.

    Raises
    ------
    ValueError
        If times or events are none, as for `fit_cox`.
    """
    times, events = check_follow_up(time, event)
    covariates = np.asarray(X, dtype=np.float64)
    likelihood = _Likelihood(times, events, covariates - covariates.mean(axis=0), penalty=penalty)
    value, _, curvature = likelihood.derivatives(np.asarray(coefficients, dtype=np.float64))
    return value, curvature


def schoenfeld_residuals(
    time: ArrayLike, event: ArrayLike, X: ArrayLike, coefficients: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give what each event's covariates differ by from those of its risk set, weighed by hazard.

    Parameters
    ----------
    time, event, X
        As for `fit_cox`.
    coefficients : (p,)
        Of the fit.

    Returns
    -------
    (events,), (events, p)
        Times, rising, and residuals.

    Raises
    ------
    ValueError
        If times or events are none, as for `fit_cox`.
    """
    times, events = check_follow_up(time, event)
    covariates = np.asarray(X, dtype=np.float64)
    likelihood = _Likelihood(times, events, covariates - covariates.mean(axis=0))
    _, mean, _ = likelihood.risk_sets(np.asarray(coefficients, dtype=np.float64))
    residuals = likelihood.X[likelihood.event] - mean
    return likelihood.time[likelihood.event][::-1], residuals[::-1]


class _Likelihood:
    """Partial log likelihood of centered covariates (n, p), rows by falling time."""

    def __init__(
        self,
        time: NDArray[np.float64],
        event: NDArray[np.bool_],
        X: NDArray[np.float64],
        *,
        penalty: float = 0.0,
    ) -> None:
        self.penalty = penalty
        order = np.lexsort((~event, -time))  # at equal times, events first
        self.time, self.event, self.X = time[order], event[order], X[order]
        self.times = np.unique(self.time[self.event])  # (k,)
        # rows at risk at an event time are the first so many
        self.at_risk = np.searchsorted(-self.time, -self.times, side="right")
        # of each event, by falling time: which event time, and how many of it went before
        self.place = np.searchsorted(self.times, self.time[self.event])
        self.deaths = np.bincount(self.place, minlength=self.times.size)
        first = np.searchsorted(-self.place, -self.place)
        self.gone = (np.arange(self.place.size) - first) / self.deaths[self.place]

    def derivatives(
        self, fit: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Value, gradient (p,) and negative curvature (p, p), the penalty taken off."""
        eta = self.X @ fit
        zeroth, mean, spread = self.risk_sets(fit)
        value = float(eta[self.event].sum() - zeroth.sum()) - self.penalty / 2 * float(fit @ fit)
        gradient = (self.X[self.event] - mean).sum(axis=0) - self.penalty * fit
        return value, gradient, spread.sum(axis=0) + self.penalty * np.eye(fit.size)

    def risk_sets(
        self, fit: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Describe who was at risk at each event, by falling time.

        Efron: those who die together leave the risk set one by one, on average.

        Returns
        -------
        (events,), (events, p), (events, p, p)
            Log of the sum of hazards; mean and covariance of the covariates, weighed by hazard.
        """
        eta = self.X @ fit
        columns = np.column_stack([np.ones(eta.size), self.X, _products(self.X)])
        # of each event time what is largest is taken out: no hazard of an outlier overflows, and
        # no risk set is left without any
        top = np.maximum.accumulate(eta)[self.at_risk - 1]
        dying = np.exp(eta[self.event] - top[self.place])[:, None] * columns[self.event]
        tied = np.zeros((self.times.size, columns.shape[1]))
        np.add.at(tied, self.place, dying)
        everybody = self._sums(eta, top, columns)
        left = everybody[self.place] - self.gone[:, None] * tied[self.place]
        mean, second = np.split(left[:, 1:] / left[:, :1], [fit.size], axis=1)
        spread = second.reshape(-1, fit.size, fit.size) - mean[:, :, None] * mean[:, None, :]
        return np.log(left[:, 0]) + top[self.place], mean, spread

    def _sums(
        self, eta: NDArray[np.float64], top: NDArray[np.float64], columns: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Sum columns (n, c), weighed by hazard, over who is at risk at each time, (k, c)."""
        parts = []
        for some in np.array_split(np.arange(top.size), 1 + top.size * eta.size // AT_ONCE):
            outside = np.arange(eta.size) >= self.at_risk[some, None]
            logs = eta - top[some, None]
            logs[outside] = -np.inf
            parts.append(np.exp(logs) @ columns)
        return np.concatenate(parts)

    def baseline(self, fit: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Event times and cumulative baseline hazard, (k,) each."""
        with np.errstate(over="ignore"):  # of an outlier: the baseline is 0 while it is at risk
            total = np.cumsum(np.exp(self.X @ fit))
        return self.times, np.cumsum(self.deaths / total[self.at_risk - 1])


def _products(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Products of any two covariates of each row, (n, p²)."""
    return (X[:, :, None] * X[:, None, :]).reshape(len(X), -1)


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
