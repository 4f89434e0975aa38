"""Words and numbers of a timeline: units, what is unknown, categories.

Where the millimeters of a patient's files are false, lengths are told in voxels: the sentences of
the criteria are put into these units too. One mL is then 1000 voxels.
"""

import math
import re
from dataclasses import dataclass
from types import MappingProxyType

from gliokit.core.findings import Quantity
from gliokit.measurement.response.vocabulary import Measure, Response
from gliokit.measurement.timeline import PatientTimeline
from gliokit.measurement.volume_course import Certainty, ChangeSince, Since
from gliokit.reporting.wording import number_text

UNKNOWN = "unknown"
DAYS_PER_MONTH = 365.25 / 12
VOXELS_PER_ML = 1000.0
FAR = 10.0  # a change beyond it is told as more than that
LEAST_SURE = 0.01  # a probability nearer to 0 or 1 is told as less, or more, than that
SINCE: MappingProxyType[Since, str] = MappingProxyType(
    {
        Since.BASELINE: "from the baseline",
        Since.NADIR: "from the smallest",
        Since.PREVIOUS: "from the visit before",
    }
)

SHORT: MappingProxyType[Response, str] = MappingProxyType(
    {
        Response.NOT_APPLICABLE: "before",
        Response.PRELIMINARY_COMPLETE: "prelim. CR",
        Response.PRELIMINARY_PARTIAL: "prelim. PR",
        Response.PRELIMINARY_MINOR: "prelim. MR",
        Response.PRELIMINARY_PROGRESSIVE: "prelim. PD",
        Response.NOT_ASSESSABLE: "NE",
    }
)
# how a category is drawn, by class of the style sheet; each is also written
_KINDS: MappingProxyType[Response, str] = MappingProxyType(
    {
        Response.COMPLETE: "better",
        Response.PARTIAL: "better",
        Response.MINOR: "better",
        Response.STABLE: "stable",
        Response.PROGRESSIVE: "worse",
        Response.PRELIMINARY_COMPLETE: "better preliminary",
        Response.PRELIMINARY_PARTIAL: "better preliminary",
        Response.PRELIMINARY_MINOR: "better preliminary",
        Response.PRELIMINARY_PROGRESSIVE: "worse preliminary",
        Response.NOT_ASSESSABLE: "open",
    }
)
# the longer unit first, so that "mm²" is not read as "mm"
_IN_VOXELS: MappingProxyType[str, str] = MappingProxyType(
    {"mm²": "voxels²", "mm": "voxels", "mL": "thousand voxels"}
)
_A_UNIT = re.compile(r"(?<![A-Za-z])(mm²|mm|mL)(?![A-Za-z²])")


@dataclass(frozen=True, slots=True)
class Units:
    """How lengths, areas and volumes of a patient are told.

    Attributes
    ----------
    length, area, volume : str
        Signs of the units.
    voxels : bool
        Whether lengths are in voxels.
    """

    length: str = "mm"
    area: str = "mm²"
    volume: str = "mL"
    voxels: bool = False

    def length_text(self, value: float) -> str:
        """Write a length without its unit."""
        return f"{value:.1f}" if self.voxels else number_text(Quantity(value, "mm"))

    def area_text(self, value: float | None) -> str:
        """Write an area without its unit; in words if it is unknown."""
        if value is None:
            return UNKNOWN
        return f"{value:.0f}" if self.voxels else number_text(Quantity(value, "mm2"))

    def volume_text(self, value_ml: float | None) -> str:
        """Write a volume without its unit; in words if it is unknown."""
        if value_ml is None:
            return UNKNOWN
        if self.voxels:
            return f"{value_ml * VOXELS_PER_ML:.0f}"
        return number_text(Quantity(value_ml, "mL"))

    def bounds_text(self, volume: Quantity | None) -> str:
        """Write the 90 % interval of a volume; empty where none was estimated."""
        if volume is None or volume.interval is None:
            return ""
        low, high = volume.interval
        return f"{self.volume_text(low)} to {self.volume_text(high)}"

    def shown(self, value_ml: float) -> float:
        """Give a volume in the unit in which it is told."""
        return value_ml * VOXELS_PER_ML if self.voxels else value_ml

    def sized(self, value: float | None, measure: Measure) -> str:
        """Write a size with its unit."""
        if measure is Measure.AREA:
            text, unit = self.area_text(value), self.area
        else:
            text, unit = self.volume_text(value), self.volume
        return text if value is None else f"{text}\N{NO-BREAK SPACE}{unit}"

    def told(self, sentence: str) -> str:
        """Put a sentence into these units."""
        if not self.voxels:
            return sentence
        return _A_UNIT.sub(lambda found: _IN_VOXELS[found[1]], sentence)


MILLIMETERS = Units()
VOXELS = Units("voxels", "voxels²", "voxels", voxels=True)


def units_of(timeline: PatientTimeline) -> Units:
    """Choose the units of a patient."""
    return VOXELS if timeline.voxel_units else MILLIMETERS


def known_text(value: float | None) -> str:
    """Write a number as it was given; in words if it is unknown."""
    return UNKNOWN if value is None else f"{value:g}"


def change_text(change: float | None) -> str:
    """Write a change, given as a fraction, in percent; in words if it is unknown."""
    return UNKNOWN if change is None else f"{100 * change:+.1f}\N{NO-BREAK SPACE}%"


def relative_bounds_text(change: ChangeSince) -> str:
    """Write the 90 % interval of a change, in percent; empty where there is none."""
    if change.relative is None or change.relative.interval is None:
        return ""
    low, high = change.relative.interval
    if math.isinf(high):
        return "without bounds" if low <= -1 else f"{_percent(low)} or more"
    if high > FAR:
        return f"{_percent(low)} to more than {_percent(FAR)}"
    return f"{_percent(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return f"{100 * share:+.0f}\N{NO-BREAK SPACE}%"


def certainty_text(certainty: Certainty) -> str:
    """Say how sure it is that a threshold is reached; in words if nothing is known of it."""
    sign = "\N{GREATER-THAN OR EQUAL TO}" if certainty.share >= 0 else "\N{LESS-THAN OR EQUAL TO}"
    sure = "how sure is unknown"
    if certainty.probability is not None:
        sure = f"{_sure(certainty.probability)} sure"
    return f"{sign} {_percent(certainty.share)}: {sure}"


def _sure(probability: float) -> str:
    """Write a probability in percent, never as certain."""
    bounded = min(max(probability, LEAST_SURE), 1 - LEAST_SURE)
    sign = {-1: "< ", 0: "", 1: "> "}[(probability > bounded) - (probability < bounded)]
    return f"{sign}{100 * bounded:.0f}\N{NO-BREAK SPACE}%"


def change_sentence(change: ChangeSince) -> str:
    """Say in a line what a change is, how sure, and since when."""
    value = None if change.relative is None else change.relative.value
    bounds = relative_bounds_text(change)
    parts = [f"{SINCE[change.since]} (day {change.day}) {change_text(value)}"]
    parts += [f"90 % interval {bounds}"] if bounds else []
    parts += [certainty_text(it) for it in change.certainties]
    return ", ".join(parts)


def months_text(days: int) -> str:
    """Write a span of days in months."""
    return f"{days / DAYS_PER_MONTH:.1f}\N{NO-BREAK SPACE}months"


def short_category(category: Response) -> str:
    """Write a category so that it fits below a visit."""
    return SHORT.get(category, str(category))


def category_kind(category: Response) -> str:
    """Name how a category is drawn."""
    return _KINDS.get(category, "none")
