"""Simulated readers: the same lesion, pointed at and measured by hands that are not steady.

A reader of volumes points at the tumor and draws a box around it; a program outlines what
enhances. A reader of diameters chooses a slice and sets the ends of two calipers. Both are as
steady as `Jitter` says. Its figures were fixed before anything was measured with them and
are never to be tuned: that would decide the outcome. All are assumed, in the order of a few voxels
of clinical images; no publication gives them.

Diameters are given the best of chances: a reader finds the longest diameter exactly but for the
slice and the ends, and never mistakes what belongs to the lesion. Human readers do worse.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Point
from gliokit.core.geometry import Affine, bounding_box, canonical_axes, spacing_mm, to_world
from gliokit.measurement.chords import Chord
from gliokit.measurement.diameters import measure_lesion, measure_slice
from gliokit.measurement.volumetry.canvas import Sides


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


def read_calipers(
    mask: NDArray[np.bool_],
    affine: Affine,
    reader: Reader,
    rng: np.random.Generator,
    *,
    jitter: Jitter = JITTER,
) -> CaliperReading:
    """Read the diameters of a lesion (X, Y, Z) near the slice where it is longest.

    Raises
    ------
    NotAssessableError
        If the lesion is empty.
    """
    axis = canonical_axes(affine)[0][2]
    distances = spacing_mm(affine)
    best = measure_lesion(mask, affine).index
    slices = np.moveaxis(mask, axis, 0)
    there = np.flatnonzero(slices.any(axis=(1, 2)))
    meant = best + rng.normal(0, jitter.slice_mm) / distances[axis]
    index = int(there[np.abs(there - meant).argmin()])
    in_slice = np.delete(distances, axis)
    found = measure_slice(slices[index], in_slice)
    longest, perpendicular = (
        _read_length(chord, in_slice, reader, rng, jitter)
        for chord in (found.longest, found.perpendicular)
    )
    return CaliperReading(max(longest, perpendicular), min(longest, perpendicular))


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
