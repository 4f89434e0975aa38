"""Numbers to facts: sizes against sizes, doses against doses.

A change of exactly the threshold counts. Sizes are products and sums of measured lengths, so
that 1.25 times a size may come out a rounding error below it; two sizes that differ by less
than one part in 10^9 are therefore the same. (Sizes rounded to a decimal place would spoil
thresholds of sizes like 200/3.)

A number that is unknown is tried at every value at which a fact changes, between these, and
beyond: the answers that come out together are all that are possible, and only those.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, pairwise, product
from typing import TypeVar

from gliokit.measurement.response.criterion import Thresholds
from gliokit.measurement.response.facts import (
    BaselineDisease,
    DoseSinceBaseline,
    DoseSinceReference,
    Facts,
    Growth,
    Shrinkage,
    Steroids,
)
from gliokit.measurement.response.readings import SmallGrowth
from gliokit.measurement.response.vocabulary import Component, Measure

SAME = 1e-9  # relative; the same for all sizes
ROUNDING_MG = 1e-9


@dataclass(frozen=True, slots=True)
class Comparison:
    """The size of a component at a visit, against the baseline and the nadir.

    Attributes
    ----------
    component, measure : Component, Measure
        What was measured, and the unit of the sizes.
    size, baseline, nadir : float or None
        None where it is unknown. While a progression awaits confirmation the nadir is the size
        that it must exceed.
    baseline_day, nadir_day : int
        Days of the two scans.
    """

    component: Component
    measure: Measure
    size: float | None
    baseline: float | None
    baseline_day: int
    nadir: float | None
    nadir_day: int

    @property
    def change_from_baseline(self) -> float | None:
        """Change as a fraction; None where it is unknown or the baseline is 0."""
        return _change(self.size, self.baseline)

    @property
    def change_from_nadir(self) -> float | None:
        """Change as a fraction; None where it is unknown or the nadir is 0."""
        return _change(self.size, self.nadir)

    def words(self) -> dict[str, str]:
        """Give the words that the sentences of rules are filled with."""
        return {
            "what": f"{self.component} tumor",
            "size": self._quantity(self.size),
            "baseline": self._quantity(self.baseline),
            "baseline_day": str(self.baseline_day),
            "nadir": self._quantity(self.nadir),
            "nadir_day": str(self.nadir_day),
            "change": _signed(self.change_from_baseline, self.baseline),
            "since_nadir": _signed(self.change_from_nadir, self.nadir),
            "growth": _by(self.change_from_nadir),
            "shrinkage": _by(self.change_from_baseline),
        }

    def _quantity(self, size: float | None) -> str:
        if size == 0 and self.measure is Measure.AREA:
            return f"0 {self.measure} (nothing that is measured)"
        return "an unknown size" if size is None else f"{size:.4g} {self.measure}"


def _change(size: float | None, reference: float | None) -> float | None:
    return size / reference - 1 if size is not None and reference else None


def _signed(change: float | None, reference: float | None) -> str:
    if reference == 0:
        return "no ratio"
    return "an unknown share" if change is None else f"{100 * change:+.1f} %"


def _by(change: float | None) -> str:
    """Say by how much, with a space after it; nothing where there is no ratio."""
    return "" if change is None else f"by {100 * abs(change):.1f} % "


def size_facts(
    sizes: Comparison, thresholds: Thresholds, small_growth: SmallGrowth
) -> tuple[Facts, ...]:
    """Give every combination of answers about size that is possible; one if all is known."""
    tried: list[float | None] = [sizes.size]
    if sizes.size is None and sizes.baseline is not None and sizes.nadir is not None:
        tried = [*_tried(_critical_sizes(sizes.baseline, sizes.nadir, thresholds), unknown=1)]
    combinations = (
        product(
            _growth(size, sizes.nadir, thresholds, small_growth),
            _shrinkage(size, sizes.baseline, thresholds),
            _disease(sizes.baseline, thresholds),
        )
        for size in tried
    )
    return _distinct(chain.from_iterable(combinations))


def _critical_sizes(baseline: float, nadir: float, thresholds: Thresholds) -> set[float]:
    """Collect the sizes at which an answer changes."""
    minor = thresholds.partial if thresholds.minor is None else thresholds.minor
    return {
        0.0,
        thresholds.measurable,
        nadir * (1 + thresholds.progression),
        baseline * (1 - thresholds.partial),
        baseline * (1 - minor),
    }


def _growth(
    size: float | None, nadir: float | None, thresholds: Thresholds, small_growth: SmallGrowth
) -> tuple[Growth, ...]:
    if size == 0:
        return (Growth.LESS,)
    if size is None or nadir is None:
        return tuple(Growth)
    counts = small_growth is SmallGrowth.ANY or not is_small(size, nadir, thresholds)
    reached = has_grown(size, nadir, thresholds)
    return (Growth.PROGRESSION if reached and counts else Growth.LESS,)


def has_grown(size: float, nadir: float, thresholds: Thresholds) -> bool:
    """Whether a size reaches the threshold of progression."""
    return size > 0 and at_least(size, nadir * (1 + thresholds.progression))


def is_small(size: float, nadir: float, thresholds: Thresholds) -> bool:
    """Whether neither size is measurable."""
    return not (at_least(size, thresholds.measurable) or at_least(nadir, thresholds.measurable))


def _shrinkage(
    size: float | None, baseline: float | None, thresholds: Thresholds
) -> tuple[Shrinkage, ...]:
    if size == 0:
        return (Shrinkage.GONE,)
    if size is None:
        return tuple(Shrinkage)
    if baseline is None:
        return (Shrinkage.PARTIAL, Shrinkage.MINOR, Shrinkage.LESS)
    if at_most(size, baseline * (1 - thresholds.partial)):
        return (Shrinkage.PARTIAL,)
    if thresholds.minor is not None and at_most(size, baseline * (1 - thresholds.minor)):
        return (Shrinkage.MINOR,)
    return (Shrinkage.LESS,)


def _disease(baseline: float | None, thresholds: Thresholds) -> tuple[BaselineDisease, ...]:
    if baseline is None:
        return tuple(BaselineDisease)
    measurable = baseline > 0 and at_least(baseline, thresholds.measurable)
    return (BaselineDisease.MEASURABLE if measurable else BaselineDisease.NOT_MEASURABLE,)


def at_least(size: float, limit: float) -> bool:
    """Whether a size reaches a limit; one that is the same up to rounding does."""
    return size >= limit * (1 - SAME)


def at_most(size: float, limit: float) -> bool:
    """Whether a size is down to a limit; one that is the same up to rounding is."""
    return size <= limit * (1 + SAME)


def dose_facts(
    now: float | None,
    baseline: float | None,
    reference: float | None,
    *,
    physiologic: float,
    tolerance: float,
) -> tuple[Facts, ...]:
    """Give every combination of answers about steroids that is possible; one if all is known.

    Parameters
    ----------
    now, baseline, reference : float or None
        Dose at the visit, at the baseline, and at the scan that growth is measured from, mg/day.
    physiologic : float
        Up to this dose a patient is off steroids, mg/day.
    tolerance : float
        Doses that differ by no more are the same, mg/day.
    """
    doses = (now, baseline, reference)
    known = [dose for dose in doses if dose is not None]
    tried: list[float] = []
    if unknown := doses.count(None):
        around = (dose + step for dose in known for step in (-tolerance, 0, tolerance))
        tried = _tried({0.0, physiologic, *(max(0.0, dose) for dose in around)}, unknown=unknown)
    answers = (
        (
            _order(now, baseline, tolerance, DoseSinceBaseline),
            _order(now, reference, tolerance, DoseSinceReference),
            Steroids.OFF if now <= physiologic else Steroids.ON,
        )
        for now, baseline, reference in product(
            *(tried if dose is None else [dose] for dose in doses)
        )
    )
    return _distinct(answers)


_Order = TypeVar("_Order", DoseSinceBaseline, DoseSinceReference)


def _order(now: float, then: float, tolerance: float, answers: type[_Order]) -> _Order:
    if abs(now - then) <= tolerance + ROUNDING_MG:
        return answers("same")
    return answers("more" if now > then else "less")


def _tried(critical: set[float], *, unknown: int) -> list[float]:
    """Give critical values, and as many between them and beyond as there are unknown numbers."""
    ordered = sorted(critical)
    between = [
        low + (high - low) * step / (unknown + 1)
        for low, high in pairwise(ordered)
        for step in range(1, unknown + 1)
    ]
    beyond = [ordered[-1] * 2 + step for step in range(1, unknown + 1)]
    return sorted({*ordered, *between, *beyond})


def _distinct(combinations: Iterable[tuple[StrEnum, ...]]) -> tuple[Facts, ...]:
    """Turn combinations of answers into facts, each once."""
    found: dict[tuple[tuple[type, str], ...], Facts] = {}
    for answers in combinations:
        # the class belongs to the key: answers of two facts may be the same word
        key = tuple((type(answer), answer.name) for answer in answers)
        found[key] = {type(answer): frozenset({answer}) for answer in answers}
    return tuple(found.values())
