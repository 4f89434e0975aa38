"""Lesions of known size for the benchmark of response courses, and their voxels.

True are the diameters of the body itself, not of voxels: the longest chord in an axial plane that
does not leave the body, the longest one within 5 degrees of perpendicular to it, and their product
in the plane where that is largest. Ellipsoids and rings are known in closed form. Of a ball that
another ball bites into, chords are exact and planes, directions (2.5 degrees) and offsets are
sampled; of a bumpy body, points along the chords too. On bodies that are known in closed form the
sampled product is right to 0.5 % (`tests/benchmarks/test_response_courses.py`). Volumes are closed
forms, those of bumpy bodies a sum over 20,000 directions. None of this goes by the code that is
measured.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import Label

Array: TypeAlias = NDArray[np.float64]
TURNS = np.deg2rad(np.arange(0, 180, 2.5))
PLANES, LINES = 41, 81
PERPENDICULAR = (34, 35, 36, 37, 38)  # steps of 2.5 degrees: 85 to 95 degrees
TOLERANCE = np.deg2rad(5.0)
MM3_PER_ML = 1000
NEVER_MM = 1e-9


@dataclass(frozen=True, slots=True)
class Size:
    """The true size of a body."""

    longest_mm: float
    shorter_mm: float
    volume_ml: float

    @property
    def product_mm2(self) -> float:
        """Product of the diameters."""
        return self.longest_mm * self.shorter_mm


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """A ball, or an ellipsoid of radii (3,) along the columns of `turn` (3, 3)."""

    center: Array
    radii: Array
    turn: Array

    @property
    def reach_mm(self) -> float:
        """Nothing lies further from the center."""
        return float(self.radii.max())


@dataclass(frozen=True, slots=True)
class Bitten:
    """A ball without what lies in another ball: a ring, a crescent, a nodule of a cavity's wall.

    Attributes
    ----------
    bite : (3,)
        Center of the other ball.
    filling : Label or None
        What is in the other ball: necrosis in a ring, fluid in a cavity; None for no tumor.
    fixed : bool
        Whether the other ball stays as it is when the body grows.
    rim_mm : float
        Of enhancing wall all around the other ball, which belongs to the labels, not to the
        nodule: the criteria measure the nodule alone.
    """

    center: Array
    radius: float
    bite: Array
    bite_radius: float
    filling: Label | None = None
    fixed: bool = False
    rim_mm: float = 0.0

    @property
    def reach_mm(self) -> float:
        """Nothing lies further from the center."""
        away = float(np.linalg.norm(self.bite - self.center))
        wall = away + self.bite_radius + self.rim_mm if self.filling else 0.0
        return max(self.radius, wall)

    @property
    def concentric(self) -> bool:
        """Whether it is a ring."""
        return bool(np.allclose(self.center, self.bite))


@dataclass(frozen=True, slots=True)
class Bumpy:
    """A ball with bumps and dents: directions (n, 3), heights (n,) as a share of the radius."""

    center: Array
    radius: float
    ways: Array
    heights: Array

    @property
    def reach_mm(self) -> float:
        """Nothing lies further from the center."""
        return self.radius * (1 + float(np.maximum(self.heights, 0).sum()))


Body: TypeAlias = Ellipsoid | Bitten | Bumpy


def resized(body: Body, factor: float) -> Body:
    """Give the body with its own lengths times a factor, about its center."""
    if isinstance(body, Ellipsoid):
        return replace(body, radii=body.radii * factor)
    if isinstance(body, Bumpy):
        return replace(body, radius=body.radius * factor)
    if body.fixed:
        return replace(body, radius=body.radius * factor)
    return replace(
        body,
        radius=body.radius * factor,
        bite=body.center + (body.bite - body.center) * factor,
        bite_radius=body.bite_radius * factor,
    )


def true_size(body: Body, *, filled: bool = False) -> Size:
    """Give the size of a body; `filled` with the necrosis inside a ring."""
    if isinstance(body, Ellipsoid):
        return ellipsoid_size(body)
    if isinstance(body, Bumpy):
        longest, shorter, volume = size_of_unit(body.ways.tobytes(), body.heights.tobytes())
        return Size(longest * body.radius, shorter * body.radius, volume * body.radius**3)
    if not body.concentric:
        return Size(*widest(chords_of_bitten(body)), bitten_ml(body))
    if filled:
        return ellipsoid_size(Ellipsoid(body.center, np.full(3, body.radius), np.eye(3)))
    # the chord that touches the hole is as long in every plane that cuts the hole
    chord = 2 * float(np.sqrt(body.radius**2 - body.bite_radius**2))
    return Size(chord, chord, bitten_ml(body))


@lru_cache(maxsize=8)
def size_of_unit(ways: bytes, heights: bytes) -> tuple[float, float, float]:
    """Measure a bumpy body of radius 1 mm once: a larger one is the same, larger."""
    body = Bumpy(np.zeros(3), 1.0, np.frombuffer(ways).reshape(-1, 3), np.frombuffer(heights))
    return (*widest(chords_of_bumpy(body)), bumpy_ml(body))


def ellipsoid_size(body: Ellipsoid) -> Size:
    """Give the size of an ellipsoid: of the ellipse in the axial plane through its center."""
    matrix = body.turn @ np.diag(body.radii**-2.0) @ body.turn.T
    minor, major = np.sort(np.linalg.eigvalsh(matrix[:2, :2]) ** -0.5)
    slant = np.hypot(np.sin(TOLERANCE) / major, np.cos(TOLERANCE) / minor)
    return Size(2 * float(major), 2 / float(slant), body_ml(body))


def widest(chords: Array) -> tuple[float, float]:
    """Give both diameters from the longest chords (planes, turns), by largest product."""
    first = chords.argmax(axis=1)
    planes = np.arange(len(chords))
    across = np.max([chords[planes, (first + k) % len(TURNS)] for k in PERPENDICULAR], axis=0)
    best = int(np.argmax(chords.max(axis=1) * across))
    return float(chords[best].max()), float(across[best])


def chords_of_bitten(body: Bitten) -> Array:
    """Give the longest chord for each plane and turn, (planes, turns)."""
    heights = body.radius * np.linspace(-1, 1, PLANES)[:, None, None]
    x, y, z = body.bite - body.center
    own = np.sqrt(np.maximum(body.radius**2 - heights**2, 0))
    other = np.sqrt(np.maximum(body.bite_radius**2 - (heights - z) ** 2, 0))
    turns = TURNS[None, :, None]
    offset, along = -x * np.sin(turns) + y * np.cos(turns), x * np.cos(turns) + y * np.sin(turns)
    grid = np.broadcast_to(np.linspace(-1, 1, LINES), (PLANES, len(TURNS), LINES)) * own
    touching = [offset + sign * (other + NEVER_MM) for sign in (-1, 1)]
    lines = np.concatenate([grid, *(np.clip(line, -own, own) for line in touching)], axis=2)
    half = np.sqrt(np.maximum(own**2 - lines**2, 0))
    bitten = other**2 - (lines - offset) ** 2
    cut = np.sqrt(np.maximum(bitten, 0))
    before = np.minimum(half, along - cut) + half
    after = half - np.maximum(-half, along + cut)
    length = np.where(bitten > 0, np.maximum(before, after), 2 * half)
    return np.maximum(length, 0).max(axis=2)


def chords_of_bumpy(body: Bumpy) -> Array:
    """Give the longest chord for each plane and turn, (planes, turns)."""
    reach = body.reach_mm * 1.01
    lines, steps = np.linspace(-reach, reach, 61), np.linspace(-reach, reach, 141)
    turns, across, along = np.meshgrid(TURNS, lines, steps, indexing="ij")
    x = along * np.cos(turns) - across * np.sin(turns)
    y = along * np.sin(turns) + across * np.cos(turns)
    planes = []
    for height in np.linspace(-reach, reach, 41):
        points = np.stack([x, y, np.full_like(x, height)], axis=-1)
        planes.append(longest_runs(outside_bumpy(body, points), steps).max(axis=1))
    return np.array(planes)


def longest_runs(level: Array, steps: Array) -> Array:
    """Give the longest stretch with a negative level along the last axis, ends interpolated."""
    rows = level.reshape(-1, len(steps))
    inside = rows < 0
    enter, leave = ~inside[:, :-1] & inside[:, 1:], inside[:, :-1] & ~inside[:, 1:]
    steepness = np.where(enter | leave, rows[:, :-1] - rows[:, 1:], 1.0)
    crossing = steps[:-1] + rows[:, :-1] / steepness * (steps[1] - steps[0])
    longest = np.zeros(len(rows))
    # a chord begins and ends in its row: both lists run in the same order
    np.maximum.at(longest, np.nonzero(enter)[0], crossing[leave] - crossing[enter])
    return longest.reshape(level.shape[:-1])


def outside_bumpy(body: Bumpy, points: Array) -> Array:
    """Give how far points (..., 3) from the center lie outside, as a share; negative inside."""
    distance = np.linalg.norm(points, axis=-1)
    return distance / (body.radius * surface(body, points, distance)) - 1


def surface(body: Bumpy, points: Array, distance: Array) -> Array:
    """Give the radius of the surface in the direction of points, as a share of the body's."""
    share = np.ones_like(distance)
    for way, height in zip(body.ways, body.heights, strict=True):
        share += height * np.exp(8 * (points @ way / np.maximum(distance, NEVER_MM) - 1))
    return np.maximum(share, 0.1)


def body_ml(body: Body) -> float:
    """Give the volume of a body, mL."""
    if isinstance(body, Ellipsoid):
        return 4 / 3 * np.pi * float(np.prod(body.radii)) / MM3_PER_ML
    return bitten_ml(body) if isinstance(body, Bitten) else bumpy_ml(body)


def bumpy_ml(body: Bumpy, directions: int = 20_000) -> float:
    """Give the volume, mL: the mean cube of the radius over directions that fill the sphere."""
    k = np.arange(directions) + 0.5
    z, turn = 1 - 2 * k / directions, np.pi * (1 + 5**0.5) * k
    flat = np.sqrt(1 - z**2)
    points = np.stack([flat * np.cos(turn), flat * np.sin(turn), z], axis=1)
    cubes = (body.radius * surface(body, points, np.ones(directions))) ** 3
    return 4 / 3 * np.pi * float(cubes.mean()) / MM3_PER_ML


def bitten_ml(body: Bitten) -> float:
    """Give the volume, mL: that of the ball without the lens that both balls share."""
    r, s = body.radius, body.bite_radius
    d = float(np.linalg.norm(body.bite - body.center))
    if d >= r + s:
        shared = 0.0
    elif d <= abs(r - s):
        shared = 4 / 3 * np.pi * min(r, s) ** 3
    else:
        shape = d**2 + 2 * d * (r + s) - 3 * (r - s) ** 2
        shared = np.pi * (r + s - d) ** 2 * shape / (12 * d)
    return (4 / 3 * np.pi * r**3 - shared) / MM3_PER_ML


def paint(labels: NDArray[np.uint8], affine: Array, body: Body) -> None:
    """Label the voxels (X, Y, Z) whose centers lie in a body; an affine without rotation."""
    spacing, origin = np.diag(affine)[:3], affine[:3, 3]
    low = np.floor((body.center - body.reach_mm - origin) / spacing).astype(int)
    high = np.ceil((body.center + body.reach_mm - origin) / spacing).astype(int) + 1
    low, high = np.maximum(low, 0), np.minimum(high, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    axes = [np.arange(a, b) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1) * spacing + origin
    part = labels[box]
    if isinstance(body, Bitten):
        paint_bitten(part, points, body)
    elif isinstance(body, Bumpy):
        part[outside_bumpy(body, points - body.center) <= 0] = Label.ENHANCING
    else:
        share = ((points - body.center) @ body.turn / body.radii) ** 2
        part[share.sum(axis=-1) <= 1] = Label.ENHANCING


def paint_bitten(part: NDArray[np.uint8], points: Array, body: Bitten) -> None:
    """Label a bitten ball, the wall around the bite, and what fills it."""
    away = np.linalg.norm(points - body.bite, axis=-1)
    part[np.linalg.norm(points - body.center, axis=-1) <= body.radius] = Label.ENHANCING
    if body.rim_mm:
        part[away <= body.bite_radius + body.rim_mm] = Label.ENHANCING
    part[away <= body.bite_radius] = 0 if body.filling is None else body.filling
