"""The slices a lesion is measured on: the acquired ones where axial enough, else a reformat.

Slices of the grid that lie within 30 degrees of axial are measured as they are. Otherwise the
lesion is carried to an axial grid, as fine as the grid's smallest spacing, and measured there;
the caller learns which it was, in a sentence.

An affine does not say which of its planes the scanner acquired. Where the axial planes of a grid
have pixels that are clearly not square, they cut across the acquired slices, and that is said too.

Limits: on a reformat, an outline between thick slices is interpolated, not seen.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import (
    Affine,
    Grid,
    axial_tilt_degrees,
    bounding_box,
    canonical_axes,
    spacing_mm,
    to_voxel,
    to_world,
)
from gliokit.core.image import LabelMap
from gliokit.preprocessing.carry import carry_labels

MOST_TILTED_DEGREES = 30.0  # a choice, not a published limit
SQUARE = 1.5  # ratio of the sides of a pixel, beyond which it is no acquired one; a choice
_ROUNDING = 1e-6  # degrees


class Plane(StrEnum):
    """What the measured slices are."""

    ACQUIRED = "acquired slices"
    ACROSS = "axial slices across the acquired ones"
    REFORMATTED = "axial reformat"


@dataclass(frozen=True, slots=True)
class AxialView:
    """A lesion on slices that are axial enough.

    Attributes
    ----------
    mask : (X, Y, Z)
        Its voxels; on a reformat, cut to the lesion.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    plane : Plane
        What its slices are.
    tilt_degrees : float
        Angle of the grid's own slices to the axial plane.
    slice_mm : float
        Distance of the acquired slices, gaps counted: along the slice axis, or the largest
        spacing of the grid where its axial slices are not the acquired ones.
    """

    mask: NDArray[np.bool_] = field(repr=False)
    affine: Affine
    plane: Plane
    tilt_degrees: float
    slice_mm: float

    @property
    def sentence(self) -> str:
        """Say what was measured."""
        if self.plane is Plane.ACQUIRED:
            return f"measured on the acquired slices, {self.tilt_degrees:.0f}° from axial"
        if self.plane is Plane.ACROSS:
            return f"measured on axial slices across the acquired ones, {self.slice_mm:g} mm apart"
        return (
            f"measured on an axial reformat, since the slices nearest to axial are tilted by "
            f"{self.tilt_degrees:.0f}°"
        )


def axial_view(
    mask: NDArray[np.bool_], affine: Affine, *, most_tilted_degrees: float = MOST_TILTED_DEGREES
) -> AxialView:
    """Show a lesion on its own slices where these are axial enough, else on an axial reformat.

    Parameters
    ----------
    mask : (X, Y, Z)
        The lesion.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    most_tilted_degrees : float
        Largest angle at which slices still count as axial.
    """
    tilt, spacing = axial_tilt_degrees(affine), spacing_mm(affine)
    if tilt > most_tilted_degrees + _ROUNDING:
        reformatted, axes = _reformat(mask, affine, float(spacing.min()))
        return AxialView(reformatted, axes, Plane.REFORMATTED, tilt, float(spacing.max()))
    axis = canonical_axes(affine)[0][2]
    pixel = np.delete(spacing, axis)
    if pixel.max() > SQUARE * pixel.min():
        return AxialView(mask, affine, Plane.ACROSS, tilt, float(spacing.max()))
    return AxialView(mask, affine, Plane.ACQUIRED, tilt, float(spacing[axis]))


def _reformat(
    mask: NDArray[np.bool_], affine: Affine, fine_mm: float
) -> tuple[NDArray[np.bool_], Affine]:
    """Carry a lesion to the smallest axial grid of `fine_mm` that holds it."""
    if not mask.any():
        return np.zeros((1, 1, 1), dtype=bool), np.diag([fine_mm, fine_mm, fine_mm, 1.0])
    box = bounding_box(mask)
    ends = list(product(*((part.start - 1, part.stop) for part in box)))
    corners = to_world(affine, ends)
    low = corners.min(axis=0)
    x, y, z = (int(n) for n in np.ceil((corners.max(axis=0) - low) / fine_mm) + 1)
    axes = np.diag([fine_mm, fine_mm, fine_mm, 1.0])
    axes[:3, 3] = low
    whole = LabelMap(mask.astype(np.uint8), affine)
    reformatted = carry_labels(whole, np.eye(4), Grid((x, y, z), axes)).array > 0
    if not reformatted.any():  # it fills half of no voxel of the new grid
        center = to_world(affine, np.argwhere(mask).mean(axis=0))
        reformatted[tuple(np.rint(to_voxel(axes, center)).astype(int))] = True
    return reformatted, axes
