"""Whether covariates tell the hazard, beyond others that are known: a test and a hazard ratio.

Both come from Cox's partial likelihood with Efron's ties, fitted by `gliokit.evaluation.cox`: the
test from its gain, the interval from its curvature at the best fit.

Source: Cox, J R Stat Soc B 1972;34:187-202, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron, J Am
Stat Assoc 1977;72:557-65, doi:10.1080/01621459.1977.10480613.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from gliokit.evaluation.cox import fit_cox, partial_likelihood

Z_95 = 1.959964  # of the normal distribution, both sides


@dataclass(frozen=True, slots=True)
class HazardTest:
    """What one feature adds.

    Attributes
    ----------
    p_value : float
        Of the likelihood ratio, all its columns together.
    hazard_ratio : float
        Per unit of its only column; `nan` if it has more.
    interval : tuple of float
        95 % of the hazard ratio, by Wald.
    """

    p_value: float
    hazard_ratio: float
    interval: tuple[float, float]


def hazard_test(
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    columns: NDArray[np.float64],
    known: NDArray[np.float64],
) -> HazardTest:
    """Test the columns of one feature.

    Parameters
    ----------
    time, event : (n,)
        Of the event, or of the last observation; whether the event was seen.
    columns : (n, p)
        Of the feature.
    known : (n, q)
        Covariates that stand in both models; q may be 0.

    Raises
    ------
    ValueError
        If a model has no best fit (`gliokit.evaluation.cox.fit_cox`).
    """
    both = np.concatenate([columns, known], axis=1)
    fit = fit_cox(time, event, both)
    gain, information = partial_likelihood(time, event, both, fit.coefficients)
    if known.shape[1]:
        less = fit_cox(time, event, known)
        without, _ = partial_likelihood(time, event, known, less.coefficients)
    else:
        without, _ = partial_likelihood(time, event, both, np.zeros(both.shape[1]))
    p_value = float(chi2.sf(max(2 * (gain - without), 0.0), columns.shape[1]))
    if columns.shape[1] > 1:
        return HazardTest(p_value, np.nan, (np.nan, np.nan))
    log_ratio = float(fit.coefficients[0])
    error = float(np.sqrt(np.linalg.inv(information)[0, 0]))
    low, high = np.exp([log_ratio - Z_95 * error, log_ratio + Z_95 * error]).tolist()
    return HazardTest(p_value, float(np.exp(log_ratio)), (low, high))
