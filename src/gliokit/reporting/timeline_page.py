"""The timeline of a patient as a single HTML file: course, categories with reasons, lesions.

It needs no script and no network, and shows ids and nothing else by which a patient could be
known. What is unknown is called so. The style and the pictures are those of the report of one
study.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from math import ceil
from types import MappingProxyType

from jinja2 import Template

from gliokit.core.findings import DISCLAIMER
from gliokit.core.vocabulary import REGION_TERMS, Region
from gliokit.measurement.lesion_matching import State
from gliokit.measurement.lesion_size import LesionSize
from gliokit.measurement.measurability import Clause
from gliokit.measurement.nontarget import NONTARGET_RULES
from gliokit.measurement.response.assessment import Assessment
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.criterion import Card, Criterion
from gliokit.measurement.response.vocabulary import Response
from gliokit.measurement.targets import VisitSizes
from gliokit.measurement.timeline import PatientTimeline, TimelineVisit, Verdicts
from gliokit.measurement.volume_course import ChangeSince, Since
from gliokit.reporting import timeline_wording as wording
from gliokit.reporting.page import page_environment
from gliokit.reporting.timeline_course import course_chart
from gliokit.reporting.timeline_pictures import SHOWN, VisitPicture
from gliokit.reporting.timeline_treatment import facts

MOST_COLUMNS = 5  # of pictures in a row
# what can be done about a fact that is unknown
REMEDIES = MappingProxyType(
    {"T2/FLAIR disease": " (RANO gives no number for it; --flair-worse sets one)"}
)
# the change of a cavity is no response
CHANGES_SHOWN = (Region.ENHANCING_TUMOR, Region.TUMOR_CORE, Region.WHOLE_TUMOR)


@dataclass(frozen=True, slots=True)
class _LesionLine:
    """A lesion at one visit.

    Attributes
    ----------
    visit : TimelineVisit
        When.
    state : str
        What became of it; unknown if the visit does not show such lesions.
    parts : tuple of LesionSize
        What there is of it; several if it split, none if it is gone.
    target : bool
        Whether it is measured as a target.
    """

    visit: TimelineVisit
    state: str
    parts: tuple[LesionSize, ...]
    target: bool


@dataclass(frozen=True, slots=True)
class _Component:
    """The lesions of one part of the tumor.

    Attributes
    ----------
    lesions : mapping of str to tuple of _LesionLine
        By name, each at its visits.
    slices : mapping of str to list of str
        What was measured on, in words, and the studies of which that holds.
    seen : bool
        Whether any visit shows this part.
    """

    title: str
    lesions: Mapping[str, tuple[_LesionLine, ...]]
    slices: Mapping[str, list[str]]
    seen: bool


@dataclass(frozen=True, slots=True)
class _Criterion:
    """What a criterion says, with what is known of it.

    Attributes
    ----------
    title : str
        Of its card; its name where the catalogue does not know it.
    card : Card or None
        Source, and what of it was checked.
    clauses : tuple of Clause
        Those that decided.
    """

    title: str
    verdicts: Verdicts
    card: Card | None
    clauses: tuple[Clause, ...]

    @property
    def last(self) -> Assessment | None:
        """The answer for the last visit."""
        return self.verdicts.assessments[-1] if self.verdicts.assessments else None


def timeline_page(timeline: PatientTimeline, pictures: Sequence[VisitPicture] = ()) -> str:
    """Write the page of a patient.

    Parameters
    ----------
    timeline : PatientTimeline
        What was found.
    pictures : sequence of VisitPicture
        The same place of each visit; titles that are study ids are told with their day.

    Returns
    -------
    str
        HTML; the same input gives the same text.
    """
    units = wording.units_of(timeline)
    return _template().render(
        timeline=timeline,
        units_used=units,
        disclaimer=DISCLAIMER,
        lead=_lead(timeline.visits),
        facts=facts(timeline.treatment, timeline.therapy, timeline.resection),
        attention=_attention(timeline),
        chart=course_chart(timeline),
        criteria=[_criterion(own) for own in timeline.verdicts],
        regions=[r for r in Region if any(r in visit.volumes for visit in timeline.visits)],
        components=(
            _component("Enhancing tumor", [(v, v.enhancing) for v in timeline.visits]),
            _component("T2/FLAIR abnormality", [(v, v.whole) for v in timeline.visits]),
        ),
        pictures=pictures,
        columns=_columns(len(pictures)),
        shown=tuple(SHOWN),
        pictured={figure.sequence for own in pictures for figure in own.figures},
        visit_of={visit.study_id: visit for visit in timeline.visits},
        visit_on={visit.day: visit for visit in timeline.visits},
        intervals=any(own.interval for v in timeline.visits for own in v.volumes.values()),
        limits=any(visit.detection_limit for visit in timeline.visits),
        changed=[region for region in CHANGES_SHOWN if _is_changed(region, timeline)],
        changes_of=_changes_of,
    )


def _is_changed(region: Region, timeline: PatientTimeline) -> bool:
    return any(own.region is region for visit in timeline.visits for own in visit.changes)


def _changes_of(visit: TimelineVisit, region: Region) -> dict[str, ChangeSince | None]:
    """Give the changes of a region by what they are since; none where that is not known."""
    nothing = dict.fromkeys(map(str, Since))
    return nothing | {str(own.since): own for own in visit.changes if own.region is region}


def _columns(pictures: int) -> int:
    """Share out the pictures to rows that are about equally long."""
    rows = max(ceil(pictures / MOST_COLUMNS), 1)
    return max(ceil(pictures / rows), 1)


def _lead(visits: Sequence[TimelineVisit]) -> str:
    if not visits:
        return "No visit."
    first, last = visits[0].day, visits[-1].day
    if first == last:
        return f"1 visit, on day {first}."
    span = wording.months_text(last - first)
    return f"{len(visits)} visits from day {first} to day {last}, {span} apart."


def _attention(timeline: PatientTimeline) -> list[str]:
    """Say what a reader must know before any figure."""
    said = list(timeline.notes)
    if timeline.simulated:
        said.append("Simulated patient: images, sizes and facts are made by a program.")
    if timeline.voxel_units:
        said.append(
            "Lengths are in voxels, areas in voxels² and volumes in voxels, since the spacing in "
            "the files is known to be false. No least size and no growth in length is asked for: a "
            "category that hangs on one says so. What this program sets itself to follow lesions "
            "is taken in voxels, and changes in percent hold only if the true spacing is the same "
            "at all visits."
        )
    if (start := _without_targets(timeline)) is not None:
        said.append(
            f"At the baseline (day {start}) no enhancing lesion is large enough to be a target: "
            "sums of products hold none of those that were there then; look at the volumes."
        )
    if unused := [own.criterion for own in timeline.verdicts if not own.assessments]:
        said.append(f"Not used, for reasons told under each: {', '.join(unused)}.")
    unknown = dict.fromkeys(
        fact for own in timeline.verdicts for it in own.assessments for fact in it.unknown
    )
    if unknown:
        told = (f"{fact}{REMEDIES.get(fact, '')}" for fact in unknown)
        said.append(f"Unknown facts leave categories open: {', '.join(told)}.")
    return said


def _without_targets(timeline: PatientTimeline) -> int | None:
    """Give the day of a baseline at which lesions enhance and none is a target."""
    starts = {
        own.day
        for verdicts in timeline.verdicts[:1]  # whose targets are those that are shown
        for own in verdicts.assessments
        if own.category is Response.BASELINE
    }
    seen = [visit.enhancing for visit in timeline.visits if visit.enhancing is not None]
    if starts and any(own.lesions for own in seen) and not any(own.targets for own in seen):
        return min(starts)
    return None


def _criterion(verdicts: Verdicts) -> _Criterion:
    known = CRITERIA.get(verdicts.criterion)
    if known is None:
        return _Criterion(verdicts.criterion, verdicts, None, ())
    used = {clause for own in verdicts.assessments for clause in own.clauses}
    clauses = {own.name: own for own in _clauses(known) if own.name in used}
    return _Criterion(known.card.title, verdicts, known.card, tuple(clauses.values()))


def _clauses(criterion: Criterion) -> Iterator[Clause]:
    """Give the rows of a criterion, and its figures for lesions that are no targets."""
    for rule in chain(*criterion.findings.values(), criterion.course):
        yield Clause(rule.clause, rule.text, rule.evidence)
    nontarget = NONTARGET_RULES[criterion.name.removesuffix("-volume")]
    yield from (nontarget.became.clause, nontarget.grew.clause)


def _component(title: str, visits: Sequence[tuple[TimelineVisit, VisitSizes | None]]) -> _Component:
    names = dict.fromkeys(
        name for _, sizes in visits if sizes is not None for name, _ in sizes.states
    )
    return _Component(
        title,
        {name: tuple(_lines(name, visits)) for name in names},
        _slices(visits),
        seen=any(sizes is not None for _, sizes in visits),
    )


def _lines(
    name: str, visits: Sequence[tuple[TimelineVisit, VisitSizes | None]]
) -> Iterator[_LesionLine]:
    """Follow a lesion from the visit that first shows it."""
    for visit, sizes in visits:
        if sizes is None:
            yield _LesionLine(visit, wording.UNKNOWN, (), False)
            continue
        state = dict(sizes.states).get(name, State.NOT_YET)
        if state is State.NOT_YET:
            continue
        parts = tuple(own for own in sizes.lesions if name in own.name.split("+"))
        yield _LesionLine(visit, state, parts, name in sizes.targets)


def _slices(visits: Sequence[tuple[TimelineVisit, VisitSizes | None]]) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for visit, sizes in ((visit, sizes) for visit, sizes in visits if sizes is not None):
        for sentence in dict.fromkeys(own.measured_on for own in sizes.lesions):
            told.setdefault(sentence, []).append(visit.study_id)
    return told


@cache
def _template() -> Template:
    environment = page_environment()
    environment.globals |= {
        "known": wording.known_text,
        "months": wording.months_text,
        "unknown": wording.UNKNOWN,
        "terms": REGION_TERMS,
        "since_words": wording.SINCE,
    }
    environment.filters |= {
        "change": wording.change_text,
        "kind": wording.category_kind,
        "relative_bounds": wording.relative_bounds_text,
        "certainty": wording.certainty_text,
    }
    return environment.get_template("timeline.html.j2")
