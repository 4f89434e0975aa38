"""Extent of resection between the last visit before surgery and the first one after it."""

from collections.abc import Mapping, Sequence

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.resection import Volumes, extent_of_resection
from gliokit.measurement.timeline import Resection

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
    known = Resection(surgery_day, days[before], days[after])
    if not millimeters:
        return known.because("the volumes are in voxels")
    pair = [volumes[number].get(Region.ENHANCING_TUMOR) for number in (before, after)]
    if None in pair:
        return known.because("enhancing tumor is not shown before and after surgery")
    try:
        extent = extent_of_resection(*(Volumes(own.value) for own in pair if own is not None))
    except NotAssessableError as error:
        return known.because(str(error))
    late = days[after] - surgery_day
    reason = (
        f"the scan is {late} days after surgery; the classes ask for one within 72 hours"
        if late > SOON_DAYS
        else ""
    )
    return Resection(surgery_day, days[before], days[after], extent, reason)
