"""Rotation-invariant uniform local binary patterns on three orthogonal planes.

Each voxel is compared with points on a circle around it (bilinear in between); a point is 1 if it
is at least as bright. Patterns with at most two changes between 0 and 1 around the circle are
numbered by their ones, all others share the last number. Features are the shares of the numbers in
the region, for circles in each of three planes: xy are the slices. They do not depend on
brightness and contrast, nor on which way the slices are turned (exact for 90°).

Planes other than xy are comparable to it on isotropic voxels only.

Assumed: 8 points at 1 voxel.

Source: Ojala, Pietikäinen, Mäenpää, IEEE Trans Pattern Anal Mach Intell 2002;24:971-87,
doi:10.1109/TPAMI.2002.1017623; planes: Zhao, Pietikäinen, IEEE Trans Pattern Anal Mach Intell
2007;29:915-28, doi:10.1109/TPAMI.2007.1110
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.core.geometry import bounding_box
from gliokit.radiomics.definition import Definition

POINTS, RADIUS = 8, 1.0
PLANES = {"xy": (0, 1), "xz": (0, 2), "yz": (1, 2)}


def definitions(points: int = POINTS) -> tuple[Definition, ...]:
    """Define the shares of all patterns in each plane, that with fewest ones first."""
    titles = [f"uniform pattern of {ones} ones of {points}" for ones in range(points + 1)]
    titles.append("pattern that is not uniform")
    width = len(str(points + 1))
    return tuple(
        Definition(
            f"lbp_{plane}_{number:0{width}d}",
            f"Share of {title} in {plane} planes",
            "1",
            source="Ojala 2002" if plane == "xy" else "Zhao 2007",
        )
        for plane in PLANES
        for number, title in enumerate(titles)
    )


DEFINITIONS = definitions()


def describe_local_binary_patterns(
    image: NDArray[np.floating],
    mask: NDArray[np.bool_],
    *,
    points: int = POINTS,
    radius: float = RADIUS,
) -> dict[str, float]:
    """Describe the patterns of a region.

    Points outside the region count; beyond the image its last voxels are repeated. A flat region
    has patterns of ones only. All are `nan` if the region is empty.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities, with what surrounds the region.
    mask : (X, Y, Z)
        Region.
    points : int
        On the circle (assumed: 8).
    radius : float
        Of the circle, in voxels (assumed: 1).

    Raises
    ------
    GeometryError
        If shapes differ.
    SettingsError
        If there are fewer than 3 points, or the radius is not positive.
    ImageError
        If an intensity in or near the region is not finite.
    """
    if image.shape != mask.shape:
        raise GeometryError(
            f"the image has shape {image.shape}, the mask {mask.shape}; resample the mask"
        )
    if points < 3 or not 0 < radius < math.inf:
        raise SettingsError(
            f"{points} points at {radius:g} voxels are no circle; give at least 3, radius above 0"
        )
    names = [definition.name for definition in definitions(points)]
    if not mask.any():
        return dict.fromkeys(names, math.nan)
    box, margin = bounding_box(mask), math.ceil(radius)
    wide = tuple(slice(part.start, part.stop + 2 * margin) for part in box)
    near = np.pad(image.astype(np.float64), margin, mode="edge")[wide]
    if not np.isfinite(near).all():
        raise ImageError("intensities near the region are not finite; repair or replace them")
    shares = []
    for axes in PLANES.values():
        numbers = pattern_numbers(near, axes, points=points, radius=radius)[mask[box]]
        shares.append(np.bincount(numbers, minlength=points + 2) / len(numbers))
    return dict(zip(names, np.concatenate(shares).tolist(), strict=True))


def pattern_numbers(
    image: NDArray[np.float64], axes: tuple[int, int], *, points: int, radius: float
) -> NDArray[np.int64]:
    """Give the number of the pattern of each voxel but those at the border.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities.
    axes : tuple of int
        Axes of the plane in which the circle lies.

    Returns
    -------
    (X - 2m, Y - 2m, Z - 2m)
        With m the radius, rounded up: 0 to `points` ones, or `points` + 1.
    """
    margin = math.ceil(radius)
    center = image[(slice(margin, -margin),) * image.ndim]
    first = brighter = _at_least(image, center, axes, radius, 0.0)
    ones, changes = first.astype(np.int64), np.zeros(center.shape, dtype=np.int64)
    for k in range(1, points):
        point = _at_least(image, center, axes, radius, 2 * math.pi * k / points)
        ones += point
        changes += point != brighter
        brighter = point
    changes += first != brighter
    return np.where(changes <= 2, ones, points + 1)


def _at_least(
    image: NDArray[np.float64],
    center: NDArray[np.float64],
    axes: tuple[int, int],
    radius: float,
    angle: float,
) -> NDArray[np.bool_]:
    """Tell whether a point of the circle is at least as bright as the voxel in its middle."""
    # rounded: at right angles the point is a voxel, nothing to interpolate
    offsets = [round(radius * part(angle), 9) for part in (math.cos, math.sin)]
    lower = [math.floor(offset) for offset in offsets]
    difference = np.zeros(center.shape)
    for step in np.ndindex(2, 2):
        weight, shift = 1.0, [0] * image.ndim
        for axis, low, offset, up in zip(axes, lower, offsets, step, strict=True):
            weight *= offset - low if up else 1 - (offset - low)
            shift[axis] = low + up
        if weight > 0:
            # weighted differences, not a difference of weighted values: a flat image gives 0
            difference += weight * (_moved(image, shift, center.shape) - center)
    return np.asarray(difference >= 0)


def _moved(
    image: NDArray[np.float64], shift: list[int], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    margin = [(whole - inner) // 2 for whole, inner in zip(image.shape, shape, strict=True)]
    return image[
        tuple(slice(m + s, m + s + n) for m, s, n in zip(margin, shift, shape, strict=True))
    ]
