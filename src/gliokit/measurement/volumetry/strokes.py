"""What a reader adds or takes away by hand: a round brush led along a line.

Lines are RAS+ mm, the brush is a ball, and a voxel is painted if its center is. The voxels that
the line itself enters are painted too, so that a stroke between thick slices paints something.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.core.findings import Point
from gliokit.core.geometry import Affine, Box, spacing_mm, to_voxel
from gliokit.measurement.volumetry.canvas import corners, extent_text, places_mm, voxels_around

STEPS_PER_VOXEL = 4  # along a line, in the search for the voxels it enters
LARGEST_MM = 50.0  # assumed: a wider brush is a slip


@dataclass(frozen=True, slots=True)
class Stroke:
    """One stroke of the brush.

    Attributes
    ----------
    points_mm : tuple of Point
        Ends and corners of the line, RAS+ mm; a single one is a dab.
    radius_mm : float
        Of the brush; 0 paints the voxels that the line enters.
    """

    points_mm: tuple[Point, ...] = ()
    radius_mm: float = 2.0


@dataclass(frozen=True, slots=True)
class Add:
    """A stroke that adds to the mask, blood and what lies outside the outline included."""

    stroke: Stroke = Stroke()


@dataclass(frozen=True, slots=True)
class Remove:
    """A stroke that takes away from the mask."""

    stroke: Stroke = Stroke()


def paint(affine: Affine, shape: tuple[int, ...], stroke: Stroke) -> NDArray[np.bool_]:
    """Select the voxels that a stroke covers, (X, Y, Z).

    Raises
    ------
    SettingsError
        If it has no points, one is not finite, or the brush has no sensible radius.
    GeometryError
        If it covers no voxel of the image.
    """
    points = _checked(stroke)
    covered = np.zeros(shape, dtype=bool)
    for start, end in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        _lead(affine, covered, (start, end), stroke.radius_mm)
    if not covered.any():
        raise GeometryError(
            f"a stroke from {points[0].tolist()} mm covers no voxel; the image reaches "
            f"{extent_text(affine, shape)}; give RAS mm"
        )
    return covered


def strokes_of(record: object) -> tuple[Stroke, ...]:
    """Read strokes from what a JSON file holds.

    Parameters
    ----------
    record : list of mappings
        Each with `points_mm`, a list of x, y, z, and `radius_mm`.

    Raises
    ------
    SettingsError
        If it is something else.
    """
    if not isinstance(record, list) or not record:
        raise SettingsError(
            'strokes are a list such as [{"points_mm": [[0, 0, 0]], "radius_mm": 2}]'
        )
    return tuple(_stroke(own, number) for number, own in enumerate(record, start=1))


def _stroke(record: object, number: int) -> Stroke:
    known = {"points_mm", "radius_mm"}
    if not isinstance(record, dict) or set(record) != known:
        found = sorted(map(str, record)) if isinstance(record, dict) else type(record).__name__
        raise SettingsError(f"stroke {number}: found {found}; needed {', '.join(sorted(known))}")
    try:
        points = np.array(record["points_mm"], dtype=np.float64).reshape(-1, 3)
        stroke = Stroke(tuple((x, y, z) for x, y, z in points.tolist()), float(record["radius_mm"]))
    except (TypeError, ValueError):
        raise SettingsError(
            f"stroke {number}: needed points_mm as a list of x, y, z and radius_mm as a number"
        ) from None
    _checked(stroke)
    return stroke


def _checked(stroke: Stroke) -> NDArray[np.float64]:
    points = np.array(stroke.points_mm, dtype=np.float64).reshape(-1, 3)
    if not len(points) or not np.isfinite(points).all():
        raise SettingsError(f"a stroke has the points {points.tolist()}; needed finite x, y, z")
    if not 0 <= stroke.radius_mm <= LARGEST_MM:
        raise SettingsError(
            f"a stroke has a radius of {stroke.radius_mm:g} mm; needed 0 to {LARGEST_MM:g}"
        )
    return points


def _lead(
    affine: Affine,
    covered: NDArray[np.bool_],
    line: Sequence[NDArray[np.float64]],
    radius_mm: float,
) -> None:
    """Paint along a straight line."""
    start, end = line
    ends = np.array([start, end])
    low, high = ends.min(axis=0) - radius_mm, ends.max(axis=0) + radius_mm
    part = voxels_around(affine, covered.shape, corners(low, high))
    covered[part] |= _distance_mm(affine, part, start, end) <= radius_mm
    steps = 2 + int(STEPS_PER_VOXEL * np.linalg.norm(end - start) / spacing_mm(affine).min())
    entered = np.rint(to_voxel(affine, np.linspace(start, end, steps))).astype(int)
    entered = entered[((entered >= 0) & (entered < covered.shape)).all(axis=1)]
    covered[tuple(entered.T)] = True


def _distance_mm(
    affine: Affine, part: Box, start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure how far each voxel center of a box lies from a straight line."""
    places = places_mm(affine, part)
    along = end - start
    squared = max(float(along @ along), 1e-12)  # a dab is a line of no length
    way = ((places - start) @ along / squared).clip(0, 1)
    return np.linalg.norm(places - start - way[..., None] * along, axis=-1)
