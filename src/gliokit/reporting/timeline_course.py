"""The course of one patient as one chart: sizes, dose, treatment and categories over days.

A chart is text: the same record gives the same bytes, and it needs no script. What is unknown is
marked with a question mark; it never lies on zero. Colors are those of the regions, and each line
is also named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from gliokit.core.vocabulary import Region
from gliokit.measurement.response.vocabulary import Response
from gliokit.measurement.targets import VisitSizes
from gliokit.measurement.timeline import PatientTimeline, TimelineVisit, Verdicts
from gliokit.reporting.chart_axes import Axis, axis_over, drawing, keep_apart, write
from gliokit.reporting.timeline_treatment import Given, given
from gliokit.reporting.timeline_wording import (
    UNKNOWN,
    Units,
    category_kind,
    change_sentence,
    short_category,
    units_of,
)

WIDTH, LEFT, MARGIN = 1100.0, 192.0, 38.0  # units of the chart; about a pixel each
LANE, LANE_GAP, DOSE_LANE = 96.0, 26.0, 56.0
ROW, CHIP, CHIP_GAP = 24.0, 70.0, 5.0
TOP = 12.0
MOST_OF_A_BAR = 4.0  # times the largest value that an axis reaches for the sake of an interval
LETTER = 7.5  # more than the width of a letter


@dataclass(frozen=True, slots=True)
class _Point:
    """What one visit shows in a lane; the value is None if it is unknown.

    What is told stands there for the reader who points at it, a line each.
    """

    day: int
    value: float | None
    interval: tuple[float, float] | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Lane:
    """One quantity through time."""

    name: str
    what: str
    unit: str
    kind: str
    points: tuple[_Point, ...]


def course_chart(timeline: PatientTimeline) -> Markup:
    """Draw sizes, dose, treatment and categories of a patient over one axis of days.

    Volumes have their 90 % intervals as bars where these are known. A dose is drawn from its visit
    to the next. Empty if there is no visit.
    """
    if not timeline.visits:
        return Markup("")
    days = [visit.day for visit in timeline.visits]
    rows = given(timeline.treatment, timeline.therapy)
    width = max(WIDTH, LEFT + MARGIN + CHIP + (CHIP + CHIP_GAP) * (len(days) - 1))
    reach = [*days, *(day for row in rows for day in (row.start, row.end) if day is not None)]
    along = axis_over(reach, LEFT + MARGIN, width - MARGIN, count=10, ticked=False)
    parts: list[str] = []
    y = TOP
    for lane in _lanes(timeline):
        parts.append(_size_lane(lane, along, y))
        y += LANE + LANE_GAP
    dose = _Lane(
        "Dexamethasone", "at each visit", "mg/day", "dose", tuple(map(_dose, timeline.visits))
    )
    parts.append(_dose_lane(dose, along, y))
    y += DOSE_LANE + LANE_GAP
    for row in rows:
        parts.append(_treatment_row(row, along, y))
        y += ROW
    lines = "".join(f'<path class="visit" d="M{along(day)},{TOP:g}V{y:g}"/>' for day in days)
    parts.append(_day_axis(along, y))
    bottom, cells = _categories(timeline, along, y + 22)
    return drawing(
        [lines, *parts, cells], size=(width, bottom), title="Course of the patient", kind="course"
    )


def _lanes(timeline: PatientTimeline) -> list[_Lane]:
    """Give the sizes that any visit has, and those of enhancing tumor in any case."""
    visits, units = timeline.visits, units_of(timeline)
    lanes = [
        _area_lane("enhancing tumor", "et", [(v.day, v.enhancing) for v in visits], units),
        _area_lane("T2/FLAIR", "wt", [(v.day, v.whole) for v in visits], units),
        _volume_lane("enhancing tumor", Region.ENHANCING_TUMOR, visits, units),
        _volume_lane("whole tumor", Region.WHOLE_TUMOR, visits, units),
    ]
    return [
        lane
        for lane in lanes
        if lane.kind == "et" or any(point.value is not None for point in lane.points)
    ]


def _area_lane(
    what: str, kind: str, sizes: Iterable[tuple[int, VisitSizes | None]], units: Units
) -> _Lane:
    points = (_area_point(day, own, units) for day, own in sizes)
    return _Lane("Sum of products", what, units.area, kind, tuple(points))


def _area_point(day: int, own: VisitSizes | None, units: Units) -> _Point:
    if own is None:
        return _Point(day, None)
    told = f"day {day}: {units.area_text(own.product_mm2)} {units.area}"
    return _Point(day, own.product_mm2, told=(told,))


def _volume_lane(what: str, region: Region, visits: Iterable[TimelineVisit], units: Units) -> _Lane:
    points = (_volume_point(visit, region, units) for visit in visits)
    return _Lane("Volume", what, units.volume, region.lower(), tuple(points))


def _volume_point(visit: TimelineVisit, region: Region, units: Units) -> _Point:
    volume = visit.volumes.get(region)
    if volume is None:
        return _Point(visit.day, None)
    ends, bounds = volume.interval, units.bounds_text(volume)
    bar = None if ends is None else (units.shown(ends[0]), units.shown(ends[1]))
    size = f"day {visit.day}: {units.volume_text(volume.value)} {units.volume}"
    changes = (change_sentence(it) for it in visit.changes if it.region is region)
    told = (f"{size}, 90 % interval {bounds}" if bounds else size, *changes)
    return _Point(visit.day, units.shown(volume.value), bar, told)


def _dose(visit: TimelineVisit) -> _Point:
    return _Point(visit.day, visit.dexamethasone_mg_per_day)


def _lane_frame(lane: _Lane, along: Axis, top: float, height: float) -> tuple[Axis, str]:
    """Give the axis of a lane, and its name, rules and question marks."""
    values = [point.value for point in lane.points if point.value is not None]
    highest = MOST_OF_A_BAR * max(values, default=0.0)  # else a wide interval flattens the curve
    bars = [min(end, highest) for point in lane.points for end in point.interval or ()]
    up = axis_over([0.0, *values, *bars], top + height, top, count=3)
    parts = [
        write(0, top + 12, lane.name, kind="name"),
        write(0, top + 27, lane.what, kind="unit"),
        write(0, top + 42, lane.unit, kind="unit"),
    ]
    if not values:
        parts.append(write(LEFT - 8, top + height / 2 + 4, UNKNOWN, anchor="end", kind="unit"))
    for value in up.ticks(3) if values else ():
        y = up(value)
        parts.append(f'<path class="rule" d="M{LEFT:g},{y}H{along.end + MARGIN - 6:g}"/>')
        parts.append(write(LEFT - 8, y + 4, f"{value:g}", anchor="end"))
    parts.extend(
        write(along(point.day), top + height / 2 + 4, "?", anchor="middle", kind="unknown")
        for point in lane.points
        if point.value is None
    )
    return up, "".join(parts)


def _size_lane(lane: _Lane, along: Axis, top: float) -> str:
    up, frame = _lane_frame(lane, along, top, LANE)
    parts = [frame]
    for stretch in _stretches(lane.points):
        line = " ".join(f"{along(day)},{up(value)}" for day, value in stretch)
        parts.append(f'<polyline class="size {lane.kind}" points="{line}"/>')
    for point in lane.points:
        if point.value is None:
            continue
        x = along(point.day)
        if point.interval is not None:
            parts.append(f'<path class="interval {lane.kind}" d="{_bar(point.interval, x, up)}"/>')
        parts.append(
            f'<circle class="size {lane.kind}" cx="{x}" cy="{up(point.value)}" r="4">'
            f"<title>{escape(chr(10).join(point.told))}</title></circle>"
        )
    return "".join(parts)


def _bar(interval: tuple[float, float], x: float, up: Axis) -> str:
    """Draw an interval; one that reaches beyond the axis ends in an arrow."""
    low, high = up(interval[0]), up(min(interval[1], up.high))
    cap = f"M{x - 4:g},{high + 6:g}L{x},{high}L{x + 4:g},{high + 6:g}"
    if interval[1] <= up.high:
        cap = f"M{x - 4:g},{high}h8"
    return f"M{x},{low}V{high}M{x - 4:g},{low}h8{cap}"


def _stretches(points: Iterable[_Point]) -> list[list[tuple[int, float]]]:
    """Part the points where a value is unknown."""
    stretches: list[list[tuple[int, float]]] = [[]]
    for point in points:
        if point.value is None:
            stretches.append([])
        else:
            stretches[-1].append((point.day, point.value))
    return [stretch for stretch in stretches if len(stretch) > 1]


def _dose_lane(lane: _Lane, along: Axis, top: float) -> str:
    up, frame = _lane_frame(lane, along, top, DOSE_LANE)
    parts = [frame]
    for here, after in zip(lane.points, (*lane.points[1:], None), strict=True):
        if here.value is None:
            continue
        x, y = along(here.day), up(here.value)
        if after is not None:
            step = "" if after.value is None else f"V{up(after.value)}"
            parts.append(f'<path class="dose" d="M{x},{y}H{along(after.day)}{step}"/>')
        parts.append(f'<circle class="dose" cx="{x}" cy="{y}" r="3"/>')
    return "".join(parts)


def _treatment_row(row: Given, along: Axis, top: float) -> str:
    middle = top + ROW / 2
    name = write(0, middle + 4, row.name, kind="name")
    if row.start is None:
        return name + write(LEFT, middle + 4, row.words, kind="unit")
    first = along(row.start)
    last = along.end if row.goes_on or row.end is None else along(row.end)
    shape = (
        f'<rect class="treatment" x="{first}" y="{middle - 8:g}" '
        f'width="{round(last - first, 2)}" height="16" rx="3"/>'
        if last > first
        else f'<path class="mark" d="M{first},{middle + 5:g}l-6,-10h12Z"/>'
    )
    return name + shape + _beside(row.words, (first, last), along, middle + 4)


def _beside(words: str, ends: tuple[float, float], along: Axis, y: float) -> str:
    """Write words into a bar if it is long enough, else at the side with more room."""
    first, last = ends
    if last - first > LETTER * len(words):
        return write(first + 8, y, words, kind="inside")
    if first - along.start > along.end - last:
        return write(first - 10, y, words, anchor="end", kind="unit")
    return write(last + 10, y, words, kind="unit")


def _day_axis(along: Axis, y: float) -> str:
    parts = [f'<path class="axis" d="M{LEFT:g},{y:g}H{along.end + MARGIN - 6:g}"/>']
    for day in along.ticks(10):
        parts.append(f'<path class="tick" d="M{along(day)},{y:g}v4"/>')
        parts.append(write(along(day), y + 16, f"{day:g}", anchor="middle"))
    return "".join(parts) + write(0, y + 16, "Day", kind="name")


def _categories(timeline: PatientTimeline, along: Axis, top: float) -> tuple[float, str]:
    """Draw the category of each visit below it, a row per criterion; give where it ends."""
    used = [own for own in timeline.verdicts if own.assessments]
    if not used:
        return top + 6, ""
    days = [visit.day for visit in timeline.visits]
    low, high = LEFT + CHIP / 2, along.end + MARGIN - CHIP / 2
    places = keep_apart([along(day) for day in days], CHIP + CHIP_GAP, low, high)
    first = top + 26
    parts = [
        f'<path class="leader" d="M{along(day)},{top:g}v4L{place},{first - 4:g}"/>'
        for day, place in zip(days, places, strict=True)
    ]
    chips = dict(zip(days, places, strict=True))
    for number, own in enumerate(used):
        parts.append(_chip_row(own, chips, first + number * ROW))
    return first + len(used) * ROW + 4, "".join(parts)


def _chip_row(verdicts: Verdicts, places: Mapping[int, float], top: float) -> str:
    parts = [write(0, top + 14, verdicts.criterion, kind="name")]
    for own in verdicts.assessments:
        if own.day in places:
            parts.append(_chip(own.category, places[own.day], top))
    return "".join(parts)


def _chip(category: Response, middle: float, top: float) -> str:
    return (
        f'<rect class="chip {category_kind(category)}" x="{middle - CHIP / 2:g}" y="{top:g}" '
        f'width="{CHIP:g}" height="{ROW - 4:g}" rx="4"/>'
        + write(middle, top + 14, short_category(category), anchor="middle", kind="category")
    )
