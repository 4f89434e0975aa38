"""Intervals for the volume of a region that hold the truth as often as they say.

Not the sum of voxel variances: that takes the voxels for independent, but they go wrong together
(a border drawn 1 mm too far out is too far out all around), and the interval comes out many times
too narrow. Here, no error of a voxel is modelled. Two families of nested intervals, and a
conformity score for each:

- from the logits z of a case, from the volume of {z > t} to that of {z ≥ -t}, which grows with
  t ≥ 0 (`volume_interval`, `smallest_t`, `fit_t`);
- from any interval, such as one of these at a fixed t, moved out at both ends by a margin of the
  logarithm of the volume (`widen`, `smallest_margin`). The first part makes hard cases wider than
  easy ones, the second sees to it that enough hold the truth.

The parameter is chosen such that the interval held the true volume in the wanted share of patients
whose truth is known (split conformal prediction on nested sets).

The promise: for a new patient who is exchangeable with those, the truth lies inside with at
least probability `level`, whatever the model and its errors. It is an average over patients, not
a promise for small lesions or for one scanner; it does not hold for patients of another kind; and
with few patients the parameter itself is uncertain: fitted on 12 at level 0.9, the share of new
patients inside is 0.92 on average, but below 0.78 for one such fit in twenty.

Logits outside the brain are -inf, or left out: no interval counts them. Calibrated logits give
about symmetric intervals; the promise does not depend on it.

Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2nd edition, Springer
2022, doi:10.1007/978-3-031-06649-8; Angelopoulos and Bates 2021, arXiv:2107.07511; nested
sets: Gupta et al., Pattern Recognit 2022;127:108496, doi:10.1016/j.patcog.2021.108496; a margin
around given limits: Romano, Patterson and Candès 2019, arXiv:1905.03222; conformal volumes of
brain tumors, by another family: Lambert et al. 2024, arXiv:2407.19938. The family by a shift of the
logit threshold and the margin of the log volume are ours.
"""

import math
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

# of a voxel, or of a rank: what rounding of volumes and levels may add
ROUNDING = 1e-6
FLOOR_ML = 1.0  # a choice: the largest residual tumor that RANO-resect calls near total removal
LARGEST_MARGIN = 100.0  # no volume differs by such a factor


def conformal_quantile(scores: ArrayLike, *, level: float) -> float:
    """Bound a new score with probability `level`, given exchangeable ones.

    Parameters
    ----------
    scores : (n,)
        One per patient; infinite ones are allowed.
    level : float
        Between 0 and 1.

    Returns
    -------
    float
        The score of rank ⌈(n + 1) × level⌉, without interpolation; infinite if there are fewer
        than that (below 9 at level 0.9), since no bound can then be promised.

    Raises
    ------
    ValueError
        If a score is `nan`, or `level` is not between 0 and 1.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64), axis=None)
    if np.isnan(ordered).any():
        raise ValueError("a score is nan; leave the patient out, and say so")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, got {level:g}")
    rank = math.ceil((ordered.size + 1) * level - ROUNDING)
    return float(ordered[rank - 1]) if rank <= ordered.size else math.inf


def fit_t(
    scores: ArrayLike, *, patients: Sequence[Hashable] | None = None, level: float = 0.9
) -> float:
    """Choose the t of `volume_interval` from patients whose volumes are known.

    Parameters
    ----------
    scores : (n,)
        `smallest_t` of each study, by a model that was not trained on it.
    patients : (n,)
        Whose study it is; each another's if not given. Of several studies the largest score
        counts: then all studies of a new patient are inside at once.
    level : float
        Wanted share of new patients whose true volume lies inside.

    Returns
    -------
    float
        Infinite if there are too few patients, or too many scores are infinite: then the only
        honest interval is from 0 to the whole brain.

    Raises
    ------
    ValueError
        As `conformal_quantile`; or if there are not as many patients as scores.
    """
    observed = np.asarray(scores, dtype=np.float64)
    if patients is None:
        return conformal_quantile(observed, level=level)
    if observed.shape != (len(patients),):
        raise ValueError(f"{observed.shape} scores for {len(patients)} patients; give one to each")
    worst: dict[Hashable, float] = {}
    for patient, score in zip(patients, observed.tolist(), strict=True):
        # nan must stay: it is refused later
        worst[patient] = float(np.maximum(score, worst.get(patient, 0.0)))
    return conformal_quantile(list(worst.values()), level=level)


def smallest_t(
    logits: NDArray[np.floating], voxel_ml: float, *, reference_ml: float, cap: float = math.inf
) -> float:
    """Find the smallest t whose interval holds the true volume: the conformity score of a case.

    Parameters
    ----------
    logits : (X, Y, Z)
        Of one region; any number of dimensions.
    voxel_ml : float
        Volume of a voxel.
    reference_ml : float
        True volume of the region.
    cap : float
        A larger t is not accepted.

    Returns
    -------
    float
        At least 0; infinite if no t up to `cap` will do, as for a volume above that of the brain.

    Raises
    ------
    ValueError
        If a logit is `nan`, `voxel_ml` is not positive, or `reference_ml` is negative or not
        finite.
    """
    _check(logits, voxel_ml)
    if not (math.isfinite(reference_ml) and reference_ml >= 0):
        raise ValueError(
            f"the true volume must be finite and not negative, got {reference_ml:g} mL"
        )
    wanted = reference_ml / voxel_ml  # voxels
    above = logits[logits > 0]
    if wanted < above.size - ROUNDING:
        # the lower limit must come down to it: at most so many voxels above t
        t = _rank_from_top(above, math.floor(wanted + ROUNDING) + 1)
    else:
        below = logits[(logits <= 0) & (logits > -math.inf)]
        needed = math.ceil(wanted - ROUNDING) - above.size
        if needed > below.size:
            return math.inf
        t = -_rank_from_top(below, needed) if needed > 0 else 0.0
    return t if t <= cap else math.inf


def volume_interval(
    logits: NDArray[np.floating], voxel_ml: float, *, t: float, center: float = 0.0
) -> tuple[float, float]:
    """Measure the interval of a region's volume.

    Parameters
    ----------
    logits : (X, Y, Z)
        Of the region; any number of dimensions.
    voxel_ml : float
        Volume of a voxel.
    t : float
        From `fit_t`, 0 or larger.
    center : float
        Logit above which a voxel counts for the region, where that is not 0.

    Returns
    -------
    tuple of float
        Lower and upper limit in mL. They hold the volume of {z > center}, so where the reported
        region was changed after thresholding (small parts dropped), the caller must widen them to
        hold it. From 0 to all finite logits if `t` is infinite.

    Raises
    ------
    ValueError
        If a logit is `nan`, `voxel_ml` is not positive, or `t` is negative or `nan`.
    """
    _check(logits, voxel_ml)
    if not t >= 0:
        raise ValueError(f"t must be 0 or larger, got {t:g}")
    low = int(np.count_nonzero(logits > center + t))
    high = int(np.count_nonzero((logits >= center - t) & (logits > -math.inf)))
    return low * voxel_ml, high * voxel_ml


def smallest_margin(
    interval: tuple[float, float], reference_ml: float, *, floor_ml: float = FLOOR_ML
) -> float:
    """Find the smallest margin of `widen` that holds the true volume: a conformity score.

    Parameters
    ----------
    interval : tuple of float
        Lower and upper limit in mL, however they were found.
    reference_ml : float
        True volume of the region.
    floor_ml : float
        As in `widen`.

    Returns
    -------
    float
        0 where the interval holds it already.

    Raises
    ------
    ValueError
        If a volume is negative or not finite, or `floor_ml` is not positive.
    """
    low, high, true = (math.log(_raised(ml, floor_ml)) for ml in (*interval, reference_ml))
    return max(low - true, true - high, 0.0)


def widen(
    interval: tuple[float, float], margin: float, *, floor_ml: float = FLOOR_ML
) -> tuple[float, float]:
    """Move both limits of an interval out by a margin of the logarithm of the volume.

    Parameters
    ----------
    interval : tuple of float
        Lower and upper limit in mL.
    margin : float
        0 or larger; `conformal_quantile` of `smallest_margin`.
    floor_ml : float
        Added to each volume before its logarithm is taken: far below it volumes differ by mL, far
        above it by their ratio. So 0 mL is a volume like others, also where a tumor was missed.

    Returns
    -------
    tuple of float
        From 0 on, where the margin leads below; up to infinity, if it is infinite.

    Raises
    ------
    ValueError
        If a limit is negative or not finite, `floor_ml` is not positive, or `margin` is negative
        or `nan`.
    """
    if not margin >= 0:
        raise ValueError(f"the margin must be 0 or larger, got {margin:g}")
    low, high = (_raised(volume, floor_ml) for volume in interval)
    factor = math.exp(margin) if margin < LARGEST_MARGIN else math.inf
    return max(low / factor - floor_ml, 0.0), high * factor - floor_ml


def _raised(volume_ml: float, floor_ml: float) -> float:
    if not (0 <= volume_ml < math.inf and floor_ml > 0):
        raise ValueError(
            f"volumes must be finite and not negative and the floor positive, got {volume_ml:g} "
            f"and {floor_ml:g} mL"
        )
    return volume_ml + floor_ml


def _rank_from_top(values: NDArray[np.floating], rank: int) -> float:
    """Give the value of a rank counted from the largest, which is 1."""
    place = values.size - rank
    return float(np.partition(values, place)[place])


def _check(logits: NDArray[np.floating], voxel_ml: float) -> None:
    if missing := np.count_nonzero(np.isnan(logits)):
        raise ValueError(f"{missing} logits are nan; give -inf outside the brain")
    if not voxel_ml > 0:
        raise ValueError(f"the volume of a voxel must be positive, got {voxel_ml:g} mL")
