"""Laplacian of Gaussian: bright blobs of about its scale give negative responses.

The kernel is sampled in a square or cube and its mean there is taken off, so that it sums to 0:
a constant image gives 0, whatever the unit of its intensities. It is a sum of separable kernels
and is applied as such. Distances are in voxels, as IBSI has it: the response has the unit of the
image and is not scaled by sigma.

Source: IBSI-2 reference manual, arXiv:2006.05470 (identifier L6PA).
"""

from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import (
    Boundary,
    Kernel,
    convolve,
    filtered_axes,
    local_mean,
    sampled_gaussian,
)


@dataclass(frozen=True, slots=True)
class LaplacianOfGaussian:
    """Settings of the Laplacian of Gaussian.

    Attributes
    ----------
    sigma_mm : float
        Standard deviation of the Gaussian.
    truncate : float
        Standard deviations at which the kernel ends.
    in_slices : bool
        Whether slices are filtered one by one.
    boundary : Boundary
        Intensities beyond the image.
    """

    sigma_mm: float = 3.0
    truncate: float = 4.0
    in_slices: bool = False
    boundary: Boundary = Boundary.REFLECT

    def __post_init__(self) -> None:
        if not (self.sigma_mm > 0 and self.truncate > 0):
            raise SettingsError(
                f"Laplacian of Gaussian: found sigma_mm {self.sigma_mm:g} and truncate "
                f"{self.truncate:g}; needed are numbers above 0: the defaults are 3 and 4"
            )


def laplacian_of_gaussian_response(
    image: NDArray[np.floating], settings: LaplacianOfGaussian, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); `spacing_mm` is that along every filtered axis."""
    axes, boundary = filtered_axes(settings.in_slices), settings.boundary
    reach = laplacian_of_gaussian_reach(settings, spacing_mm=spacing_mm)
    bell, curved = laplacian_factors(settings.sigma_mm / spacing_mm, reach)
    smooth, response = image, np.zeros_like(image)
    for axis in axes:
        # the second derivatives so far are smoothed, what is smooth so far is derived
        response = convolve(response, bell, axis=axis, boundary=boundary)
        response += convolve(smooth, curved, axis=axis, boundary=boundary)
        smooth = convolve(smooth, bell, axis=axis, boundary=boundary)
    total = len(axes) * sum(curved) * sum(bell) ** (len(axes) - 1)
    response -= total * local_mean(image, 2 * reach + 1, axes=axes, boundary=boundary)
    return response


def laplacian_of_gaussian_reach(settings: LaplacianOfGaussian, *, spacing_mm: float) -> int:
    """Give how many voxels away an intensity matters."""
    return floor(settings.truncate * settings.sigma_mm / spacing_mm + 0.5)


def laplacian_factors(sigma_voxels: float, reach: int) -> tuple[Kernel, Kernel]:
    """Sample a Gaussian and its second derivative."""
    bell = sampled_gaussian(sigma_voxels, reach)
    squares = (np.arange(-reach, reach + 1) / sigma_voxels) ** 2
    return tuple(bell.tolist()), tuple((bell * (squares - 1) / sigma_voxels**2).tolist())
