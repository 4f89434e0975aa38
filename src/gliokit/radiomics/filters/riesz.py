"""Riesz-transformed filters: of a Laplacian of Gaussian or a Simoncelli wavelet, in space.

Source: IBSI-2 reference manual, arXiv:2006.05470 (identifier AYRS).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary, padded
from gliokit.radiomics.filters.laplacian_of_gaussian import (
    LaplacianOfGaussian,
    laplacian_of_gaussian_reach,
    laplacian_of_gaussian_response,
)
from gliokit.radiomics.filters.riesz_transform import Order, aligned_transform, riesz_transform
from gliokit.radiomics.filters.simoncelli import Simoncelli, simoncelli_response


@dataclass(frozen=True, slots=True)
class RieszLaplacianOfGaussian:
    """Settings of a Riesz-transformed Laplacian of Gaussian.

    Attributes
    ----------
    order : (int, int, int)
        Along the three axes or directions; not all 0.
    sigma_mm : float
        Standard deviation of the Gaussian.
    truncate : float
        Standard deviations at which the Laplacian of Gaussian ends.
    tensor_sigma_mm : float
        Of the Gaussian under which the structure tensor is averaged whose directions are
        followed; 0: the axes are followed.
    boundary : Boundary
        Intensities beyond the image, as far as the width of the kernel; then periodic.
    """

    order: Order = (1, 0, 0)
    sigma_mm: float = 3.0
    truncate: float = 4.0
    tensor_sigma_mm: float = 0.0
    boundary: Boundary = Boundary.REFLECT

    def __post_init__(self) -> None:
        _check(self.order, self.tensor_sigma_mm)
        LaplacianOfGaussian(self.sigma_mm, self.truncate)  # refuses what makes no sense

    @property
    def in_slices(self) -> bool:
        """Always in space."""
        return False


@dataclass(frozen=True, slots=True)
class RieszSimoncelli:
    """Settings of a Riesz-transformed Simoncelli wavelet.

    Attributes
    ----------
    order : (int, int, int)
        Along the three axes or directions; not all 0.
    level : int
        Of the decomposition, from 1.
    tensor_sigma_mm : float
        Of the Gaussian under which the structure tensor is averaged whose directions are
        followed; 0: the axes are followed.
    """

    order: Order = (1, 0, 0)
    level: int = 1
    tensor_sigma_mm: float = 0.0

    def __post_init__(self) -> None:
        _check(self.order, self.tensor_sigma_mm)
        Simoncelli(self.level)  # refuses what makes no sense

    @property
    def in_slices(self) -> bool:
        """Always in space."""
        return False


def riesz_laplacian_of_gaussian_response(
    image: NDArray[np.floating], settings: RieszLaplacianOfGaussian, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); `spacing_mm` is that along every axis."""
    laplacian = LaplacianOfGaussian(
        settings.sigma_mm, settings.truncate, boundary=settings.boundary
    )
    # the transform decays slowly: a margin as wide as the kernel keeps opposite borders apart
    margin = 2 * laplacian_of_gaussian_reach(laplacian, spacing_mm=spacing_mm) + 1
    wide = padded(image, (margin,) * 3, settings.boundary)
    blobs = laplacian_of_gaussian_response(wide, laplacian, spacing_mm=spacing_mm)
    response = _transformed(blobs, settings.order, settings.tensor_sigma_mm / spacing_mm)
    return response[tuple(slice(margin, margin + n) for n in image.shape)]


def riesz_simoncelli_response(
    image: NDArray[np.floating], settings: RieszSimoncelli, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); `spacing_mm` is that along every axis."""
    band = simoncelli_response(image, Simoncelli(settings.level), spacing_mm=spacing_mm)
    return _transformed(band, settings.order, settings.tensor_sigma_mm / spacing_mm)


def _transformed(
    image: NDArray[np.floating], order: Order, tensor_sigma_voxels: float
) -> NDArray[np.floating]:
    if tensor_sigma_voxels == 0:
        return riesz_transform(image, order)
    return aligned_transform(image, order, tensor_sigma_voxels=tensor_sigma_voxels)


def _check(order: Order, tensor_sigma_mm: float) -> None:
    if min(order) < 0 or sum(order) == 0:
        raise SettingsError(
            f"Riesz transform: found order {order}; needed are three numbers from 0, one or more "
            "above it: (1, 0, 0) is the first derivative along the first axis"
        )
    if tensor_sigma_mm < 0:
        raise SettingsError(
            f"Riesz transform: found tensor_sigma_mm {tensor_sigma_mm:g}; needed a number above 0, "
            "or 0 to follow the axes"
        )
