"""C-indices of patients held out: pairs within folds, limits by patient, differences paired.

A patient without an answer counts as average. Where nobody has one nothing was tested: C is then
`nan`, not that of chance.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.analysis.evaluation_tables import Draws
from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.survival import harrell_c, uno_c
from gliokit.reporting.survival_record import Limits, SurvivalCase, UnoC

UNKNOWN: Limits = (nan, nan)
SEEN_LONGER = 0.1  # assumed: share of patients observed beyond the last death that Uno's C counts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """Follow-up of tested patients, (n,) each.

    Attributes
    ----------
    days, died : (n,)
        From the scan; whether death was seen.
    folds : (n,)
        Within which pairs are formed.
    """

    days: NDArray[np.float64]
    died: NDArray[np.bool_]
    folds: NDArray[np.intp]

    @classmethod
    def of(cls, cases: Sequence[SurvivalCase]) -> "Tested":
        """Take the follow-up of cases."""
        return cls(
            np.array([case.days for case in cases], dtype=np.float64),
            np.array([case.died for case in cases], dtype=bool),
            np.array([case.fold for case in cases], dtype=np.intp),
        )

    def harrell(self, hazards: NDArray[np.float64], rows: NDArray[np.intp]) -> float:
        """Harrell's C of hazards (n,) on some rows (m,); `nan` if a hazard is."""
        own = hazards[rows]
        if not own.size or np.isnan(own).any():
            return nan
        return harrell_c(self.days[rows], self.died[rows], own, groups=self.folds[rows])

    def uno(self, hazards: NDArray[np.float64], rows: NDArray[np.intp], *, tau: float) -> float:
        """Uno's C as `harrell`, of deaths before tau; censoring is that of the same rows."""
        own = hazards[rows]
        if not own.size or np.isnan(own).any():
            return nan
        try:
            return uno_c(self.days[rows], self.died[rows], own, tau=tau, groups=self.folds[rows])
        except ValueError:  # nobody of a resample was observed so long
            return nan


def counted(log_hazards: ArrayLike) -> NDArray[np.float64]:
    """Give the hazards (n,) that count: 0, the average, for `nan`, unless all are `nan`."""
    found = np.asarray(log_hazards, dtype=np.float64)
    return found if np.isnan(found).all() else np.nan_to_num(found, nan=0.0)


def hazards_of(cases: Sequence[SurvivalCase]) -> NDArray[np.float64]:
    """Give the hazards of cases as they count, (n,)."""
    return counted([case.log_hazard if case.answered else nan for case in cases])


def concordance(
    cases: Sequence[SurvivalCase], hazards: Sequence[NDArray[np.float64]], *, draws: Draws
) -> tuple[float, Limits]:
    """Give Harrell's C of the first hazards (n,), less that of the second if there are two."""
    tested = Tested.of(cases)

    def figure(rows: NDArray[np.intp]) -> float:
        found = [tested.harrell(own, rows) for own in hazards]
        return found[0] - sum(found[1:])

    return _with_limits(figure, cases, draws=draws)


def uno_concordance(cases: Sequence[SurvivalCase], *, draws: Draws) -> UnoC:
    """Give Uno's C of the answers."""
    tested, hazards = Tested.of(cases), hazards_of(cases)
    tau = float(np.quantile(tested.days, 1 - SEEN_LONGER)) if cases else nan
    return UnoC(
        *_with_limits(lambda rows: tested.uno(hazards, rows, tau=tau), cases, draws=draws), tau
    )


def _with_limits(
    figure: Callable[[NDArray[np.intp]], float], cases: Sequence[SurvivalCase], *, draws: Draws
) -> tuple[float, Limits]:
    try:
        limits = interval(
            figure,
            patients=[case.patient_id for case in cases],
            seed=draws.seed,
            resamples=draws.resamples,
        )
    except ValueError as error:  # nothing was tested, or too few patients or deaths
        log.info("no interval of C: %s", error)
        limits = UNKNOWN
    return figure(np.arange(len(cases))), limits
