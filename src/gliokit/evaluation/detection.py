"""From which volume on lesions are found: a logistic curve over the logarithm of the volume.

The share of lesions that are found rises with their volume from 0 to 1; the volume where the fitted
curve passes a wanted share is the limit. Where found and missed lesions do not overlap in
size, any limit between them fits: the curve is then a step in the middle of the gap.

Limits: a curve that ends below 1 (what is missed whatever its size) or is not monotonous is not
seen; look at the share by size beside it.

Source: logistic curves for detection over the logarithm of size are usual where the probability of
detection is studied (Berens, in ASM Handbook 17, 1989; from memory); the fit is that of
`gliokit.evaluation.calibration`.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from gliokit.evaluation.bootstrap import interval
from gliokit.evaluation.calibration import fit_recalibration

SHARE = 0.9
LARGEST_LOG = 50.0  # of a volume: beyond all there is


@dataclass(frozen=True, slots=True)
class FoundFrom:
    """From which volume on lesions are found.

    Attributes
    ----------
    volume_ml : float
        Where the curve passes the wanted share; infinite if it falls with the volume.
    low_ml, high_ml : float
        90 % interval over patients; infinite if the limit is.
    """

    volume_ml: float
    low_ml: float
    high_ml: float


def found_from(
    volumes_ml: ArrayLike,
    found: ArrayLike,
    *,
    patients: Sequence[Hashable],
    seed: int,
    share: float = SHARE,
    resamples: int = 400,
) -> FoundFrom:
    """Find the volume from which on lesions are found with a probability of `share`.

    Parameters
    ----------
    volumes_ml : (n,)
        Of the lesions, above 0.
    found : (n,)
        Whether each was found.
    patients : (n,)
        Whose it is.
    seed : int
        Of the resamples of patients.
    share : float
        Between 0 and 1.
    resamples : int
        How often the patients are drawn.

    Raises
    ------
    ValueError
        If a volume is not positive, `share` is out of range, all lesions are found or all missed,
        or there are too few patients to resample.
    """
    volumes, seen = np.asarray(volumes_ml, dtype=np.float64), np.asarray(found, dtype=bool)
    if not (volumes > 0).all():
        raise ValueError("a volume is not positive; leave lesions without any out")
    if not 0 < share < 1:
        raise ValueError(f"the share must lie between 0 and 1, got {share:g}")
    sizes, wanted = np.log(volumes), math.log(share / (1 - share))

    def limit(rows: np.ndarray) -> float:
        if seen[rows].all() or not seen[rows].any():
            return math.nan
        fitted = fit_recalibration(sizes[rows], seen[rows].astype(np.float64))
        if fitted.slope <= 0:
            return math.inf
        return math.exp(min((wanted - fitted.offset) / fitted.slope, LARGEST_LOG))

    value = limit(np.arange(sizes.size))
    if math.isnan(value):
        raise ValueError("all lesions are found, or all missed: their sizes tell no limit")
    if math.isinf(value):
        return FoundFrom(value, value, value)
    low, high = interval(limit, patients=patients, seed=seed, level=0.9, resamples=resamples)
    return FoundFrom(value, low, high)
