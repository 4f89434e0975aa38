"""All scores of a segmentation: of one case, over patients, and of two systems on the same cases.

Empty masks are treated the same everywhere:

- both empty: they agree. Dice, sensitivity, specificity, PPV and surface Dice 1, HD95 0 mm.
- only the reference: Dice, PPV and surface Dice 0; sensitivity and HD95 undefined.
- only the prediction: Dice, sensitivity and surface Dice 0; PPV and HD95 undefined.
- relative volume error: undefined if the reference is empty.
- lesion-wise scores: as BraTS 2023, 374 mm for a missed or false lesion.

Undefined is `nan`; a summary leaves it out and counts it. A system that misses whole tumors has few
HD95 values and looks good on them: read the number left out, or ask for a penalty.

Patients are the unit: the studies of a patient are averaged first, then mean and median over
patients are taken. The papers mix mean and median; both are given. Intervals are 95 % percentiles
over resampled patients (`gliokit.evaluation.bootstrap`).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.errors import GeometryError, LabelError
from gliokit.core.geometry import bounding_box
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Label, Region
from gliokit.evaluation.bootstrap import mean_interval, rows_by_patient
from gliokit.evaluation.lesion_wise import BRATS_DILATIONS, lesion_wise_score
from gliokit.evaluation.overlap import count_confusion, dice
from gliokit.evaluation.surface import measure_surfaces
from gliokit.evaluation.volume_error import measure_volume_error

REGIONS = (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)
TOLERANCE_MM = 1.0  # assumed: about a voxel, as far as two careful readers differ
MM3_PER_ML = 1000

METRICS = (
    "dice",
    "sensitivity",
    "specificity",
    "ppv",
    "hd95_mm",
    "surface_dice",
    "volume_error_ml",
    "absolute_volume_error_ml",
    "relative_volume_error",
    "lesion_wise_dice",
    "lesion_wise_hd95_mm",
)


@dataclass(frozen=True, slots=True)
class CaseScores:
    """Scores of one region in one case; `nan` where undefined.

    Attributes
    ----------
    region : Region
        What was scored.
    dice, sensitivity, specificity, ppv : float
        See `gliokit.evaluation.overlap`.
    hd95_mm, surface_dice : float
        See `gliokit.evaluation.surface`.
    reference_ml, prediction_ml : float
        Volumes.
    volume_error_ml, absolute_volume_error_ml, relative_volume_error : float
        Prediction less reference; its size; as a fraction of the reference.
    lesion_wise_dice, lesion_wise_hd95_mm : float
        See `gliokit.evaluation.lesion_wise`.
    lesions, found, false_lesions : int
        Lesions of the reference above BraTS's minimum volume, those of them that the prediction
        touches, and predicted parts that touch none.
    """

    region: Region
    dice: float
    sensitivity: float
    specificity: float
    ppv: float
    hd95_mm: float
    surface_dice: float
    reference_ml: float
    prediction_ml: float
    volume_error_ml: float
    absolute_volume_error_ml: float
    relative_volume_error: float
    lesion_wise_dice: float
    lesion_wise_hd95_mm: float
    lesions: int
    found: int
    false_lesions: int


@dataclass(frozen=True, slots=True)
class MetricSummary:
    """A metric of a region over patients.

    Attributes
    ----------
    region : Region
        Of the tumor.
    metric : str
        One of `METRICS`.
    mean, median : float
        Over patients; `nan` if it is defined for none.
    mean_interval, median_interval : tuple of float
        95 % limits; `nan` with fewer than two patients.
    patients : int
        With a defined value.
    patients_left_out, scores_left_out : int
        Patients without one, and single scores that are undefined.
    """

    region: Region
    metric: str
    mean: float
    median: float
    mean_interval: tuple[float, float]
    median_interval: tuple[float, float]
    patients: int
    patients_left_out: int
    scores_left_out: int


def score_case(
    reference: NDArray[np.integer],
    prediction: NDArray[np.integer],
    *,
    spacing_mm: ArrayLike,
    regions: Sequence[Region] = REGIONS,
    tolerance_mm: float = TOLERANCE_MM,
    one_empty_mm: float = math.nan,
) -> tuple[CaseScores, ...]:
    """Score a label map, one record per region.

    Parameters
    ----------
    reference, prediction : (X, Y, Z)
        Labels on the same grid.
    spacing_mm : (3,)
        Distance of voxels along each axis.
    regions : sequence of Region
        Add `Region.RESECTION_CAVITY` after surgery.
    tolerance_mm : float
        Of the surface Dice.
    one_empty_mm : float
        HD95 if exactly one mask is empty; `nan`, or a penalty such as
        `gliokit.evaluation.surface.BRATS_PENALTY_MM`.

    Raises
    ------
    GeometryError
        If the shapes differ, there are not three axes, or not one positive spacing for each.
    LabelError
        If a value is no label.
    ValueError
        If the tolerance is negative or not finite.
    """
    if reference.shape != prediction.shape or reference.ndim != 3:
        raise GeometryError(
            f"reference is {reference.shape}, prediction {prediction.shape}; "
            "give both on the same grid of three axes"
        )
    _check_labels("reference", reference)
    _check_labels("prediction", prediction)
    # outside the box neither has a voxel; lesions that are dilated must not end at its walls
    box = tuple(
        slice(max((side.start or 0) - BRATS_DILATIONS, 0), side.stop + BRATS_DILATIONS)
        for side in bounding_box((reference != 0) | (prediction != 0))
    )
    outside = reference.size - reference[box].size
    scores = []
    for region in regions:
        first, second = (region_mask(labels[box], region) for labels in (reference, prediction))
        counts = count_confusion(first, second)
        counts = replace(counts, neither=counts.neither + outside)
        surfaces = measure_surfaces(first, second, spacing_mm=spacing_mm)
        lesion_wise = lesion_wise_score(first, second, spacing_mm=spacing_mm)
        volume = measure_volume_error(
            first, second, voxel_ml=float(np.prod(np.asarray(spacing_mm))) / MM3_PER_ML
        )
        scores.append(
            CaseScores(
                region=region,
                dice=counts.dice,
                sensitivity=counts.sensitivity,
                specificity=counts.specificity,
                ppv=counts.positive_predictive_value,
                hd95_mm=surfaces.hausdorff_95_mm(one_empty_mm),
                surface_dice=surfaces.surface_dice(tolerance_mm),
                reference_ml=volume.reference_ml,
                prediction_ml=volume.prediction_ml,
                volume_error_ml=volume.signed_ml,
                absolute_volume_error_ml=volume.absolute_ml,
                relative_volume_error=volume.relative,
                lesion_wise_dice=lesion_wise.dice,
                lesion_wise_hd95_mm=lesion_wise.hd95_mm,
                lesions=lesion_wise.found + lesion_wise.missed,
                found=lesion_wise.found,
                false_lesions=lesion_wise.false_lesions,
            )
        )
    return tuple(scores)


def mean_dice(
    reference: NDArray[np.integer],
    prediction: NDArray[np.integer],
    *,
    regions: Sequence[Region] = REGIONS,
) -> float:
    """Average Dice over regions: the one number by which weights are chosen.

    Parameters
    ----------
    reference, prediction : any shape
        Labels of the same voxels.
    """
    masks = ((region_mask(reference, own), region_mask(prediction, own)) for own in regions)
    return float(np.mean([dice(*pair) for pair in masks]))


def summarize(
    scores: Sequence[CaseScores],
    *,
    patients: Sequence[Hashable],
    seed: int,
    resamples: int = 2000,
) -> tuple[MetricSummary, ...]:
    """Summarize every metric of every region over patients.

    Parameters
    ----------
    scores : (n,)
        Of all cases and regions, in any order.
    patients : (n,)
        Whose score it is.
    seed, resamples
        As for `gliokit.evaluation.bootstrap.interval`.

    Returns
    -------
    tuple of MetricSummary
        By region as they first appear, then in the order of `METRICS`.

    Raises
    ------
    ValueError
        If there are not as many patients as scores.
    """
    return tuple(
        _summarize(
            [_value(scores[row], metric) for row in rows],
            region=region,
            metric=metric,
            patients=[patients[row] for row in rows],
            seed=seed,
            resamples=resamples,
        )
        for region, rows in _rows_by_region(scores, patients).items()
        for metric in METRICS
    )


def paired_difference(
    scores_a: Sequence[CaseScores],
    scores_b: Sequence[CaseScores],
    *,
    patients: Sequence[Hashable],
    metric: str,
    seed: int,
    resamples: int = 2000,
) -> tuple[MetricSummary, ...]:
    """Summarize how much a metric of one system exceeds that of another on the same cases.

    The difference A less B is taken case by case, then summarized as a metric is. Cases where
    either is undefined are left out.

    Parameters
    ----------
    scores_a, scores_b : (n,)
        Of the same cases and regions in the same order.
    patients : (n,)
        Whose score it is.
    metric : str
        One of `METRICS`.
    seed, resamples
        As for `gliokit.evaluation.bootstrap.interval`.

    Returns
    -------
    tuple of MetricSummary
        Of the differences, by region as they first appear.

    Raises
    ------
    ValueError
        If the metric is unknown, or the scores do not pair.
    """
    if metric not in METRICS:
        raise ValueError(f"no metric {metric!r}; choose from {', '.join(METRICS)}")
    if [score.region for score in scores_a] != [score.region for score in scores_b]:
        raise ValueError(
            f"{len(scores_a)} and {len(scores_b)} scores whose regions do not pair; give both "
            "systems' scores of the same cases in the same order"
        )
    return tuple(
        _summarize(
            [_value(scores_a[row], metric) - _value(scores_b[row], metric) for row in rows],
            region=region,
            metric=metric,
            patients=[patients[row] for row in rows],
            seed=seed,
            resamples=resamples,
        )
        for region, rows in _rows_by_region(scores_a, patients).items()
    )


def _check_labels(name: str, labels: NDArray[np.integer]) -> None:
    if not np.issubdtype(labels.dtype, np.integer):
        raise LabelError(f"{name} holds {labels.dtype}; labels are integers, so round and cast it")
    if labels.size and (labels.min() < 0 or labels.max() > max(Label)):
        raise LabelError(
            f"{name} holds values {labels.min()} to {labels.max()}; needed are "
            f"{min(Label):d} to {max(Label):d}, so convert the map first"
        )


def _rows_by_region(
    scores: Sequence[CaseScores], patients: Sequence[Hashable]
) -> dict[Region, list[int]]:
    if len(scores) != len(patients):
        raise ValueError(f"{len(scores)} scores for {len(patients)} patients; give one to each")
    rows: dict[Region, list[int]] = {}
    for row, score in enumerate(scores):
        rows.setdefault(score.region, []).append(row)
    return rows


def _value(score: CaseScores, metric: str) -> float:
    return float(getattr(score, metric))


def _summarize(
    values: Sequence[float],
    *,
    region: Region,
    metric: str,
    patients: Sequence[Hashable],
    seed: int,
    resamples: int,
) -> MetricSummary:
    """Average the defined values of each patient, then summarize over patients."""
    observed = np.array(values, dtype=np.float64)
    groups = [observed[rows] for rows in rows_by_patient(patients).values()]
    defined = [group[~np.isnan(group)] for group in groups]
    means = np.array([group.mean() for group in defined if group.size])
    mean = median = math.nan
    mean_limits = median_limits = (math.nan, math.nan)
    if means.size:
        mean, median = float(means.mean()), float(np.median(means))
    if means.size > 1:
        mean_limits, median_limits = (
            mean_interval(
                means,
                patients=range(means.size),
                seed=seed,
                statistic=statistic,
                resamples=resamples,
            )
            for statistic in (np.mean, np.median)
        )
    return MetricSummary(
        region=region,
        metric=metric,
        mean=mean,
        median=median,
        mean_interval=mean_limits,
        median_interval=median_limits,
        patients=means.size,
        patients_left_out=len(groups) - means.size,
        scores_left_out=int(np.isnan(observed).sum()),
    )
