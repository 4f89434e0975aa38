"""Charts of a cohort through time: a waterfall of best changes, and a spider of all of them.

A chart is text: the same figures give the same bytes, and it needs no script. What is unknown is
marked with a question mark; it never lies on zero. Colors tell on which side of the thresholds a
change lies, as its place does.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from markupsafe import Markup

from gliokit.reporting.chart_axes import Axis, axis_over, drawing, keep_apart, write

WIDTH, HEIGHT, FOOT = 1100.0, 340.0, 44.0  # units of the chart; about a pixel each
LEFT, RIGHT, TOP = 60.0, 1000.0, 44.0
PARTIAL_PERCENT, PROGRESSION_PERCENT = -50.0, 25.0
CEILING_PERCENT = 150.0  # larger increases are cut off; their value is written
MOST_NAMED = 30  # patients whose names find room
WIDEST_BAR = 46.0
SAME = 1e-9  # relative; a change that differs from a threshold by less is the threshold


def waterfall(best_change: Mapping[str, float | None]) -> Markup:
    """Draw the best change of size from the baseline of each patient, sorted.

    Parameters
    ----------
    best_change : mapping of patient to float or None
        In percent; None where it is unknown, which is said and not drawn.

    Returns
    -------
    Markup
        SVG with the thresholds of -50 % and +25 %; empty if nobody is in it.
    """
    if not best_change:
        return Markup("")
    known = [(who, change) for who, change in best_change.items() if change is not None]
    known.sort(key=lambda entry: (-entry[1], entry[0]))
    order = [*known, *((who, None) for who, change in best_change.items() if change is None)]
    up = _percent_axis(change for _, change in known)
    step = (RIGHT - LEFT) / len(order)
    parts = [_percent_lines(up, title="Best change of size from the baseline (%)")]
    for number, (who, change) in enumerate(order):
        middle = LEFT + step * (number + 0.5)
        named = len(order) <= MOST_NAMED
        parts.append(_bar(who, change, up, (middle, min(step * 0.8, WIDEST_BAR)), named=named))
    return _chart(parts, "Best change of size from the baseline, by patient")


def spider(curves: Mapping[str, Sequence[tuple[int, float]]]) -> Markup:
    """Draw the change of size from the baseline of each patient over days.

    Parameters
    ----------
    curves : mapping of patient to sequence of (day, float)
        Days since the baseline, and change in percent. Increases above the ceiling of the chart
        are drawn at it.

    Returns
    -------
    Markup
        SVG with the thresholds of -50 % and +25 %; empty if there is no value.
    """
    drawn = {who: list(points) for who, points in curves.items() if points}
    if not drawn:
        return Markup("")
    up = _percent_axis(change for points in drawn.values() for _, change in points)
    days = [0, *(day for points in drawn.values() for day, _ in points)]
    along = axis_over(days, LEFT, RIGHT, count=10, ticked=False)
    parts = [_percent_lines(up, title="Change of size from the baseline (%)")]
    parts.extend(
        f'<path class="tick" d="M{along(day)},{up.start:g}v4"/>'
        + write(along(day), up.start + 16, f"{day:g}", anchor="middle")
        for day in along.ticks(10)
    )
    parts.append(
        write(
            (along.start + along.end) / 2, up.start + 34, "days since the baseline", anchor="middle"
        )
    )
    parts.extend(_thread(who, points, along, up) for who, points in drawn.items())
    parts.append(_ends(drawn, along, up))
    return _chart(parts, "Change of size from the baseline, by patient and day")


def change_kind(percent: float) -> str:
    """Name on which side of the thresholds a change lies; a threshold itself counts."""
    if percent <= PARTIAL_PERCENT * (1 - SAME):
        return "better"
    return "worse" if percent >= PROGRESSION_PERCENT * (1 - SAME) else "stable"


def _percent_axis(changes: Iterable[float]) -> Axis:
    kept = [min(change, CEILING_PERCENT) for change in changes]
    return axis_over([PARTIAL_PERCENT, PROGRESSION_PERCENT, *kept], HEIGHT, TOP, count=6)


def _percent_lines(up: Axis, *, title: str) -> str:
    parts = [write(0, 12, title, kind="name")]
    for value in up.ticks(6):
        parts.append(f'<path class="rule" d="M{LEFT:g},{up(value)}H{RIGHT:g}"/>')
        parts.append(write(LEFT - 8, up(value) + 4, f"{value:+g}" if value else "0", anchor="end"))
    parts.append(f'<path class="axis" d="M{LEFT:g},{up(0)}H{RIGHT:g}"/>')
    for value in (PARTIAL_PERCENT, PROGRESSION_PERCENT):
        kind = change_kind(value)
        line = f"M{LEFT:g},{up(value)}H{RIGHT:g}"
        parts.append(f'<path class="threshold {kind}" d="{line}"/>')
    return "".join(parts)


def _bar(
    who: str, change: float | None, up: Axis, across: tuple[float, float], *, named: bool
) -> str:
    """Draw a patient's bar, by its middle and width; a question mark if the change is unknown."""
    middle, width = across
    name = write(middle, up.start + 30, who, anchor="middle", kind="who") if named else ""
    if change is None:
        return write(middle, up(0) - 6, "?", anchor="middle", kind="unknown") + name
    top, bottom = sorted((up(0), _height(change, up)))
    bar = (
        f'<rect class="change {change_kind(change)}" x="{middle - width / 2:.2f}" y="{top}" '
        f'width="{width:.2f}" height="{round(bottom - top, 2)}">{_told(who, change)}</rect>'
    )
    if not (named or change > CEILING_PERCENT):
        return bar
    place = top - 5 if change >= 0 else bottom + 13
    return bar + write(middle, place, f"{change:+.0f}", anchor="middle", kind="value") + name


def _thread(who: str, points: Sequence[tuple[int, float]], along: Axis, up: Axis) -> str:
    places = [(along(day), _height(change, up)) for day, change in points]
    kind = change_kind(points[-1][1])
    line = " ".join(f"{x},{y}" for x, y in places)
    dots = "".join(f'<circle class="thread {kind}" cx="{x}" cy="{y}" r="2.6"/>' for x, y in places)
    told = _told(who, points[-1][1])
    return f'<polyline class="thread {kind}" points="{line}">{told}</polyline>{dots}'


def _ends(curves: Mapping[str, Sequence[tuple[int, float]]], along: Axis, up: Axis) -> str:
    """Name the curves at the right, each beside its end; nothing if there is no room."""
    if len(curves) > MOST_NAMED:
        return ""
    order = sorted(curves, key=lambda who: (-curves[who][-1][1], who))
    ends = [(along(day), _height(change, up)) for day, change in (curves[w][-1] for w in order)]
    places = keep_apart([y for _, y in ends], 12.0, up.end, up.start)
    return "".join(
        f'<path class="leader" d="M{x},{y}L{RIGHT + 8:g},{place}"/>'
        + write(RIGHT + 12, place + 4, who, kind="who")
        for who, (x, y), place in zip(order, ends, places, strict=True)
    )


def _told(who: str, change: float) -> str:
    """Name a mark, for the reader who points at it."""
    return f"<title>{escape(who)}: {change:+.1f} %</title>"


def _height(change: float, up: Axis) -> float:
    return up(min(change, CEILING_PERCENT))


def _chart(parts: Iterable[str], title: str) -> Markup:
    return drawing(parts, size=(WIDTH, HEIGHT + FOOT), title=title, kind="cohort")
