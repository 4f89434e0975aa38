"""Longest straight lines inside a planar region, exactly.

A chord joins the centers of two pixels of the region and never leaves it: every pixel whose
interior it enters belongs to the region; passing exactly between two diagonal neighbors
through their common corner is allowed. Its length is taken from pixel edge to pixel edge: at
each end it runs on until it leaves the end pixel. A line across one pixel is the shortest chord.
So a row of pixels measures what it covers.

What drawing by pixels does to the length. Each chord is as long, on average, as the same line in
the true shape. The longest of many is the one that was drawn too long: a disc of 10 to 30 mm,
drawn on pixels of 0.5 to 3 mm by the centers it holds, measures 0.7 to 1.1 pixels more than its
diameter (half a pixel at each end). `Ends.MIDWAY` stops half way between center and edge: the disc
is then 0.1 to 0.5 pixels too long, and a row of pixels half a pixel too short, so that neither is
off by more than half a pixel. No rule of the ends alone makes both exact.

How it is searched. All chords that make the same step (rows, columns) enter the same pixels
relative to their start. So the region is held as one long integer, a bit per pixel; shifted
by an offset and AND-ed it tells for all starts at once whether the pixel there is inside.
Steps are tried by falling length, and the first that leaves a bit standing is the longest
chord. Nothing is assumed about where the ends lie: beyond a gap one pixel wide the farthest
pixel in sight can be one that is no boundary pixel, so a search of the boundary would miss it.

Large regions are first looked at in blocks of pixels. A block counts as inside if any pixel of it
is, so a group of steps for which even the blocks leave no way open needs no further look; what is
ruled out so is ruled out for certain.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

_DECIMALS = 9  # of a length in mm: equal lengths are to compare equal
_BATCH = 512  # steps prepared at once: most searches end within the first few hundred
_PARTS = 32  # of a way; its end, its middle, the quarters: in this order gaps show soonest
_PROBES = np.array(
    [_PARTS, *(odd * part for part in (16, 8, 4, 2, 1) for odd in range(1, _PARTS // part, 2))]
)
_BLOCKS = ((16, 256), (4, 48))  # sides of blocks, and the side of a region that is worth them


class Ends(StrEnum):
    """Where a chord ends in its last pixel."""

    EDGE = "pixel edge"
    MIDWAY = "midway"  # between the center and the edge


_SHARE = {Ends.EDGE: 1.0, Ends.MIDWAY: 0.5}  # of the way from center to edge


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
        The same direction, as long as what the ends add: with `Ends.EDGE` the line's way
        through one pixel. Half of it is added at each end.
    length_mm : (n,)
        Length of the chord.
    """

    offset: NDArray[np.int64]
    crossing: NDArray[np.float64]
    length_mm: NDArray[np.float64]

    def __getitem__(self, chosen: NDArray[np.generic] | slice) -> "Steps":
        return Steps(self.offset[chosen], self.crossing[chosen], self.length_mm[chosen])

    def by_falling_length(self) -> "Steps":
        """Sort; steps of equal length keep their order."""
        return self[np.argsort(-self.length_mm, kind="stable")]


def all_steps(
    shape: tuple[int, int], spacing: NDArray[np.float64], ends: Ends = Ends.EDGE
) -> Steps:
    """List every step within a rectangle, and the two lines across one pixel along its sides.

    Parameters
    ----------
    shape : (rows, columns)
        Size of the rectangle in pixels.
    spacing : (2,)
        Distance of rows and of columns in mm.
    ends : Ends
        Where chords end in their last pixels.
    """
    rows, columns = shape
    offset = np.mgrid[:rows, 1 - columns : columns].reshape(2, -1).T
    offset = offset[columns:]  # what comes before, in row 0, is 0, 0 and ways back
    crossing = offset / np.abs(offset).max(axis=1, keepdims=True)
    offset = np.concatenate([offset, np.zeros((2, 2), dtype=offset.dtype)])
    crossing = np.concatenate([crossing, np.eye(2)]) * _SHARE[ends]
    length = np.linalg.norm((offset + crossing) * spacing, axis=1)
    return Steps(offset, crossing, length.round(_DECIMALS))


def line_across(direction: NDArray[np.float64], ends: Ends = Ends.EDGE) -> NDArray[np.float64]:
    """Give the line across one pixel in a direction (2,) of rows and columns."""
    return direction / np.abs(direction).max() * _SHARE[ends]


class PlanarRegion:
    """A region in a plane, made ready for any number of searches.

    Parameters
    ----------
    mask : (rows, columns)
        The region.
    """

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        self._shape = mask.shape
        # a step to lower columns is one to higher columns in the mirrored region
        self._ways = (_pack(mask), _pack(mask[:, ::-1]))
        self._starts = tuple(_starts(bits, mask.shape) for bits in self._ways)
        self._blocks = [_Blocks(mask, n) for n, side in _BLOCKS if max(mask.shape) >= side]
        self._absent = np.zeros((2, *mask.shape), dtype=bool)  # steps that no chord makes

    def chords(self, steps: Steps) -> Iterator[Chord]:
        """Find a chord for each step that has one, in the order of the steps.

        Parameters
        ----------
        steps : Steps
            Sorted by falling length if the longest chord is to come first.

        Yields
        ------
        Chord
            One of those that make the same step: that whose first pixel has the lowest row and
            in it comes first on the way.
        """
        for first in range(0, len(steps.length_mm), _BATCH):
            batch = steps[slice(first, first + _BATCH)]
            batch = batch[~self._absent[_way(batch.offset)]]
            for blocks in self._blocks:
                batch = batch[blocks.leave_open(batch.offset)]
            yield from self._search(batch)

    def _search(self, steps: Steps) -> Iterator[Chord]:
        width = self._shape[1]
        mirrored, *size = _way(steps.offset)
        probes = _probes(np.stack(size, axis=1), width)
        for index, (mirror, rows, columns) in enumerate(
            zip(mirrored.tolist(), *(side.tolist() for side in size), strict=True)
        ):
            bits, starts = self._ways[mirror], self._starts[mirror][columns]
            starts = _still_inside(starts, bits, probes[index])
            if starts and (starts := _still_inside(starts, bits, _entered(rows, columns, width))):
                row, column = divmod((starts & -starts).bit_length() - 1, width)
                column = width - 1 - column if mirror else column
                yield _chord(np.array((row, column)), steps, index)
            else:
                self._absent[mirror, rows, columns] = True


class _Blocks:
    """A region in blocks of n x n pixels, to rule out groups of n x n steps at once.

    From a pixel of block B, a step of group G reaches at any share of its way one of the three by
    three blocks from that to which the smallest step of the group leads from the first pixel.
    """

    def __init__(self, mask: NDArray[np.bool_], n: int) -> None:
        self._n = n
        ways = [_in_blocks(mask, n), _in_blocks(mask[:, ::-1], n)]
        shape = ways[0].shape
        self._width = shape[1]
        self._starts = [_starts(_pack(blocks), shape) for blocks in ways]
        self._near = [_pack(_any_of_three(_any_of_three(blocks).T).T) for blocks in ways]
        self._known = np.zeros((2, *shape), dtype=bool)
        self._open = np.zeros((2, *shape), dtype=bool)

    def leave_open(self, offset: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say of each step whether there may be a chord, (n,)."""
        mirrored, rows, columns = _way(offset)
        group = mirrored, rows // self._n, columns // self._n
        new = np.unique(np.stack(group)[:, ~self._known[group]], axis=1)
        least = _places(new[1:].T * self._n) // self._n
        shifts = (least[:, 0] * self._width + least[:, 1]).tolist()
        for (mirror, row, column), probes in zip(new.T.tolist(), shifts, strict=True):
            starts = _still_inside(self._starts[mirror][column], self._near[mirror], probes)
            self._open[mirror, row, column] = starts != 0
        self._known[tuple(new)] = True
        return self._open[group]


def _way(offset: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Split steps into whether the region is mirrored (0 or 1), rows and columns, (n,) each."""
    rows, columns = offset.T
    return (columns < 0).astype(np.int64), rows, np.abs(columns)


def _in_blocks(mask: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    """Say of each block whether it holds a pixel of the region."""
    rows, columns = (-(-side // n) for side in mask.shape)
    padded = np.zeros((rows * n, columns * n), dtype=bool)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return np.asarray(padded.reshape(rows, n, columns, n).any(axis=(1, 3)))


def _any_of_three(blocks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Say of each row whether it or one of the next two is inside."""
    padded = np.pad(blocks, ((0, 2), (0, 0)))
    return padded[:-2] | padded[1:-1] | padded[2:]


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
    """Shift to some pixels on each way, (n, probes): they rule out most steps at once."""
    pixel = _places(offset)
    return (pixel[:, 0] * width + pixel[:, 1]).tolist()


def _places(offset: NDArray[np.int64]) -> NDArray[np.int64]:
    """Find some pixels on each way from 0, 0 to an offset (n, 2), (n, 2, probes).

    A point on an edge or corner counts to the pixel before it: the line has come from there,
    since no line between centers runs along an edge.
    """
    # halves are rounded down
    return -((_PARTS // 2 - _PROBES * offset[..., None]) // _PARTS)


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
