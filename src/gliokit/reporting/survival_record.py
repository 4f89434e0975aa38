"""How well a system of survival did, beside what it must be better than.

Of each patient the first study counts. A patient without an answer counts as average (a log hazard
of 0). Pairs are formed within folds, since hazards of different models are not to be ordered
together.
"""

from dataclasses import dataclass

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True)
class SurvivalCase:
    """One patient, tested.

    Attributes
    ----------
    patient_id, study_id, fold
        As of the case.
    days : float
        From the scan to death or last contact.
    died : bool
        Whether death was seen.
    log_hazard : float
        That was answered; 0 where there was no answer.
    answered : bool
        Whether there was one.
    """

    patient_id: str
    study_id: str
    fold: int
    days: float
    died: bool
    log_hazard: float
    answered: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """What needs no image, fitted and tested on the same patients.

    Attributes
    ----------
    name : str
        "age alone".
    c_index, limits
        Of the bar; `nan` if it could not be fitted.
    difference, difference_limits
        C of the system less that of the bar, paired by patient.
    reason : str
        Why it could not be fitted in some fold; there it counts all patients alike.
    """

    name: str
    c_index: float
    limits: Limits
    difference: float
    difference_limits: Limits
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PermutedNull:
    """The same procedure on outcomes that were permuted between patients.

    Attributes
    ----------
    c_indices : tuple of float
        Of each round.
    mean, lower, upper : float
        With 95 % limits of the mean; `nan` with fewer than two rounds.
    """

    c_indices: tuple[float, ...]
    mean: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class SurvivalSummary:
    """What one system did.

    Attributes
    ----------
    patients, deaths, unanswered : int
        That were tested, of whom so many died, and so many got no answer.
    c_index, limits
        Over all patients, with 95 % limits by resampling patients; `nan` if undefined.
    c_answered : float
        Over those with an answer only; it flatters a system that leaves out what is hard.
    bars : tuple of Bar
        What it must be better than.
    null : PermutedNull
        Where nothing can be learnt.
    cases : tuple of SurvivalCase
        Every patient; of repeated folds as often as tested.
    """

    patients: int
    deaths: int
    unanswered: int
    c_index: float
    limits: Limits
    c_answered: float
    bars: tuple[Bar, ...]
    null: PermutedNull
    cases: tuple[SurvivalCase, ...]


@dataclass(frozen=True, slots=True)
class SurvivalCompared:
    """C of one system less that of another, paired by patient; above 0: the first is better."""

    system: str
    against: str
    difference: float
    limits: Limits
