"""How much of a region is at least as bright as a given intensity.

The curve gives for each level the fraction of voxels in it or above. It is read in both
directions: volume at a fraction of the range of levels, intensity at a fraction of the volume.
Which levels there are depends on the unit, after IBSI section 3.5:

- whole numbers with a meaning (Hounsfield units): the numbers themselves (`Binning.NONE`);
- other intensities with a meaning: bins of a fixed size, each standing for its center
  (`Binning.SIZE`);
- arbitrary intensities (most MR images): a fixed number of bins, IBSI takes 1000, which stand for
  their numbers 1, 2, ... (`Binning.NUMBER`).

Numbers and bins of a fixed size fill the range of re-segmentation; without one they run from the
lowest to the highest intensity of the region. A fixed number of bins always does. What lies below
the first bin of a fixed size belongs to it.

Source: IBSI reference manual, arXiv:1612.07003, section 3.5.
"""

import math

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError, NotAssessableError, SettingsError
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.discretization import Binning, Discretization, fixed_bin_number

DEFINITIONS = (
    Definition("ivh_v10", "volume fraction at 10 % of the intensity range", "1", "NK6P"),
    Definition("ivh_v90", "volume fraction at 90 % of the intensity range", "1", "4279"),
    Definition("ivh_i10", "intensity at 10 % of the volume", "intensity", "PWN1"),
    Definition("ivh_i90", "intensity at 90 % of the volume", "intensity", "BOHI"),
    Definition("ivh_diff_v10_v90", "volume fraction at 10 % less that at 90 %", "1", "WITY"),
    Definition("ivh_diff_i10_i90", "intensity at 10 % less that at 90 %", "intensity", "JXJA"),
    Definition("ivh_auc", "area under the curve, range of intensity scaled to 1", "1", "9CMM"),
)
_MOST_LEVELS = 10_000_000  # more fill the memory


def describe_intensity_volume(
    values: NDArray[np.float64],
    discretization: Discretization,
    *,
    lower: float | None = None,
    upper: float | None = None,
) -> dict[str, float]:
    """Read the intensity-volume histogram of a region.

    Parameters
    ----------
    values : (N,)
        Intensities of the region.
    discretization : Discretization
        Which levels there are.
    lower, upper : float, optional
        Bounds of re-segmentation.

    Returns
    -------
    dict of str to float
        By name, in the order of `DEFINITIONS`. If no level has as little volume as asked for, the
        intensity is one step above the highest level, which no voxel has. All are `nan` if there
        is one level only: there is no fraction of its range.

    Raises
    ------
    NotAssessableError
        If there are no values.
    ImageError
        If a value is not finite, beyond the bounds, or to be used as it is and no whole number.
    SettingsError
        If bins have no size, or there would be more than 10 million.
    """
    x = np.asarray(values, dtype=np.float64).ravel()
    _check(x)
    if discretization.binning is Binning.NUMBER:
        level = fixed_bin_number(x, discretization.bins).astype(np.int_) - 1
        flat = bool(x.min() == x.max())
        intensities = np.arange(1.0, 2.0 if flat else discretization.bins + 1)
    else:
        level, intensities = _stepped(x, discretization, *_bounds(x, discretization, lower, upper))
    if intensities.size < 2:
        return {each.name: math.nan for each in DEFINITIONS}
    counts = np.bincount(level, minlength=intensities.size)
    at_least = np.cumsum(counts[::-1])[::-1] / x.size  # volume fraction of each level
    part = np.arange(intensities.size) / (intensities.size - 1)  # of the range, of each level
    v10, v90 = (float(at_least[np.argmax(part >= fraction)]) for fraction in (0.1, 0.9))
    i10, i90 = (_intensity_at(fraction, at_least, intensities) for fraction in (0.1, 0.9))
    described = (v10, v90, i10, i90, v10 - v90, i10 - i90, float(np.trapezoid(at_least, part)))
    return {each.name: value for each, value in zip(DEFINITIONS, described, strict=True)}


def _check(values: NDArray[np.float64]) -> None:
    if not values.size:
        raise NotAssessableError(
            "the region has no voxels; needed one or more: widen the mask or the intensity range"
        )
    if not np.isfinite(values).all():
        raise ImageError("an intensity in the region is not finite; mend the image or the mask")


def _bounds(
    values: NDArray[np.float64],
    discretization: Discretization,
    lower: float | None,
    upper: float | None,
) -> tuple[float, float]:
    """Where levels begin and end."""
    lowest, highest = float(values.min()), float(values.max())
    start, stop = lowest if lower is None else lower, highest if upper is None else upper
    if lowest < start or highest > stop:
        raise ImageError(
            f"intensities from {lowest:g} to {highest:g} leave the range {start:g} to {stop:g}; "
            "re-segment the region first"
        )
    if discretization.binning is Binning.SIZE and discretization.lower is not None:
        start = discretization.lower
    return start, stop


def _stepped(
    values: NDArray[np.float64], discretization: Discretization, start: float, stop: float
) -> tuple[NDArray[np.int_], NDArray[np.float64]]:
    """Give the level of each value, counted from 0, and the intensity of each level."""
    binned = discretization.binning is Binning.SIZE
    size = discretization.size if binned else 1.0
    if not binned and ((values - start) % 1).any():
        raise ImageError(
            "intensities are to be used as they are, but are no whole steps from "
            f"{start:g}; needed are whole numbers: choose bins of a fixed size, or their number"
        )
    if not size > 0 or (stop - start) / size >= _MOST_LEVELS:
        raise SettingsError(
            f"size: found bins of {size:g} for intensities from {start:g} to {stop:g}; needed at "
            f"most {_MOST_LEVELS} bins: make them larger, or set their number"
        )
    level = np.maximum(np.floor((values - start) / size), 0).astype(np.int_)
    levels = math.floor((stop - start) / size) + 1
    return level, start + size * (np.arange(levels, dtype=np.float64) + (0.5 if binned else 0.0))


def _intensity_at(
    fraction: float, at_least: NDArray[np.float64], intensities: NDArray[np.float64]
) -> float:
    """Lowest intensity that at most a fraction of the volume reaches."""
    rare = at_least <= fraction
    if not rare.any():
        return float(2 * intensities[-1] - intensities[-2])
    return float(intensities[np.argmax(rare)])
