"""Intensities as few levels: a fixed number of bins, bins of a fixed size, or as they are.

A fixed number spans the intensities of the region, so that levels do not depend on the scale
of the image: for units that mean nothing by themselves, as in MR. Bins of a fixed size keep the
meaning of a unit (CT), and need a common lower bound: that of the re-segmentation.

Source: IBSI reference manual, arXiv:1612.07003, section 2.7 (identifiers K15C, Q3RU).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError, SettingsError

MOST_LEVELS = 4096  # texture matrices of more levels fill the memory and are nearly empty


class Binning(StrEnum):
    """How intensities become levels."""

    NUMBER = "number"  # a fixed number of bins between least and greatest
    SIZE = "size"  # bins of a fixed size from a lower bound
    NONE = "none"  # intensities are used as they are


@dataclass(frozen=True, slots=True)
class Discretization:
    """How intensities become levels.

    Attributes
    ----------
    binning : Binning
        The way.
    bins : int
        Number of bins, for `Binning.NUMBER`.
    size : float
        Of a bin in units of intensity, for `Binning.SIZE`.
    lower : float, optional
        Where the first bin of a fixed size begins; by default at the lower bound of the
        re-segmentation, and without one at the least intensity of the region.
    """

    binning: Binning = Binning.NUMBER
    bins: int = 32
    size: float = 25.0
    lower: float | None = None


def discretize(
    values: NDArray[np.float64], discretization: Discretization, *, lower: float | None = None
) -> tuple[NDArray[np.int32], int]:
    """Give the level of each intensity, and the number of levels.

    Intensities below the first bin belong to it. A flat region has level 1. With a fixed size,
    or none, the number of levels is the highest level found.

    Parameters
    ----------
    values : (N,)
        Intensities of the region, at least one.
    discretization : Discretization
        The way.
    lower : float, optional
        Lower bound of the re-segmentation.

    Returns
    -------
    tuple
        Levels (N,) from 1, and their number.

    Raises
    ------
    SettingsError
        If no bin has a size, or there are more than `MOST_LEVELS`.
    ImageError
        If intensities are to be levels as they are, and are not whole numbers from 1.
    """
    match discretization.binning:
        case Binning.NUMBER:
            return fixed_bin_number(values, discretization.bins), discretization.bins
        case Binning.SIZE:
            start = discretization.lower if discretization.lower is not None else lower
            levels = fixed_bin_size(values, discretization.size, lower=start)
        case Binning.NONE:
            levels = _as_they_are(values)
    return levels, int(levels.max())


def fixed_bin_number(values: NDArray[np.float64], bins: int) -> NDArray[np.int32]:
    """Give levels (N,) from 1 to `bins` of intensities (N,): equal bins from least to greatest.

    Raises
    ------
    SettingsError
        If `bins` is not 1 to `MOST_LEVELS`.
    """
    if not 1 <= bins <= MOST_LEVELS:
        raise SettingsError(f"bins: found {bins}; needed 1 to {MOST_LEVELS}")
    least, greatest = values.min(), values.max()
    if least == greatest:
        return np.ones(values.shape, dtype=np.int32)
    levels = np.floor(bins * ((values - least) / (greatest - least))) + 1
    return np.minimum(levels, bins).astype(np.int32)


def fixed_bin_size(
    values: NDArray[np.float64], size: float, *, lower: float | None = None
) -> NDArray[np.int32]:
    """Give levels (N,) from 1 of intensities (N,): bins of `size` from `lower`, or from the least.

    Raises
    ------
    SettingsError
        If `size` is not positive, or so small that there are more than `MOST_LEVELS` bins.
    """
    start = float(values.min()) if lower is None else lower
    if not size > 0 or (values.max() - start) / size >= MOST_LEVELS:
        raise SettingsError(
            f"size: found bins of {size:g} for intensities from {start:g} to {values.max():g}; "
            f"needed at most {MOST_LEVELS} bins: make them larger, or set their number"
        )
    levels = np.floor((values - start) / size) + 1
    return np.maximum(levels, 1).astype(np.int32)


def _as_they_are(values: NDArray[np.float64]) -> NDArray[np.int32]:
    if values.min() < 1 or values.max() > MOST_LEVELS or (values % 1).any():
        raise ImageError(
            f"intensities of {values.min():g} to {values.max():g} are to be levels as they are; "
            f"needed are whole numbers from 1 to {MOST_LEVELS}: discretize by number or size"
        )
    return values.astype(np.int32)
