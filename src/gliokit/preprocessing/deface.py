"""A head without its face; the brain and what lies near it stay as they are, bit by bit.

The face is all that lies before the brain, below its long axis and down to 120° from it, but for
a margin around the brain. It is found from the brain mask alone, so it is the same for every
sequence and however far the head nods, and holds the air before the face, too, whose noise would
show its outline. The jaw and the front of the neck go with it.

Limits: the head must face forward within 20° or so, and not lie on its side. Ears stay, and so
does a nose that is folded to the back of the image. Tested on simulated heads, by the share of
their eyes and skin that goes; whether a person could still be told by the rest was not.

Source: gliokit's own; angles and margin are assumed. Why a face must go: Schwarz et al., N Engl J
Med 2019;381:1684-6, doi:10.1056/NEJMc1908881
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Grid, bounding_box, spacing_mm, to_world
from gliokit.core.image import Image

MARGIN_MM = 8.0  # around the brain: a mask that is off by two voxels of 2 mm stays within it
# below the brain's long axis; in 20 heads the highest point of the eyes lies at 26 to 46
WIDEST_DEGREES = 120.0
STEEPEST_DEGREES = 75.0  # of that axis; in the same heads it rises to the front by 6 to 48


def deface(image: Image, brain: NDArray[np.bool_], *, margin_mm: float = MARGIN_MM) -> Image:
    """Set the face of a head to the lowest value of the image.

    Parameters
    ----------
    brain : (X, Y, Z)
        Voxels of the brain, on the image's grid.
    margin_mm : float
        What lies within it from the brain stays.

    Raises
    ------
    NotAssessableError
        As `face_region`.
    """
    array = image.array.copy()
    array[face_region(image.grid, brain, margin_mm=margin_mm)] = array.min()
    return replace(image, array=array)


def face_region(
    grid: Grid, brain: NDArray[np.bool_], *, margin_mm: float = MARGIN_MM
) -> NDArray[np.bool_]:
    """Find the voxels (X, Y, Z) of the face and of the air before it.

    Parameters
    ----------
    brain : (X, Y, Z)
        Voxels of the brain; at least one.
    margin_mm : float
        What lies within it from the brain is no face.

    Raises
    ------
    NotAssessableError
        If the brain stands on end: nobody can tell where its face is.
    """
    center, axis = _long_axis(to_world(grid.affine, np.argwhere(brain))[:, 1:])
    rise = np.degrees(np.arctan2(axis[1], axis[0]))
    if abs(rise) > STEEPEST_DEGREES:
        raise NotAssessableError(
            f"the brain's long axis stands at {rise:.0f}° to the horizontal, at most "
            f"{STEEPEST_DEGREES:g}° is needed to tell where the face is; check the header"
        )
    below = np.array([axis[1], -axis[0]])
    # what is within 90° of both directions lies between the axis and the widest angle below it
    tilt = np.radians(WIDEST_DEGREES - 90)
    before = np.cos(tilt) * axis + np.sin(tilt) * below
    x, y, z = np.ogrid[tuple(map(slice, grid.shape))]
    forward, up = (
        (row[0] * x + row[1] * y + row[2] * z + row[3] - middle).astype(np.float32)
        for row, middle in zip(grid.affine[1:3], center, strict=True)
    )
    face = np.ones(grid.shape, dtype=bool)
    for direction in np.array([below, before], dtype=np.float32):
        face &= forward * direction[0] + up * direction[1] > 0
    return face & ~_grown(brain, spacing_mm(grid.affine), margin_mm)


def _long_axis(points_mm: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the center of points (N, 2) in the sagittal plane, and where most of them spread."""
    center = points_mm.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((points_mm - center).T))
    return center, axes[:, 1] * np.sign(axes[0, 1])  # forward


def _grown(
    mask: NDArray[np.bool_], spacing: NDArray[np.float64], margin_mm: float
) -> NDArray[np.bool_]:
    """Give the voxels up to a distance from a mask (X, Y, Z), which is not empty."""
    reach = np.ceil(margin_mm / spacing).astype(int)
    box = tuple(
        slice(max(part.start - more, 0), part.stop + more)
        for part, more in zip(bounding_box(mask), reach, strict=True)
    )
    grown = np.zeros_like(mask)
    grown[box] = ndimage.distance_transform_edt(~mask[box], sampling=spacing) <= margin_mm
    return grown
