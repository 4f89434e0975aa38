"""Grids with the axes and the field of view of another."""

import numpy as np

from gliokit.core.geometry import Grid, spacing_mm, to_world
from gliokit.preprocessing.orientation import grid_in_ras


def grid_of_spacing(grid: Grid, wanted_mm: float) -> Grid:
    """Give the isotropic grid that fills a grid's field of view along its own axes, in RAS.

    Both start at the same outer face; at the other end the new one may reach a little further.
    """
    turned = grid_in_ras(grid)
    steps = spacing_mm(turned.affine)
    x, y, z = (int(np.ceil(n * s / wanted_mm)) for n, s in zip(turned.shape, steps, strict=True))
    affine = turned.affine.copy()
    affine[:3, :3] *= wanted_mm / steps
    affine[:3, 3] = to_world(turned.affine, (wanted_mm / steps - 1) / 2)
    return Grid((x, y, z), affine)
