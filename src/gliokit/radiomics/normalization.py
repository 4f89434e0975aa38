"""Intensities of an MR image on a scale that studies share.

A weighted MR image has no unit; two scanners give one tissue two values. By default mean and
standard deviation of the brain are taken (`gliokit.preprocessing.normalization`), and the z-scores
are spread and shifted, so that nearly all are positive and no feature divides by a mean near zero.
A large tumor changes both; `rest` leaves the described regions out of them, `mode` divides by the
most frequent intensity of the brain instead, and shifts nothing. Maps with a unit (ADC, T2, rCBV)
are used as they are.

Source: Carré et al., Sci Rep 2020;10:12340, doi:10.1038/s41598-020-69298-z (z-scores of the brain
in glioma); scale and shift as in the example settings for MR of pyradiomics 3.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.core.image import Image
from gliokit.preprocessing.brain import check_brain, stripped_brain
from gliokit.preprocessing.normalization import (
    brain_mode,
    brain_statistics,
    statistics_without,
)


class IntensityScale(StrEnum):
    """What intensities are relative to."""

    BRAIN = "brain"  # z-scores of the brain
    REST = "rest"  # z-scores of the brain without the regions that are described
    MODE = "mode"  # share of the brain's most frequent intensity
    NONE = "none"  # as they are


@dataclass(frozen=True, slots=True)
class Normalization:
    """How intensities are scaled before anything else.

    Attributes
    ----------
    relative_to : IntensityScale
        Brain for weighted MR, none where intensities have a unit.
    scale : float
        By which z-scores, or shares of the mode, are multiplied.
    shift : float
        Added to z-scores then: the mean of the brain.
    """

    relative_to: IntensityScale = IntensityScale.BRAIN
    scale: float = 100.0
    shift: float = 300.0


def linear_scale(
    image: Image,
    normalization: Normalization,
    *,
    brain: NDArray[np.bool_] | None = None,
    region: NDArray[np.bool_] | None = None,
) -> tuple[float, float]:
    """Give factor and offset that normalize an image; linear steps may come before or after.

    Parameters
    ----------
    image : Image
        The whole image.
    normalization : Normalization
        The way.
    brain : (X, Y, Z), optional
        Voxels of the brain; by default what a skull-stripped image shows.
    region : (X, Y, Z), optional
        What is described, all of the tumor if possible; `REST` leaves it out.

    Raises
    ------
    NotAssessableError
        If no brain is given and the image is not skull-stripped, or `REST` leaves no brain.
    ImageError
        If the brain is empty, flat or holds what is not finite, or its mode is not positive.
    """
    if normalization.relative_to is IntensityScale.NONE:
        return 1.0, 0.0
    values = image.array if brain is None else image.array[brain]
    if not values.size or not np.isfinite(values).all():
        found = f"{np.count_nonzero(~np.isfinite(values))} of {values.size} voxels of the brain"
        raise ImageError(
            f"{image.source}: {found} are not finite; needed are numbers: repair the image, or set "
            "what is outside the brain to 0"
        )
    if brain is None:
        brain = _brain_of(image)
    if normalization.relative_to is IntensityScale.MODE:
        return normalization.scale / _positive_mode(image, brain), 0.0
    if normalization.relative_to is IntensityScale.REST and region is not None:
        mean, deviation = statistics_without(image.array, brain, region)
    else:
        mean, deviation = brain_statistics(image.array, brain)
    if deviation == 0:
        raise ImageError(
            f"{image.source}: the brain has the value {mean:g} everywhere; needed is an image, or "
            "relative_to none"
        )
    factor = normalization.scale / deviation
    return factor, normalization.shift - factor * mean


def _positive_mode(image: Image, brain: NDArray[np.bool_]) -> float:
    mode = brain_mode(image.array, brain)
    if mode <= 0:
        raise ImageError(
            f"{image.source}: the most frequent intensity of the brain is {mode:g}; needed one "
            "above 0: give the image as it was scanned, or set relative_to to brain"
        )
    return mode


def _brain_of(image: Image) -> NDArray[np.bool_]:
    """Find the brain of a skull-stripped image."""
    brain = stripped_brain([image.array])
    try:
        check_brain(brain, image.affine, study_id=image.source)
    except NotAssessableError as error:
        raise NotAssessableError(
            f"intensities are to be relative to the brain, but {error}; or give a mask of the "
            "brain, or set relative_to to none"
        ) from None
    return brain
