"""Whether hazards stay proportional: Schoenfeld residuals against time.

Where a covariate's effect fades or grows, the residuals of the events have a trend. Time is taken
as the rank of the event, so that long follow-up does not decide alone. A small p value speaks
against proportional hazards; a large one, with few events, says little.

Source: Schoenfeld, Biometrika 1982;69:239-41, doi:10.1093/biomet/69.1.239; test: Grambsch and
Therneau, Biometrika 1994;81:515-26, doi:10.1093/biomet/81.3.515.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, rankdata

from gliokit.evaluation.cox import partial_likelihood, schoenfeld_residuals


@dataclass(frozen=True, slots=True, eq=False)
class ProportionalityTest:
    """Trends of the residuals.

    Attributes
    ----------
    p_values : (p,)
        Of each covariate.
    p_global : float
        Of all together.
    """

    p_values: NDArray[np.float64]
    p_global: float


def check_proportionality(
    time: ArrayLike, event: ArrayLike, X: ArrayLike, coefficients: ArrayLike
) -> ProportionalityTest:
    """Test whether the effect of each covariate of a Cox model changes with time.

    Parameters
    ----------
    time, event : (n,)
        Of the event, or of the last observation; whether the event was seen.
    X : (n, p)
        Covariates.
    coefficients : (p,)
        Of the fit (`gliokit.evaluation.cox.fit_cox`).

    Returns
    -------
    ProportionalityTest
        All `nan` if the events are fewer than three, or all at one time.

    Raises
    ------
    ValueError
        If times or events are none, as for `fit_cox`.
    """
    _, information = partial_likelihood(time, event, X, coefficients)
    covariance = np.linalg.inv(information)
    times, residuals = schoenfeld_residuals(time, event, X, coefficients)
    ranks = rankdata(times) - (times.size + 1) / 2
    squares = float(ranks @ ranks)
    if times.size < 3 or squares == 0:
        return ProportionalityTest(np.full(len(covariance), np.nan), np.nan)
    trend = ranks @ residuals  # (p,)
    scaled = times.size * covariance @ trend
    single = scaled**2 / (times.size * np.diag(covariance) * squares)
    together = float(trend @ scaled) / squares
    return ProportionalityTest(chi2.sf(single, 1), float(chi2.sf(together, len(covariance))))
