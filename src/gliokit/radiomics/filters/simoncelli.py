"""Simoncelli wavelet: an undecimated band of frequencies, the same in all directions.

At level j the transfer is cos(π/2 · log2(2 ν / ν_j)) for ν_j/4 < ν < ν_j with ν_j = 2^(1-j) of
the frequency of Nyquist, and 0 elsewhere. The image counts as periodic; its size therefore
changes the response.

Source: Portilla and Simoncelli, Int J Comput Vis 2000;40:49-70, doi:10.1023/A:1026553619983;
IBSI-2 reference manual, arXiv:2006.05470 (identifier LODD).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import filtered_axes
from gliokit.radiomics.filters.spectrum import apply_transfer, radius


@dataclass(frozen=True, slots=True)
class Simoncelli:
    """Settings of a Simoncelli wavelet.

    Attributes
    ----------
    level : int
        Of the decomposition, from 1; each halves the frequencies.
    in_slices : bool
        Whether slices are filtered one by one.
    """

    level: int = 1
    in_slices: bool = False

    def __post_init__(self) -> None:
        if self.level < 1:
            raise SettingsError(
                f"Simoncelli wavelet: found level {self.level}; needed is 1 (the finest) or more"
            )


def simoncelli_response(
    image: NDArray[np.floating], settings: Simoncelli, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); frequencies are relative to Nyquist, whatever the spacing."""
    axes = filtered_axes(settings.in_slices)
    return apply_transfer(image, lambda places: band(radius(places), settings.level), axes=axes)


def band(frequency: NDArray[np.float64], level: int) -> NDArray[np.float64]:
    """Give the transfer, 0 to 1, at frequencies relative to Nyquist."""
    octaves = np.log2(np.maximum(frequency, np.finfo(float).tiny) * 2**level)
    return np.where(np.abs(octaves) < 1, np.cos(np.pi / 2 * octaves), 0.0)
