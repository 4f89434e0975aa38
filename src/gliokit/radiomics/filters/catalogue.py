"""Every filter by name. To add one: write its file, add its line.

All filters need equal spacing along the axes they filter: their sizes are the same in voxels in
every direction. An image with thick slices is filtered in slices, or resampled first.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.core.geometry import bounding_box
from gliokit.core.settings import changed
from gliokit.radiomics.filters.boundary import Boundary, filtered_axes
from gliokit.radiomics.filters.gabor import Gabor, gabor_reach, gabor_response
from gliokit.radiomics.filters.laplacian_of_gaussian import (
    LaplacianOfGaussian,
    laplacian_of_gaussian_reach,
    laplacian_of_gaussian_response,
)
from gliokit.radiomics.filters.laws import Laws, laws_reach, laws_response
from gliokit.radiomics.filters.mean import Mean, mean_reach, mean_response
from gliokit.radiomics.filters.riesz import (
    RieszLaplacianOfGaussian,
    RieszSimoncelli,
    riesz_laplacian_of_gaussian_response,
    riesz_simoncelli_response,
)
from gliokit.radiomics.filters.simoncelli import Simoncelli, simoncelli_response
from gliokit.radiomics.filters.wavelets import SeparableWavelet, wavelet_reach, wavelet_response

UNEQUAL = 0.01  # relative difference of spacing up to which axes count as alike

FilterSettings = (
    Mean
    | LaplacianOfGaussian
    | Laws
    | Gabor
    | SeparableWavelet
    | Simoncelli
    | RieszLaplacianOfGaussian
    | RieszSimoncelli
)


@dataclass(frozen=True, slots=True)
class FilterKind:
    """One filter.

    Attributes
    ----------
    settings : type
        Its settings; all have a default.
    response : callable
        Image (X, Y, Z), settings and spacing in mm to the response (X, Y, Z).
    reach : callable, optional
        Settings and spacing to the voxels within which intensities matter; none where the
        whole image does.
    code : str
        Identifier that IBSI gives it.
    """

    settings: type[FilterSettings]
    response: Callable[..., NDArray[np.floating]]
    reach: Callable[..., int] | None
    code: str


FILTERS: dict[str, FilterKind] = {
    "mean": FilterKind(Mean, mean_response, mean_reach, "S60F"),
    "laplacian_of_gaussian": FilterKind(
        LaplacianOfGaussian, laplacian_of_gaussian_response, laplacian_of_gaussian_reach, "L6PA"
    ),
    "laws": FilterKind(Laws, laws_response, laws_reach, "JTXT"),
    "gabor": FilterKind(Gabor, gabor_response, gabor_reach, "Q88H"),
    "wavelet": FilterKind(SeparableWavelet, wavelet_response, wavelet_reach, "25BO"),
    "simoncelli": FilterKind(Simoncelli, simoncelli_response, None, "LODD"),
    "riesz_laplacian_of_gaussian": FilterKind(
        RieszLaplacianOfGaussian, riesz_laplacian_of_gaussian_response, None, "AYRS"
    ),
    "riesz_simoncelli": FilterKind(RieszSimoncelli, riesz_simoncelli_response, None, "AYRS"),
}
_KINDS = {kind.settings: kind for kind in FILTERS.values()}


def filter_settings(name: str, changes: Mapping[str, object]) -> FilterSettings:
    """Give the settings of a filter by its name, as a settings file asks for it.

    Parameters
    ----------
    name : str
        One of `FILTERS`.
    changes : mapping of str to object
        Settings that are not the default.

    Raises
    ------
    SettingsError
        If the filter, or a setting, is unknown or makes no sense.
    """
    if name not in FILTERS:
        raise SettingsError(f"found filter {name!r}; known are {', '.join(FILTERS)}")
    return changed(FILTERS[name].settings(), changes)


def apply(
    image: NDArray[np.number], spacing_mm: ArrayLike, settings: FilterSettings
) -> NDArray[np.floating]:
    """Filter an image.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities. A float32 image is filtered in single precision, any other in double.
    spacing_mm : (3,)
        Between neighboring voxels.
    settings : FilterSettings
        Which filter, and how.

    Returns
    -------
    (X, Y, Z)
        Response, on the grid of the image.

    Raises
    ------
    ImageError
        If an intensity is not finite, or the image has not three axes.
    GeometryError
        If spacing differs along the axes that are filtered, or the image is too thin.
    """
    if image.ndim != 3 or not np.isfinite(image).all():
        missing = image.size - np.count_nonzero(np.isfinite(image))
        raise ImageError(
            f"image with {image.ndim} axes and {missing} voxels without a finite intensity; a "
            "filter needs three axes and finite intensities: fill the gaps, 0 outside the brain"
        )
    floating = image if image.dtype == np.float32 else image.astype(np.float64, copy=False)
    step = _step_mm(spacing_mm, settings)
    return _KINDS[type(settings)].response(floating, settings, spacing_mm=step)


def part_needed(
    mask: NDArray[np.bool_], spacing_mm: ArrayLike, settings: FilterSettings
) -> tuple[slice, ...]:
    """Give the part of an image on which the response in a mask depends.

    Filtering this part alone gives the same response in the mask.

    Parameters
    ----------
    mask : (X, Y, Z)
        Where the response is wanted; not empty.
    spacing_mm : (3,)
        Between neighboring voxels.
    settings : FilterSettings
        Which filter, and how.

    Returns
    -------
    tuple of slice
        One an axis; the whole image for filters of frequencies, and for a periodic image.

    Raises
    ------
    GeometryError
        If spacing differs along the axes that are filtered.
    """
    step = _step_mm(spacing_mm, settings)
    reach = _KINDS[type(settings)].reach
    if reach is None or getattr(settings, "boundary", None) is Boundary.WRAP:
        return tuple(slice(0, n) for n in mask.shape)
    margin = reach(settings, spacing_mm=step)
    margins = [margin if axis in filtered_axes(settings.in_slices) else 0 for axis in range(3)]
    return tuple(
        slice(max(part.start - wide, 0), min(part.stop + wide, n))
        for part, wide, n in zip(bounding_box(mask), margins, mask.shape, strict=True)
    )


def _step_mm(spacing_mm: ArrayLike, settings: FilterSettings) -> float:
    """Give the spacing along the axes that are filtered."""
    steps = np.asarray(spacing_mm, dtype=float)[list(filtered_axes(settings.in_slices))]
    if not (steps.min() > 0 and steps.max() <= steps.min() * (1 + UNEQUAL)):
        raise GeometryError(
            f"spacing {' × '.join(f'{step:g}' for step in steps)} mm along the axes that are "
            f"filtered; {type(settings).__name__} needs the same along each: resample the image, "
            "or filter in slices"
        )
    return float(steps[0])
