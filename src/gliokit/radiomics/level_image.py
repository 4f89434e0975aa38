"""A discretized image as the texture matrices walk it: flat, slice by slice, with a margin.

Texture looks from voxel to voxel. In a flat array a direction is one number to add to an index,
and a margin of zeros (outside) takes the place of asking whether the neighbor exists. Slices are
those along the third axis; a flat array holds them one after the other.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError, SettingsError


@dataclass(frozen=True, slots=True)
class LevelImage:
    """Levels of a region, flat.

    Attributes
    ----------
    levels : (n,)
        0 outside and in the margin, 1 and more inside.
    ranks : (n,)
        The same, of those levels that occur: 0 outside, else 1 to P.
    level_of : (P,)
        Level of each rank, from 1.
    voxels : (N,)
        Indices of those inside, slice by slice.
    slices : (S + 1,)
        Where in `voxels` each slice begins, of the slices that have any; N at the end.
    strides : (3,)
        What one step along each axis adds to an index.
    longest : int
        Voxels along the longest axis: no run is longer.
    """

    levels: NDArray[np.int32] = field(repr=False)
    ranks: NDArray[np.int32] = field(repr=False)
    level_of: NDArray[np.int64] = field(repr=False)
    voxels: NDArray[np.int64] = field(repr=False)
    slices: NDArray[np.int64] = field(repr=False)
    strides: NDArray[np.int64]
    longest: int

    def slice_of_voxel(self) -> NDArray[np.int64]:
        """Tell of each voxel in which slice it is, (N,): from 0, without those that are empty."""
        return np.repeat(np.arange(self.slices.size - 1), np.diff(self.slices))

    def beside(self, step: NDArray[np.int64] | None = None) -> NDArray[np.int32]:
        """Level of the neighbor one step away, for all indices from the first voxel to the last.

        Without a step, the level of the voxel itself. Views, no copies: what is done to whole
        views costs less than looking neighbors up voxel by voxel.
        """
        offset = 0 if step is None else int(step @ self.strides)
        return self.levels[self.voxels[0] + offset : self.voxels[-1] + 1 + offset]


def lay_out(levels: NDArray[np.int32], n_levels: int, margin: int = 1) -> LevelImage:
    """Lay a discretized image out flat.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside, 1 to `n_levels` inside.
    margin : int
        Voxels of zeros around it: as far as texture looks.

    Raises
    ------
    ImageError, SettingsError
        As `check_levels`; or if the margin, the distance of a neighbor, is below 1.
    """
    check_levels(levels, n_levels)
    if margin < 1:
        raise SettingsError(f"a distance of {margin} voxels has no neighbor; needed 1 or more")
    slice_first = np.moveaxis(levels, 2, 0)
    padded = np.zeros([n + 2 * margin for n in slice_first.shape], dtype=np.int32)
    padded[margin:-margin, margin:-margin, margin:-margin] = slice_first
    flat, (n_slices, rows, columns) = padded.ravel(), padded.shape
    voxels = np.flatnonzero(flat)
    # empty slices begin where the next one does
    slices = np.unique(np.searchsorted(voxels, np.arange(n_slices + 1) * rows * columns))
    occurs = np.zeros(n_levels + 1, dtype=np.bool_)
    occurs[flat.take(voxels)] = True
    rank_of = np.cumsum(occurs, dtype=np.int32) * occurs
    return LevelImage(
        levels=flat,
        ranks=rank_of.take(flat),
        level_of=np.flatnonzero(occurs),
        voxels=voxels,
        slices=slices,
        strides=np.array([columns, 1, rows * columns]),
        longest=max(levels.shape),
    )


def check_levels(levels: NDArray[np.int32], n_levels: int) -> None:
    """Refuse what is no discretized image.

    Raises
    ------
    ImageError
        If `levels` has not three axes, holds no whole numbers, numbers below 0 or above
        `n_levels`, or nothing but 0.
    """
    if levels.ndim != 3 or not np.issubdtype(levels.dtype, np.integer):
        raise ImageError(
            f"levels have shape {levels.shape} and type {levels.dtype}; "
            "needed (X, Y, Z) whole numbers: discretize the image first"
        )
    lowest, highest = (int(levels.min()), int(levels.max())) if levels.size else (0, 0)
    if highest < 1:
        raise ImageError("no voxel has a level; needed one or more: the intensity mask is empty")
    if lowest < 0 or highest > n_levels:
        raise ImageError(
            f"levels run from {lowest} to {highest}; needed 0 outside the mask and 1 to "
            f"{n_levels} inside"
        )
