"""From an image and a mask of it to the region that is described.

In order: intensities relative to the brain, the grid, whole numbers, the intensity mask. Only the
surroundings of the mask are computed: as far as the local peak looks, and as far as the
spline has weights; the values are those of the whole image.

Source: IBSI reference manual, arXiv:1612.07003, section 2 (the general scheme).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.image import Image
from gliokit.radiomics.interpolation import (
    center_aligned_places,
    interpolate,
    interpolate_mask,
    places_near,
)
from gliokit.radiomics.normalization import linear_scale
from gliokit.radiomics.resegmentation import resegment
from gliokit.radiomics.roi import RegionOfInterest
from gliokit.radiomics.settings import Interpolation, RadiomicsSettings

MARGIN_MM = 6.3  # a little more than the radius of 1 mL, in which the local peak is sought


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An image in and around masks, on the grid on which features are computed.

    Attributes
    ----------
    image : (x, y, z)
        Intensities there.
    places : tuple of (n,)
        Where its voxels lie, one array an axis, as fractional indices of the whole image.
    spacing_mm : (3,)
        Between neighboring voxels.
    source : str
        Of the image, for messages.
    """

    image: NDArray[np.float64] = field(repr=False)
    places: tuple[NDArray[np.float64], ...] = field(repr=False)
    spacing_mm: NDArray[np.float64]
    source: str


def region_of_interest(
    image: Image,
    mask: NDArray[np.bool_],
    *,
    settings: RadiomicsSettings,
    brain: NDArray[np.bool_] | None = None,
    margin_mm: float = MARGIN_MM,
) -> RegionOfInterest:
    """Prepare the region of an image that is described.

    Parameters
    ----------
    image, mask, settings, brain, margin_mm
        As for `surroundings_of`.

    Raises
    ------
    ImageError
        If the image is not finite in and near the mask, or cannot be normalized.
    NotAssessableError
        If nothing of the region is left on the new grid or after re-segmentation.
    """
    near = surroundings_of(image, mask, settings=settings, brain=brain, margin_mm=margin_mm)
    return region_in(near, mask, settings=settings)


def surroundings_of(
    image: Image,
    mask: NDArray[np.bool_],
    *,
    settings: RadiomicsSettings,
    brain: NDArray[np.bool_] | None = None,
    margin_mm: float = MARGIN_MM,
) -> Surroundings:
    """Normalize and interpolate an image in and near a mask, which may hold several regions.

    Parameters
    ----------
    image : Image
        The whole image.
    mask : (X, Y, Z)
        The region, on the grid of the image; not empty.
    settings : RadiomicsSettings
        Every choice.
    brain : (X, Y, Z), optional
        Voxels of the brain, for normalization; by default what a skull-stripped image shows.
    margin_mm : float
        What is kept of the image on each side of the region, as far as it goes.

    Raises
    ------
    ImageError
        If the image is not finite in and near the mask, or cannot be normalized.
    """
    factor, offset = linear_scale(image, settings.normalization, brain=brain, region=mask)
    places, spacing = _grid_near(image, mask, settings.interpolation, margin_mm)
    with np.errstate(invalid="ignore"):  # what is not finite is refused below
        values = interpolate(image.array, places, order=settings.interpolation.order)
    if not np.isfinite(values).all():
        wrong = ~np.isfinite(image.array)
        raise ImageError(
            f"{image.source}: {np.count_nonzero(wrong & mask)} voxels in the mask and "
            f"{np.count_nonzero(wrong & ~mask)} elsewhere are not finite; needed are numbers: "
            "repair the image, or set what is outside the brain to 0"
        )
    values = _without_rounding_noise(values * factor + offset)
    if settings.interpolation.whole_numbers:
        values = np.rint(values)
    return Surroundings(values, tuple(places), spacing, image.source)


def region_in(
    near: Surroundings, mask: NDArray[np.bool_], *, settings: RadiomicsSettings
) -> RegionOfInterest:
    """Prepare one region of an image whose surroundings are there.

    Parameters
    ----------
    near : Surroundings
        Of this region, or of one that holds it.
    mask : (X, Y, Z)
        The region, on the grid of the whole image.
    settings : RadiomicsSettings
        Every choice; those of `near`.

    Raises
    ------
    NotAssessableError
        If nothing of the region is left on the new grid or after re-segmentation.
    """
    region = interpolate_mask(mask, near.places, threshold=settings.interpolation.mask_threshold)
    if not region.any():
        raise NotAssessableError(
            f"{near.source}: nothing is left of {np.count_nonzero(mask)} voxels of the mask at "
            f"{tuple(near.spacing_mm.round(3).tolist())} mm; needed is a larger region or a finer "
            "spacing"
        )
    kept = settings.resegmentation
    intensity_mask = resegment(
        near.image, region, lower=kept.lower, upper=kept.upper, outlier_sd=kept.outlier_sd
    )
    return RegionOfInterest(near.image, intensity_mask, region, near.spacing_mm)


def new_spacing_mm(spacing: NDArray[np.float64], wanted: tuple[float, ...]) -> NDArray[np.float64]:
    """Give the spacing (3,) after interpolation; axes that `wanted` does not name stay."""
    return np.append(np.asarray(wanted, dtype=np.float64), spacing[len(wanted) :])


def _grid_near(
    image: Image, mask: NDArray[np.bool_], interpolation: Interpolation, margin_mm: float
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Place the new voxels in and near the mask, one array (m,) an axis; give their spacing."""
    now = spacing_mm(image.affine)
    new = new_spacing_mm(now, interpolation.spacing_mm)
    places = [
        center_aligned_places(n, *steps)
        for n, *steps in zip(image.array.shape, now, new, strict=True)
    ]
    # one new voxel more, so that there is one even where none lies in the box
    return places_near(places, bounding_box(mask), (margin_mm + new) / now), new


def _without_rounding_noise(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to 11 digits: bins of a flat region would else spread what arithmetic adds."""
    largest = float(np.abs(values).max())
    return values.round(11 - int(np.ceil(np.log10(largest)))) if largest > 0 else values
