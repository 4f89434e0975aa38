"""Longest straight lines inside a planar region, exactly.

A chord joins the centers of two pixels of the region and never leaves it: every pixel whose
interior it enters belongs to the region; passing exactly between two diagonal neighbors
through their common corner is allowed. Its length is taken from pixel edge to pixel edge: at
each end it runs on until it leaves the end pixel. A line across one pixel is the shortest chord.
So a row of pixels measures what it covers; a disc, drawn by the pixels whose centers it holds,
measures its diameter and about one pixel more, half of one at each end.

How it is searched. All chords that make the same step (rows, columns) enter the same pixels
relative to their start. So the region is held as one long integer, a bit per pixel; shifted
by an offset and AND-ed it tells for all starts at once whether the pixel there is inside.
Steps are tried by falling length, and the first that leaves a bit standing is the longest
chord. Nothing is assumed about where the ends lie: beyond a gap one pixel wide the farthest
pixel in sight can be one that is no boundary pixel, so a search of the boundary would miss it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DECIMALS = 9  # of a length in mm: equal lengths are to compare equal
_BATCH = 512  # steps prepared at once: most searches end within the first few hundred


@dataclass(frozen=True, slots=True)
class Chord:
    """A straight line inside a planar region.

    Attributes
    ----------
    start, end : (row, column)
        Ends on the edges of the end pixels, in pixel indices; pixel centers are whole numbers.
    length_mm : float
        From end to end.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    length_mm: float

    def moved(self, offset: tuple[int, int]) -> "Chord":
        """Give the same line in a mask that this one was cut from at `offset`."""
        (row, column), (last_row, last_column) = self.start, self.end
        rows, columns = offset
        return Chord(
            (row + rows, column + columns), (last_row + rows, last_column + columns), self.length_mm
        )


@dataclass(frozen=True, slots=True)
class Steps:
    """From the first to the last pixel of chords.

    Attributes
    ----------
    offset : (n, 2) int
        Rows (never negative) and columns from the first pixel to the last; 0, 0 for a line
        across one pixel.
    crossing : (n, 2)
        The same direction, as long as the line's way through one pixel: half of it is added
        at each end.
    length_mm : (n,)
        Length of the chord.
    """

    offset: NDArray[np.int64]
    crossing: NDArray[np.float64]
    length_mm: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray[np.generic]) -> "Steps":
        return Steps(self.offset[chosen], self.crossing[chosen], self.length_mm[chosen])

    def by_falling_length(self) -> "Steps":
        """Sort; steps of equal length keep their order."""
        return self[np.argsort(-self.length_mm, kind="stable")]


def all_steps(shape: tuple[int, int], spacing: NDArray[np.float64]) -> Steps:
    """List every step within a rectangle, and the two lines across one pixel along its sides.

    Parameters
    ----------
    shape : (rows, columns)
        Size of the rectangle in pixels.
    spacing : (2,)
        Distance of rows and of columns in mm.
    """
    rows, columns = shape
    offset = np.mgrid[:rows, 1 - columns : columns].reshape(2, -1).T
    offset = offset[columns:]  # what comes before, in row 0, is 0, 0 and ways back
    crossing = offset / np.abs(offset).max(axis=1, keepdims=True)
    offset = np.concatenate([offset, np.zeros((2, 2), dtype=offset.dtype)])
    crossing = np.concatenate([crossing, np.eye(2)])
    length = np.linalg.norm((offset + crossing) * spacing, axis=1)
    return Steps(offset, crossing, length.round(_DECIMALS))


def chords(mask: NDArray[np.bool_], steps: Steps) -> Iterator[Chord]:
    """Find a chord for each step that has one, in the order of the steps.

    Parameters
    ----------
    mask : (rows, columns)
        The region.
    steps : Steps
        Sorted by falling length if the longest chord is to come first.

    Yields
    ------
    Chord
        One of those that make the same step: that whose first pixel has the lowest row and in
        it comes first on the way.
    """
    width = mask.shape[1]
    # a step to lower columns is one to higher columns in the mirrored region
    ways = (_pack(mask), _pack(mask[:, ::-1]))
    starts_of = tuple(_starts(bits, mask.shape) for bits in ways)
    for first in range(0, len(steps.length_mm), _BATCH):
        batch = steps[np.arange(first, min(first + _BATCH, len(steps.length_mm)))]
        size = np.abs(batch.offset)
        probes = _probes(size, width)
        mirrored = (batch.offset[:, 1] < 0).tolist()
        for index, (rows, columns) in enumerate(size.tolist()):
            bits, starts = ways[mirrored[index]], starts_of[mirrored[index]][columns]
            starts = _still_inside(starts, bits, probes[index])
            if starts and (starts := _still_inside(starts, bits, _entered(rows, columns, width))):
                row, column = divmod((starts & -starts).bit_length() - 1, width)
                column = width - 1 - column if mirrored[index] else column
                yield _chord(np.array((row, column)), batch, index)


def _pack(mask: NDArray[np.bool_]) -> int:
    """Hold a region as an integer: bit `row * width + column` is the pixel."""
    return int.from_bytes(np.packbits(mask, bitorder="little").tobytes(), "little")


def _starts(bits: int, shape: tuple[int, int]) -> list[int]:
    """For each number of columns, keep the pixels from which so long a step stays in its row."""
    rows, width = shape
    every_row = sum(1 << row * width for row in range(rows))
    return [bits & every_row * ((1 << width - columns) - 1) for columns in range(width)]


def _still_inside(starts: int, bits: int, shifts: list[int]) -> int:
    """Keep the starts whose pixel at every shift belongs to the region."""
    for shift in shifts:
        starts &= bits >> shift
        if not starts:
            break
    return starts


def _probes(offset: NDArray[np.int64], width: int) -> list[list[int]]:
    """Shift to eight pixels on each way, (n, 8): they rule out most steps at once.

    A point on an edge or corner counts to the pixel before it: the line has come from there,
    since no line between centers runs along an edge.
    """
    eighths = np.array([8, 4, 2, 6, 1, 3, 5, 7])
    pixel = -((4 - eighths * offset[..., None]) // 8)  # eighths / 8 * offset, halves rounded down
    return (pixel[:, 0] * width + pixel[:, 1]).tolist()


def _entered(rows: int, columns: int, width: int) -> list[int]:
    """Shift to every pixel whose interior is entered on the way from 0, 0 to rows, columns.

    Taken along the longer side, the line enters one or two pixels in each unit: those of its
    first and its last point there. In whole numbers, so that a corner is met exactly: the first
    point is rounded up where it falls on an edge, the last one down.
    """
    long, short = max(rows, columns), min(rows, columns)
    unit = np.arange(long + 1)
    unit = np.concatenate([unit[first::8] for first in range(8)])  # so that a gap shows soon
    long = max(long, 1)  # one pixel, on a way of no length
    first = np.maximum((short * (2 * unit - 1) + long) // (2 * long), 0)
    last = np.minimum((short * (2 * unit + 1) + long - 1) // (2 * long), short)
    along, across = (width, 1) if rows >= columns else (1, width)
    two = last > first
    return [
        *(unit * along + first * across).tolist(),
        *(unit * along + last * across)[two].tolist(),
    ]


def _chord(start: NDArray[np.int64], steps: Steps, index: int) -> Chord:
    half = steps.crossing[index] / 2
    first, last = start - half, start + steps.offset[index] + half
    return Chord(
        (float(first[0]), float(first[1])),
        (float(last[0]), float(last[1])),
        float(steps.length_mm[index]),
    )
