"""The category of response that follows from true volumes, one per visit.

RANO 2.0 with volumes: progression against the smallest volume so far (nadir), response
against the baseline, which is the scan after radiation. The volume is what is left of the
first tumor and what is new, whatever its cause: pseudoprogression is progressive disease by
these rules.

Kept simple: nothing is confirmed, the 12 weeks after radiation are no exception, and a
category depends on this visit and the volumes before it alone. Clinical decline counts where
there is new enhancement to blame for it.

Source: Wen et al., J Clin Oncol 2023;41:5187-99, doi:10.1200/JCO.23.01059; thresholds of
volume are those of two dimensions to the power of 1.5, rounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

GROWN = 0.40  # from the nadir
SHRUNK = -0.65  # from the baseline
MEASURABLE_ML = 0.52  # a ball of 10 mm
GONE_ML = 0.05

NOT_APPLICABLE = "not applicable"  # before the baseline
BASELINE = "baseline"


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the category of a visit depends on.

    Attributes
    ----------
    volume_ml : float
        All that counts as tumor.
    dexamethasone_mg_per_day : float
        Dose at the visit.
    declined : bool
        Clinically worse, and the tumor may be why.
    new_lesion : bool
        Measurable enhancement where the scans since the baseline showed none.
    """

    volume_ml: float
    dexamethasone_mg_per_day: float
    declined: bool
    new_lesion: bool = False


class Size(StrEnum):
    """How the volume has changed."""

    LARGER = "larger"
    SAME = "same"
    SMALLER = "smaller"
    GONE = "gone"


class Dose(StrEnum):
    """How the steroid dose has changed."""

    LESS = "less"
    SAME = "same"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Facts:
    """A visit against those before it.

    Attributes
    ----------
    since_nadir, since_baseline : Dose
        Dose against that at the nadir and at the baseline.
    off_steroids : bool
        No dose at all.
    """

    size: Size
    since_nadir: Dose
    since_baseline: Dose
    off_steroids: bool
    declined: bool
    new_lesion: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the table; it fires if every fact is among those it allows."""

    category: str
    size: frozenset[Size] = frozenset(Size)
    since_nadir: frozenset[Dose] = frozenset(Dose)
    since_baseline: frozenset[Dose] = frozenset(Dose)
    off_steroids: frozenset[bool] = frozenset({True, False})
    declined: frozenset[bool] = frozenset({True, False})
    new_lesion: frozenset[bool] = frozenset({True, False})

    def fires(self, facts: Facts) -> bool:
        """Whether this line fits."""
        return (
            facts.size in self.size
            and facts.since_nadir in self.since_nadir
            and facts.since_baseline in self.since_baseline
            and facts.off_steroids in self.off_steroids
            and facts.declined in self.declined
            and facts.new_lesion in self.new_lesion
        )


NOT_LESS, NOT_MORE = frozenset({Dose.SAME, Dose.MORE}), frozenset({Dose.SAME, Dose.LESS})
RULES = (  # the first that fires
    Rule("PD", new_lesion=frozenset({True})),  # whatever the dose
    Rule("PD", size=frozenset({Size.LARGER}), since_nadir=NOT_LESS),
    Rule("PD", declined=frozenset({True})),
    # more steroids alone: hold and look again
    Rule("NE", size=frozenset({Size.SAME}), since_baseline=frozenset({Dose.MORE})),
    Rule("CR", size=frozenset({Size.GONE}), off_steroids=frozenset({True})),
    Rule("PR", size=frozenset({Size.GONE, Size.SMALLER}), since_baseline=NOT_MORE),
    Rule("SD"),
)


def categories(visits: Sequence[Assessment]) -> list[str]:
    """Give the category of each visit, (n_visits,), the first of which is the baseline."""
    found = []
    for number, visit in enumerate(visits):
        if number == 0:
            found.append(BASELINE)
            continue
        nadir = min(visits[:number], key=lambda earlier: earlier.volume_ml)
        facts = compare(visit, baseline=visits[0], nadir=nadir)
        found.append(next(rule.category for rule in RULES if rule.fires(facts)))
    return found


def compare(visit: Assessment, *, baseline: Assessment, nadir: Assessment) -> Facts:
    """Put a visit against the baseline and the nadir."""
    dose = visit.dexamethasone_mg_per_day
    return Facts(
        size=_size(visit.volume_ml, baseline.volume_ml, nadir.volume_ml),
        since_nadir=_dose(dose, nadir.dexamethasone_mg_per_day),
        since_baseline=_dose(dose, baseline.dexamethasone_mg_per_day),
        off_steroids=dose == 0,
        declined=visit.declined,
        new_lesion=visit.new_lesion,
    )


def _size(volume_ml: float, baseline_ml: float, nadir_ml: float) -> Size:
    """Without measurable disease at the baseline there is no response."""
    rise = volume_ml - nadir_ml
    if rise >= MEASURABLE_ML and volume_ml >= nadir_ml * (1 + GROWN):
        return Size.LARGER
    if baseline_ml < MEASURABLE_ML:
        return Size.SAME
    if volume_ml <= GONE_ML:
        return Size.GONE
    return Size.SMALLER if volume_ml <= baseline_ml * (1 + SHRUNK) else Size.SAME


def _dose(now: float, then: float) -> Dose:
    if now == then:
        return Dose.SAME
    return Dose.MORE if now > then else Dose.LESS
