"""Regions grown from where a reader points: above a threshold, or like what lies there.

Growth by threshold has hysteresis: a part is kept if all of it exceeds the low threshold, and it
holds a voxel above the high one. Growth by likeness takes what lies within a number of standard
deviations of the mean around the seeds, and hangs together with them. Voxels hang together by
faces, edges and corners.

A reader points at tumor and now and then misses it by a voxel: a seed moves to the nearest voxel
above the high threshold, if one is close.

Source: Adams and Bischof, IEEE Trans Pattern Anal Mach Intell 1994;16:641-7,
doi:10.1109/34.295913 (seeded region growing); Canny, IEEE Trans Pattern Anal Mach Intell
1986;8:679-98, doi:10.1109/TPAMI.1986.4767851 (hysteresis). The thresholds are assumed.
"""

from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Point
from gliokit.core.geometry import bounding_box, to_world
from gliokit.measurement.volume import voxels_ml
from gliokit.measurement.volumetry.canvas import Canvas, Sides, box_of, near, voxel_at

SNAP_MM = 5.0  # assumed: how far from the tumor a reader points who means it
SMALLEST_ML = 0.05  # 50 mm³, the floor of BraTS 2023 for a lesion
LOW, HIGH = 2.0, 4.0  # assumed: times the noise, at the edge of tumor and somewhere in it
REACH_MM = 50.0  # assumed: how far from a seed growth may go where nothing else bounds it
REMEDY = "point at enhancing tumor, enlarge the outline, or lower the thresholds"


@dataclass(frozen=True, slots=True)
class GrowAbove:
    """Growth by threshold.

    Attributes
    ----------
    seeds_mm : tuple of Point
        RAS+ mm; without seeds every part that is strong enough counts.
    box_mm : Sides or None
        Growth stays within.
    low, high : float
        In units of noise; the low one bounds the tumor, the high one shows that it is none of
        noise's.
    snap_mm : float
        How far a seed may lie from the tumor.
    smallest_ml : float
        Smaller parts are dropped, unless a seed lies in them.
    """

    seeds_mm: tuple[Point, ...] = ()
    box_mm: Sides | None = None
    low: float = LOW
    high: float = HIGH
    snap_mm: float = SNAP_MM
    smallest_ml: float = SMALLEST_ML


@dataclass(frozen=True, slots=True)
class GrowAlike:
    """Growth by likeness.

    Attributes
    ----------
    seeds_mm : tuple of Point
        RAS+ mm, one or more.
    box_mm : Sides or None
        Growth stays within.
    deviations : float
        Half the width of what counts as alike, in standard deviations (assumed: 2.5).
    around_mm : float
        Radius around each seed in which mean and deviation are taken (assumed); the deviation
        is at least the noise.
    high, snap_mm : float
        As of `GrowAbove`.
    """

    seeds_mm: tuple[Point, ...] = ()
    box_mm: Sides | None = None
    deviations: float = 2.5
    around_mm: float = 2.0
    high: float = HIGH
    snap_mm: float = SNAP_MM


def grow_above(canvas: Canvas, growth: GrowAbove) -> NDArray[np.bool_]:
    """Grow by threshold, (X, Y, Z).

    Raises
    ------
    NotAssessableError
        If nothing there, or near a seed, is above the high threshold.
    GeometryError
        If a seed or the box lies outside the image.
    """
    region = region_of(canvas, growth.seeds_mm, growth.box_mm)
    seeds = [snap(canvas, region, seed, growth) for seed in growth.seeds_mm]
    box = bounding_box(region)
    above = region & (canvas.enhancement > growth.low)
    numbers = cc3d.connected_components(above[box], connectivity=26)
    if seeds:
        whole = np.zeros(region.shape, dtype=numbers.dtype)
        whole[box] = numbers
        chosen = {int(whole[seed]) for seed in seeds}
    else:
        chosen = set(np.unique(numbers[canvas.enhancement[box] > growth.high]).tolist())
    sizes = np.bincount(numbers.ravel()) * voxels_ml(1, canvas.affine)
    chosen = {
        number for number in chosen if number and (seeds or sizes[number] >= growth.smallest_ml)
    }
    if not chosen:
        raise NotAssessableError(
            f"no part of {growth.smallest_ml:g} mL or more exceeds {growth.low:g} and reaches "
            f"{growth.high:g} times the noise there; {REMEDY}"
        )
    grown = np.zeros(region.shape, dtype=bool)
    grown[box] = np.isin(numbers, sorted(chosen))
    return grown


def grow_alike(canvas: Canvas, growth: GrowAlike) -> NDArray[np.bool_]:
    """Grow by likeness, (X, Y, Z).

    Raises
    ------
    NotAssessableError
        If there is no seed, or nothing near one is above the high threshold.
    GeometryError
        If a seed or the box lies outside the image.
    """
    if not growth.seeds_mm:
        raise NotAssessableError("growth by likeness needs a seed, found none; point at the tumor")
    region = region_of(canvas, growth.seeds_mm, growth.box_mm)
    seeds = [snap(canvas, region, seed, growth) for seed in growth.seeds_mm]
    x, y, z = to_world(canvas.affine, seeds).T.tolist()
    places = list(zip(x, y, z, strict=True))
    sample = region & near(canvas.affine, region.shape, places, growth.around_mm)
    values = canvas.enhancement[sample].astype(np.float64)
    reach = growth.deviations * max(float(values.std()), 1.0)
    alike = region & (np.abs(canvas.enhancement - values.mean()) <= reach)
    alike[sample & (canvas.enhancement > growth.high)] = True  # where the reader pointed
    box = bounding_box(alike)
    numbers = cc3d.connected_components(alike[box], connectivity=26)
    whole = np.zeros(region.shape, dtype=numbers.dtype)
    whole[box] = numbers
    return np.isin(whole, sorted({int(whole[seed]) for seed in seeds}))


def region_of(
    canvas: Canvas, seeds_mm: tuple[Point, ...], box_mm: Sides | None
) -> NDArray[np.bool_]:
    """Select where growth may go: in the box, or within reach of the seeds, (X, Y, Z).

    Raises
    ------
    NotAssessableError
        If nothing is left of it.
    """
    region = canvas.allowed
    shape = region.shape
    if box_mm is not None:
        region = region & box_of(canvas.affine, shape, box_mm)
    elif seeds_mm:
        region = region & near(canvas.affine, shape, seeds_mm, REACH_MM)
    if not region.any():
        raise NotAssessableError(
            "no brain without blood lies in the outline there; needed at least one voxel: "
            "give another box, seed or outline"
        )
    return region


def snap(
    canvas: Canvas, region: NDArray[np.bool_], seed_mm: Point, growth: GrowAbove | GrowAlike
) -> tuple[int, int, int]:
    """Find the voxel of the region nearest to a seed that is above the high threshold.

    Raises
    ------
    NotAssessableError
        If there is none close enough.
    GeometryError
        If the seed lies outside the image.
    """
    shape = region.shape
    voxel_at(canvas.affine, shape, seed_mm)
    around = near(canvas.affine, shape, [seed_mm], growth.snap_mm) & region
    found = np.argwhere(around & (canvas.enhancement > growth.high))
    if not len(found):
        best = f"{canvas.enhancement[around].max():.1f}" if around.any() else "none"
        named = ",".join(f"{value:g}" for value in seed_mm)
        raise NotAssessableError(
            f"within {growth.snap_mm:g} mm of seed {named} nothing enhances: at most {best} times "
            f"the noise, needed {growth.high:g}; {REMEDY}"
        )
    apart = np.linalg.norm(to_world(canvas.affine, found) - np.array(seed_mm), axis=1)
    x, y, z = found[apart.argmin()].tolist()
    return x, y, z
