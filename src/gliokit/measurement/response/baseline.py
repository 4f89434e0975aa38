"""Which visit is the baseline.

Each choice has the event it follows or precedes, and a window of days around it. Of the visits
on the right side of the event the one nearest to the window is taken, and said so if it lies
outside; a strict choice refuses it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from gliokit.core.errors import NotAssessableError
from gliokit.measurement.response.criterion import Baseline, Criterion
from gliokit.measurement.response.visit import Treatment, Visit


@dataclass(frozen=True, slots=True)
class Window:
    """Days after an event (negative: before it) in which a baseline should lie.

    Attributes
    ----------
    first, last : int
        Days from the event, both included.
    event : str
        Name of the event's day in `Treatment`.
    told : str
        What the reader knows it as, and where `gliokit response` is told of it.
    """

    first: int
    last: int
    event: str
    told: str

    def holds(self, days: int) -> bool:
        """Whether a visit lies on the right side of the event."""
        return days > 0 if self.last > 0 else days <= 0

    def distance(self, days: int) -> int:
        """Days by which a visit misses the window."""
        return max(self.first - days, days - self.last, 0)


WINDOWS: MappingProxyType[Baseline, Window] = MappingProxyType(
    {
        # at best 24-48 hours, at most 72: table 2 of PMC7968800, of RANO 2010
        Baseline.POSTOPERATIVE: Window(1, 3, "surgery_day", "surgery (surgery_day)"),
        # both windows are those of RANO 2.0 in a review, doi:10.1007/s11604-025-01821-6
        Baseline.POST_RADIATION: Window(
            21, 35, "radiation_end_day", "the end of radiation (rt_end_day)"
        ),
        Baseline.PRETREATMENT: Window(
            -14, 0, "treatment_start_day", "the start of treatment (--treatment-start)"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ChosenBaseline:
    """The baseline: its place among the visits, and why it was taken."""

    index: int
    reason: str


def choose_baseline(
    visits: Sequence[Visit],
    criterion: Criterion,
    treatment: Treatment,
    choice: Baseline | int,
    *,
    strict: bool,
) -> ChosenBaseline:
    """Choose the baseline.

    Parameters
    ----------
    visits : sequence of Visit
        In the order of their days.
    criterion : Criterion
        Says which scan is the baseline of newly diagnosed disease; that of recurrent disease is
        the scan before treatment.
    treatment : Treatment
        Days of the events.
    choice : Baseline or int
        A rule, or the day of the visit itself.
    strict : bool
        Whether a visit outside the window is refused.

    Raises
    ------
    NotAssessableError
        If no visit fits, or the event's day is unknown.
    """
    if not isinstance(choice, Baseline):
        return _on_day(visits, choice)
    if choice is Baseline.BY_CRITERION:
        choice = Baseline.PRETREATMENT if treatment.recurrent else criterion.baseline
    if choice is Baseline.FIRST:
        return ChosenBaseline(0, "baseline: the first visit")
    window = WINDOWS[choice]
    event = getattr(treatment, window.event)
    if event is None:
        raise NotAssessableError(
            f"{criterion.name} takes {choice} as baseline, but the day of {window.told} is "
            "unknown; give it, or choose another baseline"
        )
    days = {index: visit.day - event for index, visit in enumerate(visits)}
    fitting = {index: day for index, day in days.items() if window.holds(day)}
    if not fitting:
        raise NotAssessableError(
            f"no visit is {choice} ({window.told} is on day {event}, visits on days "
            f"{', '.join(str(visit.day) for visit in visits)}); choose another baseline"
        )
    # of equally near ones the scan nearest to the event
    best = min(fitting, key=lambda index: (window.distance(fitting[index]), abs(fitting[index])))
    return _with_reason(best, fitting[best], choice, window, strict=strict)


def _on_day(visits: Sequence[Visit], day: int) -> ChosenBaseline:
    for index, visit in enumerate(visits):
        if visit.day == day:
            return ChosenBaseline(index, "baseline: the visit that was asked for")
    raise NotAssessableError(
        f"no visit is on day {day}; choose the baseline among days "
        f"{', '.join(str(visit.day) for visit in visits)}"
    )


def _with_reason(
    index: int, days: int, choice: Baseline, window: Window, *, strict: bool
) -> ChosenBaseline:
    place = f"{abs(days)} days {'after' if days > 0 else 'before'}" if days else "on the day of"
    place = f"{place} {window.told}"
    if window.distance(days) == 0:
        return ChosenBaseline(index, f"baseline: {choice}, {place}")
    near, far = sorted((abs(window.first), abs(window.last)))
    outside = f"outside the window of {near} to {far} days"
    if strict:
        raise NotAssessableError(
            f"{choice} lies {place}, {outside}; allow it, or choose another baseline"
        )
    return ChosenBaseline(index, f"baseline: {choice}, {place}, {outside}")
