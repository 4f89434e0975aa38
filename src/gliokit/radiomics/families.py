"""Every family of features by name. To add one: write its file, add its line."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import bounding_box
from gliokit.radiomics import (
    glcm,
    gldzm,
    glrlm,
    glszm,
    intensity_histogram,
    intensity_statistics,
    intensity_volume_histogram,
    local_intensity,
    morphology,
    ngldm,
    ngtdm,
)
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.discretization import discretize
from gliokit.radiomics.roi import RegionOfInterest
from gliokit.radiomics.settings import Family, RadiomicsSettings


@dataclass(frozen=True, slots=True)
class DiscretizedRegion:
    """A region and its levels.

    Attributes
    ----------
    roi : RegionOfInterest
        The region and what is near it.
    levels : (x, y, z)
        In the bounding box of the morphological mask: 0 outside the intensity mask.
    morphological_mask : (x, y, z)
        In the same box.
    n_levels : int
        Levels there can be.
    settings : RadiomicsSettings
        Every choice.
    """

    roi: RegionOfInterest
    levels: NDArray[np.int32] = field(repr=False)
    morphological_mask: NDArray[np.bool_] = field(repr=False)
    n_levels: int
    settings: RadiomicsSettings


def discretize_region(roi: RegionOfInterest, settings: RadiomicsSettings) -> DiscretizedRegion:
    """Give a region its levels."""
    box = bounding_box(roi.morphological_mask)
    inside = roi.intensity_mask[box]
    lower = settings.resegmentation.lower
    values, n_levels = discretize(roi.image[box][inside], settings.discretization, lower=lower)
    levels = np.zeros(inside.shape, dtype=np.int32)
    levels[inside] = values
    return DiscretizedRegion(roi, levels, roi.morphological_mask[box], n_levels, settings)


@dataclass(frozen=True, slots=True)
class FamilyEntry:
    """A family of features.

    Attributes
    ----------
    definitions : tuple of Definition
        Its features, in the order of the IBSI tables.
    describe : callable
        Computes them.
    """

    definitions: tuple[Definition, ...]
    describe: Callable[[DiscretizedRegion], dict[str, float]]


def _intensity_volume(region: DiscretizedRegion) -> dict[str, float]:
    kept = region.settings.resegmentation
    return intensity_volume_histogram.describe_intensity_volume(
        region.roi.intensities,
        region.settings.intensity_volume,
        lower=kept.lower,
        upper=kept.upper,
    )


def _cooccurrence(region: DiscretizedRegion) -> dict[str, float]:
    texture = region.settings.texture
    return glcm.describe_cooccurrence(
        region.levels,
        region.n_levels,
        texture.aggregations,
        distance=texture.cooccurrence_distance,
    )


def _distance_zones(region: DiscretizedRegion) -> dict[str, float]:
    return gldzm.describe_distance_zones(
        region.levels,
        region.n_levels,
        region.morphological_mask,
        region.settings.texture.dimensions,
    )


def _dependence(region: DiscretizedRegion) -> dict[str, float]:
    texture = region.settings.texture
    return ngldm.describe_dependence(
        region.levels,
        region.n_levels,
        texture.dimensions,
        alpha=texture.dependence_coarseness,
        distance=texture.dependence_distance,
    )


FAMILIES: dict[Family, FamilyEntry] = {
    Family.MORPHOLOGY: FamilyEntry(
        morphology.DEFINITIONS, lambda region: morphology.describe_morphology(region.roi)
    ),
    Family.LOCAL_INTENSITY: FamilyEntry(
        local_intensity.DEFINITIONS,
        lambda region: local_intensity.describe_local_intensity(region.roi),
    ),
    Family.STATISTICS: FamilyEntry(
        intensity_statistics.DEFINITIONS,
        lambda region: intensity_statistics.describe_intensities(region.roi.intensities),
    ),
    Family.HISTOGRAM: FamilyEntry(
        intensity_histogram.DEFINITIONS,
        lambda region: intensity_histogram.describe_histogram(
            region.levels[region.levels > 0], region.n_levels
        ),
    ),
    Family.INTENSITY_VOLUME: FamilyEntry(intensity_volume_histogram.DEFINITIONS, _intensity_volume),
    Family.COOCCURRENCE: FamilyEntry(glcm.DEFINITIONS, _cooccurrence),
    Family.RUN_LENGTH: FamilyEntry(
        glrlm.DEFINITIONS,
        lambda region: glrlm.describe_run_lengths(
            region.levels, region.n_levels, region.settings.texture.aggregations
        ),
    ),
    Family.SIZE_ZONE: FamilyEntry(
        glszm.DEFINITIONS,
        lambda region: glszm.describe_size_zones(
            region.levels, region.n_levels, region.settings.texture.dimensions
        ),
    ),
    Family.DISTANCE_ZONE: FamilyEntry(gldzm.DEFINITIONS, _distance_zones),
    Family.GRAY_TONE_DIFFERENCE: FamilyEntry(
        ngtdm.DEFINITIONS,
        lambda region: ngtdm.describe_gray_tone_differences(
            region.levels, region.n_levels, region.settings.texture.dimensions
        ),
    ),
    Family.DEPENDENCE: FamilyEntry(ngldm.DEFINITIONS, _dependence),
}
