"""Change between two volumes, with its interval and how sure a threshold is passed.

The ratio of two volumes is taken on the log scale, where errors of a volume are about the same
for small and large tumors. Its interval is recovered from those of the two volumes, whatever
their skewness (MOVER): each end is as far from the estimate as the root of the summed squares of
the two distances that would push it there, less what their correlation takes back. With equal,
symmetric intervals and no correlation that is the usual √2.

How sure: the estimate is taken for the median of what the change may truly be, and either side of
it for half a normal distribution on the log scale that has the interval's end as its own. That is
a model, not a measurement: it is as good as the intervals that it is made of, and says nothing of
a tumor that was missed altogether.

Correlation: one model that reads both visits tends to err alike, so their errors cancel in part
(correlation above 0). It is not known from two intervals; at 0, the default, the interval is too
wide rather than too narrow where errors are alike.

Source: Zou and Donner, Stat Med 2008;27:1693-702, doi:10.1002/sim.3095; with correlation: Zou,
Psychol Methods 2007;12:399-413, doi:10.1037/1082-989X.12.4.399.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from gliokit.core.errors import NotAssessableError, SettingsError
from gliokit.core.findings import Quantity

LEVEL = 0.90  # of the intervals of a `Quantity`
_MILLILITERS, _SHARE = "mL", "1"


@dataclass(frozen=True, slots=True)
class VolumeChange:
    """Change from one volume to a later one.

    Attributes
    ----------
    relative : Quantity
        As a share of the earlier volume: 0.25 is 25 % more, -1 is gone. The lower end of its
        interval is -1 where the later volume may be 0, the upper one infinite where the earlier
        may be.
    absolute : Quantity
        In mL.
    """

    relative: Quantity
    absolute: Quantity


def volume_change(earlier: Quantity, later: Quantity, *, correlation: float = 0.0) -> VolumeChange:
    """Measure the change between two volumes.

    Parameters
    ----------
    earlier, later : Quantity
        In mL, each with its 90 % interval; 0 is a volume.
    correlation : float
        Of the errors of the two volumes, -1 to 1.

    Returns
    -------
    VolumeChange
        With 90 % intervals. If the later volume is 0, the interval of the relative change ends at
        the largest later over the smallest earlier volume, which is wider than needed.

    Raises
    ------
    NotAssessableError
        If the earlier volume is 0, so that there is no ratio; or if one has no interval.
    SettingsError
        If the correlation is out of range, or a volume is not in mL or lies outside its interval.
    """
    if not -1 <= correlation <= 1:
        raise SettingsError(f"correlation is {correlation:g}; needed -1 to 1")
    first, second = _ends(earlier, "earlier"), _ends(later, "later")
    if earlier.value == 0:
        raise NotAssessableError(
            "the earlier volume is 0 mL, so there is no relative change; report the later volume"
        )
    absolute = _difference(first, second, correlation)
    if later.value == 0:
        low, value, high = 0.0, 0.0, _ratio(second[2], first[0])
    else:
        low, value, high = map(math.exp, _difference(_logs(first), _logs(second), correlation))
    return VolumeChange(
        Quantity(value - 1, _SHARE, (low - 1, high - 1)),
        Quantity(absolute[1], _MILLILITERS, (absolute[0], absolute[2])),
    )


def probability_above(change: VolumeChange, share: float) -> float:
    """Say how sure it is that a volume has grown by at least a share of itself.

    Parameters
    ----------
    change : VolumeChange
        Of `volume_change`.
    share : float
        0.25 for growth by a quarter, -0.5 for shrinkage by no more than half; above -1.

    Returns
    -------
    float
        0 to 1; `nan` if the later volume is 0, where the log scale ends. A half on the side on
        which the interval is open: nothing is known there.

    Raises
    ------
    SettingsError
        If the share is -1 or less.
    """
    if share <= -1:
        raise SettingsError(
            f"the share is {share:g}; no volume shrinks by more than all, give more"
        )
    if change.relative.value == -1 or change.relative.interval is None:
        return math.nan
    low, value, high = (
        _log(1 + end)
        for end in (change.relative.interval[0], change.relative.value, change.relative.interval[1])
    )
    wanted = math.log1p(share)
    if wanted >= value:
        return 1 - _share_below(wanted - value, high - value)
    return _share_below(value - wanted, value - low)


def probability_below(change: VolumeChange, share: float) -> float:
    """Say how sure it is that a volume has grown by less than a share, or shrunk by more.

    Parameters are those of `probability_above`; -0.65 asks for shrinkage by more than 65 %.
    """
    return 1 - probability_above(change, share)


def _ends(volume: Quantity, which: str) -> tuple[float, float, float]:
    """Give lower end, estimate and upper end of a volume."""
    if volume.unit != _MILLILITERS:
        raise SettingsError(f"the {which} volume is in {volume.unit}; needed mL")
    if volume.interval is None:
        raise NotAssessableError(
            f"the {which} volume has no interval, so its change has none; measure it with one"
        )
    low, high = volume.interval
    if not 0 <= low <= volume.value <= high < math.inf:
        raise SettingsError(
            f"the {which} volume is {volume.value:g} mL with interval {low:g} to {high:g}; the "
            "interval must hold it and begin at 0 or above"
        )
    return low, volume.value, high


def _difference(
    first: tuple[float, float, float], second: tuple[float, float, float], correlation: float
) -> tuple[float, float, float]:
    """Recover the interval of second less first from their own."""
    value = second[1] - first[1]
    down = _together(second[1] - second[0], first[2] - first[1], correlation)
    up = _together(second[2] - second[1], first[1] - first[0], correlation)
    return value - down, value, value + up


def _together(one: float, other: float, correlation: float) -> float:
    if math.isinf(one) or math.isinf(other):
        return math.inf
    return math.sqrt(max(one**2 + other**2 - 2 * correlation * one * other, 0.0))


def _logs(ends: tuple[float, float, float]) -> tuple[float, float, float]:
    low, value, high = (_log(end) for end in ends)
    return low, value, high


def _log(value: float) -> float:
    if value <= 0:
        return -math.inf
    return math.log(value)


def _ratio(above: float, below: float) -> float:
    if above == 0:
        return 0.0
    return above / below if below > 0 else math.inf


def _share_below(distance: float, end: float) -> float:
    """Share of the distribution up to a distance from its median, the interval's end at `end`."""
    if end == 0:  # known exactly: there is nothing beyond
        return 1.0 if distance > 0 else 0.0
    deviations = NormalDist().inv_cdf((1 + LEVEL) / 2) * distance / end
    return NormalDist().cdf(deviations)
