"""Longest diameter of a lesion and the longest one at a right angle, in one axial slice.

Both are chords: straight lines inside the lesion, from pixel edge to pixel edge. They run inside
the region that is given: in the tumor core the necrosis it encloses counts as inside, as
its mask holds it; in the enhancing tumor it is a hole that no line may cross.

The perpendicular is the longest chord of the same slice at a right angle to the first one,
within a tolerance, since pixels allow few directions; it need not cross it. The first one is the
longest chord of the slice, as RANO words it, or that of the pair with the largest product: a
longer chord with a short perpendicular can have the smaller product. Of equally good pairs the
one with the longer perpendicular is taken, then the first in order of its step and its start: the
lengths do not depend on how the image is stored.

Lengths are taken with voxel axes at right angles and the slices nearest to axial; whether these
are axial enough is the question of `gliokit.measurement.axial`.

Source: Macdonald et al., J Clin Oncol 1990;8:1277-80, doi:10.1200/JCO.1990.8.7.1277 (product of
the largest diameters at right angles); Wen et al., J Clin Oncol 2010;28:1963-72,
doi:10.1200/JCO.2009.26.3541 (RANO).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.geometry import Affine, bounding_box, canonical_axes, spacing_mm
from gliokit.measurement.chords import Chord, Ends, PlanarRegion, Steps, all_steps, line_across

RIGHT_ANGLE_TOLERANCE_DEGREES = 5.0
_EMPTY = "an empty region has no diameter; measure one that has voxels"
_ROUNDING = 1e-9  # an angle or length that is on the limit counts as within it


class SliceChoice(StrEnum):
    """By what the slice of a lesion is chosen."""

    LONGEST = "longest diameter"  # the wording of RANO
    PRODUCT = "largest product"


class PairChoice(StrEnum):
    """By what the two diameters of a slice are chosen."""

    LONGEST = "longest diameter, then its perpendicular"  # the wording of RANO
    PRODUCT = "largest product"


@dataclass(frozen=True, slots=True)
class Calipers:
    """How diameters are taken.

    Attributes
    ----------
    pair : PairChoice
        By what the two diameters of a slice are chosen.
    ends : Ends
        Where they end; what it does to the length is told in `gliokit.measurement.chords`.
    tolerance_degrees : float
        By how much the angle between the diameters may differ from 90 degrees.
    """

    pair: PairChoice = PairChoice.LONGEST
    ends: Ends = Ends.EDGE
    tolerance_degrees: float = RIGHT_ANGLE_TOLERANCE_DEGREES


USUAL = Calipers()


@dataclass(frozen=True, slots=True)
class Diameters:
    """The two diameters of a region in one slice; their ends are pixel indices of the slice.

    `longest` is the longer of the two, whichever choice was made.
    """

    longest: Chord
    perpendicular: Chord

    @property
    def product_mm2(self) -> float:
        """Product of the two lengths."""
        return self.longest.length_mm * self.perpendicular.length_mm


@dataclass(frozen=True, slots=True)
class SliceDiameters:
    """The two diameters of a lesion and the slice they lie in.

    Attributes
    ----------
    axis, index : int
        Voxel axis nearest to head-foot, and the slice along it. The rows and columns of the
        chords are the other two voxel axes in their order.
    diameters : Diameters
        In that slice.
    """

    axis: int
    index: int
    diameters: Diameters


def measure_slice(
    mask: NDArray[np.bool_],
    spacing: ArrayLike,
    *,
    tolerance_degrees: float | None = None,
    calipers: Calipers = USUAL,
) -> Diameters:
    """Measure a region in one slice.

    One pixel is measured along its sides.

    Parameters
    ----------
    mask : (rows, columns)
        The region.
    spacing : (2,)
        Distance of rows and of columns in mm.
    tolerance_degrees : float, optional
        In place of that of the calipers.
    calipers : Calipers
        How the diameters are taken.

    Raises
    ------
    NotAssessableError
        If the region is empty.
    GeometryError
        If a spacing is not positive.
    """
    distances = _checked(np.asarray(spacing, dtype=np.float64))
    measured = _measure(mask, distances, _with_tolerance(calipers, tolerance_degrees))
    if measured is None:
        raise NotAssessableError(_EMPTY)
    return measured


def measure_lesion(
    mask: NDArray[np.bool_],
    affine: Affine,
    *,
    choice: SliceChoice = SliceChoice.LONGEST,
    tolerance_degrees: float | None = None,
    calipers: Calipers = USUAL,
) -> SliceDiameters:
    """Measure a lesion in the slice where it is largest.

    The slices are those along the voxel axis nearest to head-foot. Of equal slices the one with
    the larger product is taken, then the lowest.

    Parameters
    ----------
    mask : (X, Y, Z)
        The lesion.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    choice : SliceChoice
        By the longest diameter, as RANO words it, or by the largest product; the two can differ.
    tolerance_degrees : float, optional
        In place of that of the calipers.
    calipers : Calipers
        How the diameters of each slice are taken.

    Raises
    ------
    NotAssessableError
        If the lesion is empty.
    """
    calipers = _with_tolerance(calipers, tolerance_degrees)
    axis = canonical_axes(affine)[0][2]
    spacing = _checked(np.delete(spacing_mm(affine), axis))
    slices = np.moveaxis(mask, axis, 0)
    by_product = calipers.pair is PairChoice.PRODUCT
    best, rank = None, (0.0, 0.0, 0)
    for bound, index in _largest_first(slices, spacing):
        # no perpendicular exceeds the longest diameter, so no product exceeds its square
        needed = rank[0] if choice is SliceChoice.LONGEST else np.sqrt(rank[0])
        needed *= 1 - _ROUNDING
        if bound < needed:
            break
        # the pair of largest product need not hold the longest chord, so none may be left out
        least = 0.0 if choice is SliceChoice.LONGEST and by_product else needed
        found = _measure(slices[index], spacing, calipers, at_least_mm=least)
        if found and (better := (*_order(found, choice), -index)) > rank:
            best, rank = SliceDiameters(axis, index, found), better
    if best is None:
        raise NotAssessableError(_EMPTY)
    return best


def _with_tolerance(calipers: Calipers, tolerance_degrees: float | None) -> Calipers:
    if tolerance_degrees is None:
        return calipers
    return replace(calipers, tolerance_degrees=tolerance_degrees)


def _checked(spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    if spacing.shape != (2,) or not (np.isfinite(spacing) & (spacing > 0)).all():
        raise GeometryError(
            f"spacing is {spacing.tolist()} mm; needed two positive distances, repair the header"
        )
    return spacing


def _largest_first(
    slices: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> list[tuple[float, int]]:
    """List the slices that hold voxels: an upper bound of the longest diameter, and the index."""
    bounds = []
    for index in np.flatnonzero(slices.any(axis=(1, 2))).tolist():
        box = bounding_box(slices[index])
        sides = [(side.stop - side.start) * mm for side, mm in zip(box, spacing, strict=True)]
        bounds.append((float(np.hypot(*sides)), index))
    return sorted(bounds, key=lambda bound: (-bound[0], bound[1]))


def _order(found: Diameters, choice: SliceChoice) -> tuple[float, float]:
    longest, product = found.longest.length_mm, found.product_mm2
    return (longest, product) if choice is SliceChoice.LONGEST else (product, longest)


def _measure(
    mask: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    calipers: Calipers,
    *,
    at_least_mm: float = 0,
) -> Diameters | None:
    """Measure one slice; None if it is empty or no chord is as long as `at_least_mm`."""
    if not mask.any():
        return None
    box = bounding_box(mask)
    region, corner = PlanarRegion(mask[box]), (box[0].start, box[1].start)
    steps = all_steps(mask[box].shape, spacing, calipers.ends)
    candidates = steps[steps.length_mm >= at_least_mm].by_falling_length()
    if calipers.pair is PairChoice.LONGEST:
        firsts = _leading(region.chords(candidates))
    else:
        firsts = region.chords(candidates)
    best: Diameters | None = None
    for first in firsts:
        product = best.product_mm2 if best else 0.0
        if first.length_mm**2 < product * (1 - _ROUNDING):
            break  # with a perpendicular no longer than itself, no later one has a larger product
        pair = _pair(first, region, _at_right_angle(first, steps, spacing, calipers))
        if best is None or pair.product_mm2 > product:
            best = pair
    return best and Diameters(best.longest.moved(corner), best.perpendicular.moved(corner))


def _pair(first: Chord, region: PlanarRegion, upright: Steps) -> Diameters:
    """Add the longest perpendicular; a longer one gives its own pair, as long or longer."""
    second = next(region.chords(upright.by_falling_length()))
    longer, shorter = (first, second) if first.length_mm >= second.length_mm else (second, first)
    return Diameters(longer, shorter)


def _leading(falling: Iterator[Chord]) -> Iterator[Chord]:
    """Give the first chord and those as long."""
    first = next(falling, None)
    if first is not None:
        yield first
        yield from takewhile(lambda chord: chord.length_mm == first.length_mm, falling)


def _at_right_angle(
    longest: Chord, steps: Steps, spacing: NDArray[np.float64], calipers: Calipers
) -> Steps:
    """Select the steps at a right angle; add the line across one pixel at exactly 90 degrees."""
    along = np.subtract(longest.end, longest.start) * spacing
    across = line_across(np.array([[-along[1], along[0]]]) / spacing, calipers.ends)
    directions = steps.crossing * spacing
    cosine = np.abs(directions @ along) / np.linalg.norm(directions, axis=1) / np.linalg.norm(along)
    chosen = steps[cosine <= np.sin(np.radians(calipers.tolerance_degrees)) + _ROUNDING]
    return Steps(
        np.concatenate([chosen.offset, np.zeros((1, 2), dtype=np.int64)]),
        np.concatenate([chosen.crossing, across]),
        np.append(chosen.length_mm, np.linalg.norm(across * spacing)),
    )
