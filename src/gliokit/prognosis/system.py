"""What every system of survival is: a study to numbers, numbers with outcomes to an answer.

The step from a study to numbers looks at no outcome. So it is done once for each study, and all
that learns from outcomes is done anew in each fold, also on outcomes that were permuted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Protocol, Self

from gliokit.core.errors import NotAssessableError
from gliokit.core.study import Study
from gliokit.core.system import Prediction, System
from gliokit.prognosis.followed import Description, Followed
from gliokit.prognosis.hazard_table import USUAL_EVENTS_PER_COVARIATE, HazardTable


@dataclass(frozen=True, slots=True)
class Part:
    """What one covariate adds.

    Attributes
    ----------
    name : str
        Of the covariate, with its unit.
    value : float or None
        Of the patient; None where it is unknown, and the mean stands in.
    log_hazard : float
        That it adds, against the mean of the patients that taught.
    """

    name: str
    value: float | None
    log_hazard: float


@dataclass(frozen=True, slots=True)
class Prognosis:
    """The answer for one study, with what it rests on.

    Attributes
    ----------
    study_id : str
        Whom it is about.
    log_hazard : float
        Against the mean of the patients that taught; above 0: earlier death.
    interval : tuple of float
        95 % limits of it, for the mean of such patients.
    survival : mapping of float to float
        Days from the scan to the probability to be alive then; a time beyond the last death that
        was seen is left out.
    parts : tuple of Part
        Covariates in the model; what they add sums to `log_hazard`.
    unknown : mapping of str to str
        What could not be assessed, and why.
    notes : tuple of str
        What a reader must know: on how many it rests, and for what it is not.
    """

    study_id: str
    log_hazard: float
    interval: tuple[float, float]
    survival: Mapping[float, float]
    parts: tuple[Part, ...]
    unknown: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def prediction(self) -> Prediction:
        """The same as any system answers."""
        return Prediction(
            self.study_id,
            probabilities={
                f"alive at {days:g} days": share for days, share in self.survival.items()
            },
            value=self.log_hazard,
            interval=self.interval,
        )


@dataclass(frozen=True, slots=True)
class StudyTable:
    """What the authors' study design shows on a cohort: title, note, columns, cells as text."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class PrognosticSystem(System, Protocol):
    """A system of survival; the contract beyond that of every system."""

    def describe(self, study: Study) -> Description:
        """Turn a study into numbers.

        Raises
        ------
        MissingSequenceError
            If the study lacks an image.
        NotAssessableError
            If what the system rests on cannot be measured.
        """

    def learn(self, patients: Sequence[Followed]) -> Self:
        """Learn from patients in numbers.

        Raises
        ------
        CohortError
            If they are too few.
        """

    def answer(self, study_id: str, description: Description) -> Prognosis:
        """Answer for a study in numbers.

        Raises
        ------
        NotAssessableError
            If no honest answer is possible.
        """

    def study_tables(
        self, patients: Sequence[Followed], *, seed: int, resamples: int
    ) -> tuple[StudyTable, ...]:
        """Show the authors' study design on all patients; no claim for others than these.

        Parameters
        ----------
        seed, resamples : int
            Of what is drawn: permutations, and resamples of the patients.
        """


def prognosis_of(
    study_id: str,
    description: Description,
    table: HazardTable,
    *,
    horizons_days: Sequence[float],
    asked: Sequence[str],
) -> Prognosis:
    """Answer by a Cox model of named covariates.

    Parameters
    ----------
    horizons_days : sequence of float
        When to tell the probability to be alive.
    asked : sequence of str
        Covariates that the settings name.

    Raises
    ------
    NotAssessableError
        If nothing that the model rests on is known of the patient, or it rests on nothing: a hazard
        of the mean, with limits of no width, would look sure.
    """
    values = description.values
    if not set(table.names) & set(values):
        raise NotAssessableError(
            f"study {study_id}: nothing is known that tells patients apart; the model rests on "
            f"{', '.join(table.names) or 'no covariate'}: fill what is missing, or learn from more "
            "patients"
        )
    risk, interval = table.log_hazard(values)
    alive = table.survival(values, horizons_days).tolist()
    unknown = dict(description.unknown)
    for name in asked:
        if name not in table.names:
            unknown[name] = (
                "not in the model: unknown of most of the patients that taught, or the same in all"
            )
        elif name not in values:
            unknown.setdefault(name, "unknown; the mean of the patients that taught stands in")
    told = dict(zip(horizons_days, alive, strict=True))
    survival = {days: share for days, share in told.items() if not isnan(share)}
    beyond = "beyond the last death that was seen among those that taught"
    unknown |= {f"alive at {days:g} days": beyond for days in told if days not in survival}
    parts = tuple(
        Part(name, values.get(name), added) for name, added in table.parts(values).items()
    )
    return Prognosis(study_id, risk, interval, survival, parts, unknown, _notes(table))


def _notes(table: HazardTable) -> tuple[str, ...]:
    share = table.deaths / max(len(table.names), 1)
    notes = [f"Learnt from {table.patients} patients, of whom {table.deaths} died."]
    if table.names and share < USUAL_EVENTS_PER_COVARIATE:
        notes.append(
            f"{share:.1f} deaths for each covariate, fewer than the usual "
            f"{USUAL_EVENTS_PER_COVARIATE}: hazard ratios are unsure, and too large on the whole."
        )
    notes.append("Of a group of such patients, not a forecast of one; for research use only.")
    return tuple(notes)
