"""A study as most checks see it: RAS axes, cut to the brain, at 4 mm, and T1 at 2 mm.

Brightness is taken against that of the surroundings (Gaussian of 12 mm standard deviation,
inside the brain), so that an uneven coil is not taken for contrast.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.preprocessing.resampling import HALF, resample

COARSE_MM, FINER_MM = 4.0, 2.0
SURROUNDINGS_MM = 12.0  # standard deviation
WIDTHS = 3.0  # standard deviations at which the Gaussian ends
LEAST_SHARE = 0.25  # of a voxel or a surrounding that must be brain for a mean

Array: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sampled:
    """Images at one spacing.

    Attributes
    ----------
    images : mapping of MRSequence to (X, Y, Z)
        Means of the brain's share of each voxel, not below 0.
    inside : (X, Y, Z)
        Voxels that are at least half brain.
    mm : float
        Side of a voxel.
    """

    images: Mapping[MRSequence, Array] = field(repr=False)
    inside: Mask = field(repr=False)
    mm: float

    def flat(self, sequence: MRSequence) -> Array:
        """Brightness against the surroundings, (X, Y, Z); 1 outside the brain."""
        image, width = self.images[sequence], SURROUNDINGS_MM / self.mm
        share = ndimage.gaussian_filter(self.inside.astype(np.float32), width, truncate=WIDTHS)
        around = ndimage.gaussian_filter(
            np.where(self.inside, image, np.float32(0)), width, truncate=WIDTHS
        )
        around /= share.clip(LEAST_SHARE)
        usable = self.inside & (around > 0)
        ratio: Array = np.where(usable, image / np.where(usable, around, 1), np.float32(1))
        return ratio


def sample(
    study: Study, brain: Mask, mm: float, sequences: Iterable[MRSequence] | None = None
) -> Sampled:
    """Bring images and brain (X, Y, Z) to voxels of `mm`.

    Raises
    ------
    GeometryError
        If the images lie on different grids.
    """
    grid = shared_grid(study)
    turned = turn_to_ras(brain, grid.affine)
    box = bounding_box(turned)
    inside = np.ascontiguousarray(turned[box])
    from_mm, to_mm = spacing_mm(grid_in_ras(grid).affine), np.full(3, mm)
    share = resample(inside.astype(np.float32), from_mm, to_mm)
    images = {}
    for sequence in sequences or study.images:
        own = turn_to_ras(study[sequence].array, grid.affine)[box]
        total = resample(np.where(inside, own.clip(0), np.float32(0)), from_mm, to_mm)
        images[sequence] = (total / share.clip(LEAST_SHARE)).astype(np.float32, copy=False)
    return Sampled(images, share >= HALF, mm)
