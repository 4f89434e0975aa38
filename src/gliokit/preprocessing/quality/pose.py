"""Where one image fits another best, near where it lies: a quick look, not a registration.

Both are seen at 4 mm, deep in the brain, away from its cut edge, whose outline would fit even
where the images do not. Shifts and turns are tried one at a time, and the best place between
three tries is found by a parabola. Points lie between voxels, drawn once from a fixed seed, so
that no place is favored for needing no interpolation.

Source: gliokit's own search; measure of fit of `gliokit.preprocessing.mutual_information`
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.preprocessing.affine_motion import RIGID, Motion
from gliokit.preprocessing.mutual_information import (
    BINS,
    BORDER,
    Samples,
    Target,
    shared_information,
)
from gliokit.preprocessing.quality.sampled import Array, Mask

DEPTH = 2  # voxels below the brain's surface
MOST_POINTS = 8000
FEWEST_POINTS = 1000
SEED = 0
BEND_WORTH_TRYING = 0.05  # of a step


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image fits best.

    Attributes
    ----------
    information : float
        Mutual information there, in nats.
    unmoved : float
        The same where the image lies.
    moved_mm : float
        Mean distance of the points from where they lay.
    """

    information: float
    unmoved: float
    moved_mm: float


@dataclass(frozen=True, slots=True)
class Points:
    """Places deep in the brain, in voxels of the sampled images.

    Attributes
    ----------
    voxels : (n, 3)
        Fractional voxel indices.
    mm : float
        Side of a voxel.
    """

    voxels: NDArray[np.float64] = field(repr=False)
    mm: float

    @property
    def center(self) -> NDArray[np.float64]:
        """Their mean, (3,)."""
        center: NDArray[np.float64] = self.voxels.mean(axis=0)
        return center


def deep_points(inside: Mask, mm: float) -> Points | None:
    """Draw points deep in the brain (X, Y, Z) of voxels of `mm`; None if there are too few."""
    deep = np.argwhere(ndimage.binary_erosion(inside, iterations=DEPTH))
    if len(deep) < FEWEST_POINTS:
        return None
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(len(deep))[:MOST_POINTS]
    return Points(deep[chosen] + rng.uniform(-0.5, 0.5, (len(chosen), 3)), mm)


def best_place(
    fixed: Array,
    moving: Array,
    points: Points,
    *,
    steps_mm: Sequence[float],
    numbers: Sequence[int] = range(RIGID),
    mirrored: bool = False,
) -> Place:
    """Find where a moving image (X, Y, Z) fits a fixed one of the same grid best.

    Parameters
    ----------
    steps_mm : sequence of float
        Sizes of the steps, tried in this order; turns count by what they move 80 mm away.
    numbers : sequence of int
        Which of the six numbers of a rigid motion are tried, in this order.
    mirrored : bool
        Mirror the moving image left to right, about the middle of the points, first.
    """
    samples, target = _samples(fixed, points), _target(moving, points, mirrored)

    def fit(at: NDArray[np.float64]) -> float:
        motion = Motion(samples.center_mm, at)
        return shared_information(samples, target, motion.matrix, motion.landing_mm)

    at = np.zeros(RIGID)
    best = unmoved = fit(at)
    for step in steps_mm:
        for number in numbers:
            stride = np.eye(RIGID)[number] * step
            tries = [at - stride, at + stride]
            low, high = (fit(place) for place in tries)
            bend = low - 2 * best + high
            if best >= max(low, high) and bend < 0:
                part = 0.5 * (low - high) / bend
                if abs(part) > BEND_WORTH_TRYING:
                    tries.append(at + part * stride)
            fits = [low, high, *(fit(place) for place in tries[2:])]
            if max(fits) > best:
                best, at = max(fits), tries[int(np.argmax(fits))]
    motion = Motion(np.zeros(3), at)
    moved = samples.points_mm @ (motion.matrix - np.eye(3)).T + at[:3]
    return Place(best, unmoved, float(np.linalg.norm(moved, axis=1).mean()))


def _samples(fixed: Array, points: Points) -> Samples:
    values = ndimage.map_coordinates(fixed, points.voxels.T, order=1)
    edges = np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])
    around = ((points.voxels - points.center) * points.mm).astype(np.float32)
    return Samples(around, points.center * points.mm, np.searchsorted(edges, values))


def _target(moving: Array, points: Points, mirrored: bool) -> Target:
    """Bins of equal counts; voxels of the sampled grid as `mm` from its first one."""
    near = ndimage.map_coordinates(moving, points.voxels.T, order=1)
    ranks = np.quantile(near, np.linspace(0, 1, BINS - 1))
    levels = np.interp(moving, ranks, np.linspace(BORDER, BINS - 1 - BORDER, len(ranks)))
    to_voxel = np.diag([1 / points.mm, 1 / points.mm, 1 / points.mm, 1.0])
    if mirrored:
        to_voxel[0] = [-1 / points.mm, 0, 0, 2 * points.center[0]]
    return Target(levels.astype(np.float32), to_voxel)
