"""What one scan of a course shows, by the criterion's first table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from types import MappingProxyType

from gliokit.measurement.response.comparison import (
    Comparison,
    dose_facts,
    has_grown,
    is_small,
    size_facts,
)
from gliokit.measurement.response.criterion import Criterion, Thresholds
from gliokit.measurement.response.facts import (
    BaselineDisease,
    DoseSinceReference,
    Facts,
    Growth,
    NonTarget,
    Shrinkage,
)
from gliokit.measurement.response.memory import Memory
from gliokit.measurement.response.observation import observe, observe_nontarget
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.readings import (
    CompleteWithStable,
    ConfirmAgainst,
    Readings,
    SmallGrowth,
)
from gliokit.measurement.response.rules import Step, decide, intersect, unite
from gliokit.measurement.response.visit import Treatment, Visit
from gliokit.measurement.response.vocabulary import Component, Measure, Response

COMPONENT_FACTS: tuple[type[StrEnum], ...] = (
    Growth,
    Shrinkage,
    BaselineDisease,
    NonTarget,
    DoseSinceReference,
)
GROWN_NONTARGET = frozenset({NonTarget.WORSE})

# RANO 2.0 on mixed tumors, as quoted by the program rano2.0-assist. Not in the quotation, but in
# table 4 of a review (doi:10.1007/s11604-025-01821-6): CR with CR; MR with PR, which is PR since
# the other component need only be stable. PD with anything is PD.
MIXED: MappingProxyType[frozenset[Response], Response] = MappingProxyType(
    {
        frozenset({Response.STABLE}): Response.STABLE,
        frozenset({Response.STABLE, Response.MINOR}): Response.MINOR,
        frozenset({Response.STABLE, Response.PARTIAL}): Response.PARTIAL,
        frozenset({Response.MINOR}): Response.MINOR,
        frozenset({Response.MINOR, Response.PARTIAL}): Response.PARTIAL,
        frozenset({Response.MINOR, Response.COMPLETE}): Response.MINOR,
        frozenset({Response.PARTIAL}): Response.PARTIAL,
        frozenset({Response.PARTIAL, Response.COMPLETE}): Response.PARTIAL,
        frozenset({Response.COMPLETE}): Response.COMPLETE,
    }
)


@dataclass(frozen=True, slots=True)
class Course:
    """A patient's visits and how they are to be judged.

    Attributes
    ----------
    start : int
        Index of the baseline.
    """

    visits: Sequence[Visit]
    criterion: Criterion
    component: Component
    treatment: Treatment
    options: Options
    start: int

    @property
    def components(self) -> tuple[Component, ...]:
        """Components that are judged, each apart."""
        mixed = self.component is Component.MIXED
        return tuple(self.criterion.findings) if mixed else (self.component,)

    @property
    def days(self) -> list[int]:
        """Days of the visits."""
        return [visit.day for visit in self.visits]

    def thresholds(self, component: Component) -> Thresholds:
        """Give the thresholds of a component, with the reading of a minor response by volume."""
        given = self.criterion.thresholds[component]
        if given.minor is None or self.criterion.measure is Measure.AREA:
            return given
        minor = self.options.readings.minor_volume
        return Thresholds(given.progression, given.partial, minor, given.measurable)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a scan may show, and the facts under which it does."""

    category: Response
    clauses: tuple[str, ...]
    reason: str
    condition: str
    facts: Facts
    sizes: tuple[Comparison, ...]
    step: Step | None


def find(course: Course, index: int, references: tuple[int, ...]) -> list[Finding]:
    """Give everything that a scan may show; one finding if the facts decide.

    Parameters
    ----------
    course : Course
        The visits.
    index : int
        The visit.
    references : tuple of int, (n_components,)
        For each component the visit that growth is measured from; see `choose_references`.
    """
    shared = {
        **observe(
            course.visits[course.start : index + 1],
            treatment=course.treatment,
            criterion=course.criterion,
            decline_lasts_days=course.options.decline_lasts_days,
        ),
        **course.options.readings.as_facts(),
    }
    by_component = [
        _merged(_find_component(course, index, reference, component, shared), course.criterion)
        for component, reference in zip(course.components, references, strict=True)
    ]
    if len(by_component) == 1:
        return by_component[0]
    readings = course.options.readings
    pairs = (_combine(one, other, readings) for one, other in product(*by_component))
    return _merged((pair for pair in pairs if pair is not None), course.criterion)


def choose_references(course: Course, index: int, memory: Memory) -> list[tuple[int, ...]]:
    """Choose for each component the visit that growth is measured from.

    It is the smallest so far, the first of equally small ones; or the scan that a progression
    is held against. There are several choices where radiation sets it anew and its end is
    unknown, the first of them as if it had set nothing.
    """
    against = course.options.readings.confirm_against
    if memory.pending is not None and against is ConfirmAgainst.FIRST_PROGRESSION:
        return [(memory.pending,) * len(course.components)]
    chosen = (_smallest(course, begin, index) for begin in _beginnings(course, index, memory))
    return list(dict.fromkeys(chosen))


def _beginnings(course: Course, index: int, memory: Memory) -> Sequence[int]:
    """Give the visits from which on the smallest size may have to be sought."""
    begin = course.start if memory.nadir_from is None else memory.nadir_from
    end = course.treatment.radiation_end_day
    if not course.criterion.growth_from_radiation or course.treatment.irradiated is False:
        return [begin]
    if end is None:
        return range(begin, index)
    after = [earlier for earlier in range(begin, index) if course.days[earlier] > end]
    return after[:1] or [begin]


def _smallest(course: Course, begin: int, index: int) -> tuple[int, ...]:
    references = []
    for component in course.components:
        measured = [
            (size, earlier)
            for earlier in range(begin, index)
            if (size := _size(course, earlier, component)) is not None
        ]
        references.append(min(measured)[1] if measured else begin)
    return tuple(references)


def _find_component(
    course: Course, index: int, reference: int, component: Component, shared: Facts
) -> Iterator[Finding]:
    visit = course.visits[index]
    sizes = _compare(course, index, reference, component)
    options = course.options
    by_size = size_facts(sizes, course.thresholds(component), options.readings.small_growth)
    by_dose = dose_facts(
        visit.dexamethasone_mg_per_day,
        course.visits[course.start].dexamethasone_mg_per_day,
        course.visits[reference].dexamethasone_mg_per_day,
        physiologic=options.physiologic_mg_per_day,
        tolerance=options.dose_tolerance_mg_per_day,
    )
    disease = visit.disease(component)
    nontarget = observe_nontarget(disease)
    words = sizes.words()
    small = _small_growth(sizes, course.thresholds(component), options.readings.small_growth)
    for size, dose in product(by_size, by_dose):
        facts = {**shared, **nontarget, **size, **dose}
        for outcome in decide(course.criterion.findings[component], facts):
            rule = outcome.rule
            # rows of the first table always have a category
            category = rule.category or Response.NOT_ASSESSABLE
            worse = disease.worse if rule.conditions.get(NonTarget) == GROWN_NONTARGET else None
            yield Finding(
                category=category,
                clauses=(rule.clause, *(worse.clauses if worse else ())),
                reason=rule.reason.format_map(words) + (f": {worse.reason}" if worse else small),
                condition=rule.text,
                facts=outcome.facts,
                sizes=(sizes,),
                step=rule.step,
            )


def _small_growth(sizes: Comparison, thresholds: Thresholds, reading: SmallGrowth) -> str:
    """Say that growth is not counted for what it is too small for; empty where it is not so."""
    if sizes.size is None or sizes.nadir is None or reading is SmallGrowth.ANY:
        return ""
    grown = has_grown(sizes.size, sizes.nadir, thresholds)
    if not (grown and is_small(sizes.size, sizes.nadir, thresholds)):
        return ""
    words = sizes.words()
    return (
        f"; it grew from {words['nadir']} on day {words['nadir_day']}, which counts once it "
        f"reaches {thresholds.measurable:g} {sizes.measure}"
    )


def _merged(findings: Iterable[Finding], criterion: Criterion) -> list[Finding]:
    """Put findings together that the course cannot tell apart, with the answers of either."""
    merged: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        facts = finding.facts
        told = [(fact, facts[fact]) for fact in criterion.course_facts if fact in facts]
        key = (finding.clauses, *told)
        if key in merged:
            facts = unite(merged[key].facts, facts)
        merged[key] = replace(finding, facts=facts)
    return list(merged.values())


def _compare(course: Course, index: int, reference: int, component: Component) -> Comparison:
    return Comparison(
        component=component,
        measure=course.criterion.measure,
        size=_size(course, index, component),
        baseline=_size(course, course.start, component),
        baseline_day=course.visits[course.start].day,
        nadir=_size(course, reference, component),
        nadir_day=course.visits[reference].day,
    )


def _size(course: Course, index: int, component: Component) -> float | None:
    return course.visits[index].disease(component).size(course.criterion.measure)


def _combine(one: Finding, other: Finding, readings: Readings) -> Finding | None:
    """Put the findings of two components together; None if their facts exclude each other."""
    facts = intersect(_without_component(one.facts), _without_component(other.facts))
    if facts is None:
        return None
    # either's answers, so that an unknown one of either is told
    either = unite(one.facts, other.facts)
    category = _combined({one.category, other.category}, readings)
    held = category is Response.NOT_ASSESSABLE and Step.HOLD in (one.step, other.step)
    return Finding(
        category=category,
        clauses=(*one.clauses, *other.clauses, "RANO 2.0 mixed"),
        reason=f"{one.category} of the enhancing tumor ({one.reason}) with {other.category} of "
        f"the non-enhancing tumor ({other.reason})",
        condition=f"enhancing: {one.condition}, and non-enhancing: {other.condition}",
        facts={**either, **facts},
        sizes=(*one.sizes, *other.sizes),
        step=Step.HOLD if held else None,
    )


def _combined(categories: set[Response], readings: Readings) -> Response:
    for decisive in (Response.PROGRESSIVE, Response.NOT_ASSESSABLE):
        if decisive in categories:
            return decisive
    if categories == {Response.COMPLETE, Response.STABLE}:
        partial = readings.complete_with_stable is CompleteWithStable.PARTIAL
        return Response.PARTIAL if partial else Response.STABLE
    return MIXED[frozenset(categories)]


def _without_component(facts: Facts) -> dict[type[StrEnum], frozenset[StrEnum]]:
    return {fact: answers for fact, answers in facts.items() if fact not in COMPONENT_FACTS}
