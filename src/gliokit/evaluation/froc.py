"""How many lesions are found at how many false alarms: free-response analysis.

A candidate is a 26-connected part of the image where the probability reaches a floor; its score
is the highest probability in it. Lesion and candidate match if the intersection is at least a tenth
of the union (IoU). A lesion has the score of its best match; a candidate that matches no lesion is
a false alarm, one that is a second match of a lesion is neither. A candidate may match several
lesions. Lesions of all cases are pooled, so that patients with many weigh more.

The floor draws the outline of the candidates, the threshold of an operating point then says which
of them are called. The threshold is chosen on validation patients and applied to others
(`choose_point`, `read_point`): read off the same curve it flatters the system.

Source: Bunch et al., J Appl Photogr Eng 1978;4:166-71 (the curve); Baumgartner et al., MICCAI 2021,
arXiv:2106.00817 (nnDetection: lesions matched from an IoU of 0.1).
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import bounding_box
from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.lesion_wise import ROUNDING

MINIMUM_IOU = 0.1
FLOOR = 0.5  # assumed: the outline of a segmentation

# from the lower limit, up to and without the upper one, in mL
Sizes: TypeAlias = tuple[float, float]
ALL_SIZES: Sizes = (0.0, math.inf)


@dataclass(frozen=True, slots=True)
class CaseDetections:
    """What was there and what was called in one case.

    Attributes
    ----------
    lesions_ml : (n,)
        Volumes of the lesions.
    lesion_scores : (n,)
        Best score that matches each; minus infinity if nothing does.
    false_scores : (m,)
        Scores of the false alarms.
    """

    lesions_ml: tuple[float, ...]
    lesion_scores: tuple[float, ...]
    false_scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What a threshold gives.

    Attributes
    ----------
    threshold : float
        Candidates with this score or more are called; infinite if none are.
    sensitivity : float
        Share of the lesions that are found; `nan` without lesions.
    false_per_case : float
        Mean number of false alarms in a case.
    """

    threshold: float
    sensitivity: float
    false_per_case: float


@dataclass(frozen=True, slots=True, eq=False)
class FrocCurve:
    """All operating points, from calling nothing to calling everything.

    Attributes
    ----------
    thresholds, sensitivity, false_per_case : (n,)
        As in `OperatingPoint`; thresholds fall, the others do not.
    cases, lesions : int
        On how many the curve stands.
    """

    thresholds: NDArray[np.float64] = field(repr=False)
    sensitivity: NDArray[np.float64] = field(repr=False)
    false_per_case: NDArray[np.float64] = field(repr=False)
    cases: int
    lesions: int

    def point(self, index: int) -> OperatingPoint:
        """One point of the curve."""
        return OperatingPoint(
            float(self.thresholds[index]),
            float(self.sensitivity[index]),
            float(self.false_per_case[index]),
        )


def detect(
    reference: NDArray[np.bool_],
    probability: NDArray[np.floating],
    *,
    voxel_ml: float,
    floor: float = FLOOR,
    minimum_iou: float = MINIMUM_IOU,
    minimum_ml: float = 0.0,
) -> CaseDetections:
    """Match the candidates of one case with its lesions.

    To leave out what lies outside the brain, set the probability there to 0.

    Parameters
    ----------
    reference, probability : (X, Y, Z)
        Voxels of the lesions, and the probability of each voxel to be one, on the same grid.
    voxel_ml : float
        Volume of a voxel.
    floor : float
        Probability that a voxel of a candidate has at least, above 0.
    minimum_iou : float
        Intersection over union from which lesion and candidate match, above 0.
    minimum_ml : float
        Smaller candidates are dropped.

    Raises
    ------
    GeometryError
        If the shapes differ or there are not three axes.
    ValueError
        If a probability or a setting is out of range.
    """
    if reference.shape != probability.shape or reference.ndim != 3:
        raise GeometryError(
            f"reference is {reference.shape}, probability {probability.shape}; "
            "give both on the same grid of three axes"
        )
    if not (voxel_ml > 0 and 0 < floor <= 1 and 0 < minimum_iou <= 1):
        raise ValueError(
            f"a voxel of {voxel_ml:g} mL, a floor of {floor:g}, an IoU of {minimum_iou:g}; the "
            "volume must be positive, the others above 0 and at most 1"
        )
    if probability.size and not (probability.min() >= 0 and probability.max() <= 1):
        raise ValueError("a probability is below 0, above 1 or not a number; give all in 0-1")
    called = probability >= floor
    if not (reference.any() or called.any()):
        return CaseDetections((), (), ())
    box = bounding_box(reference | called)
    lesions, parts = _connected(reference[box]), _connected(called[box])
    voxels = _shared_voxels(lesions, parts)
    lesion_sizes, part_sizes = voxels.sum(axis=1)[1:], voxels.sum(axis=0)[1:]
    shared = voxels[1:, 1:]
    together = lesion_sizes[:, None] + part_sizes - shared
    matching = shared >= minimum_iou * together - ROUNDING
    peaks = ndimage.maximum(probability[box], parts, np.arange(1, part_sizes.size + 1))
    scores = np.asarray(peaks, dtype=np.float64)
    kept = part_sizes >= minimum_ml / voxel_ml - ROUNDING
    best = np.where(matching & kept, scores, -np.inf).max(axis=1, initial=-np.inf)
    false = scores[kept & ~matching.any(axis=0)]
    return CaseDetections(
        tuple((lesion_sizes * voxel_ml).tolist()), tuple(best.tolist()), tuple(false.tolist())
    )


def froc_curve(cases: Sequence[CaseDetections], *, sizes_ml: Sizes = ALL_SIZES) -> FrocCurve:
    """Draw the curve of several cases.

    Parameters
    ----------
    cases : sequence of CaseDetections
        Those without lesions belong to it: they have false alarms too.
    sizes_ml : (low, high)
        Only lesions of this size are counted, such as (0, 0.1) for small ones. False alarms
        count whatever their size, since nobody knows which size they pretend to.

    Raises
    ------
    ValueError
        If there is no case.
    """
    found, false = _scores(cases, sizes_ml)
    thresholds = np.unique(np.concatenate([found[np.isfinite(found)], false, [np.inf]]))[::-1]
    return FrocCurve(
        thresholds,
        _share_from(found, thresholds, found.size),
        _share_from(false, thresholds, len(cases)),
        len(cases),
        found.size,
    )


def sensitivity_at(curve: FrocCurve, *, false_per_case: float) -> float:
    """Read the sensitivity with at most so many false alarms per case.

    Points of the curve are not joined by lines: only a threshold can be set.
    """
    return float(curve.sensitivity[_last_within(curve, false_per_case)])


def choose_point(curve: FrocCurve, *, most_false_per_case: float) -> OperatingPoint:
    """Choose the most sensitive point with at most so many false alarms per case.

    Of equally sensitive ones the one with the highest threshold. Give the curve of validation
    patients, and apply the threshold to others with `read_point`.

    Raises
    ------
    ValueError
        If the curve stands on no lesion.
    """
    if not curve.lesions:
        raise ValueError("no lesion in the validation cases; a threshold needs some to be found")
    most = curve.sensitivity[_last_within(curve, most_false_per_case)]
    return curve.point(int(np.searchsorted(curve.sensitivity, most)))


def read_point(
    cases: Sequence[CaseDetections], *, threshold: float, sizes_ml: Sizes = ALL_SIZES
) -> OperatingPoint:
    """Say what a threshold that was chosen elsewhere gives in these cases.

    Raises
    ------
    ValueError
        If there is no case.
    """
    found, false = _scores(cases, sizes_ml)
    at = np.array([threshold])
    return OperatingPoint(
        threshold,
        float(_share_from(found, at, found.size)[0]),
        float(_share_from(false, at, len(cases))[0]),
    )


def sensitivity_interval(
    cases: Sequence[CaseDetections],
    *,
    patients: Sequence[Hashable],
    false_per_case: float,
    seed: int,
    sizes_ml: Sizes = ALL_SIZES,
    resamples: int = 2000,
) -> tuple[float, float]:
    """Estimate the 95 % interval of `sensitivity_at`, drawing patients with all their cases.

    Every resample has a curve of its own, and so its own threshold.

    Raises
    ------
    ValueError
        As `gliokit.evaluation.bootstrap.interval`, so if lesions of these sizes are too few.
    """

    def sensitivity_of(rows: NDArray[np.intp]) -> float:
        curve = froc_curve([cases[row] for row in rows], sizes_ml=sizes_ml)
        return sensitivity_at(curve, false_per_case=false_per_case)

    return interval(sensitivity_of, patients=patients, seed=seed, resamples=resamples)


def _connected(mask: NDArray[np.bool_]) -> NDArray[np.integer]:
    return cc3d.connected_components(np.ascontiguousarray(mask), connectivity=26)


def _shared_voxels(lesions: NDArray[np.integer], parts: NDArray[np.integer]) -> NDArray[np.int64]:
    """Count the voxels of every pair of numbers, (lesions + 1, parts + 1); 0 is the background."""
    shape = (int(lesions.max()) + 1, int(parts.max()) + 1)
    pairs = lesions.ravel().astype(np.int64) * shape[1] + parts.ravel()
    return np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)


def _scores(
    cases: Sequence[CaseDetections], sizes_ml: Sizes
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pool the scores of the lesions of these sizes, and of the false alarms."""
    if not cases:
        raise ValueError("no case; a rate of false alarms needs one or more")
    low, high = sizes_ml
    found = [
        score
        for case in cases
        for size, score in zip(case.lesions_ml, case.lesion_scores, strict=True)
        if low <= size < high
    ]
    false = [score for case in cases for score in case.false_scores]
    return np.array(found, dtype=np.float64), np.array(false, dtype=np.float64)


def _share_from(
    scores: NDArray[np.float64], thresholds: NDArray[np.float64], number: int
) -> NDArray[np.float64]:
    """Count the scores that reach each threshold, per `number`; `nan` per none."""
    if not number:
        return np.full(thresholds.size, np.nan)
    return (scores.size - np.searchsorted(np.sort(scores), thresholds)) / number


def _last_within(curve: FrocCurve, false_per_case: float) -> int:
    """Index of the last point with at most so many false alarms; the first one has none."""
    if not false_per_case >= 0:
        raise ValueError(f"{false_per_case:g} false alarms per case; give 0 or more")
    return int(np.searchsorted(curve.false_per_case, false_per_case, side="right")) - 1
