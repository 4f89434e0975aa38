"""The region of interest: an image with two masks, as IBSI has it.

The morphological mask says where the region lies and is left whole; the intensity mask is the
part of it whose intensities are used, after re-segmentation.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RegionOfInterest:
    """An image and the region in it that is described.

    Attributes
    ----------
    image : (X, Y, Z)
        Intensities.
    intensity_mask : (X, Y, Z)
        Voxels whose intensities count.
    morphological_mask : (X, Y, Z)
        Voxels of the region.
    spacing_mm : (3,)
        Between neighboring voxels.
    """

    image: NDArray[np.float64] = field(repr=False)
    intensity_mask: NDArray[np.bool_] = field(repr=False)
    morphological_mask: NDArray[np.bool_] = field(repr=False)
    spacing_mm: NDArray[np.float64]

    @property
    def intensities(self) -> NDArray[np.float64]:
        """Intensities that count, (N,)."""
        return self.image[self.intensity_mask]
