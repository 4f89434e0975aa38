"""Separable wavelets, undecimated: low (L) and high (H) pass along each axis at some level.

At level j the kernels have 2^(j-1) - 1 zeros between their coefficients (à trous); the levels
before apply the low pass along every axis. Kernels have norm 1, so a low pass multiplies a
constant by √2 an axis and level. An even kernel gets a zero at its end.

Coefficients are the closed forms of the scaling filters: orthonormal to their even shifts, with
as many vanishing moments of the wavelet as the name says (Coiflet 1: two, and one of the scaling
function).

Source: Daubechies, Ten Lectures on Wavelets, SIAM 1992, doi:10.1137/1.9781611970104; IBSI-2
reference manual, arXiv:2006.05470 (identifier 25BO).
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary, Kernel
from gliokit.radiomics.filters.rotation import Factors, Pooling, Stages, pooled_response, turned


class Wavelet(StrEnum):
    """Families of wavelets."""

    HAAR = "haar"
    DAUBECHIES_2 = "db2"
    DAUBECHIES_3 = "db3"
    COIFLET_1 = "coif1"


_A, _B = sqrt(10), sqrt(5 + 2 * sqrt(10))  # of Daubechies 3
_SCALING = {  # to be divided by their norm
    Wavelet.HAAR: (1.0, 1.0),
    Wavelet.DAUBECHIES_2: (1 + sqrt(3), 3 + sqrt(3), 3 - sqrt(3), 1 - sqrt(3)),
    Wavelet.DAUBECHIES_3: (
        1 + _A + _B,
        5 + _A + 3 * _B,
        10 - 2 * _A + 2 * _B,
        10 - 2 * _A - 2 * _B,
        5 + _A - 3 * _B,
        1 + _A - _B,
    ),
    Wavelet.COIFLET_1: (
        1 - sqrt(7),
        5 + sqrt(7),
        14 + 2 * sqrt(7),
        14 - 2 * sqrt(7),
        1 - sqrt(7),
        -3 + sqrt(7),
    ),
}


@dataclass(frozen=True, slots=True)
class SeparableWavelet:
    """Settings of a separable wavelet filter.

    Attributes
    ----------
    family : Wavelet
        Which wavelet.
    bands : str
        L or H along the axes, such as "LLH"; two letters: slices are filtered one by one.
    level : int
        Of the decomposition, from 1.
    rotation_invariant : bool
        Whether the kernel is turned by all right angles.
    pooling : Pooling
        Of the responses in all directions.
    boundary : Boundary
        Intensities beyond the image, and beyond what each level gives.
    """

    family: Wavelet = Wavelet.DAUBECHIES_3
    bands: str = "LLH"
    level: int = 1
    rotation_invariant: bool = True
    pooling: Pooling = Pooling.MEAN
    boundary: Boundary = Boundary.REFLECT

    def __post_init__(self) -> None:
        if len(self.bands) not in (2, 3) or set(self.bands) - {"L", "H"}:
            raise SettingsError(
                f"wavelet filter: found bands {self.bands!r}; needed are two or three letters "
                "L or H, one an axis: write LLH, for instance"
            )
        if self.level < 1:
            raise SettingsError(
                f"wavelet filter: found level {self.level}; needed is 1 (the finest) or more"
            )

    @property
    def in_slices(self) -> bool:
        """Whether slices are filtered one by one."""
        return len(self.bands) == 2


def wavelet_response(
    image: NDArray[np.floating], settings: SeparableWavelet, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); kernels are in voxels, whatever the spacing."""
    factors: Factors = tuple(
        wavelet_stages(settings.family, band, settings.level) for band in settings.bands
    )
    directions = turned(factors) if settings.rotation_invariant else [factors]
    return pooled_response(image, directions, boundary=settings.boundary, pooling=settings.pooling)


def wavelet_reach(settings: SeparableWavelet, *, spacing_mm: float) -> int:
    """Give how many voxels away an intensity matters."""
    stages = wavelet_stages(settings.family, "L", settings.level)
    return sum(len(kernel) // 2 for kernel in stages)


def wavelet_stages(family: Wavelet, band: str, level: int) -> Stages:
    """Give the kernels, one a level, that lead along an axis to a band at a level."""
    low = low_pass(family)
    last = low if band == "L" else high_pass(family)
    kernels = [*[low] * (level - 1), last]
    return tuple(_spread(kernel, 2**j) for j, kernel in enumerate(kernels))


def low_pass(family: Wavelet) -> Kernel:
    """Give the decomposition low pass; its length is even."""
    scaling = _SCALING[family]
    norm = sqrt(sum(weight**2 for weight in scaling))
    return tuple(weight / norm for weight in reversed(scaling))


def high_pass(family: Wavelet) -> Kernel:
    """Give the decomposition high pass, the quadrature mirror of the low pass."""
    mirrored = enumerate(reversed(low_pass(family)))
    return tuple(weight if i % 2 else -weight for i, weight in mirrored)


def _spread(kernel: Kernel, step: int) -> Kernel:
    """Give the kernel odd length, then zeros between its weights."""
    odd = (*kernel, 0.0)
    spread = np.zeros(step * (len(odd) - 1) + 1)
    spread[::step] = odd
    return tuple(spread.tolist())
