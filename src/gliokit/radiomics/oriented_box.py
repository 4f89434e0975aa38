"""The smallest box around a convex hull, in any orientation.

With one axis given, the smallest box is exact: one of its sides lies along an edge of the hull's
outline seen along that axis. So the search is among directions, two numbers: the normals of the
hull's faces and directions from all around, then ever smaller circles around the best of them.
That this finds the smallest of all is likely, not proven: the box need not lie flat on any face.

Source: IBSI reference manual, arXiv:1612.07003, section 3.1; Freeman and Shapira, Comm ACM
1975;18:409-413, doi:10.1145/360881.360919 (an edge is flush).
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from gliokit.radiomics.enclosing_shapes import Hull

_DIRECTIONS = 200  # all around, about 10° apart
_STARTS = 6  # of the best axes, around which the search goes on
_CIRCLE = 12  # directions around an axis
_RADII = (0.1, 1e-7)  # of circles, first and last, in radians
_MOST_ROUNDS = 500  # 23 to 73 were needed
_WORTH = 0.01  # relative gain over radius, below which a smaller circle is tried
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def smallest_box(hull: Hull) -> NDArray[np.float64]:
    """Find the smallest box that holds a convex hull.

    Parameters
    ----------
    hull : Hull
        Of at least four points, not in one plane.

    Returns
    -------
    (3,)
        Its sides in mm, ascending.
    """
    axes = np.concatenate([_distinct(hull.normals), _all_around(_DIRECTIONS)])
    sides, frames = _boxes_along(hull, axes)
    best = np.argsort(sides.prod(axis=1))[:_STARTS]
    found = _tilted(hull, sides[best], frames[best])
    return np.sort(found[found.prod(axis=1).argmin()])


def _distinct(normals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out the normals of faces that lie in one plane, or in opposite ones."""
    largest = np.take_along_axis(normals, np.abs(normals).argmax(axis=1)[:, None], axis=1)
    _, kept = np.unique(np.round(normals * np.sign(largest), 9), axis=0, return_index=True)
    return normals[kept]


def _all_around(number: int) -> NDArray[np.float64]:
    """Give directions (number, 3) spread evenly over half a sphere."""
    z = (np.arange(number) + 0.5) / number
    turn = np.arange(number) * _GOLDEN_ANGLE
    radius = np.sqrt(1 - z**2)
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), z], axis=1)


def _tilted(
    hull: Hull, sides: NDArray[np.float64], frames: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sides (B, 3) of the smallest boxes found near some, or along one of their other axes."""
    first, last = _RADII
    radius, each = np.full(len(sides), first), np.arange(len(sides))
    circle = 2 * math.pi * np.arange(_CIRCLE) / _CIRCLE
    for _ in range(_MOST_ROUNDS):
        if radius.max() <= last:
            break
        circle += _GOLDEN_ANGLE  # valleys are narrow: other directions each time
        around = np.stack([np.cos(circle), np.sin(circle)], axis=1) @ frames[:, 1:]  # (B, C, 3)
        tilt = radius[:, None, None]
        tilted = np.cos(tilt) * frames[:, :1] + np.sin(tilt) * around
        axes = np.concatenate([tilted, frames[:, 1:]], axis=1)
        found, found_frames = _boxes_along(hull, axes.reshape(-1, 3))
        volumes = found.prod(axis=1).reshape(len(sides), -1)
        best = volumes.argmin(axis=1)
        gain = 1 - volumes[each, best] / sides.prod(axis=1)
        smaller = gain > 0
        taken = (each * volumes.shape[1] + best)[smaller]
        sides[smaller], frames[smaller] = found[taken], found_frames[taken]
        radius[gain < _WORTH * radius] /= 2
    return sides


def _boxes_along(
    hull: Hull, axes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sides (A, 3) and axes (A, 3, 3) of the smallest boxes with one axis (A, 3) given."""
    # the search tilts what it found: without this, rounding of lengths grows from round to round,
    # and shorter axes measure smaller boxes
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    across = np.cross(axes, np.eye(3)[np.abs(axes).argmin(axis=1)])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(axes, across)
    seen = np.stack([hull.vertices @ across.T, hull.vertices @ other.T], axis=2)  # (V, A, 2)
    # an edge is seen as outline if one of its faces is seen from the front, one from behind
    front = hull.normals @ axes.T > 0
    outline = front[hull.sides[:, 0]] != front[hull.sides[:, 1]]  # (E, A)
    area, length, along = _smallest_rectangles(seen, hull.edges, outline)
    first = along[:, :1] * across + along[:, 1:] * other
    depth = np.ptp(hull.vertices @ axes.T, axis=0)
    sides = np.stack([depth, length, area / length], axis=1)
    return sides, np.stack([axes, first, np.cross(axes, first)], axis=1)


@njit(cache=True, nogil=True)
def _smallest_rectangles(
    seen: NDArray[np.float64], edges: NDArray[np.int_], outline: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Area (A,), length (A,) and direction (A, 2) of the smallest rectangle around each outline."""
    views = seen.shape[1]
    area, length, direction = np.full(views, np.inf), np.empty(views), np.empty((views, 2))
    ends = np.empty((2 * len(edges), 2))
    for view in range(views):
        count = 0
        for number in range(len(edges)):
            if outline[number, view]:
                for end in range(2):
                    ends[count, 0] = seen[edges[number, end], view, 0]
                    ends[count, 1] = seen[edges[number, end], view, 1]
                    count += 1
        for number in range(0, count, 2):
            x = ends[number + 1, 0] - ends[number, 0]
            y = ends[number + 1, 1] - ends[number, 1]
            size = math.sqrt(x * x + y * y)
            if size < 1e-9:
                continue
            x, y = x / size, y / size
            along, across = _extents(ends, count, x, y)
            if along * across < area[view]:
                area[view], length[view] = along * across, along
                direction[view, 0], direction[view, 1] = x, y
    return area, length, direction


@njit(cache=True, nogil=True)
def _extents(ends: NDArray[np.float64], count: int, x: float, y: float) -> tuple[float, float]:
    """Lengths of the first points (count, 2) along a direction of the plane and across it."""
    low, high, left, right = np.inf, -np.inf, np.inf, -np.inf
    for number in range(count):
        along = ends[number, 0] * x + ends[number, 1] * y
        across = ends[number, 1] * x - ends[number, 0] * y
        low, high = min(low, along), max(high, along)
        left, right = min(left, across), max(right, across)
    return high - low, right - left
