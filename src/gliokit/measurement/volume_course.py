"""Volumes through time: the change at each visit since baseline, nadir and the visit before.

A change comes with its 90 % interval and how sure a threshold is passed, if both volumes have an
interval (`gliokit.measurement.change`, where the model behind it stands); else it is a plain
number, and the reason stands beside it. Errors of two visits are taken as independent: where one
model reads both they are alike in part, and the interval is too wide rather than too narrow.

The nadir is the smallest volume from the baseline to the visit before. Where a volume of a visit is
unknown, the visit is passed over. Thresholds are those of the volumetric criteria, and +25 %, the
usual one of areas.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.change import (
    VolumeChange,
    probability_above,
    probability_below,
    volume_change,
)
from gliokit.measurement.response.criterion import AREA_THRESHOLDS
from gliokit.measurement.response.volumetric import PARTIAL, PROGRESSION

GONE = -1.0  # as a relative change

RegionVolumes = Mapping[Region, Quantity]


class Since(StrEnum):
    """What a volume is compared with."""

    BASELINE = "baseline"
    NADIR = "nadir"
    PREVIOUS = "previous visit"


# growth is judged from the nadir, shrinkage from the baseline
THRESHOLDS: MappingProxyType[Since, tuple[float, ...]] = MappingProxyType(
    {
        Since.BASELINE: (-float(PARTIAL),),
        Since.NADIR: (float(AREA_THRESHOLDS.progression), float(PROGRESSION)),
        Since.PREVIOUS: (),
    }
)


@dataclass(frozen=True, slots=True)
class Certainty:
    """How sure it is that a threshold is reached.

    Attributes
    ----------
    share : float
        The threshold: 0.4 for growth by 40 % or more, -0.65 for shrinkage by 65 % or more.
    probability : float or None
        0 to 1; None where the interval is open on that side, so that nothing is known there.
    """

    share: float
    probability: float | None


@dataclass(frozen=True, slots=True)
class ChangeSince:
    """Change of one volume.

    Attributes
    ----------
    region : Region
        Of what.
    since : Since
        Compared with what.
    day : int
        Of the visit that it is compared with.
    relative : Quantity or None
        As a share of the earlier volume; None if that is 0.
    absolute : Quantity
        In mL.
    certainties : tuple of Certainty
        Of the thresholds that matter; empty without an interval.
    reason : str
        Why there is no interval; else empty.
    """

    region: Region
    since: Since
    day: int
    relative: Quantity | None
    absolute: Quantity
    certainties: tuple[Certainty, ...] = ()
    reason: str = ""


def changes_through_time(
    days: Sequence[int], volumes: Sequence[RegionVolumes], *, baseline: int
) -> tuple[tuple[ChangeSince, ...], ...]:
    """Compare each visit with the baseline, the nadir and the visit before.

    Parameters
    ----------
    days : sequence of int
        Of the visits, in their order.
    volumes : sequence of mapping of Region to Quantity
        In mL; a region that a visit does not show is absent.
    baseline : int
        Index of the baseline.

    Returns
    -------
    tuple
        For each visit its changes; none up to the baseline.
    """
    return tuple(
        tuple(
            change
            for region in Region
            if region in now
            for change in _changes(region, days, volumes, baseline, visit)
        )
        for visit, now in enumerate(volumes)
    )


def _changes(
    region: Region,
    days: Sequence[int],
    volumes: Sequence[RegionVolumes],
    baseline: int,
    visit: int,
) -> Iterator[ChangeSince]:
    """Give the changes of one region at one visit."""
    known = [number for number in range(baseline, visit) if region in volumes[number]]
    if not known:
        return
    # of equal volumes the first is the nadir
    nadir = min(known, key=lambda number: volumes[number][region].value)
    compared = {Since.NADIR: nadir, Since.PREVIOUS: known[-1]}
    if known[0] == baseline:
        compared = {Since.BASELINE: baseline, **compared}
    for since, earlier in compared.items():
        pair = volumes[earlier][region], volumes[visit][region]
        yield _change(region, since, days[earlier], *pair)


def _change(
    region: Region, since: Since, day: int, earlier: Quantity, later: Quantity
) -> ChangeSince:
    try:
        found = volume_change(earlier, later)
    except NotAssessableError as error:
        relative = None
        if earlier.value > 0:
            relative = Quantity(later.value / earlier.value - 1, "1")
        absolute = Quantity(later.value - earlier.value, earlier.unit)
        return ChangeSince(region, since, day, relative, absolute, reason=str(error))
    if later.value == 0:  # the log scale ends there, so that no probability is known
        return ChangeSince(region, since, day, found.relative, found.absolute)
    certainties = tuple(Certainty(share, _probability(found, share)) for share in THRESHOLDS[since])
    return ChangeSince(region, since, day, found.relative, found.absolute, certainties)


def _probability(change: VolumeChange, share: float) -> float | None:
    """Say how sure it is that a volume has grown, or shrunk, by at least a share."""
    assert change.relative.interval is not None  # both volumes have one
    low, high = change.relative.interval
    is_open = math.isinf(high) if share > change.relative.value else low <= GONE
    if is_open:
        return None
    return probability_above(change, share) if share >= 0 else probability_below(change, share)
