"""Charts as SVG: dots with their mean and interval, differences, and curves.

A chart is text: the same figures give the same bytes, and it needs no script. Colors are of Okabe
and Ito's palette; each line of a chart is also named.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, isfinite, log10

from markupsafe import Markup

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#5b6875")
WIDTH, LABEL_WIDTH, TEXT_WIDTH = 620, 130, 120
ROW, TOP, BOTTOM = 30, 8, 34
TICKS = 5
CURVE_HEIGHT = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart of dots.

    Attributes
    ----------
    name : str
        At its left.
    center : float
        Marked; not drawn if it is not finite.
    low, high : float
        Of the bar through the center.
    text : str
        At its right.
    dots : sequence of float
        Single values, drawn small.
    """

    name: str
    center: float
    low: float
    high: float
    text: str
    dots: Sequence[float] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Path2D:
    """A curve with its name in the legend; curves of one name share a color."""

    name: str
    x: Sequence[float] = field(repr=False)
    y: Sequence[float] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values to places along an axis."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)


def dot_chart(
    lines: Sequence[Line], *, title: str, limits: tuple[float, float] | None = None
) -> Markup:
    """Draw a line per system: its dots, its center and its interval.

    Parameters
    ----------
    lines : sequence of Line
        From top to bottom.
    title : str
        Below the axis, with its unit.
    limits : tuple of float or None
        Ends of the axis; by default the values decide, and 0 is on it.
    """
    values = [v for own in lines for v in (own.low, own.high, own.center, *own.dots)]
    low, high = limits or _limits([0.0, *filter(isfinite, values)])
    height = TOP + ROW * len(lines) + BOTTOM
    scale = _Scale(low, high, LABEL_WIDTH, WIDTH - TEXT_WIDTH)
    bottom = height - BOTTOM
    parts = [_axis(scale, bottom), _zero(scale, bottom) if low < 0 < high else ""]
    for number, own in enumerate(lines):
        parts.append(_line(own, scale, TOP + ROW * (number + 0.5)))
    parts.append(_text((scale.start + scale.end) / 2, height - 4, title, "middle"))
    return _svg(height, parts, title)


def curve_chart(curves: Sequence[Path2D], *, title: str, across: str = "step") -> Markup:
    """Draw curves over one axis; empty where there is nothing to draw."""
    x = [value for own in curves for value in own.x]
    y = [value for own in curves for value in own.y if isfinite(value)]
    if not x or not y:
        return Markup("")
    height = TOP + CURVE_HEIGHT + BOTTOM
    names = list(dict.fromkeys(own.name for own in curves))
    colors = {name: PALETTE[n % len(PALETTE)] for n, name in enumerate(names)}
    along = _Scale(min(0.0, *x), max(*x, 1.0), 60, WIDTH - TEXT_WIDTH)
    low, high = _limits(y)
    up = _Scale(low, high, TOP + CURVE_HEIGHT, TOP)
    parts = [_axis(along, TOP + CURVE_HEIGHT), _side_axis(up, along)]
    for own in curves:
        points = [f"{along(a)},{up(b)}" for a, b in zip(own.x, own.y, strict=True) if isfinite(b)]
        color = colors[own.name]
        parts.append(f'<polyline class="curve" stroke="{color}" points="{" ".join(points)}"/>')
    for number, name in enumerate(names):
        place = TOP + 12 + 16 * number
        parts.append(f'<circle cx="{WIDTH - 110}" cy="{place - 4}" r="4" fill="{colors[name]}"/>')
        parts.append(_text(WIDTH - 102, place, name))
    parts.append(_text((along.start + along.end) / 2, height - 4, f"{title} by {across}", "middle"))
    return _svg(height, parts, title)


def _line(own: Line, scale: _Scale, y: float) -> str:
    parts = [
        _text(LABEL_WIDTH - 10, y + 4, own.name, "end"),
        _text(WIDTH - 4, y + 4, own.text, "end"),
    ]
    for number, value in enumerate(own.dots):
        if isfinite(value):  # set apart a little, always in the same way
            place = round(y - 7 + (number * 5) % 15, 2)
            parts.append(f'<circle class="dot" cx="{scale(value)}" cy="{place}" r="2.6"/>')
    if isfinite(own.low) and isfinite(own.high):
        bar = f"M{scale(own.low)},{y:g}H{scale(own.high)}"
        parts.append(f'<path class="interval" d="{bar}"/>')
    if isfinite(own.center):
        parts.append(f'<circle class="center" cx="{scale(own.center)}" cy="{y:g}" r="4.5"/>')
    return "".join(parts)


def _axis(scale: _Scale, y: float) -> str:
    parts = [f'<path class="axis" d="M{scale.start:g},{y:g}H{scale.end:g}"/>']
    for value in _ticks(scale.low, scale.high):
        x = scale(value)
        parts.append(f'<path class="rule" d="M{x},{TOP}V{y:g}"/>')
        parts.append(_text(x, y + 14, f"{value:g}", "middle"))
    return "".join(parts)


def _side_axis(up: _Scale, along: _Scale) -> str:
    return "".join(
        f'<path class="rule" d="M{along.start:g},{up(value)}H{along.end:g}"/>'
        + _text(along.start - 8, up(value) + 4, f"{value:g}", "end")
        for value in _ticks(up.low, up.high)
    )


def _zero(scale: _Scale, bottom: float) -> str:
    return f'<path class="axis" d="M{scale(0)},{TOP}V{bottom:g}"/>'


def _limits(values: Iterable[float]) -> tuple[float, float]:
    """Widen the range of values to whole ticks."""
    known = list(values)
    low, high = min(known), max(known)
    step = _step(low, high)
    below, above = floor(low / step) * step, ceil(high / step) * step
    return below, above if above > below else below + step


def _step(low: float, high: float) -> float:
    """Choose 1, 2 or 5 times a power of ten, so that there are about `TICKS`."""
    rough = (high - low) / TICKS or abs(high) / TICKS or 1.0
    power = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)


def _ticks(low: float, high: float) -> list[float]:
    step = _step(low, high)
    first = ceil(low / step - 1e-9)
    last = floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(height: float, parts: Iterable[str], title: str) -> Markup:
    return Markup(
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
