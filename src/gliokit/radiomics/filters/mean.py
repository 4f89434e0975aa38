"""Mean filter: the average over a square or cube of voxels.

Source: IBSI-2 reference manual, arXiv:2006.05470 (identifier S60F).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary, filtered_axes, local_mean


@dataclass(frozen=True, slots=True)
class Mean:
    """Settings of the mean filter.

    Attributes
    ----------
    support_voxels : int
        Side of the square or cube; odd.
    in_slices : bool
        Whether slices are filtered one by one.
    boundary : Boundary
        Intensities beyond the image.
    """

    support_voxels: int = 5
    in_slices: bool = False
    boundary: Boundary = Boundary.REFLECT

    def __post_init__(self) -> None:
        if self.support_voxels < 1 or self.support_voxels % 2 == 0:
            raise SettingsError(
                f"mean filter: found support_voxels {self.support_voxels}; needed an odd number, "
                "so that the square has a middle: choose 3, 5, 7, ..."
            )


def mean_response(
    image: NDArray[np.floating], settings: Mean, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); the support is in voxels, whatever the spacing."""
    axes = filtered_axes(settings.in_slices)
    return local_mean(image, settings.support_voxels, axes=axes, boundary=settings.boundary)


def mean_reach(settings: Mean, *, spacing_mm: float) -> int:
    """Give how many voxels away an intensity matters."""
    return settings.support_voxels // 2
