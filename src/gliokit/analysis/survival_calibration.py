"""Whether probabilities to be alive are right: Brier score and calibration of patients held out.

Each is beside that of the survival curve of the patients that taught, which tells nobody apart: a
system is worth something only where its Brier score is lower. Patients without an answer, or asked
about a time beyond the last death that was seen, are left out and counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from gliokit.analysis.evaluation_tables import Draws
from gliokit.analysis.survival_work import Telling, answered_in_folds
from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.folds import Fold
from gliokit.evaluation.survival import brier_scores, calibrate_at
from gliokit.prognosis.followed import Followed
from gliokit.prognosis.hazard_table import fit_hazard
from gliokit.prognosis.system import StudyTable

COLUMNS = (
    "Day",
    "Patients",
    "Alive, predicted",
    "Alive, observed",
    "Brier score",
    "Less that of the curve of all (95 %)",
)
NOTE = (
    "Of patients held out, those with an answer. Observed: Kaplan and Meier. Brier score: mean "
    "squared error of the probability, weighed for censoring; that of the curve of all tells "
    "nobody apart, and a system whose interval of the difference holds 0 has not been shown to do "
    "better."
)


@dataclass(frozen=True, slots=True)
class Told:
    """What one patient held out was told, and by the curve of all."""

    patient: Followed
    alive: Mapping[float, float]
    alike: Mapping[float, float]


def told_patients(
    telling: Telling[Mapping[float, float]], patients: Sequence[Followed], folds: Sequence[Fold]
) -> list[Told]:
    """Tell every tested patient by what was learnt in the fold.

    Parameters
    ----------
    telling : callable
        Patients that teach, and those asked, to the probability to be alive at each day.
    """

    def both(train: Sequence[Followed], asked: Sequence[Followed]) -> list[Told]:
        if not any(own.died for own in train):
            return [Told(own, {}, {}) for own in asked]
        curve = fit_hazard(train, ())
        return [
            Told(
                own, alive, dict(zip(alive, curve.survival({}, list(alive)).tolist(), strict=True))
            )
            for own, alive in zip(asked, telling(train, asked), strict=True)
        ]

    return list(answered_in_folds(both, patients, folds).values())


def calibration_table(told: Sequence[Told], *, tested: int, draws: Draws) -> StudyTable:
    """Lay out Brier score and calibration at every day that was asked about.

    Parameters
    ----------
    tested : int
        Patients, those counted that could not even be described.
    """
    days = sorted({day for own in told for day in own.alive})
    rows = tuple(_row(day, told, tested, draws) for day in days)
    nobody = ("–", f"0 of {tested}", "–", "–", "–", "nobody has an answer")
    return StudyTable("Probability to be alive", NOTE, COLUMNS, rows or (nobody,))


def _row(day: float, told: Sequence[Told], tested: int, draws: Draws) -> tuple[str, ...]:
    some = [own for own in told if isfinite(own.alive.get(day, nan) + own.alike.get(day, nan))]
    count = f"{len(some)} of {tested}"
    if not some:
        return (f"{day:g}", count, "–", "–", "–", "beyond the last death that was seen")
    time = np.array([own.patient.days for own in some])
    died = np.array([own.patient.died for own in some])
    alive, alike = (
        np.array([mapping[day] for mapping in mappings])
        for mappings in ([own.alive for own in some], [own.alike for own in some])
    )

    def brier(rows: NDArray[np.intp], told_alive: NDArray[np.float64]) -> float:
        answers = told_alive[rows][:, None]
        return float(brier_scores(time[rows], died[rows], answers, times=[day])[0])

    def difference(rows: NDArray[np.intp]) -> float:
        try:
            return brier(rows, alive) - brier(rows, alike)
        except ValueError:  # nobody of the resample was seen so long
            return nan

    everybody = np.arange(len(some))
    try:
        observed = calibrate_at(time, died, 1 - alive, horizon=day, groups=1).observed[0]
        if not isfinite(observed):
            raise ValueError("nobody held out was observed so long")
        patients = [own.patient.patient_id for own in some]
        low, high = interval(
            difference, patients=patients, seed=draws.seed, resamples=draws.resamples
        )
        score = brier(everybody, alive)
    except ValueError as error:
        return (f"{day:g}", count, "–", "–", "–", str(error))
    return (
        f"{day:g}",
        count,
        f"{alive.mean():.2f}",
        f"{1 - observed:.2f}",
        f"{score:.3f}",
        f"{difference(everybody):+.3f} ({low:+.3f} to {high:+.3f})",
    )
