"""Features of one region of one image.

`extract` goes the whole way. Who has a region already, of a filtered image for instance, describes
it by `describe_region`. Slices are those along the third axis of the image; they matter for
matrices by slice only.

Source: Zwanenburg et al., Radiology 2020;295:328-338, doi:10.1148/radiol.2020191145.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, ImageError, NotAssessableError
from gliokit.core.image import Image
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.families import FAMILIES, discretize_region
from gliokit.radiomics.region import region_of_interest
from gliokit.radiomics.roi import RegionOfInterest
from gliokit.radiomics.settings import MR_GLIOMA, RadiomicsSettings, check_settings


def extract(
    image: Image,
    mask: NDArray[np.bool_],
    *,
    settings: RadiomicsSettings = MR_GLIOMA,
    brain: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """Compute the features of a region.

    Parameters
    ----------
    image : Image
        The whole image.
    mask : (X, Y, Z)
        The region, on the grid of the image.
    settings : RadiomicsSettings
        Every choice that changes a value.
    brain : (X, Y, Z), optional
        Voxels of the brain, for normalization; by default what a skull-stripped image shows.

    Returns
    -------
    dict of str to float
        By IBSI tag, family by family, in the order of the IBSI tables. `nan` where a region is too
        small or too uniform for the definition.

    Raises
    ------
    SettingsError
        If a setting means nothing.
    GeometryError
        If a mask has another shape than the image.
    NotAssessableError
        If the mask is empty, nothing of it is left after interpolation or re-segmentation, or
        there is no brain to normalize by.
    ImageError
        If the image is not finite in and near the mask, or the mask holds other than booleans.
    """
    check_settings(settings)
    _check_mask(image, mask, "mask")
    if brain is not None:
        _check_mask(image, brain, "brain mask")
    return describe_region(
        region_of_interest(image, mask, settings=settings, brain=brain), settings
    )


def describe_region(roi: RegionOfInterest, settings: RadiomicsSettings) -> dict[str, float]:
    """Compute the features of a region that is prepared; as `extract`, without its first steps."""
    region = discretize_region(roi, settings)
    features: dict[str, float] = {}
    for family, entry in FAMILIES.items():
        if family in settings.families:
            features |= entry.describe(region)
    return features


def definitions() -> tuple[Definition, ...]:
    """List every feature of every family, without aggregations, in the order of the tables."""
    return tuple(each for entry in FAMILIES.values() for each in entry.definitions)


def _check_mask(image: Image, mask: NDArray[np.bool_], name: str) -> None:
    if mask.shape != image.array.shape:
        shape = " × ".join(str(n) for n in mask.shape)
        needed = " × ".join(str(n) for n in image.array.shape)
        raise GeometryError(
            f"the {name} has {shape} voxels, {image.source} has {needed}; needed is one grid: "
            "resample the mask to the image"
        )
    if mask.dtype != np.bool_:
        raise ImageError(
            f"the {name} of {image.source} holds {mask.dtype}; needed are booleans: choose labels"
        )
    if not mask.any():
        raise NotAssessableError(
            f"the {name} of {image.source} is empty; needed is a voxel or more: choose another "
            "region or label"
        )
