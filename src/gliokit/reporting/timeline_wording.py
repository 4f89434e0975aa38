"""Words and numbers of a timeline: units, what is unknown, categories.

Where the millimeters of a patient's files are false, lengths are told in voxels: the sentences of
the criteria are put into these units too. One mL is then 1000 voxels.
"""

import re
from dataclasses import dataclass
from types import MappingProxyType

from gliokit.core.findings import Quantity
from gliokit.measurement.response.vocabulary import Measure, Response
from gliokit.measurement.timeline import PatientTimeline
from gliokit.reporting.wording import number_text

UNKNOWN = "unknown"
DAYS_PER_MONTH = 365.25 / 12
VOXELS_PER_ML = 1000.0

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


def months_text(days: int) -> str:
    """Write a span of days in months."""
    return f"{days / DAYS_PER_MONTH:.1f}\N{NO-BREAK SPACE}months"


def short_category(category: Response) -> str:
    """Write a category so that it fits below a visit."""
    return SHORT.get(category, str(category))


def category_kind(category: Response) -> str:
    """Name how a category is drawn."""
    return _KINDS.get(category, "none")
