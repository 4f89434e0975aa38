"""Extent of resection between the last visit before surgery and the first one after it."""

from collections.abc import Mapping, Sequence

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.resection import ExtentOfResection, Volumes, extent_of_resection
from gliokit.measurement.timeline import Resection

ENHANCING = Region.ENHANCING_TUMOR
SOON_DAYS = 3  # 72 hours: later, enhancement may come from the operation itself


def measure_resection(
    days: Sequence[int],
    volumes: Sequence[Mapping[Region, Quantity]],
    surgery_day: int | None,
    *,
    millimeters: bool = True,
) -> Resection | None:
    """Measure what surgery removed.

    Residual tumor that does not enhance is left unknown: a label map does not tell it from edema.

    Parameters
    ----------
    days : sequence of int
        Of the visits, in their order.
    volumes : sequence of mapping of Region to Quantity
        In mL; a region that a visit does not show is absent.
    surgery_day : int or None
        On the same scale; None where unknown.
    millimeters : bool
        False if those of the images are false: then no volume is known.

    Returns
    -------
    Resection or None
        None if the day is unknown, or no visit lies after it.
    """
    if surgery_day is None or not any(day > surgery_day for day in days):
        return None
    earlier = [number for number, day in enumerate(days) if day < surgery_day]
    if not earlier:
        return Resection(surgery_day, reason="no visit lies before surgery")
    before = earlier[-1]
    after = next(number for number, day in enumerate(days) if day > surgery_day)
    extent, reason = _compare(volumes[before], volumes[after], millimeters=millimeters)
    late = days[after] - surgery_day
    if extent is not None and late > SOON_DAYS:
        reason = f"the scan is {late} days after surgery; the classes ask for one within 72 hours"
    return Resection(surgery_day, days[before], days[after], extent, reason)


def _compare(
    before: Mapping[Region, Quantity], after: Mapping[Region, Quantity], *, millimeters: bool
) -> tuple[ExtentOfResection | None, str]:
    """Give the extent, or the reason why it cannot be told."""
    if not millimeters:
        return None, "the volumes are in voxels"
    pair = [own[ENHANCING].value for own in (before, after) if ENHANCING in own]
    if len(pair) < 2:
        return None, "enhancing tumor is not shown before and after surgery"
    try:
        return extent_of_resection(*map(Volumes, pair)), ""
    except NotAssessableError as error:
        return None, str(error)
