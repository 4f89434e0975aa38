"""Everything that is computed of the regions of one image, by name.

IBSI features of the image and of its filter responses (`FILTER_stat_mean`), and the extras, on the
grid and in the intensities that the settings ask for; the coarse bins alone are those of the
image as it is. What is costly and the same for all regions, as a filter's response, is computed
once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError
from gliokit.core.image import Image
from gliokit.features.study_settings import Extra, StudySettings
from gliokit.radiomics.blob_bank import bank_responses, describe_responses
from gliokit.radiomics.extract import describe_region
from gliokit.radiomics.filters.catalogue import apply, part_needed
from gliokit.radiomics.histogram_bins import describe_histogram_bins
from gliokit.radiomics.local_binary_patterns import describe_local_binary_patterns
from gliokit.radiomics.region import region_in, surroundings_of
from gliokit.radiomics.roi import RegionOfInterest
from gliokit.radiomics.s_transform import describe_s_transform
from gliokit.radiomics.settings import RadiomicsSettings, Resegmentation

SURROUNDINGS_MM = 40.0  # which the widest of the extras see around a region
WHOLE_MM = 1e4  # more than any image

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of one region of an image.

    Attributes
    ----------
    features : mapping of str to float
        By name; `nan` where the region is too small or too uniform for a definition.
    reason : str
        Why there are none; else empty.
    """

    features: Mapping[str, float]
    reason: str = ""


def describe_image(
    image: Image,
    masks: Mapping[Key, NDArray[np.bool_]],
    *,
    settings: StudySettings,
    brain: NDArray[np.bool_],
) -> dict[Key, Description]:
    """Compute every feature of some regions of an image.

    Parameters
    ----------
    image : Image
        The whole image.
    masks : mapping to (X, Y, Z)
        The regions, one at least, on its grid; not empty.
    settings : StudySettings
        What is computed.
    brain : (X, Y, Z)
        The brain.

    Raises
    ------
    ImageError
        If the image is not finite, or flat in the brain.
    """
    # some filters are of frequencies: they see the whole image
    margin_mm = WHOLE_MM if settings.filters else SURROUNDINGS_MM
    everything = reduce(np.logical_or, masks.values())
    how = settings.radiomics
    near = surroundings_of(image, everything, settings=how, brain=brain, margin_mm=margin_mm)
    regions: dict[Key, RegionOfInterest] = {}
    described: dict[Key, Description] = {}
    for key, mask in masks.items():
        try:
            regions[key] = region_in(near, mask, settings=how)
        except NotAssessableError as error:
            described[key] = Description({}, str(error))
    shared = _responses(regions, settings)
    for key, roi in regions.items():
        features = describe_region(roi, how) | _extras(roi, settings.extras) | shared[key]
        if Extra.HISTOGRAM_BINS in settings.extras:
            features |= describe_histogram_bins(image.array, masks[key], within=brain)
        described[key] = Description(features)
    return {key: described[key] for key in masks}


def of_responses(settings: StudySettings) -> RadiomicsSettings:
    """Give the settings for filter responses: bounds are of the image, and mean nothing there."""
    how = settings.radiomics
    return replace(
        how,
        families=settings.filter_families,
        resegmentation=Resegmentation(),
        discretization=replace(how.discretization, lower=None),
        intensity_volume=replace(how.intensity_volume, lower=None),
    )


def _responses(
    regions: Mapping[Key, RegionOfInterest], settings: StudySettings
) -> dict[Key, dict[str, float]]:
    """Describe what filters give, for each region; each filter runs once for all regions."""
    found: dict[Key, dict[str, float]] = {key: {} for key in regions}
    if not regions:
        return found
    first = next(iter(regions.values()))
    anywhere = reduce(np.logical_or, (roi.morphological_mask for roi in regions.values()))
    how = of_responses(settings)
    for one in settings.filters:
        near = part_needed(anywhere, first.spacing_mm, one.settings)
        response = apply(first.image[near], first.spacing_mm, one.settings)
        for key, roi in regions.items():
            described = describe_region(_cut(roi, near, response), how)
            found[key] |= {f"{one.name}_{name}": value for name, value in described.items()}
    if Extra.BLOB_BANK in settings.extras:
        responses = bank_responses(first.image, anywhere, first.spacing_mm)
        for key, roi in regions.items():
            within = roi.morphological_mask[anywhere]
            found[key] |= describe_responses(responses, within=within)
    return found


def _cut(
    roi: RegionOfInterest, near: tuple[slice, ...], response: NDArray[np.floating]
) -> RegionOfInterest:
    """Put a response, which is a part of the image, in the place of the image."""
    return RegionOfInterest(
        response.astype(np.float64, copy=False),
        roi.intensity_mask[near],
        roi.morphological_mask[near],
        roi.spacing_mm,
    )


def _extras(roi: RegionOfInterest, extras: tuple[Extra, ...]) -> dict[str, float]:
    image, mask = roi.image, roi.morphological_mask
    features: dict[str, float] = {}
    if Extra.PATTERNS in extras:
        features |= describe_local_binary_patterns(image, mask)
    if Extra.S_TRANSFORM in extras:
        features |= describe_s_transform(image, mask)
    return features
