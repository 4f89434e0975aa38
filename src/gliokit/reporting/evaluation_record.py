"""What an evaluation found: every study of every system, before it is summarized.

A study without an answer stays in: it is scored as if nothing had been outlined, and where its
reference has no such region, which nothing would match, its scores are left undefined; of survival,
it counts as average. So a system gains nothing by failing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan, nan
from statistics import fmean, median

from gliokit.core.system import SystemCard
from gliokit.evaluation.segmentation_scores import CaseScores, MetricSummary
from gliokit.reporting.survival_record import SurvivalCompared, SurvivalSummary

TEST = "test"


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One study as one system answered it.

    Attributes
    ----------
    patient_id, study_id : str
        Whose it is.
    fold : int
        Whose model answered; -1 if the answer was given.
    side : str
        Of the fold: `train`, `validation` or `test`.
    scores : tuple of CaseScores
        One per region; empty if its reference cannot be read.
    seconds, peak_mb : float
        Of the answer; `nan` if there is none, or it was given.
    reason : str
        Why there is no answer; empty if there is one.
    value : float
        The number that was answered, as a log hazard; `nan` of a label map, or without an answer.
    """

    patient_id: str
    study_id: str
    fold: int
    scores: tuple[CaseScores, ...]
    side: str = TEST
    seconds: float = nan
    peak_mb: float = nan
    reason: str = ""
    value: float = nan

    @property
    def mean_dice(self) -> float:
        """Mean over the regions that have one; `nan` if none has."""
        known = [own.dice for own in self.scores if not isnan(own.dice)]
        return fmean(known) if known else nan


@dataclass(frozen=True, slots=True)
class Curve:
    """The course of one training of one network.

    Attributes
    ----------
    fold : int
        Of which fold.
    part : str
        Network or phase.
    steps, loss : sequence
        Of the steps, or means of neighboring ones.
    scored, score : sequence
        Steps that were validated, and the scores.
    """

    fold: int
    part: str
    steps: Sequence[float] = field(repr=False)
    loss: Sequence[float] = field(repr=False)
    scored: Sequence[int] = field(repr=False, default=())
    score: Sequence[float] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class SystemResult:
    """What one system did.

    Attributes
    ----------
    name : str
        As typed, or that of a folder of label maps.
    card : SystemCard or None
        None if the label maps were given.
    settings : mapping
        As resolved.
    cases : tuple of CaseResult
        The tested studies, in the order of folds.
    training_minutes : mapping of int to float
        By fold.
    failures : mapping of int to str
        Folds that could not be trained, and why.
    curves : tuple of Curve
        Of all folds.
    summaries : tuple of MetricSummary
        Per region and metric.
    survival : SurvivalSummary or None
        Of a system that answers with survival.
    """

    name: str
    cases: tuple[CaseResult, ...]
    card: SystemCard | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    training_minutes: Mapping[int, float] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)
    curves: tuple[Curve, ...] = field(default=(), repr=False)
    summaries: tuple[MetricSummary, ...] = ()
    survival: SurvivalSummary | None = None

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """Studies without an answer."""
        return tuple(case for case in self.cases if case.reason)


@dataclass(frozen=True, slots=True)
class Costs:
    """What a system costs; `nan` where it is not known.

    Attributes
    ----------
    seconds, peak_mb : float
        Median seconds of an answer, and the largest peak of memory in any.
    minutes : float
        Mean of the trainings.
    """

    seconds: float
    peak_mb: float
    minutes: float


def system_costs(system: SystemResult) -> Costs:
    """Sum up what a system costs."""
    seconds = [case.seconds for case in system.cases if not isnan(case.seconds)]
    peaks = [case.peak_mb for case in system.cases if not isnan(case.peak_mb)]
    minutes = system.training_minutes.values()
    return Costs(
        median(seconds) if seconds else nan,
        max(peaks, default=nan),
        fmean(minutes) if minutes else nan,
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """One system against another on the same patients; above 0: the first is higher."""

    system: str
    against: str
    difference: MetricSummary


@dataclass(frozen=True, slots=True)
class Table:
    """A lesson beside the evaluation: its title, what it shows, and its cells as text."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A whole evaluation.

    Attributes
    ----------
    cohort : str
        Name of the table; of two, if one is locked away for the test.
    patients, studies : int
        That were tested.
    simulated : bool
        Whether any patient is.
    split : str
        How the folds were made, in words.
    facts : mapping of str to str
        Seed, minutes, versions, machine: what one would need to do it again.
    systems : tuple of SystemResult
        In the order named.
    compared : tuple of Compared
        Per pair, region and metric.
    compared_survival : tuple of SurvivalCompared
        Per pair of systems that answer with survival.
    tables : tuple of Table
        Further lessons.
    folds_sha256 : str
        Of `folds.json`; empty where the answers were given.
    undone : int
        Folds of systems that were not come to.
    """

    cohort: str
    patients: int
    studies: int
    simulated: bool
    split: str
    facts: Mapping[str, str]
    systems: tuple[SystemResult, ...]
    compared: tuple[Compared, ...] = ()
    compared_survival: tuple[SurvivalCompared, ...] = ()
    tables: tuple[Table, ...] = ()
    folds_sha256: str = ""
    undone: int = 0
