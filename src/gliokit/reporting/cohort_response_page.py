"""Responses of a cohort as a single HTML file: waterfall, spider, and the best of each patient.

Changes of size are those of one criterion, against the baseline that it chose. The best response
is the best category up to the first progression, preliminary ones counted as what a later visit
confirmed; a visit at which several categories are possible counts for none of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Template

from gliokit.core.errors import SettingsError
from gliokit.core.findings import DISCLAIMER
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.vocabulary import Response
from gliokit.measurement.timeline import PatientTimeline, Verdicts
from gliokit.reporting import timeline_wording as wording
from gliokit.reporting.page import page_environment
from gliokit.reporting.timeline_charts import CEILING_PERCENT, spider, waterfall

# from best to worst; other categories are no response
BEST_FIRST = (
    Response.COMPLETE,
    Response.PARTIAL,
    Response.MINOR,
    Response.STABLE,
    Response.PROGRESSIVE,
)
PROGRESSED = (Response.PROGRESSIVE,)


@dataclass(frozen=True, slots=True)
class _Row:
    """A patient in the table: best change in percent, and best response of each criterion."""

    patient_id: str
    simulated: bool
    visits: int
    best_change: float | None
    best: tuple[Response | None, ...]


def cohort_response_page(
    timelines: Sequence[PatientTimeline], *, cohort: str, criterion: str | None = None
) -> str:
    """Write the page of a cohort.

    Parameters
    ----------
    timelines : sequence of PatientTimeline
        One per patient.
    cohort : str
        Its name.
    criterion : str or None
        Whose sizes are drawn; None for the first that the timelines have.

    Returns
    -------
    str
        HTML; the same input gives the same text.

    Raises
    ------
    SettingsError
        If there is no timeline, two are of one patient, or none has the criterion.
    """
    criteria = _criteria(timelines)
    drawn = criterion or criteria[0]
    if drawn not in criteria:
        raise SettingsError(
            f"no timeline has the criterion {drawn!r}; choose one of {', '.join(criteria)}"
        )
    rows = [_row(timeline, criteria, drawn) for timeline in timelines]
    return _template().render(
        cohort=cohort,
        disclaimer=DISCLAIMER,
        criterion=drawn,
        criteria=criteria,
        rows=rows,
        simulated=sum(row.simulated for row in rows),
        unknown_changes=[row.patient_id for row in rows if row.best_change is None],
        ceiling=CEILING_PERCENT,
        waterfall=waterfall({row.patient_id: row.best_change for row in rows}),
        spider=spider({own.patient_id: change_curve(own, drawn) for own in timelines}),
    )


def change_curve(timeline: PatientTimeline, criterion: str) -> tuple[tuple[int, float], ...]:
    """Give the change of size from the baseline, in percent, over days since it.

    The baseline itself is its first point. Empty where no change is known.
    """
    points = list(_changes(_assessments(timeline, criterion)))
    return ((0, 0.0), *points) if points else ()


def best_change(timeline: PatientTimeline, criterion: str) -> float | None:
    """Give the best change of size from the baseline up to the first progression, in percent."""
    until = _until_progression(_assessments(timeline, criterion))
    return min((change for _, change in _changes(until)), default=None)


def best_response(assessments: Iterable[Assessment]) -> Response | None:
    """Give the best category up to the first progression; None where no visit has one."""
    counted = [
        own.counted_as[0] for own in _until_progression(assessments) if len(own.counted_as) == 1
    ]
    known = [category for category in counted if category in BEST_FIRST]
    return min(known, key=BEST_FIRST.index, default=None)


def _criteria(timelines: Sequence[PatientTimeline]) -> list[str]:
    names = [own.patient_id for own in timelines]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SettingsError(f"several timelines are of {', '.join(twice)}; give one per patient")
    found = dict.fromkeys(own.criterion for it in timelines for own in it.verdicts)
    if not found:
        raise SettingsError("no timeline has a criterion; apply one to at least one patient")
    return list(found)


def _row(timeline: PatientTimeline, criteria: Sequence[str], drawn: str) -> _Row:
    return _Row(
        timeline.patient_id,
        timeline.simulated,
        len(timeline.visits),
        best_change(timeline, drawn),
        tuple(best_response(_assessments(timeline, name)) for name in criteria),
    )


def _assessments(timeline: PatientTimeline, criterion: str) -> tuple[Assessment, ...]:
    nothing = Verdicts(criterion)
    found = (own for own in timeline.verdicts if own.criterion == criterion)
    return next(found, nothing).assessments


def _until_progression(assessments: Iterable[Assessment]) -> Iterator[Assessment]:
    for own in assessments:
        yield own
        if own.counted_as == PROGRESSED:
            return


def _changes(assessments: Iterable[Assessment]) -> Iterator[tuple[int, float]]:
    """Give day and change of each visit after the baseline, of the component named first."""
    for own in assessments:
        if own.sizes and (change := own.sizes[0].change_from_baseline) is not None:
            yield own.day - own.sizes[0].baseline_day, 100 * change


@cache
def _template() -> Template:
    environment = page_environment()
    environment.globals |= {"unknown": wording.UNKNOWN}
    environment.filters |= {"change": wording.change_text, "kind": wording.category_kind}
    return environment.get_template("cohort_response.html.j2")
