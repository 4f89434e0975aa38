"""How a region answers to a bank of band-pass filters, one scale after another.

Differences of Gaussians answer to blobs of their size: positive in bright, negative in dark ones.
Scales are in mm, so spacing does not matter as long as voxels are finer than the blobs.

Assumed: which statistics; the bank's scales (`gliokit.preprocessing.difference_of_gaussians`).

Source: filters: Yi et al., arXiv 2016;1611.04534, doi:10.48550/arXiv.1611.04534
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.core.geometry import bounding_box
from gliokit.preprocessing.difference_of_gaussians import FilterBank, voxel_features
from gliokit.radiomics.definition import Definition

BANK = FilterBank()
_STATISTICS = {
    "mean": ("Mean", "intensity"),
    "standard_deviation": ("Standard deviation", "intensity"),
    "skewness": ("Skewness", "1"),
    "kurtosis": ("Excess kurtosis", "1"),
    "percentile_10": ("Percentile 10", "intensity"),
    "percentile_90": ("Percentile 90", "intensity"),
    "energy": ("Mean square", "intensity²"),
}


def definitions(bank: FilterBank = BANK) -> tuple[Definition, ...]:
    """Define the statistics of each filter, the narrowest first."""
    return tuple(
        Definition(
            f"dog_{k}_{name}", f"{title} of the response to filter {k}", unit, source="Yi 2016"
        )
        for k in range(1, bank.features)
        for name, (title, unit) in _STATISTICS.items()
    )


DEFINITIONS = definitions()


@dataclass(frozen=True, slots=True)
class BankResponses:
    """How the voxels of a region answer to a bank.

    Attributes
    ----------
    values : (N, filters)
        In the order of `image[mask]`, in units of `scale`.
    scale : float
        In the unit of the image.
    """

    values: NDArray[np.float64] = field(repr=False)
    scale: float


def describe_blob_bank(
    image: NDArray[np.floating],
    mask: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
    *,
    bank: FilterBank = BANK,
) -> dict[str, float]:
    """Describe the responses in a region.

    All are `nan` if the region is empty; skewness and kurtosis also where a response is flat.

    Parameters
    ----------
    image, mask, spacing_mm, bank
        As for `bank_responses`.

    Raises
    ------
    GeometryError, SettingsError, ImageError
        As `bank_responses`.
    """
    return describe_responses(bank_responses(image, mask, spacing_mm, bank=bank), bank=bank)


def bank_responses(
    image: NDArray[np.floating],
    mask: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
    *,
    bank: FilterBank = BANK,
) -> BankResponses:
    """Filter an image with a bank, where a mask is.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities, with what surrounds the region; beyond the image its last voxels are repeated.
    mask : (X, Y, Z)
        Region.
    spacing_mm : (3,)
        Between neighboring voxels.
    bank : FilterBank
        Filters, at least one.

    Raises
    ------
    GeometryError
        If shapes differ.
    SettingsError
        If the bank has no filter.
    ImageError
        If an intensity is not finite.
    """
    if image.shape != mask.shape:
        raise GeometryError(
            f"the image has shape {image.shape}, the mask {mask.shape}; resample the mask"
        )
    if bank.features < 2:
        raise SettingsError(
            "the bank has no filter; needed at least one, the image alone is not one"
        )
    if not mask.any():
        return BankResponses(np.empty((0, bank.number)), 1.0)
    if not np.isfinite(image).all():
        raise ImageError("the image has intensities that are not finite; repair or replace them")
    # offset and scale are taken off, since filters are computed in single precision
    offset = float(np.median(image[bounding_box(mask)]))
    scale = float(np.abs(image - offset).max()) or 1.0
    scaled = ((image - offset) / scale).astype(np.float32)
    responses = voxel_features([scaled], mask, spacing_mm, bank=bank)[:, 1:]
    return BankResponses(responses.astype(np.float64), scale)


def describe_responses(
    responses: BankResponses, *, within: NDArray[np.bool_] | None = None, bank: FilterBank = BANK
) -> dict[str, float]:
    """Describe responses, of all voxels or of those chosen by `within` (N,); as the whole."""
    names = [definition.name for definition in definitions(bank)]
    values = responses.values if within is None else responses.values[within]
    if not len(values):
        return dict.fromkeys(names, math.nan)
    described = [number for column in values.T for number in _statistics(column, responses.scale)]
    return dict(zip(names, described, strict=True))


def _statistics(response: NDArray[np.float64], scale: float) -> list[float]:
    """Give the statistics in the order of their table; the response is in units of `scale`."""
    low, high = np.percentile(response, (10, 90))
    # differences of this size are rounding of single precision
    flat = np.ptp(response) < 1e-5
    return [
        float(response.mean() * scale),
        float(response.std() * scale),
        math.nan if flat else float(stats.skew(response)),
        math.nan if flat else float(stats.kurtosis(response)),
        float(low * scale),
        float(high * scale),
        float(np.mean(response**2) * scale**2),
    ]
