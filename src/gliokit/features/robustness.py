"""How well a feature can be repeated: changed images and regions, and the ICC over patients.

Every region is described again after each of several small changes
(`gliokit.radiomics.perturbation`), and ICC(1,1) tells which share of a feature's variance over
the cohort is between patients. It belongs to this cohort: the same feature repeats worse among
look-alikes. Of a patient with several studies the first is taken.

Assumed: classes of Koo and Li, J Chiropr Med 2016;15:155-63, doi:10.1016/j.jcm.2016.02.012.

Source: Zwanenburg et al., Sci Rep 2019;9:614, doi:10.1038/s41598-018-36938-4.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import CohortError
from gliokit.core.geometry import bounding_box, spacing_mm, to_world
from gliokit.core.image import Image
from gliokit.evaluation.agreement import icc_one_way
from gliokit.evaluation.bootstrap import interval
from gliokit.features.image_features import SURROUNDINGS_MM, describe_image
from gliokit.features.study_settings import Extra, StudySettings
from gliokit.radiomics.normalization import IntensityScale, Normalization, linear_scale
from gliokit.radiomics.perturbation import Perturbation, perturb

LEAST_PATIENTS = 3  # below, two patients alone decide

Key = TypeVar("Key")
Repeats = Mapping[str, Sequence[float]]  # name to a value of each change


class Repeatability(StrEnum):
    """What an ICC is called, by the lower end of its interval."""

    EXCELLENT = "excellent"  # from .9
    GOOD = "good"  # from .75
    MODERATE = "moderate"  # from .5
    POOR = "poor"


_CLASSES = (
    (0.9, Repeatability.EXCELLENT),
    (0.75, Repeatability.GOOD),
    (0.5, Repeatability.MODERATE),
)


@dataclass(frozen=True, slots=True)
class Robustness:
    """How well one feature can be repeated.

    Attributes
    ----------
    name : str
        Of the feature.
    patients, repeats : int
        Of whom all repeats have a value, and how many each.
    icc, low, high : float
        ICC(1,1) and its 95 % interval over patients; `nan` where they do not define it.
    """

    name: str
    patients: int
    repeats: int
    icc: float
    low: float = field(default=math.nan)
    high: float = field(default=math.nan)

    @property
    def verdict(self) -> Repeatability | None:
        """Class of the lower end; None where there is none."""
        if math.isnan(self.low):
            return None
        return next((name for end, name in _CLASSES if self.low >= end), Repeatability.POOR)


def describe_changed(
    image: Image,
    masks: Mapping[Key, NDArray[np.bool_]],
    changes: Sequence[Perturbation],
    *,
    settings: StudySettings,
    brain: NDArray[np.bool_],
) -> dict[Key, list[Mapping[str, float]]]:
    """Describe regions once after each change; no feature where nothing is left of one.

    Intensities are normalized by the brain of the whole image before anything is changed. Bins
    of the whole image's range are not described, since only what is near is changed.

    Parameters
    ----------
    image, masks, settings, brain
        As for `describe_image`.
    changes : sequence of Perturbation
        Drawn before.

    Raises
    ------
    ImageError
        As `describe_image`.
    """
    normalization = settings.radiomics.normalization
    factor, offset = linear_scale(image, normalization, brain=brain)
    as_it_is = replace(
        settings,
        radiomics=replace(settings.radiomics, normalization=Normalization(IntensityScale.NONE)),
        extras=tuple(extra for extra in settings.extras if extra is not Extra.HISTOGRAM_BINS),
    )
    found: dict[Key, list[Mapping[str, float]]] = {}
    for key, mask in masks.items():
        near = _near(mask, spacing_mm(image.affine))
        values = (image.array[near] * factor + offset).astype(np.float32)
        affine = image.affine.copy()
        affine[:3, 3] = to_world(affine, [part.start for part in near])
        found[key] = []
        for change in changes:
            moved, region = perturb(values, mask[near], spacing_mm(affine), change)
            part = Image(moved.astype(np.float32), affine, image.source)
            described = (
                describe_image(part, {key: region}, settings=as_it_is, brain=brain[near])
                if region.any()
                else {}
            )
            found[key].append(described[key].features if described else {})
    return found


def measure_robustness(
    repeats: Mapping[str, Repeats], *, seed: int, resamples: int = 500
) -> tuple[Robustness, ...]:
    """Give the ICC of every feature.

    Parameters
    ----------
    repeats : mapping
        Patient to what was repeated; a feature may be missing or `nan` for some, who are left
        out of it.
    seed : int
        Of the interval.
    resamples : int
        For the interval.

    Raises
    ------
    CohortError
        If there are fewer than two patients, or fewer than two repeats.
    """
    if len(repeats) < 2:
        raise CohortError(
            f"an ICC compares patients, and there is {len(repeats)}; repeat at least two"
        )
    names = dict.fromkeys(name for one in repeats.values() for name in one)
    counts = {len(values) for one in repeats.values() for values in one.values()}
    if len(counts) != 1 or min(counts) < 2:
        raise CohortError(f"found {sorted(counts)} repeats; needed as many of each, two or more")
    (count,) = counts
    return tuple(
        _robustness(
            name,
            np.array([one.get(name, [math.nan] * count) for one in repeats.values()]),
            seed=seed,
            resamples=resamples,
        )
        for name in names
    )


def _robustness(
    name: str, ratings: NDArray[np.float64], *, seed: int, resamples: int
) -> Robustness:
    known = ratings[np.isfinite(ratings).all(axis=1)]
    patients, repeats = known.shape
    if patients < LEAST_PATIENTS:
        return Robustness(name, patients, repeats, math.nan)
    icc = icc_one_way(known)
    try:
        low, high = interval(
            lambda rows: icc_one_way(known[rows]),
            patients=range(patients),
            seed=seed,
            resamples=resamples,
        )
    except ValueError:  # the same value in all, or in too many resamples
        return Robustness(name, patients, repeats, icc)
    return Robustness(name, patients, repeats, icc, low, high)


def _near(mask: NDArray[np.bool_], spacing: NDArray[np.float64]) -> tuple[slice, ...]:
    """Give the part of the image in which a region and what filters see around it lie."""
    margin = np.ceil(SURROUNDINGS_MM / spacing).astype(int)
    return tuple(
        slice(max(part.start - m, 0), min(part.stop + m, n))
        for part, m, n in zip(bounding_box(mask), margin, mask.shape, strict=True)
    )
