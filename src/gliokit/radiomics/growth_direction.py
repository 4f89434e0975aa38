"""How a tumor grew between two visits: how far, and in which direction.

Both masks lie on one grid, which the registration of the visits has to give; an error of it
reads as growth to one side. Directions are the patient's: R, A and S.

Around the center of mass of the earlier mask, space is cut into 20 sectors of equal solid
angle, around the corners of a regular dodecahedron. The radius of a sector is that of the cone
which holds as much volume, so holes and branches count; the change of radius is the growth
there. A sphere that grows has the same in all sectors.

A new voxel has grown toward the ventricles (or the midline) if it is nearer to them than the voxel
of the earlier mask that is nearest to it.

Limits: change of volume by compression or resection looks like growth and shrinking; beyond the
midline, growth leads away from it.

Source: Mandonnet et al., Ann Neurol 2003;53:524-8, doi:10.1002/ana.10528 (growth of radius, not of
volume, is linear in time). Assumed: sectors, and all that is said of directions.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.core.geometry import spacing_mm, to_world, voxel_volume_mm3
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.location import Anatomy, midline_distances_mm, ventricle_distances_mm
from gliokit.radiomics.nearest_voxel import distances_mm, values_of_nearest

OCTANTS = ("ras", "rai", "rps", "rpi", "las", "lai", "lps", "lpi")
AXES = ("major", "middle", "minor")
_GOLDEN = (1 + 5**0.5) / 2
_SMALLEST_MM = 1e-9  # less growth than this is rounding


def _define(name: str, title: str, unit: str) -> Definition:
    return Definition(f"growth_{name}", title, unit, source="gliokit")


DEFINITIONS = (
    _define("volume", "Change of volume", "mm³"),
    _define("volume_relative", "Change of volume over the earlier volume", "1"),
    _define("radius", "Change of radius of the sphere of equal volume", "mm"),
    _define("radius_per_day", "Change of that radius by day", "mm/day"),
    *(
        _define(f"shift_{way}", f"Shift of the center of mass to the {to}", "mm")
        for way, to in (("r", "right"), ("a", "front"), ("s", "head"))
    ),
    _define("shift", "Distance of the centers of mass", "mm"),
    _define("shift_per_day", "Distance of the centers of mass by day", "mm/day"),
    *(_define(f"octant_{way}", f"Change of volume to {way.upper()}", "mm³") for way in OCTANTS),
    *(_define(f"axis_{axis}", f"Growth factor along the {axis} axis", "1") for axis in AXES),
    _define("sector_mean", "Mean change of radius over the sectors", "mm"),
    _define("sector_standard_deviation", "Standard deviation over the sectors", "mm"),
    _define("sector_min", "Least change of radius of a sector", "mm"),
    _define("sector_max", "Greatest change of radius of a sector", "mm"),
    _define("sector_max_per_day", "Greatest change of radius by day", "mm/day"),
    _define("anisotropy", "Length of the sum of changes as vectors over that of sizes", "1"),
    *(
        _define(f"direction_{way}", f"Part to the {to} of the direction of that sum", "1")
        for way, to in (("r", "right"), ("a", "front"), ("s", "head"))
    ),
    _define("reach_mean", "Mean distance of new voxels to the earlier mask", "mm"),
    _define("reach_max", "Greatest distance of new voxels to the earlier mask", "mm"),
    _define("toward_ventricles", "Share of new voxels grown toward the ventricles", "1"),
    _define("away_from_ventricles", "Share of new voxels grown away from them", "1"),
    _define("toward_midline", "Share of new voxels grown toward the midline", "1"),
    _define("away_from_midline", "Share of new voxels grown away from it", "1"),
)


def describe_growth(
    before: NDArray[np.bool_], after: NDArray[np.bool_], anatomy: Anatomy, *, days: float
) -> dict[str, float]:
    """Describe the growth of a region.

    An empty mask has no center: only the change of volume and radius is given, the rest is `nan`,
    as is the relative change from nothing. `nan` also: axes along which a region is flat,
    anisotropy and direction where no radius changes, direction where changes cancel, reach and
    shares where nothing is new, shares without ventricles or halves.

    Parameters
    ----------
    before, after : (X, Y, Z)
        Region at the earlier and the later visit, on the grid of the anatomy.
    anatomy : Anatomy
        Of the brain, at the earlier visit.
    days : float
        Between the visits.

    Raises
    ------
    GeometryError
        If shapes differ.
    SettingsError
        If `days` is not positive.
    """
    if not before.shape == after.shape == anatomy.brain.shape:
        raise GeometryError(
            f"masks have shapes {before.shape} and {after.shape}, the brain {anatomy.brain.shape}; "
            "register and resample the visits to one grid"
        )
    if not 0 < days < math.inf:
        raise SettingsError(f"{days:g} days lie between the visits; needed more than 0")
    described = _sizes(before, after, anatomy, days)
    if before.any() and after.any():
        described += _directions(before, after, anatomy, days)
        described += _new_voxels(before, after, anatomy)
    described += [math.nan] * (len(DEFINITIONS) - len(described))
    return {
        definition.name: float(value)
        for definition, value in zip(DEFINITIONS, described, strict=True)
    }


def sector_directions() -> NDArray[np.float64]:
    """Give the unit vectors to the corners of a regular dodecahedron, (20, 3)."""
    corners = [np.subtract(1, np.multiply(2, signs)) for signs in np.ndindex(2, 2, 2)]
    for first in (1, -1):
        for second in (1, -1):
            corner = np.array([0, first / _GOLDEN, second * _GOLDEN])
            corners += [np.roll(corner, turn) for turn in range(3)]
    return np.array(corners, dtype=np.float64) / 3**0.5


def _sizes(
    before: NDArray[np.bool_], after: NDArray[np.bool_], anatomy: Anatomy, days: float
) -> list[float]:
    voxel = voxel_volume_mm3(anatomy.affine)
    first, second = (np.count_nonzero(mask) * voxel for mask in (before, after))
    radii = [(3 * volume / (4 * math.pi)) ** (1 / 3) for volume in (first, second)]
    change = radii[1] - radii[0]
    relative = (second - first) / first if first else math.nan
    return [second - first, relative, change, change / days]


def _directions(
    before: NDArray[np.bool_], after: NDArray[np.bool_], anatomy: Anatomy, days: float
) -> list[float]:
    """Describe shift, octants, axes and sectors."""
    voxel = voxel_volume_mm3(anatomy.affine)
    points = [to_world(anatomy.affine, np.argwhere(mask)) for mask in (before, after)]
    center = points[0].mean(axis=0)
    first, second = (some - center for some in points)
    shift = second.mean(axis=0)
    distance = float(np.linalg.norm(shift))
    octants = voxel * (_octant_counts(second) - _octant_counts(first))
    growth = _sector_radii(second, voxel) - _sector_radii(first, voxel)
    return [
        *shift,
        distance,
        distance / days,
        *octants,
        *_axis_factors(first, second),
        growth.mean(),
        growth.std(),
        growth.min(),
        growth.max(),
        growth.max() / days,
        *_resultant(growth),
    ]


def _octant_counts(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Count points (N, 3) in the octants (8,); those on a border count half on each side."""
    positive = (np.sign(np.round(points, 6)) + 1) / 2
    shares = np.stack([positive, 1 - positive])
    return np.array(
        [
            (shares[r, :, 0] * shares[a, :, 1] * shares[s, :, 2]).sum()
            for r, a, s in np.ndindex(2, 2, 2)
        ]
    )


def _axis_factors(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give how much the spread grew along the axes of the earlier mask, the longest first, (3,)."""
    variances, axes = np.linalg.eigh(first.T @ first / len(first))
    later = ((second - second.mean(axis=0)) @ axes).var(axis=0)
    factors = np.full(3, math.nan)
    wide = variances > _SMALLEST_MM
    factors[wide] = np.sqrt(later[wide] / variances[wide])
    return factors[::-1]


def _sector_radii(points: NDArray[np.float64], voxel_mm3: float) -> NDArray[np.float64]:
    """Give the radius of the cone with the volume of each sector, (20,) in mm."""
    directions = sector_directions()
    # a point between sectors counts in all that are as near: flips of the masks flip the result
    nearness = np.round(points @ directions.T, 6)
    shared = nearness == nearness.max(axis=1, keepdims=True)
    counts = (shared / shared.sum(axis=1, keepdims=True)).sum(axis=0)
    return np.asarray((3 * counts * voxel_mm3 * len(directions) / (4 * math.pi)) ** (1 / 3))


def _resultant(growth: NDArray[np.float64]) -> list[float]:
    """Give anisotropy and direction of changes of radius (20,)."""
    size = float(np.abs(growth).sum())
    if size <= _SMALLEST_MM:
        return [math.nan] * 4
    total = growth @ sector_directions()
    length = float(np.linalg.norm(total))
    if length <= _SMALLEST_MM:
        return [0.0, *[math.nan] * 3]
    return [length / size, *(total / length)]


def _new_voxels(
    before: NDArray[np.bool_], after: NDArray[np.bool_], anatomy: Anatomy
) -> list[float]:
    """Describe reach, and what grew toward ventricles and midline."""
    new = after & ~before
    if not new.any():
        return [math.nan] * 6
    spacing = spacing_mm(anatomy.affine)
    distances = distances_mm(new, before, spacing)
    described = [float(distances.mean()), float(distances.max())]
    for measured in (ventricle_distances_mm, midline_distances_mm):
        image = np.full(new.shape, math.nan)
        image[new | before] = measured(new | before, anatomy)
        nearer = values_of_nearest(image, new, before, spacing) - image[new]
        nearer = nearer[np.isfinite(nearer)]
        described += [
            float(np.mean(sign * nearer > _SMALLEST_MM)) if nearer.size else math.nan
            for sign in (1, -1)
        ]
    return described
