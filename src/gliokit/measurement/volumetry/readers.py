"""Simulated readers: the same lesion, pointed at and measured by hands that are not steady.

A reader of volumes points at the tumor and draws a box around it; a program outlines what
enhances. A reader of diameters chooses a slice, in it a line, and sets the ends of two calipers.
All are as steady as `Jitter` says. Its figures were fixed before anything was measured with them
and are never to be tuned: that would decide the outcome. All are assumed, in the order of a few
voxels of clinical images; no publication gives them.

`Lines.EXACT` gives diameters the best of chances: the longest line of the slice is found, and only
its ends stray. With `Lines.CHOSEN` a reader takes any line that he cannot tell from the longest:
one shorter by no more than a length read between two such ends varies, which adds no new figure.
In a compact lesion all these are alike; in an irregular one they run elsewhere, and with them the
perpendiculars. Neither reader mistakes what belongs to the lesion. Human readers do worse.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Point
from gliokit.core.geometry import Affine, bounding_box, canonical_axes, spacing_mm, to_world
from gliokit.measurement.chords import Chord, PlanarRegion, Steps, all_steps, line_across
from gliokit.measurement.diameters import (
    RIGHT_ANGLE_TOLERANCE_DEGREES,
    Diameters,
    measure_lesion,
    measure_slice,
)
from gliokit.measurement.volumetry.canvas import Sides


class Lines(StrEnum):
    """Which line of a slice a reader takes for the longest."""

    EXACT = "the longest"
    CHOSEN = "any that cannot be told from the longest"


@dataclass(frozen=True, slots=True)
class Jitter:
    """How far hands stray, as standard deviations in mm; all assumed, and fixed.

    Attributes
    ----------
    seed_mm : float
        Of a seed, along each axis.
    box_margin_mm, box_mm : float
        How far a box stands off the tumor on average, and how that varies from side to side.
    habit_mm : float
        From reader to reader: of that margin, and of where the edge is seen at each end of a
        caliper.
    slice_mm : float
        Of the slice that is measured, across the slices.
    caliper_mm : float
        Of each end of a diameter, along each axis of the slice.
    """

    seed_mm: float = 2.0
    box_margin_mm: float = 5.0
    box_mm: float = 2.0
    habit_mm: float = 0.5
    slice_mm: float = 3.0
    caliper_mm: float = 1.0


JITTER = Jitter()


@dataclass(frozen=True, slots=True)
class Reader:
    """A simulated reader.

    Attributes
    ----------
    name : str
        Id.
    habit_mm : float
        By how much this one draws everything wider than others.
    """

    name: str
    habit_mm: float


@dataclass(frozen=True, slots=True)
class CaliperTarget:
    """A lesion to set calipers on, made ready for many readers.

    Attributes
    ----------
    slices : (n, rows, columns)
        The lesion, slice by slice.
    spacing_mm : (3,)
        Distance of slices, rows and columns.
    longest : int
        Slice with the longest diameter.
    """

    slices: NDArray[np.bool_]
    spacing_mm: NDArray[np.float64]
    longest: int


@dataclass(frozen=True, slots=True)
class CaliperReading:
    """The diameters of a lesion as read."""

    longest_mm: float
    perpendicular_mm: float

    @property
    def product_mm2(self) -> float:
        """Product of the two."""
        return self.longest_mm * self.perpendicular_mm


def draw_readers(
    count: int, rng: np.random.Generator, *, jitter: Jitter = JITTER
) -> tuple[Reader, ...]:
    """Draw readers with habits of their own."""
    habits = rng.normal(0, jitter.habit_mm, count).tolist()
    return tuple(Reader(f"reader-{n}", habit) for n, habit in enumerate(habits, start=1))


def jitter_seed(seed_mm: Point, rng: np.random.Generator, *, jitter: Jitter = JITTER) -> Point:
    """Give where a reader points who means a point."""
    x, y, z = (np.array(seed_mm) + rng.normal(0, jitter.seed_mm, 3)).tolist()
    return x, y, z


def jitter_box(
    mask: NDArray[np.bool_],
    affine: Affine,
    reader: Reader,
    rng: np.random.Generator,
    *,
    jitter: Jitter = JITTER,
) -> Sides:
    """Give the box, RAS+ mm, that a reader draws around a lesion (X, Y, Z)."""
    box = bounding_box(mask)
    ends = [[side.start - 0.5 for side in box], [side.stop - 0.5 for side in box]]
    places = to_world(affine, ends)
    margin = jitter.box_margin_mm + reader.habit_mm + rng.normal(0, jitter.box_mm, (2, 3))
    low = (places.min(axis=0) - margin[0]).tolist()
    high = (places.max(axis=0) + margin[1]).tolist()
    x, y, z = zip(low, high, strict=True)
    return x, y, z


def caliper_target(mask: NDArray[np.bool_], affine: Affine) -> CaliperTarget:
    """Find the slice of a lesion (X, Y, Z) where it is longest.

    Raises
    ------
    NotAssessableError
        If the lesion is empty.
    """
    axis = canonical_axes(affine)[0][2]
    distances = spacing_mm(affine)
    ordered = np.concatenate([distances[axis : axis + 1], np.delete(distances, axis)])
    return CaliperTarget(np.moveaxis(mask, axis, 0), ordered, measure_lesion(mask, affine).index)


def read_calipers(
    target: CaliperTarget,
    reader: Reader,
    rng: np.random.Generator,
    *,
    jitter: Jitter = JITTER,
    lines: Lines = Lines.EXACT,
) -> CaliperReading:
    """Read the diameters of a lesion near the slice where it is longest."""
    there = np.flatnonzero(target.slices.any(axis=(1, 2)))
    meant = target.longest + rng.normal(0, jitter.slice_mm) / target.spacing_mm[0]
    seen = target.slices[there[np.abs(there - meant).argmin()]]
    in_slice = target.spacing_mm[1:]
    if lines is Lines.EXACT:
        found = measure_slice(seen, in_slice)
    else:
        found = _choose(seen, in_slice, rng, jitter)
    longest, perpendicular = (
        _read_length(chord, in_slice, reader, rng, jitter)
        for chord in (found.longest, found.perpendicular)
    )
    return CaliperReading(max(longest, perpendicular), min(longest, perpendicular))


def _choose(
    mask: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    rng: np.random.Generator,
    jitter: Jitter,
) -> Diameters:
    """Choose one of the longest lines of a slice, then one of the longest at a right angle."""
    cut = mask[bounding_box(mask)]
    region, steps = PlanarRegion(cut), all_steps(cut.shape, spacing)
    alike_mm = math.sqrt(2) * jitter.caliper_mm  # spread of a length whose two ends stray
    first = _any_of_longest(region, steps, alike_mm, rng)
    second = _any_of_longest(region, _across(first, steps, spacing), alike_mm, rng)
    return Diameters(first, second)


def _any_of_longest(
    region: PlanarRegion, steps: Steps, alike_mm: float, rng: np.random.Generator
) -> Chord:
    falling = region.chords(steps.by_falling_length())
    longest = next(falling)
    least = longest.length_mm - alike_mm
    alike = [longest, *takewhile(lambda chord: chord.length_mm >= least, falling)]
    return alike[int(rng.integers(len(alike)))]


def _across(line: Chord, steps: Steps, spacing: NDArray[np.float64]) -> Steps:
    """Select the steps at a right angle to a line, and that across one pixel."""
    along = np.subtract(line.end, line.start) * spacing
    one = line_across(np.array([-along[1], along[0]]) / spacing)[None]
    ways = steps.crossing * spacing
    cosine = np.abs(ways @ along) / np.linalg.norm(ways, axis=1) / np.linalg.norm(along)
    upright = steps[cosine <= math.sin(math.radians(RIGHT_ANGLE_TOLERANCE_DEGREES))]
    return Steps(
        np.concatenate([upright.offset, np.zeros((1, 2), dtype=np.int64)]),
        np.concatenate([upright.crossing, one]),
        np.append(upright.length_mm, np.linalg.norm(one * spacing)),
    )


def _read_length(
    chord: Chord,
    spacing: NDArray[np.float64],
    reader: Reader,
    rng: np.random.Generator,
    jitter: Jitter,
) -> float:
    ends = np.array([chord.start, chord.end]) * spacing + rng.normal(0, jitter.caliper_mm, (2, 2))
    read = float(np.linalg.norm(ends[1] - ends[0])) + 2 * reader.habit_mm
    return max(read, float(spacing.min()))  # nobody reads less than a pixel
