"""What an image is taken to be beyond its border, and convolution along one axis under that rule.

Rules are applied axis by axis; for separable kernels that equals padding the whole image.

Source: IBSI-2 reference manual, arXiv:2006.05470, section on boundary conditions.
"""

from collections.abc import Sequence
from enum import StrEnum
from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Kernel = tuple[float, ...]  # of odd length, the middle one on the voxel itself


class Boundary(StrEnum):
    """Intensities beyond the image."""

    CONSTANT = "constant"  # zero
    NEAREST = "nearest"  # that of the last voxel
    WRAP = "wrap"  # the image again
    REFLECT = "reflect"  # the image mirrored, last voxel first


_PADDING = {
    Boundary.CONSTANT: "constant",
    Boundary.NEAREST: "edge",
    Boundary.WRAP: "wrap",
    Boundary.REFLECT: "symmetric",
}


def padded(
    image: NDArray[np.floating], margins: Sequence[int], boundary: Boundary
) -> NDArray[np.floating]:
    """Continue an image (X, Y, Z) by a margin at both ends of each axis."""
    widths = [(margin, margin) for margin in margins]
    return np.pad(image, widths, mode=_PADDING[boundary])  # type: ignore[call-overload]


def convolve(
    image: NDArray[np.floating], kernel: Kernel, *, axis: int, boundary: Boundary
) -> NDArray[np.floating]:
    """Convolve an image with a kernel along one axis; sums are in double precision."""
    return ndimage.convolve1d(image, kernel, axis=axis, mode=boundary.value)


def local_mean(
    image: NDArray[np.floating], width: int, *, axes: Sequence[int], boundary: Boundary
) -> NDArray[np.floating]:
    """Average over boxes of an odd width along some axes; the time does not depend on the width."""
    for axis in axes:
        image = ndimage.uniform_filter1d(image, width, axis=axis, mode=boundary.value)
    return image


def filtered_axes(in_slices: bool) -> tuple[int, ...]:
    """Give the axes along which is filtered; slices run along the third."""
    return (0, 1) if in_slices else (0, 1, 2)


def sampled_gaussian(sigma: float, reach: int) -> NDArray[np.float64]:
    """Sample a Gaussian of integral 1 at -reach, ..., reach voxels, (2 reach + 1,)."""
    steps = np.arange(-reach, reach + 1)
    return np.exp(-0.5 * (steps / sigma) ** 2) / (sqrt(2 * pi) * sigma)
