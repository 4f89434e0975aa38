"""One study as a row of named numbers: every part of its tumor in every image.

Names say part, image and feature: `ET_t1c_stat_mean`, `WT_morph_volume`. Shape belongs to no image
and is named without one. A part that the tumor lacks, or that cannot be described, has no
numbers, and the result says why: absence is information, and no value stands for it.

Every image is described as it lies on the grid of the labels; nothing is registered here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study, check_labels_grid, shared_grid
from gliokit.core.vocabulary import Region
from gliokit.features.image_features import describe_image
from gliokit.features.study_row import describe_lesions
from gliokit.features.study_settings import PART_LABELS, Part, StudySettings
from gliokit.measurement.lesions import measure_lesions
from gliokit.radiomics.location import Anatomy, describe_location
from gliokit.radiomics.morphology import DEFINITIONS as MORPHOLOGY
from gliokit.radiomics.normalization import IntensityScale, Normalization
from gliokit.radiomics.perfusion_histogram import describe_perfusion_histogram
from gliokit.radiomics.volume_ratios import describe_volume_ratios

LEAST_KNOWN = 0.5  # share of a part that a map must show (assumed)
MINIMUM_ML = 0.05  # smaller lesions get no diameters, as in `gliokit analyze`
RCBV = "rcbv"  # relative blood volume among the maps
# of the features of shape, those that look at intensities
_WITH_INTENSITIES = frozenset({"morph_com", "morph_integ_int", "morph_moran_i", "morph_geary_c"})
SHAPE = frozenset(feature.name for feature in MORPHOLOGY) - _WITH_INTENSITIES


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What could not be described.

    Attributes
    ----------
    part : str
        Of the tumor; empty if it is all parts.
    image : str
        Empty if it is all images.
    reason : str
        Why.
    """

    part: str
    image: str
    reason: str


@dataclass(frozen=True, slots=True)
class StudyFeatures:
    """The row of one study.

    Attributes
    ----------
    values : mapping of str to float
        By name, in the order: volumes, place and lesions, then image by image.
    left_out : tuple of LeftOut
        What has no numbers, and why.
    """

    values: Mapping[str, float] = field(repr=False)
    left_out: tuple[LeftOut, ...] = ()


def describe_study(
    study: Study,
    labels: LabelMap,
    *,
    settings: StudySettings,
    anatomy: Anatomy,
    maps: Mapping[str, Image] | None = None,
) -> StudyFeatures:
    """Describe every part of the tumor in every image and map.

    Parameters
    ----------
    study : Study
        Co-registered.
    labels : LabelMap
        On its grid.
    settings : StudySettings
        What is computed.
    anatomy : Anatomy
        The brain, and what is known of its inside.
    maps : mapping of str to Image
        Images with a unit, on the same grid, nan where they show nothing: described as they are,
        without extras; `rcbv` also by the histogram of relative blood volume. Of a part of which
        less than `LEAST_KNOWN` is shown there are no numbers.

    Raises
    ------
    GeometryError
        If images, labels and anatomy do not lie on one grid.
    """
    shared_grid(study)
    check_labels_grid(study, labels)
    values = _size_and_place(labels, anatomy) if settings.location else {}
    left_out = [LeftOut("", sequence, "the study lacks it") for sequence in study.missing]
    masks = {part: part_mask(labels.array, part) for part in settings.parts}
    absent = [part for part, mask in masks.items() if not mask.any()]
    left_out += [LeftOut(part, "", "the tumor has no such part") for part in absent]
    there = {part: mask for part, mask in masks.items() if part not in absent}
    images: list[tuple[str, Image, StudySettings]] = [
        (name, image, settings) for name, image in study.images.items()
    ]
    images += [(name, image, of_maps(settings)) for name, image in (maps or {}).items()]
    for name, image, how in images:
        shown, hidden = _shown(image, there)
        left_out += [LeftOut(part, name, reason) for part, reason in hidden.items()]
        if not shown:
            continue
        try:
            found = describe_image(_filled(image), shown, settings=how, brain=anatomy.brain)
        except ImageError as error:
            left_out.append(LeftOut("", name, str(error)))
            continue
        for part, described in found.items():
            values |= named(described.features, part, name)
            if described.reason:
                left_out.append(LeftOut(part, name, described.reason))
    if maps and RCBV in maps:
        whole = part_mask(labels.array, Part.WHOLE)
        histogram = describe_perfusion_histogram(maps[RCBV].array, whole)
        values |= {f"{Part.WHOLE}_{name}": value for name, value in histogram.items()}
    return StudyFeatures(values, tuple(left_out))


def _size_and_place(labels: LabelMap, anatomy: Anatomy) -> dict[str, float]:
    """Describe volumes, place in the brain, and the lesions of every region before surgery."""
    values = describe_volume_ratios(labels.array, anatomy.brain, labels.affine)
    values |= describe_location(labels.array, anatomy)
    for region in (Region.ENHANCING_TUMOR, Region.TUMOR_CORE, Region.WHOLE_TUMOR):
        # their side, which alone needs the midline, is no feature
        lesions = measure_lesions(labels, region, minimum_ml=MINIMUM_ML, midline_x_mm=0.0)
        values |= describe_lesions(region, lesions)
    return values


def _shown(
    image: Image, masks: Mapping[Part, NDArray[np.bool_]]
) -> tuple[dict[Part, NDArray[np.bool_]], dict[Part, str]]:
    """Give what an image shows of each part, and the reason where that is too little."""
    known = np.isfinite(image.array)
    if known.all():
        return dict(masks), {}
    shown: dict[Part, NDArray[np.bool_]] = {}
    hidden: dict[Part, str] = {}
    for part, mask in masks.items():
        share = np.count_nonzero(mask & known) / np.count_nonzero(mask)
        if share >= LEAST_KNOWN:
            shown[part] = mask & known
        if share < 1:
            said = "described" if share >= LEAST_KNOWN else "not described"
            hidden[part] = f"only {share:.0%} of it is shown there; {said}"
    return shown, hidden


def _filled(image: Image) -> Image:
    """Put the median where an image shows nothing: no gap of the regions that are described."""
    known = np.isfinite(image.array)
    if known.all():
        return image
    middle = np.float32(np.median(image.array[known]))
    return replace(image, array=np.where(known, image.array, middle))


def of_maps(settings: StudySettings) -> StudySettings:
    """Give the settings for images with a unit: nothing is normalized, and no extras."""
    as_they_are = replace(settings.radiomics, normalization=Normalization(IntensityScale.NONE))
    return replace(settings, radiomics=as_they_are, extras=())


def part_mask(labels: NDArray[np.integer], part: Part) -> NDArray[np.bool_]:
    """Select the voxels of a part from labels of any shape."""
    return np.isin(labels, PART_LABELS[part])


def named(features: Mapping[str, float], part: Part, image: str) -> dict[str, float]:
    """Put part and image before the name of each feature; shape is of no image."""
    return {
        f"{part}_{name}" if name in SHAPE else f"{part}_{image}_{name}": value
        for name, value in features.items()
    }
