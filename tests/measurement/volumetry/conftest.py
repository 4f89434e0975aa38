"""A simulated brain with a ringed tumor, a clot and a vessel, before and after contrast."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from numpy.typing import NDArray

from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.subtraction import Subtraction, subtract

SHAPE = (48, 44, 40)
TUMOR_MM, CLOT_MM = (10.0, -4.0, 12.0), (-8.0, 0.0, 10.0)


@dataclass(frozen=True)
class Scan:
    """Images, and what is in them."""

    t1: NDArray[np.float32]
    t1c: NDArray[np.float32]
    brain: NDArray[np.bool_]
    tumor: NDArray[np.bool_]
    clot: NDArray[np.bool_]
    affine: NDArray[np.float64]

    @cached_property
    def subtraction(self) -> Subtraction:
        """T1c less T1."""
        return subtract(self.t1, self.t1c, self.brain)

    @cached_property
    def canvas(self) -> Canvas:
        """Where tumor may be."""
        found = self.subtraction
        return Canvas(found.enhancement, found.brain & ~found.blood, self.affine)


@pytest.fixture(scope="session")
def scan() -> Scan:
    """Simulate a tumor of 7 mm radius with a core of 3 mm, on voxels of 1 mm."""
    affine = np.eye(4)
    affine[:3, 3] = [-24, -22, -8]
    places = np.moveaxis(np.indices(SHAPE), 0, -1) + affine[:3, 3]

    def ball(center: tuple[float, ...], radius: float) -> NDArray[np.bool_]:
        return np.linalg.norm(places - np.array(center), axis=-1) <= radius

    rng = np.random.default_rng(0)
    brain = ball((0, 0, 11), 18)
    tumor = ball(TUMOR_MM, 7) & ~ball(TUMOR_MM, 3) & brain
    clot = ball(CLOT_MM, 4)
    white = (places[..., 0] // 6 + places[..., 1] // 6) % 2 == 0
    before = np.where(white, 120.0, 90.0)
    before[ball(TUMOR_MM, 3)] = 50
    before[clot] = 260
    after = before + 60 * tumor
    t1 = np.where(brain, before + rng.normal(0, 4, SHAPE), 0)
    t1c = np.where(brain, 1.5 * after + 20 + rng.normal(0, 6, SHAPE), 0)
    return Scan(t1.astype(np.float32), t1c.astype(np.float32), brain, tumor, clot, affine)
