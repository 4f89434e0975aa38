"""A Cox model of named covariates: with intervals, and what each of them adds.

Covariates are standardized on the patients that teach. One that is known of fewer than half of
them, or does not vary, is left out; a value that is unknown takes their mean and
so says nothing. There must be five deaths for each covariate; ten are usually asked for. A weak
penalty keeps coefficients finite where a covariate tells the order of deaths without error, as
grade does where nobody of a low grade has died yet.

Source: Cox, J R Stat Soc B 1972;34:187-202, doi:10.1111/j.2517-6161.1972.tb00899.x; five to ten
events for each covariate: Vittinghoff and McCulloch, Am J Epidemiol 2007;165:710-8,
doi:10.1093/aje/kwk052.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from gliokit.core.errors import BundleError, CohortError
from gliokit.evaluation.cox import CoxModel, fit_cox, partial_likelihood
from gliokit.prognosis.followed import Followed, follow_up, table_of

EVENTS_PER_COVARIATE = 5
USUAL_EVENTS_PER_COVARIATE = 10
# assumed: a prior of deviation 1 on the log hazard ratio per deviation of a covariate
PENALTY = 1.0
LEAST_KNOWN = 0.5  # assumed: share of patients of whom a covariate is known
Z_95 = 1.959964
WEIGHTS = "hazard.safetensors"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class HazardTable:
    """What was learnt.

    Attributes
    ----------
    names : tuple of str
        Covariates in the model, p of them.
    mean, deviation : (p,)
        Of the patients that taught, where known.
    model : CoxModel
        Of standardized covariates; without any, no hazard but the baseline.
    covariance : (p, p)
        Of the coefficients.
    patients, deaths : int
        That taught.
    """

    names: tuple[str, ...]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    model: CoxModel
    covariance: NDArray[np.float64]
    patients: int
    deaths: int

    def standardized(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Scale the named values of one patient, (p,); 0 where one is unknown."""
        row = np.array([values.get(name, np.nan) for name in self.names], dtype=np.float64)
        return np.nan_to_num((row - self.mean) / self.deviation, nan=0.0)

    def parts(self, values: Mapping[str, float]) -> dict[str, float]:
        """Give what each covariate adds to the log hazard of one patient."""
        added = self.standardized(values) * self.model.coefficients
        return dict(zip(self.names, added.tolist(), strict=True))

    def log_hazard(self, values: Mapping[str, float]) -> tuple[float, tuple[float, float]]:
        """Log hazard of one patient against the mean of those that taught, with 95 % limits.

        The limits are those of the mean of such patients, by the curvature of the likelihood.
        """
        row = self.standardized(values)
        risk = float(row @ self.model.coefficients)
        error = Z_95 * float(np.sqrt(row @ self.covariance @ row))
        return risk, (risk - error, risk + error)

    def survival(self, values: Mapping[str, float], days: Sequence[float]) -> NDArray[np.float64]:
        """Probability to be alive at each day (k,); `nan` beyond the last death that was seen."""
        row = self.standardized(values)[None] + self.model.center
        alive = self.model.survival(row, days)[0]
        return np.where(np.asarray(days) > self.model.times[-1], np.nan, alive)


def fit_hazard(
    patients: Sequence[Followed], names: Sequence[str], *, penalty: float = PENALTY
) -> HazardTable:
    """Learn the hazard from named covariates.

    Parameters
    ----------
    penalty : float
        Of the squared coefficients of standardized covariates; 0 for none, as in the papers.

    Raises
    ------
    CohortError
        If there are fewer than five deaths for each covariate, or no best fit.
    """
    days, died = follow_up(patients)
    used = usable(patients, names)
    deaths = int(died.sum())
    if deaths < max(EVENTS_PER_COVARIATE * len(used), 1):
        raise CohortError(
            f"found deaths: {deaths} among {len(patients)} patients, for the covariates "
            f"{', '.join(used) or 'none'}; needed {EVENTS_PER_COVARIATE} for each: add patients, "
            "or name fewer, as in --set 'covariates=[\"age\"]'"
        )
    table = table_of(patients, used)
    mean, deviation = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
    X = np.nan_to_num((table - mean) / deviation, nan=0.0)
    model, covariance = _fit(days, died, X, penalty)
    return HazardTable(used, mean, deviation, model, covariance, len(patients), deaths)


def usable(patients: Sequence[Followed], names: Sequence[str]) -> tuple[str, ...]:
    """Keep the covariates that can teach: known of at least half, and not always the same."""
    columns = table_of(patients, names).T
    return tuple(name for name, own in zip(names, columns, strict=True) if _teaches(own))


def warn_left_out(table: HazardTable, asked: Sequence[str], *, patients: int) -> None:
    """Log which covariates that were asked for are not in the model, and how few taught it."""
    if table.patients < patients:
        log.warning(
            "learnt from %d of %d patients: the others have no number for it",
            table.patients,
            patients,
        )
    if left := [name for name in asked if name not in table.names]:
        log.warning(
            "left out of the model, as unknown of most patients or the same in all: %s",
            ", ".join(left),
        )


def write_hazard(folder: Path, table: HazardTable) -> None:
    """Write what was learnt, names as the bytes of their text."""
    model = table.model
    save_file(
        {
            "names": np.frombuffer("\n".join(table.names).encode(), dtype=np.uint8).copy(),
            "mean": table.mean,
            "deviation": table.deviation,
            "coefficients": model.coefficients,
            "center": model.center,
            "times": model.times,
            "cumulative_hazard": model.cumulative_hazard,
            "covariance": table.covariance,
            "counts": np.array([table.patients, table.deaths]),
        },
        folder / WEIGHTS,
    )


def read_hazard(folder: Path) -> HazardTable:
    """Read what `write_hazard` wrote.

    Raises
    ------
    BundleError
        If the file is something else.
    """
    try:
        held = load_file(folder / WEIGHTS)
        names = tuple(filter(None, held["names"].tobytes().decode().split("\n")))
        model = CoxModel(
            held["coefficients"], held["center"], held["times"], held["cumulative_hazard"]
        )
        counts = held["counts"].tolist()
        table = HazardTable(
            names, held["mean"], held["deviation"], model, held["covariance"], *counts
        )
    except Exception as error:  # a damaged file raises what its reader likes
        raise BundleError(f"{folder / WEIGHTS} cannot be read ({error}); train again") from error
    shapes = {own.shape for own in (table.mean, table.deviation, model.coefficients, model.center)}
    if shapes != {(len(names),)} or table.covariance.shape != (len(names),) * 2:
        raise BundleError(f"{folder / WEIGHTS} does not hold one weight for each name; train again")
    return table


def _teaches(column: NDArray[np.float64]) -> bool:
    """Tell whether the values of a covariate (n,) can teach."""
    known = column[~np.isnan(column)]
    enough = known.size > 0 and known.size >= LEAST_KNOWN * column.size
    return bool(enough and np.ptp(known) > 0)


def _fit(
    days: NDArray[np.float64], died: NDArray[np.bool_], X: NDArray[np.float64], penalty: float
) -> tuple[CoxModel, NDArray[np.float64]]:
    if not X.shape[1]:
        return _baseline(days, died), np.zeros((0, 0))
    try:
        model = fit_cox(days, died, X, penalty=penalty)
    except ValueError as error:
        raise CohortError(f"{len(days)} patients: {error}") from error
    _, information = partial_likelihood(days, died, X, model.coefficients, penalty=penalty)
    return model, np.linalg.inv(information).astype(np.float64)


def _baseline(days: NDArray[np.float64], died: NDArray[np.bool_]) -> CoxModel:
    """Give the hazard that all patients share (Nelson and Aalen)."""
    times, deaths = np.unique(days[died], return_counts=True)
    at_risk = (days >= times[:, None]).sum(axis=1)
    none = np.zeros(0)
    return CoxModel(none, none, times, np.cumsum(deaths / at_risk))
