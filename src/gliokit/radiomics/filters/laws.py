"""Laws kernels: level, edge, spot, wave and ripple along each axis, and their texture energy.

Kernels have norm 1. Texture energy is the mean of absolute responses in a square or cube.

Source: Laws, Rapid texture identification, Proc SPIE 1980;0238:376-81, doi:10.1117/12.959169;
IBSI-2 reference manual, arXiv:2006.05470 (identifier JTXT).
"""

from dataclasses import dataclass
from math import hypot

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary, Kernel, filtered_axes, local_mean
from gliokit.radiomics.filters.rotation import Factors, Pooling, pooled_response, turned

_WEIGHTS = {
    "L3": (1, 2, 1),
    "E3": (-1, 0, 1),
    "S3": (-1, 2, -1),
    "L5": (1, 4, 6, 4, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
}


@dataclass(frozen=True, slots=True)
class Laws:
    """Settings of a Laws filter.

    Attributes
    ----------
    kernels : str
        Names along the axes, such as "L5E5E5"; two of them: slices are filtered one by one.
    rotation_invariant : bool
        Whether the kernel is turned by all right angles.
    pooling : Pooling
        Of the responses in all directions.
    energy_distance_voxels : int
        Distance to which absolute responses are averaged; 0: the response itself.
    boundary : Boundary
        Intensities beyond the image.
    """

    kernels: str = "L5E5E5"
    rotation_invariant: bool = True
    pooling: Pooling = Pooling.MAX
    energy_distance_voxels: int = 7
    boundary: Boundary = Boundary.REFLECT

    def __post_init__(self) -> None:
        names = _names(self.kernels)
        if len(names) not in (2, 3) or not all(name in _WEIGHTS for name in names):
            raise SettingsError(
                f"Laws filter: found kernels {self.kernels!r}; needed are two or three of "
                f"{', '.join(_WEIGHTS)}: write L5E5E5, for instance"
            )
        if self.energy_distance_voxels < 0:
            raise SettingsError(
                f"Laws filter: found energy_distance_voxels {self.energy_distance_voxels}; needed "
                "a number of voxels, or 0 for the response itself"
            )

    @property
    def in_slices(self) -> bool:
        """Whether slices are filtered one by one."""
        return len(_names(self.kernels)) == 2


def laws_response(
    image: NDArray[np.floating], settings: Laws, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); kernels are in voxels, whatever the spacing."""
    factors: Factors = tuple((laws_kernel(name),) for name in _names(settings.kernels))
    directions = turned(factors) if settings.rotation_invariant else [factors]
    response = pooled_response(
        image, directions, boundary=settings.boundary, pooling=settings.pooling
    )
    if settings.energy_distance_voxels == 0:
        return response
    return local_mean(
        np.abs(response),
        2 * settings.energy_distance_voxels + 1,
        axes=filtered_axes(settings.in_slices),
        boundary=settings.boundary,
    )


def laws_reach(settings: Laws, *, spacing_mm: float) -> int:
    """Give how many voxels away an intensity matters."""
    longest = max(len(_WEIGHTS[name]) for name in _names(settings.kernels))
    return longest // 2 + settings.energy_distance_voxels


def laws_kernel(name: str) -> Kernel:
    """Give a kernel of norm 1 by its name: L3 E3 S3 L5 E5 S5 W5 R5."""
    weights = _WEIGHTS[name]
    return tuple(weight / hypot(*weights) for weight in weights)


def _names(kernels: str) -> list[str]:
    return [kernels[i : i + 2] for i in range(0, len(kernels), 2)]
