"""Mutual information of two images under an affine motion, with its derivative.

The fixed image is known at sample points, the moving one is interpolated linearly between its
voxels. Intensities count in 32 bins: the fixed ones each in one, the moving ones spread by a
cubic B-spline, so that the joint histogram, and with it the mutual information, is smooth in
the motion. Points that leave the moving image do not count.

Source: Viola and Wells, Int J Comput Vis 1997;24:137-54, doi:10.1023/A:1007958904918; Mattes et
al., IEEE Trans Med Imaging 2003;22:120-8, doi:10.1109/TMI.2003.809072 (bins and splines)
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

BINS = 32
BORDER = 1.5  # bins left free at either end, for the spline's reach
FEWEST = 200  # points inside the moving image; below, the histogram says nothing

Edges: TypeAlias = list[list[NDArray[np.float32]]]  # [i][j]: at the corner (i, j) of x and y


@dataclass(frozen=True, slots=True)
class Samples:
    """Points of the fixed image.

    Attributes
    ----------
    points_mm : (n, 3)
        Places, relative to `center_mm`.
    center_mm : (3,)
        In RAS+ mm of the fixed image.
    bins : (n,)
        Intensity there, as a bin from 0 to `BINS` - 1.
    """

    points_mm: NDArray[np.float32] = field(repr=False)
    center_mm: NDArray[np.float64]
    bins: NDArray[np.intp] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """The moving image.

    Attributes
    ----------
    levels : (X, Y, Z)
        Intensities in bins, within `BORDER` of either end.
    to_voxel : (4, 4)
        RAS+ mm of the moving image to voxel index.
    """

    levels: NDArray[np.float32] = field(repr=False)
    to_voxel: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well two images agree under one motion.

    Attributes
    ----------
    information : float
        Mutual information of the points inside the moving image, in nats.
    inside : float
        Share of the points inside, 0-1.
    by_matrix : (3, 3)
        Derivative of the information by the motion's matrix, per mm.
    by_shift : (3,)
        Derivative by its shift, per mm.
    """

    information: float
    inside: float
    by_matrix: NDArray[np.float64]
    by_shift: NDArray[np.float64]


def agreement(
    samples: Samples, target: Target, matrix: NDArray[np.float64], shift: NDArray[np.float64]
) -> Agreement:
    """Measure how well the images agree when a point p lies at `matrix` (p - center) + `shift`.

    Parameters
    ----------
    matrix : (3, 3)
        Of the motion.
    shift : (3,)
        Where the center of the samples lies in RAS+ mm of the moving image.
    """
    inside, levels, slopes = interpolate(samples, target, matrix, shift)
    n, count = len(samples.bins), len(inside)
    if count < FEWEST:
        return Agreement(0.0, count / n, np.zeros((3, 3)), np.zeros(3))
    joint, cells, fraction = joint_histogram(samples.bins[inside], levels)
    surprise = pointwise_information(joint)
    pull = np.zeros(count, dtype=np.float32)
    table = surprise.astype(np.float32).ravel()
    for tap, weight in enumerate(_spline_slopes(fraction)):
        pull += weight * table[cells + tap]
    force = slopes * (pull / np.float32(count))  # (3, count): per voxel of the moving image
    # not by BLAS, whose threads decide the order of sums
    by_voxel = np.einsum("im,mj->ij", force, samples.points_mm[inside], dtype=np.float64)
    to_voxel = target.to_voxel[:3, :3]
    return Agreement(
        float((joint * surprise).sum()),
        count / n,
        to_voxel.T @ by_voxel,
        to_voxel.T @ force.sum(axis=1, dtype=np.float64),
    )


def shared_information(
    samples: Samples, target: Target, matrix: NDArray[np.float64], shift: NDArray[np.float64]
) -> float:
    """Measure the information of `agreement`, in nats, without its derivative: half the work."""
    inside, low, part = _places(samples, target, matrix, shift)
    if len(inside) < FEWEST:
        return 0.0
    x, y, z = part
    near, far = _across(_edges(target.levels, low, z)[0], y)
    joint, _, _ = joint_histogram(samples.bins[inside], near + x * (far - near))
    return float((joint * pointwise_information(joint)).sum())


def interpolate(
    samples: Samples, target: Target, matrix: NDArray[np.float64], shift: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Look the points up in the moving image.

    Returns
    -------
    inside : (m,)
        Which points lie in it.
    levels : (m,)
        The moving image there.
    slopes : (3, m)
        Its derivative along each voxel axis.
    """
    inside, low, part = _places(samples, target, matrix, shift)
    return inside, *_trilinear(target.levels, low, part)


def joint_histogram(
    bins: NDArray[np.intp], levels: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float32]]:
    """Count pairs of intensities.

    Returns
    -------
    joint : (BINS, BINS)
        Share of each pair, fixed bin first.
    cells : (m,)
        Flat index of the first of four cells that each point counts in.
    fraction : (m,)
        Where the point lies between the two cells in the middle.
    """
    first = levels.astype(np.intp)
    fraction = levels - first
    cells = bins * BINS + first - 1
    counted = np.zeros(BINS * BINS)
    for tap, weight in enumerate(_spline(fraction)):
        counted += np.bincount(cells + tap, weights=weight, minlength=BINS * BINS)
    return counted.reshape(BINS, BINS) / len(bins), cells, fraction


def pointwise_information(joint: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log of each share of `joint` against what independent images would give, same shape."""
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    tiny = 1e-12
    return np.log((joint + tiny) / (apart + tiny))


def _places(
    samples: Samples, target: Target, matrix: NDArray[np.float64], shift: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Which points lie in the moving image (m,), the voxel below each, and how far on (3, m)."""
    linear = (target.to_voxel[:3, :3] @ matrix).astype(np.float32)
    offset = target.to_voxel[:3, :3] @ shift + target.to_voxel[:3, 3]
    places = linear @ samples.points_mm.T + offset.astype(np.float32)[:, None]
    low = np.floor(places)
    last = np.array(target.levels.shape, dtype=np.float32)[:, None] - 1
    inside = np.flatnonzero(((low >= 0) & (low < last)).all(axis=0))
    low = low[:, inside]
    return inside, low.astype(np.intp), places[:, inside] - low


def _trilinear(
    array: NDArray[np.float32], low: NDArray[np.intp], part: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Value (m,) and slopes (3, m) of an array (X, Y, Z) between the voxels `low` (3, m)."""
    x, y, z = part
    edge, rise = _edges(array, low, z)
    side = _across(edge, y)
    by_y = [far - near for near, far in edge]
    by_z = _across(rise, y)
    value = side[0] + x * (side[1] - side[0])
    slopes = np.stack(
        [
            side[1] - side[0],
            by_y[0] + x * (by_y[1] - by_y[0]),
            by_z[0] + x * (by_z[1] - by_z[0]),
        ]
    )
    return value, slopes


def _edges(
    array: NDArray[np.float32], low: NDArray[np.intp], z: NDArray[np.float32]
) -> tuple[Edges, Edges]:
    """Value `z` (m,) along the edges of the cells of an array (X, Y, Z), and the rise of each."""
    _, ny, nz = array.shape
    flat = array.ravel()
    corner = (low[0] * ny + low[1]) * nz + low[2]
    # [i][j]: the edge along z at the corner (i, j) of x and y
    ends = [
        [(flat[c], flat[c + 1]) for c in (corner + i * ny * nz + j * nz for j in (0, 1))]
        for i in (0, 1)
    ]
    rise = [[b - a for a, b in row] for row in ends]
    edge = [
        [a + z * r for (a, _), r in zip(*rows, strict=True)]
        for rows in zip(ends, rise, strict=True)
    ]
    return edge, rise


def _across(edges: Edges, y: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Go `y` (m,) of the way between the two edges of each side of the cells."""
    return [near + y * (far - near) for near, far in edges]


def _spline(t: NDArray[np.float32]) -> list[NDArray[np.floating]]:
    """Weights of the four cells around a place between the middle two, for 0 <= t < 1."""
    u = 1 - t
    return [u**3 / 6, (4 - 6 * t * t + 3 * t**3) / 6, (4 - 6 * u * u + 3 * u**3) / 6, t**3 / 6]


def _spline_slopes(t: NDArray[np.float32]) -> list[NDArray[np.floating]]:
    u = 1 - t
    return [-u * u / 2, t * (1.5 * t - 2), -u * (1.5 * u - 2), t * t / 2]
