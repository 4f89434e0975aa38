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
from gliokit.evaluation.bootstrap import intervals
from gliokit.features.image_features import SURROUNDINGS_MM, describe_image
from gliokit.features.study_settings import Extra, StudySettings
from gliokit.preprocessing.quality.noise import noise_level
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
    of the whole image's range are not described, since only what is near is changed; filters of
    frequencies see what is near alone. The noise of the image is that of its brain.

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
    described = np.logical_or.reduce(list(masks.values()))
    factor, offset = linear_scale(image, normalization, brain=brain, region=described)
    as_it_is = replace(
        settings,
        radiomics=replace(settings.radiomics, normalization=Normalization(IntensityScale.NONE)),
        extras=tuple(extra for extra in settings.extras if extra is not Extra.HISTOGRAM_BINS),
    )
    spacing = spacing_mm(image.affine)
    noise = noise_level(image.array, brain, spacing) * factor
    found: dict[Key, list[Mapping[str, float]]] = {}
    for key, mask in masks.items():
        near = _near(mask, spacing)
        values = (image.array[near] * factor + offset).astype(np.float32)
        affine = image.affine.copy()
        affine[:3, 3] = to_world(affine, [part.start for part in near])
        found[key] = []
        for change in changes:
            moved, region = perturb(values, mask[near], spacing, change, noise_sd=noise)
            part = Image(moved.astype(np.float32), affine, image.source)
            features = (
                describe_image(part, {key: region}, settings=as_it_is, brain=brain[near])
                if region.any()
                else {}
            )
            found[key].append(features[key].features if features else {})
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
    names = tuple(dict.fromkeys(name for one in repeats.values() for name in one))
    if not names:
        return ()
    counts = {len(values) for one in repeats.values() for values in one.values()}
    if len(counts) != 1 or min(counts) < 2:
        raise CohortError(f"found {sorted(counts)} repeats; needed as many of each, two or more")
    (count,) = counts
    absent = [math.nan] * count
    ratings = np.array([[one.get(name, absent) for name in names] for one in repeats.values()])
    known = np.isfinite(ratings).all(axis=2)  # (patients, features)
    found: dict[str, Robustness] = {}
    # features that are known of the same patients are drawn together
    for who in np.unique(known, axis=1).T:
        alike = np.flatnonzero((known == who[:, None]).all(axis=0))
        for column, one in zip(alike, _alike(ratings[who][:, alike], seed, resamples), strict=True):
            found[names[column]] = replace(one, name=names[column])
    return tuple(found[name] for name in names)


def _alike(ratings: NDArray[np.float64], seed: int, resamples: int) -> list[Robustness]:
    """Give the ICCs of features (n, p, k) that are known of the same patients; without names."""
    patients, features, repeats = ratings.shape
    if patients < LEAST_PATIENTS:
        return [Robustness("", patients, repeats, math.nan)] * features
    # patient's means and spreads: all that an ICC needs, so that patients can be drawn quickly
    means = ratings.mean(axis=2)
    within = ratings.var(axis=2, ddof=1)

    def iccs(rows: NDArray[np.intp]) -> NDArray[np.float64]:
        between, error = means[rows].var(axis=0, ddof=1), within[rows].mean(axis=0)
        spread = between + error * (repeats - 1) / repeats
        unknown = np.full(features, math.nan)
        return np.divide(between - error / repeats, spread, out=unknown, where=spread > 0)

    center = iccs(np.arange(patients))
    limits = intervals(iccs, patients=range(patients), seed=seed, resamples=resamples)
    return [
        Robustness("", patients, repeats, float(icc), float(low), float(high))
        for icc, (low, high) in zip(center, limits, strict=True)
    ]


def _near(mask: NDArray[np.bool_], spacing: NDArray[np.float64]) -> tuple[slice, ...]:
    """Give the part of the image in which a region and what filters see around it lie."""
    margin = np.ceil(SURROUNDINGS_MM / spacing).astype(int)
    return tuple(
        slice(max(part.start - m, 0), min(part.stop + m, n))
        for part, m, n in zip(bounding_box(mask), margin, mask.shape, strict=True)
    )
