"""A motion from a few numbers, with its derivative: shift, turn and, for an atlas, strain.

All numbers are in mm, so that one step is as large in each: turns and strains count by what they
move 80 mm from the center. The motion of a point p is R (1 + S) (p - center) + center + shift,
with R a rotation by the turn's vector and S symmetric.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine

RADIUS_MM = 80.0  # of a head, about
RIGID, AFFINE = 6, 12  # numbers
STEP = 1e-4  # radians, for the derivative of the rotation
# which entries of S the last six numbers are
STRAINS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


@dataclass(frozen=True, slots=True)
class Motion:
    """A motion about a center.

    Attributes
    ----------
    center_mm : (3,)
        Of the fixed head, in RAS+ mm.
    numbers : (6,) or (12,)
        Shift, turn and, if there are twelve, strain, in mm.
    """

    center_mm: NDArray[np.float64]
    numbers: NDArray[np.float64]

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Linear part, (3, 3)."""
        return rotation(self.numbers[3:6] / RADIUS_MM) @ self.stretch

    @property
    def stretch(self) -> NDArray[np.float64]:
        """Change of shape before the turn, (3, 3); the identity of a rigid motion."""
        stretch = np.eye(3)
        for (i, j), strain in zip(STRAINS, self.numbers[6:] / RADIUS_MM, strict=False):
            stretch[i, j] += strain
            if i != j:
                stretch[j, i] += strain
        return stretch

    @property
    def landing_mm(self) -> NDArray[np.float64]:
        """Where the center goes, (3,) in RAS+ mm."""
        return self.center_mm + self.numbers[:3]

    @property
    def affine(self) -> Affine:
        """The motion as a matrix of RAS+ mm to RAS+ mm, (4, 4)."""
        affine = np.eye(4)
        affine[:3, :3] = self.matrix
        affine[:3, 3] = self.landing_mm - self.matrix @ self.center_mm
        return affine

    def slope(
        self, by_matrix: NDArray[np.float64], by_shift: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Turn derivatives by matrix (3, 3) and shift (3,) into ones by the numbers."""
        turn, stretch = self.numbers[3:6] / RADIUS_MM, self.stretch
        slope = np.empty(len(self.numbers))
        slope[:3] = by_shift
        for axis, step in enumerate(np.eye(3) * STEP):
            changed = (rotation(turn + step) - rotation(turn - step)) / (2 * STEP)
            slope[3 + axis] = np.sum(by_matrix * (changed @ stretch)) / RADIUS_MM
        turned_back = rotation(turn).T @ by_matrix
        for place, (i, j) in enumerate(STRAINS[: len(self.numbers) - RIGID], start=RIGID):
            both = turned_back[i, j] + (turned_back[j, i] if i != j else 0)
            slope[place] = both / RADIUS_MM
        return slope


def rotation(turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotate about a vector (3,) by its length in radians: (3, 3), after Rodrigues."""
    angle = float(np.linalg.norm(turn))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = turn / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: NDArray[np.float64] = (
        np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    )
    return turned
