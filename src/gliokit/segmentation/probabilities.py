"""How likely each voxel is to belong to each region."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from gliokit.core.geometry import Affine, Box
from gliokit.core.vocabulary import Region
from gliokit.preprocessing.orientation import turn_from_ras


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Probabilities of the regions, kept as logits of the part of the grid that holds the brain.

    Attributes
    ----------
    regions : tuple of Region
        In the order of `logits`.
    logits : (regions, x, y, z)
        Calibrated, with RAS axes; minus infinity outside the brain.
    box : tuple of slice
        Where they lie in the grid turned to RAS.
    shape : tuple of int
        Of the grid turned to RAS.
    affine : (4, 4)
        Of the study's grid: voxel index to RAS+ mm.
    """

    regions: tuple[Region, ...]
    logits: NDArray[np.float32] = field(repr=False)
    box: Box = field(repr=False)
    shape: tuple[int, ...]
    affine: Affine

    def of(self, region: Region) -> NDArray[np.float32]:
        """Probability of a region, 0-1, (X, Y, Z) on the study's grid."""
        whole = np.zeros(self.shape, dtype=np.float32)
        whole[self.box] = expit(self.logits[self.regions.index(region)])
        return np.ascontiguousarray(turn_from_ras(whole, self.affine))
