"""What a criterion is made of: its tables, thresholds, windows and card."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Self

from gliokit.measurement.response.rules import Rule
from gliokit.measurement.response.vocabulary import Component, Measure

CONFIRMED_AFTER_DAYS = 28  # 4 weeks
EARLY_AFTER_RADIATION_DAYS = 84  # 12 weeks


class Baseline(StrEnum):
    """Which visit a response is measured from."""

    BY_CRITERION = "as the criterion says"
    FIRST = "the first visit"
    POSTOPERATIVE = "the scan after surgery"
    POST_RADIATION = "the scan after radiation"
    PRETREATMENT = "the scan before the treatment that is judged"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Changes at which a category begins; a change of exactly the threshold counts.

    Attributes
    ----------
    progression : Fraction
        Increase from the smallest size.
    partial, minor : Fraction or None
        Decrease from the baseline; None where the criterion has no minor response.
    measurable : float
        Size from which a component is measurable, in the unit of the measure; 0 where the criterion
        states none, so that whatever is seen is.
    """

    progression: Fraction
    partial: Fraction
    minor: Fraction | None
    measurable: float


# 10 mm by 10 mm; a sum of products below it holds no measurable lesion
AREA_THRESHOLDS = Thresholds(Fraction(1, 4), Fraction(1, 2), None, 100.0)
AREA_THRESHOLDS_ANY_SIZE = Thresholds(Fraction(1, 4), Fraction(1, 2), None, 0.0)
AREA_THRESHOLDS_MINOR = Thresholds(Fraction(1, 4), Fraction(1, 2), Fraction(1, 4), 100.0)


@dataclass(frozen=True, slots=True)
class Card:
    """What a reader must know before trusting a criterion.

    Attributes
    ----------
    title, source : str
        Name, and citation with DOI.
    verified, from_memory : str
        What was checked, and against what; what was not.
    readings : tuple of str
        Names in `Readings` that this criterion obeys.
    """

    title: str
    source: str
    verified: str
    from_memory: str
    readings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion of response.

    Attributes
    ----------
    name : str
        Short name, as in the catalogue.
    card : Card
        Source and limits.
    measure : Measure
        Area or volume.
    findings : mapping of Component to tuple of Rule
        What one scan shows, for each component that the criterion follows.
    course : tuple of Rule
        What that means at this point of the course.
    thresholds : mapping of Component to Thresholds
        For each component.
    baseline : Baseline
        For newly diagnosed disease; for recurrent disease it is the scan before treatment.
    response_confirmed_after_days, progression_confirmed_after_days : int
        Least distance of the second scan.
    progression_confirmed_within_days : int or None
        Greatest distance that is asked for. A later scan counts all the same, and it is said: the
        texts name no consequence. None where nothing is asked for.
    growth_from_radiation : bool
        Whether the smallest size is sought from the first scan after radiation on, once there is
        one; else from the baseline.
    early_includes_limit : bool
        Whether the day 12 weeks after radiation still counts as within them.
    immunotherapy_early_days : int
        How long after the start of immunotherapy a progression must be confirmed.
    mixed : bool
        Whether both components can be judged apart and combined.
    """

    name: str
    card: Card
    measure: Measure
    findings: Mapping[Component, tuple[Rule, ...]]
    course: tuple[Rule, ...]
    thresholds: Mapping[Component, Thresholds]
    baseline: Baseline
    response_confirmed_after_days: int = CONFIRMED_AFTER_DAYS
    progression_confirmed_after_days: int = CONFIRMED_AFTER_DAYS
    progression_confirmed_within_days: int | None = None
    growth_from_radiation: bool = False
    early_includes_limit: bool = False
    immunotherapy_early_days: int = 183  # 6 months
    mixed: bool = False

    @property
    def course_facts(self) -> tuple[type[StrEnum], ...]:
        """Facts that the table of the course asks for."""
        asked = (fact for rule in self.course for fact in rule.conditions)
        return tuple(dict.fromkeys(asked))

    @property
    def components(self) -> tuple[Component, ...]:
        """Components that can be asked for, the usual one first."""
        return (*self.findings, Component.MIXED) if self.mixed else tuple(self.findings)

    def asking(self, measurable: float) -> Self:
        """Give the criterion with another least size, where it states any."""
        return replace(
            self,
            thresholds={
                part: replace(own, measurable=measurable) if own.measurable else own
                for part, own in self.thresholds.items()
            },
        )
