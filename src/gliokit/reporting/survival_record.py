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
        Of the bar; `nan` if it could not be fitted in some fold.
    difference, difference_limits
        C of the system less that of the bar, paired by patient; `nan` if either is.
    reason : str
        Why it could not be fitted, or which facts were left out in some fold.
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
        With 95 % limits of the mean; `nan` if a round gave no answer.
    """

    c_indices: tuple[float, ...]
    mean: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class UnoC:
    """C weighed for censoring.

    Attributes
    ----------
    value, limits
        As Harrell's.
    tau_days : float
        Later deaths do not count as the earlier of a pair.
    """

    value: float
    limits: Limits
    tau_days: float


@dataclass(frozen=True, slots=True)
class SurvivalSummary:
    """What one system did.

    Attributes
    ----------
    patients, deaths, unanswered : int
        That were tested, of whom so many died, and so many got no answer.
    c_index, limits
        Harrell's, over all patients, with 95 % limits by resampling patients; `nan` if undefined,
        or nobody was answered.
    c_answered : float
        Over those with an answer only; it flatters a system that leaves out what is hard.
    uno : UnoC
        Over all patients.
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
    uno: UnoC
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
