"""Texture by the discrete orthonormal Stockwell (S-) transform of the largest tumor slice.

The transform cuts the spectrum of a square image of side N = 2^n into dyadic bands along both
axes (orders 0, 1, ..., n, of 1, 1, 2, 4, ..., N/4, 1 frequencies; order n is the Nyquist
frequency alone) and transforms each band back: few coefficients where frequencies are low, many
where they are high, N² in all. It keeps energy and can be inverted. Coefficients of a band
tile the image; basis functions stand in the middle of their tile (the source's stand in the
corner), so that flips and turns by 90° move coefficients and change nothing else.

Features are magnitudes averaged over the tumor, over all bands of one radial order: frequencies
of about 2^(order - 1) to 2^order cycles per crop, whatever their direction.

Assumed: size of the crop, its standardization, to which radial order a band belongs (that of its
middle), no feature of the mean.

Source: Drabycz, Stockwell, Mitchell, J Digit Imaging 2009;22:696-708,
doi:10.1007/s10278-008-9138-8; Stockwell, Digit Signal Process 2007;17:371-93,
doi:10.1016/j.dsp.2006.04.006; for MGMT: Levner et al., MICCAI 2009, LNCS 5762:522-30,
doi:10.1007/978-3-642-04271-3_64
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.core.geometry import bounding_box
from gliokit.radiomics.definition import Definition

SIDE = 64  # pixels (assumed)


@dataclass(frozen=True, slots=True)
class Band:
    """Frequencies of one band along one axis.

    Attributes
    ----------
    order : int
        0 for the mean, then one for each doubling; negative frequencies have the same.
    frequencies : (width,)
        Cycles per image, nearest to 0 first. Coefficients of the band stand at these places.
    """

    order: int
    frequencies: NDArray[np.int64]


def definitions(side: int = SIDE) -> tuple[Definition, ...]:
    """Define one feature a radial order, the lowest first."""
    title = "Mean magnitude of the S-transform at radial order {}"
    return tuple(
        Definition(f"dost_radial_{order}", title.format(order), "1", source="Drabycz 2009")
        for order in range(1, _log2(side) + 1)
    )


def describe_s_transform(
    image: NDArray[np.floating],
    mask: NDArray[np.bool_],
    *,
    side: int = SIDE,
) -> dict[str, float]:
    """Describe texture in the slice that holds most of the region.

    The crop lies around the middle of the region in that slice (the first of equal slices); beyond
    the image its last pixels are repeated. What of the region lies outside the crop is left out.
    Intensities are standardized over the region in the crop, so gain and offset do not matter.
    `nan` if the region is empty or flat.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities, on square pixels; slices run along the third axis.
    mask : (X, Y, Z)
        Region.
    side : int
        Of the crop in pixels, a power of 2 (assumed: 64).

    Raises
    ------
    GeometryError
        If shapes differ.
    SettingsError
        If `side` is no power of 2, or below 4.
    ImageError
        If an intensity in the crop is not finite.
    """
    if image.shape != mask.shape:
        raise GeometryError(
            f"the image has shape {image.shape}, the mask {mask.shape}; resample the mask"
        )
    names = [definition.name for definition in definitions(side)]
    if not mask.any():
        return dict.fromkeys(names, math.nan)
    index = int(np.argmax(mask.sum(axis=(0, 1))))
    crop, region = _cropped(image[..., index].astype(np.float64), mask[..., index], side)
    if not np.isfinite(crop).all():
        raise ImageError("intensities near the region are not finite; repair or replace them")
    values = crop[region]
    if not values.size or np.ptp(values) <= 1e-9 * np.abs(values).max():
        return dict.fromkeys(names, math.nan)
    spectrum = radial_spectrum(s_transform((crop - values.mean()) / values.std()), region)
    return dict(zip(names, spectrum[1:].tolist(), strict=True))


def s_transform(image: NDArray[np.floating]) -> NDArray[np.complex128]:
    """Transform a square image (N, N), N a power of 2, into as many coefficients (N, N).

    The sum of squared magnitudes is that of the image.
    """
    coefficients = fft.fft2(image.astype(np.complex128), norm="ortho")
    for axis in (0, 1):
        moved = np.moveaxis(coefficients, axis, -1)  # a view: bands are written in place
        for band in bands(moved.shape[-1]):
            shifted = moved[..., band.frequencies] * _centering(band, moved.shape[-1])
            turn = fft.fft if band.frequencies[0] < 0 else fft.ifft
            moved[..., band.frequencies] = turn(shifted, norm="ortho")
    return coefficients


def inverse_s_transform(coefficients: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Give the image (N, N) that has these coefficients (N, N)."""
    spectrum = coefficients.astype(np.complex128)
    for axis in (0, 1):
        moved = np.moveaxis(spectrum, axis, -1)
        for band in bands(moved.shape[-1]):
            turn = fft.ifft if band.frequencies[0] < 0 else fft.fft
            shifted = turn(moved[..., band.frequencies], norm="ortho")
            moved[..., band.frequencies] = shifted / _centering(band, moved.shape[-1])
    return np.asarray(fft.ifft2(spectrum, norm="ortho"))


def bands(side: int) -> Iterator[Band]:
    """Give the bands along an axis of so many pixels; together they hold each frequency once.

    Raises
    ------
    SettingsError
        If `side` is no power of 2, or below 4.
    """
    last = _log2(side)
    yield Band(0, np.array([0]))
    for order in range(1, last):
        frequencies = np.arange(2 ** (order - 1), 2**order)
        yield Band(order, frequencies)
        yield Band(order, -frequencies)
    yield Band(last, np.array([-side // 2]))


def radial_spectrum(
    coefficients: NDArray[np.complex128], region: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Average magnitudes over a region, for each radial order.

    Each pixel counts with the coefficients of all bands in whose tile it lies.

    Parameters
    ----------
    coefficients : (N, N)
        Of `s_transform`.
    region : (N, N)
        Pixels, at least one.

    Returns
    -------
    (log2(N) + 1,)
        Radial orders 0, 1, ...
    """
    side = len(region)
    totals, numbers = np.zeros(_log2(side) + 1), np.zeros(_log2(side) + 1)
    for row in bands(side):
        for column in bands(side):
            shape = (len(row.frequencies), len(column.frequencies))
            tiles = region.reshape(shape[0], side // shape[0], shape[1], side // shape[1])
            weights = tiles.sum(axis=(1, 3))
            magnitudes = np.abs(coefficients[np.ix_(row.frequencies, column.frequencies)])
            order = _radial_order(row, column)
            totals[order] += (weights * magnitudes).sum() / weights.sum()
            numbers[order] += 1
    return np.asarray(totals / numbers)


def _centering(band: Band, side: int) -> NDArray[np.complex128]:
    """Turn phases so that basis functions stand in the middle of their tiles, (width,)."""
    middle = (side / len(band.frequencies) - 1) / 2  # pixels from the start of the tile
    return np.exp(2j * np.pi * band.frequencies * middle / side)


def _radial_order(row: Band, column: Band) -> int:
    middle = math.hypot(row.frequencies.mean(), column.frequencies.mean())
    return math.floor(math.log2(middle)) + 1 if middle else 0


def _log2(side: int) -> int:
    if side < 4 or side & (side - 1):
        raise SettingsError(f"a side of {side} pixels; needed a power of 2, at least 4")
    return side.bit_length() - 1


def _cropped(
    image: NDArray[np.float64], mask: NDArray[np.bool_], side: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cut a square around the middle of the mask."""
    starts = [side + (part.start + part.stop - side) // 2 for part in bounding_box(mask)]
    window = tuple(slice(start, start + side) for start in starts)
    return np.pad(image, side, mode="edge")[window], np.pad(mask, side)[window]


DEFINITIONS = definitions()
