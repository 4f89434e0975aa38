"""Axes of a chart: values to places, ticks at round numbers, and labels that keep apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from markupsafe import Markup

TICKS = 4
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """Values to places along a line.

    Attributes
    ----------
    low, high : float
        Values at its ends; they differ.
    start, end : float
        Places of its ends, in units of the chart.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the place of a value, to a hundredth."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def ticks(self, count: int = TICKS) -> list[float]:
        """Give the round values along the axis, about as many as asked for."""
        step = _step(self.high - self.low, count)
        first, last = ceil(self.low / step - _NOISE), floor(self.high / step + _NOISE)
        return [round(number * step, 12) for number in range(first, last + 1)]


def axis_over(
    values: Iterable[float], start: float, end: float, *, count: int = TICKS, ticked: bool = True
) -> Axis:
    """Make an axis that holds all values, at least one; its ends are ticks if `ticked`."""
    known = list(values)
    low, high = min(known), max(known)
    step = _step(high - low, count) if high > low else (abs(high) or 1.0)
    if ticked or high <= low:
        low, high = floor(low / step) * step, ceil(high / step) * step
    return Axis(low, high if high > low else low + step, start, end)


def keep_apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places, given in rising order, as little as it takes to leave a gap between them.

    The sum of squared moves is least (isotonic regression by pooling neighbors); where there is no
    room for the gap between `low` and `high`, it shrinks.
    """
    if not places:
        return []
    gap = min(gap, (high - low) / max(len(places) - 1, 1))
    pools: list[tuple[float, int]] = []  # mean and number of the places that move together
    for number, place in enumerate(places):
        mean, size = place - number * gap, 1
        while pools and pools[-1][0] > mean:
            before, more = pools.pop()
            mean, size = (mean * size + before * more) / (size + more), size + more
        pools.append((mean, size))
    moved = [mean for mean, size in pools for _ in range(size)]
    last = max(high - gap * (len(places) - 1), low)
    return [round(min(max(m, low), last) + n * gap, 2) for n, m in enumerate(moved)]


def write(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "") -> str:
    """Write a text; markup in it is escaped."""
    styled = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{styled}>{escape(words)}</text>'


def drawing(
    parts: Iterable[str], *, size: tuple[float, float], title: str, kind: str = ""
) -> Markup:
    """Put parts into an SVG of a given width and height; its title is told to screen readers."""
    wide, high = size
    return Markup(
        f'<svg class="chart {kind}" viewBox="0 0 {wide:g} {high:g}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _step(span: float, count: int) -> float:
    """Choose 1, 2 or 5 times a power of ten, so that there are about as many ticks as asked."""
    rough = span / count
    power = 10.0 ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
