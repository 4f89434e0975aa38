"""Whether probabilities mean what they say, and the two numbers that mend them.

Reliability is counted case by case and added up, so that the voxels of many studies are never
held at once. Which voxels count is the caller's choice and changes every figure: the easy voxels of
the background make any model look calibrated, so say which were counted (here: those of the brain).
Voxels of a patient go wrong together; for figures in which each patient weighs the same use
`pool_patients`, for an interval `gliokit.evaluation.bootstrap.mean_interval` on one figure per
patient. The latter is larger: errors of opposite sign in two patients cancel only when pooled.

Recalibration is logistic regression on the logits (Platt): slope and offset. It keeps their order,
so a region only grows or shrinks, and it cannot mend errors that depend on anything but the logit.

Source: reliability and its expected error: Naeini et al., AAAI 2015;29:2901-7; Guo et al., ICML
2017, arXiv:1706.04599. Score: Brier, Mon Weather Rev 1950;78:1-3. Slope and offset: Cox,
Biometrika 1958;45:562-5, doi:10.1093/biomet/45.3-4.562; Platt, Advances in Large Margin
Classifiers, MIT Press 1999, 61-74; by Newton steps: Lin et al., Mach Learn 2007;68:267-76,
doi:10.1007/s10994-007-5018-6.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

NEWTON_STEPS = 100  # about ten are needed, 60 at worst in 3,000 absurd samples
NEWTON_TOLERANCE = 1e-12  # nats that another step could gain; far above rounding


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Sums over voxels, by predicted probability in bins of equal width.

    Those of several cases are added with `+`.

    Attributes
    ----------
    weight : (bins,)
        Number of voxels, or sum of their weights. The bin of probability p is [p × bins]; 1
        belongs to the last.
    predicted, observed : (bins,)
        Weighted sum of the probabilities, and of the reference.
    squared_error : float
        Weighted sum of the squared differences, over all bins.
    """

    weight: NDArray[np.float64]
    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    squared_error: float

    def __add__(self, other: Self) -> Self:
        if self.weight.shape != other.weight.shape:
            raise ValueError(
                f"reliability in {self.weight.size} and in {other.weight.size} bins cannot be "
                "added; count all cases with the same number"
            )
        return type(self)(
            self.weight + other.weight,
            self.predicted + other.predicted,
            self.observed + other.observed,
            self.squared_error + other.squared_error,
        )


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityCurve:
    """The points of a reliability diagram.

    Attributes
    ----------
    predicted, observed : (bins,)
        Mean probability, and mean of the reference; `nan` in an empty bin.
    share : (bins,)
        Part of the weight that lies in the bin.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    share: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Recalibration:
    """How logits become calibrated logits: `slope` × logit + `offset`.

    A slope below 1 says that the model was too sure; an offset above 0 that it found too little.
    """

    slope: float = 1.0
    offset: float = 0.0


def count_reliability(
    probabilities: ArrayLike,
    reference: ArrayLike,
    *,
    bins: int = 15,
    weights: ArrayLike | None = None,
) -> Reliability:
    """Count one case.

    Parameters
    ----------
    probabilities, reference : (...)
        Of the same voxels, in 0-1; the reference may be a mask, or fractions of a voxel.
    bins : int
        How many, of equal width.
    weights : (...)
        Of the voxels; 1 each if not given.

    Raises
    ------
    ValueError
        If shapes differ, or a value is out of range or not finite.
    """
    p = _unit_interval(probabilities, "probabilities")
    y, w = _reference_and_weights(reference, weights, p.size)
    place = np.minimum((p * bins).astype(np.intp), bins - 1)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(place, weights=values, minlength=bins).astype(np.float64)

    return Reliability(total(w), total(w * p), total(w * y), float(w @ ((p - y) ** 2)))


def pool_patients(counts: Sequence[Reliability], *, patients: Sequence[Hashable]) -> Reliability:
    """Add up cases so that every patient weighs the same, whatever the number of voxels.

    Parameters
    ----------
    counts : (n,)
        One per case.
    patients : (n,)
        Whose case it is. The cases of one patient are added first.

    Returns
    -------
    Reliability
        Its weights sum up to the number of patients.

    Raises
    ------
    ValueError
        If there are not as many patients as cases, none at all, or one without a voxel.
    """
    if len(counts) != len(patients) or not counts:
        raise ValueError(
            f"{len(counts)} cases for {len(patients)} patients; give at least one, and a patient "
            "to each"
        )
    of_patient: dict[Hashable, Reliability] = {}
    for patient, count in zip(patients, counts, strict=True):
        of_patient[patient] = of_patient[patient] + count if patient in of_patient else count
    if empty := [str(patient) for patient, count in of_patient.items() if not count.weight.any()]:
        raise ValueError(f"no voxel was counted for {', '.join(empty)}; leave them out, and say so")
    return reduce(add, map(_with_unit_weight, of_patient.values()))


def reliability_curve(counts: Reliability) -> ReliabilityCurve:
    """Compute the points of the reliability diagram; on the diagonal they are calibrated."""
    total = counts.weight.sum()
    weight = np.where(counts.weight > 0, counts.weight, np.nan)
    return ReliabilityCurve(
        counts.predicted / weight,
        counts.observed / weight,
        counts.weight / total if total > 0 else np.zeros_like(counts.weight),
    )


def expected_calibration_error(counts: Reliability) -> float:
    """Mean distance of the reliability curve from the diagonal, bins weighed by their share.

    Returns
    -------
    float
        0 to 1; `nan` if nothing was counted. It depends on the number of bins, and within a bin
        errors of opposite sign cancel.
    """
    total = float(counts.weight.sum())
    return float(np.abs(counts.predicted - counts.observed).sum()) / total if total else math.nan


def maximum_calibration_error(counts: Reliability, *, minimum_share: float = 0.0) -> float:
    """Largest distance of the reliability curve from the diagonal.

    Parameters
    ----------
    counts : Reliability
        Of one or more cases.
    minimum_share : float
        Bins with a smaller part of the weight are passed over: a few voxels say little.

    Returns
    -------
    float
        0 to 1; `nan` if no bin is left.
    """
    curve = reliability_curve(counts)
    kept = (curve.share >= minimum_share) & (curve.share > 0)
    apart = np.abs(curve.predicted - curve.observed)[kept]
    return float(apart.max()) if apart.size else math.nan


def brier_score(counts: Reliability) -> float:
    """Mean squared difference of probability and reference, 0 to 1; `nan` if none was counted."""
    total = float(counts.weight.sum())
    return counts.squared_error / total if total else math.nan


def compress_samples(
    logits: ArrayLike,
    reference: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    width: float = 1 / 64,
) -> NDArray[np.float64]:
    """Replace voxels of nearly the same logit by one sample, for `fit_recalibration`.

    Millions of voxels become some thousand samples. Those of several cases are joined along the
    second axis. For cases to weigh the same, divide the last row of each by its sum.

    Parameters
    ----------
    logits, reference, weights : (...)
        As for `fit_recalibration`.
    width : float
        Of the bins of the logit. The slope changes by about width² / 12.

    Returns
    -------
    (3, n)
        Mean logit, mean reference and weight of the samples, by rising logit.

    Raises
    ------
    ValueError
        As `fit_recalibration`.
    """
    z = _finite(logits, "logits")
    y, w = _reference_and_weights(reference, weights, z.size)
    counted = w > 0
    z, y, w = z[counted], y[counted], w[counted]
    _, place = np.unique(np.floor(z / width), return_inverse=True)
    weight = np.bincount(place, weights=w)
    sums = [np.bincount(place, weights=w * values) for values in (z, y)]
    # a mean of zeros and ones may come out a rounding above 1
    return np.stack([sums[0] / weight, np.clip(sums[1] / weight, 0, 1), weight])


def fit_recalibration(
    logits: ArrayLike,
    reference: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    ridge: float = 1e-6,
) -> Recalibration:
    """Fit slope and offset of the logits by weighted logistic regression.

    Parameters
    ----------
    logits : (...)
        Of the model, finite.
    reference : (...)
        In 0-1: a mask, or fractions of a voxel.
    weights : (...)
        1 each if not given; only their ratios matter. A voxel drawn with probability q weighs 1/q.
    ridge : float
        Positive. Pull towards slope 1 and offset 0, in nats per mean weight. It keeps the slope
        finite where logits tell the classes apart without error, and is too weak to be seen
        elsewhere.

    Raises
    ------
    ValueError
        If shapes differ, a value is out of range or not finite, or weights or ridge are not
        positive.
    ArithmeticError
        If Newton's steps do not settle.
    """
    z = _finite(logits, "logits")
    y, w = _reference_and_weights(reference, weights, z.size)
    if not (w.sum() > 0 and ridge > 0):
        raise ValueError(
            f"weights add up to {w.sum():g}, ridge is {ridge:g}; both must be positive"
        )
    slope, offset = _minimize(z, y, w / w.sum(), ridge)
    return Recalibration(float(slope), float(offset))


def recalibrate(logits: NDArray[np.floating], recalibration: Recalibration) -> NDArray[np.floating]:
    """Turn logits (...) into calibrated logits (...)."""
    return recalibration.slope * logits + recalibration.offset


def _minimize(
    z: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Find slope and offset (2,) of least log loss by damped Newton steps."""
    design = np.stack([z, np.ones_like(z)])  # (2, n)
    identity = np.array([1.0, 0.0])

    def loss(fit: NDArray[np.float64]) -> float:
        eta = fit @ design
        return float(
            w @ (np.logaddexp(0, eta) - y * eta) + ridge / 2 * np.sum((fit - identity) ** 2)
        )

    fit = identity
    for _ in range(NEWTON_STEPS):
        p = expit(fit @ design)
        gradient = design @ (w * (p - y)) + ridge * (fit - identity)
        curvature = (design * (w * p * (1 - p))) @ design.T + ridge * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step < NEWTON_TOLERANCE:
            return fit - step
        before = loss(fit)
        while loss(fit - step) > before:  # the loss is convex: a short enough step lowers it
            step = step / 2
        fit = fit - step
    raise ArithmeticError(
        f"slope and offset did not settle in {NEWTON_STEPS} steps; raise the ridge, or clip the "
        f"logits, which reach {np.abs(z).max():.3g}"
    )


def _with_unit_weight(counts: Reliability) -> Reliability:
    total = counts.weight.sum()
    return Reliability(
        counts.weight / total,
        counts.predicted / total,
        counts.observed / total,
        float(counts.squared_error / total),
    )


def _reference_and_weights(
    reference: ArrayLike, weights: ArrayLike | None, size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y = _unit_interval(reference, "reference")
    w = np.ones(size) if weights is None else _finite(weights, "weights")
    if not y.size == w.size == size:
        raise ValueError(
            f"{size} predictions, {y.size} voxels of reference and {w.size} weights; "
            "give the same voxels of each"
        )
    if w.size and w.min() < 0:
        raise ValueError(f"weights must not be negative, got {w.min():g}")
    return y, w


def _unit_interval(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = _finite(values, name)
    if array.size and not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(f"{name} must lie in 0-1, got {array.min():g} to {array.max():g}")
    return array


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    if missing := np.count_nonzero(~np.isfinite(array)):
        raise ValueError(f"{missing} of {array.size} {name} are not finite; leave these voxels out")
    return array
