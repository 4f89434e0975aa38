"""Simple solids around a region: convex hull, boxes, ellipsoids.

All are of the vertices of the surface mesh, in mm. The oriented box has a file of its own,
`gliokit.radiomics.oriented_box`.

Source: IBSI reference manual, arXiv:1612.07003, section 3.1; Sun and Freund, Oper Res
2004;52:690-706, doi:10.1287/opre.1040.0115 (smallest ellipsoid); Carlson, Numerical Algorithms
1995;10:13-26, doi:10.1007/BF02198293 (area of an ellipsoid).
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.special import elliprg

ELLIPSOID_TOLERANCE = 1e-8  # of squared distances; the volume is as near to the smallest
IBSI_DEGREE = 20  # at which the series for the area of an ellipsoid ends
_ADDED = 10  # points at a time
_GAP = 1e-10  # to the optimum, at which weights are good enough
_MOST_STEPS = 100  # some 15 are needed


@dataclass(frozen=True, slots=True)
class Solid:
    """Size of a solid.

    Attributes
    ----------
    volume_mm3, area_mm2 : float
        Of the solid and of its surface.
    """

    volume_mm3: float
    area_mm2: float


@dataclass(frozen=True, slots=True)
class Hull:
    """Convex hull of points.

    Attributes
    ----------
    vertices : (V, 3)
        In mm.
    normals : (F, 3)
        Of its triangles, outward, of length 1.
    edges : (E, 2)
        Vertex numbers of the ends of the edges between triangles.
    sides : (E, 2)
        Numbers of the two triangles of each edge.
    solid : Solid
        Its size.
    """

    vertices: NDArray[np.float64] = field(repr=False)
    normals: NDArray[np.float64] = field(repr=False)
    edges: NDArray[np.int_] = field(repr=False)
    sides: NDArray[np.int_] = field(repr=False)
    solid: Solid


def convex_hull(points: NDArray[np.float64]) -> Hull:
    """Wrap points (N, 3), which must not lie in one plane."""
    hull = ConvexHull(points)
    number = np.zeros(len(points), dtype=np.int_)
    number[hull.vertices] = np.arange(hull.vertices.size)
    # the neighbor k of a triangle is across the edge that leaves out its corner k
    triangle, corner = np.nonzero(hull.neighbors > np.arange(len(hull.neighbors))[:, None])
    ends = np.array([[1, 2], [0, 2], [0, 1]])[corner]
    return Hull(
        vertices=points[hull.vertices],
        normals=np.ascontiguousarray(hull.equations[:, :3]),
        edges=number[hull.simplices[triangle[:, None], ends]],
        sides=np.stack([triangle, hull.neighbors[triangle, corner]], axis=1).astype(np.int_),
        solid=Solid(float(hull.volume), float(hull.area)),
    )


def longest_distance(points: NDArray[np.float64]) -> float:
    """Largest distance between two of at least two points (N, 3)."""
    return float(pdist(points).max())


def aligned_box(points: NDArray[np.float64]) -> Solid:
    """Size of the smallest box along the voxel axes that holds points (N, 3)."""
    return box(np.ptp(points, axis=0))


def box(sides: NDArray[np.float64]) -> Solid:
    """Size of a box with sides (3,)."""
    a, b, c = (float(side) for side in sides)
    return Solid(a * b * c, 2 * (a * b + b * c + c * a))


def ellipsoid(semi_axes: NDArray[np.float64]) -> Solid:
    """Size of an ellipsoid with semi-axes (3,)."""
    a, b, c = (float(axis) for axis in semi_axes)
    area = 4 * math.pi * float(elliprg((a * b) ** 2, (b * c) ** 2, (c * a) ** 2))
    return Solid(4 / 3 * math.pi * a * b * c, area)


def ibsi_ellipsoid_area_mm2(semi_axes: NDArray[np.float64]) -> float:
    """Area of an ellipsoid with semi-axes (3,) by the series of the IBSI manual.

    Its reference values rest on this series, which gives another number than the area (4 %
    less for semi-axes 5.7, 4.7, 4.3; 5 % more for 10, 5, 2): its two eccentricities are those of
    both shorter axes against the longest, where the series of an ellipsoid has those of both
    longer axes against the shortest.
    """
    least, minor, major = np.sort(semi_axes)
    first, second = 1 - (minor / major) ** 2, 1 - (least / major) ** 2  # squared eccentricities
    # Legendre polynomials times a power, by their recurrence, which has no pole for spheroids
    before, term, total = 0.0, 1.0, 1.0
    for degree in range(IBSI_DEGREE):
        after = (2 * degree + 1) * (first + second) / 2 * term - degree * first * second * before
        before, term = term, after / (degree + 1)
        total += term / (1 - 4 * (degree + 1) ** 2)
    return float(4 * math.pi * major * minor * total)


def smallest_ellipsoid(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the ellipsoid of smallest volume that holds all points.

    It touches few of them: it is found for some, and those that are farthest outside are
    added until none is.

    Parameters
    ----------
    points : (N, 3)
        Not in one plane.

    Returns
    -------
    (3,)
        Its semi-axes, ascending.
    """
    scale = np.ptp(points, axis=0).max()
    lifted = np.column_stack([(points - points.mean(axis=0)) / scale, np.ones(len(points))])
    weights = np.full(len(points), 1 / len(points))
    distance = _squared_distance(lifted, weights)
    some = np.union1d(_independent(points), np.argsort(distance)[-4 * _ADDED :])
    while True:
        weights = np.zeros(len(points))
        weights[some] = _weights(lifted[some])
        distance = _squared_distance(lifted, weights)
        if distance.max() <= 4 * (1 + ELLIPSOID_TOLERANCE):
            return _semi_axes(lifted[:, :3], weights) * scale
        some = np.union1d(some, np.argsort(distance)[-_ADDED:])


def _independent(points: NDArray[np.float64]) -> NDArray[np.int_]:
    """Numbers of four points that are not in one plane, far from each other."""
    offsets = points - points[0]
    chosen = [0]
    for _ in range(3):
        farthest = int(np.einsum("ij,ij->i", offsets, offsets).argmax())
        direction = offsets[farthest] / np.linalg.norm(offsets[farthest])
        offsets = offsets - np.outer(offsets @ direction, direction)
        chosen.append(farthest)
    return np.array(chosen)


def _weights(lifted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights (N,) whose moments are those of the ellipsoid, by an interior-point method.

    They maximize the logarithm of the determinant of the moments of the lifted points (N, 4); at
    the maximum no squared distance is above 4, and points nearer than that have no weight.
    """
    weights, slack = np.full(len(lifted), 1 / len(lifted)), np.ones(len(lifted))
    for _ in range(_MOST_STEPS):
        moments = lifted.T @ (weights[:, None] * lifted)
        products = lifted @ np.linalg.inv(moments) @ lifted.T
        room = 4 - np.diag(products)
        gap = float(weights @ slack)
        if gap < _GAP and np.abs(room - slack).max() < _GAP:
            break
        toward = 0.1 * gap / len(lifted)
        curvature = products**2
        step = np.linalg.solve(curvature + np.diag(slack / weights), toward / weights - room)
        slack_step = room - slack + curvature @ step
        fastest = max(float((-step / weights).max()), float((-slack_step / slack).max()))
        length = 0.95 / max(fastest, 0.95)  # neither weight nor slack reaches 0
        weights, slack = weights + length * step, slack + length * slack_step
    return weights


def _squared_distance(
    lifted: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    moments = lifted.T @ (weights[:, None] * lifted)
    return np.einsum("ij,ij->i", lifted @ np.linalg.inv(moments), lifted)


def _semi_axes(points: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    offsets = points - weights @ points / weights.sum()
    spread = offsets.T @ (weights[:, None] * offsets)
    radius = np.einsum("ij,ij->i", offsets @ np.linalg.inv(spread), offsets).max()
    return np.sqrt(np.linalg.eigvalsh(spread) * radius)
