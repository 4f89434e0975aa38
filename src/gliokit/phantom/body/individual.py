"""One person of an age, made from an anatomy: another shape, other ventricles, own details."""

from dataclasses import dataclass

import numpy as np

from gliokit.phantom.body.aging import draw_aging, shrink_cortex
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.deformation import Deformation, deform, draw_deformation
from gliokit.phantom.body.details import with_details
from gliokit.phantom.body.head import with_head


@dataclass(frozen=True, slots=True)
class Voxels:
    """The voxels in which a person is simulated.

    Attributes
    ----------
    spacing_mm : float
        Side of a voxel.
    shape : tuple of int or None
        Voxels along each axis; the anatomy's own volume where it is None.
    """

    spacing_mm: float = 1.0
    shape: tuple[int, int, int] | None = None


FULL = Voxels()
TINY = Voxels(3.5, (64, 64, 64))
TINY_HEAD = Voxels(4.5, (64, 64, 64))


def make_individual(
    anatomy: Anatomy,
    rng: np.random.Generator,
    *,
    age: float,
    voxels: Voxels = FULL,
    head: bool = False,
) -> tuple[Anatomy, Deformation]:
    """Make another healthy individual of an age, and tell how.

    Parameters
    ----------
    anatomy : Anatomy
        At 1 mm.
    head : bool
        Grow a head around a brain that has none.
    """
    if head:  # shells are grown first, so that they are deformed with the brain
        anatomy = with_head(anatomy, rng)
    aging = draw_aging(anatomy, age, rng)
    drawn = draw_deformation(anatomy.tissues.shape, rng, aging=aging)
    person = deform(anatomy, drawn, spacing_mm=voxels.spacing_mm, shape=voxels.shape)
    return with_details(shrink_cortex(person, age, rng), rng, age=age), drawn
