"""Any number of visits to a category for each, by any criterion.

`classify_course` walks through the visits. At each it compares the sizes with the baseline and
the nadir, reads what the scan shows from the criterion's first table, what that means in the
course from its second, and then whether a response has been confirmed. What the walk must
remember is a `Memory`; where facts are unknown there are several, and each is followed, so that
an undecided visit leaves later ones undecided only where it matters.

The categories that are possible at a visit are exactly those of all the visits that it may have
been, as long as those before it are known. After an earlier visit with unknown facts they may
be a few more, since an unknown dose there is not taken to be the same in all comparisons, and
likewise where two components are judged apart; they are never fewer.

A visit without a size is passed over when the nadir is sought, and one that is not assessable
neither confirms nor ends a response. Visits after progression are judged as before, with the
day of the progression.

The categories are suggested by rule from the facts given; they are no reader's judgment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gliokit.measurement.response.assessment import Assessment, Judgment, summarize
from gliokit.measurement.response.baseline import ChosenBaseline, choose_baseline
from gliokit.measurement.response.catalogue import find_criterion
from gliokit.measurement.response.criterion import Criterion
from gliokit.measurement.response.facts import Facts, GrowthFrom, Pending, ResponseSoFar
from gliokit.measurement.response.findings import Course, Finding, choose_references, find
from gliokit.measurement.response.memory import LEVELS, Confirmation, Memory, confirm_response
from gliokit.measurement.response.options import Options
from gliokit.measurement.response.readings import NadirAfterPseudoprogression
from gliokit.measurement.response.rules import Outcome, Rule, Step, decide, unite
from gliokit.measurement.response.visit import Treatment, Visit, check_order
from gliokit.measurement.response.vocabulary import Pseudo, Response

UNKNOWN_TREATMENT = Treatment()
DEFAULT_OPTIONS = Options()
PSEUDO = {Step.REFUTE: Pseudo.PROGRESSION, Step.VOID_RESPONSE: Pseudo.RESPONSE}
UNDECIDED = (Response.NOT_ASSESSABLE, Response.PRELIMINARY_PROGRESSIVE)  # a raised dose stays open


def classify_course(
    visits: Sequence[Visit],
    criterion: str | Criterion,
    *,
    treatment: Treatment = UNKNOWN_TREATMENT,
    options: Options = DEFAULT_OPTIONS,
) -> tuple[Assessment, ...]:
    """Classify every visit of a patient.

    Parameters
    ----------
    visits : sequence of Visit
        In the order of their days, each on its own day.
    criterion : str or Criterion
        Name in `gliokit.measurement.response.catalogue`, or the criterion itself.
    treatment : Treatment
        What was given, and when.
    options : Options
        Baseline, component, and readings of clauses that have two.

    Returns
    -------
    tuple of Assessment, (n_visits,)
        Visits before the baseline are not applicable.

    Raises
    ------
    CohortError
        If visits are out of order or share a day.
    NotAssessableError
        If no visit can be the baseline.
    SettingsError
        If there is no such criterion, or it does not follow the component.
    """
    if isinstance(criterion, str):
        criterion = find_criterion(criterion)
    component = options.component_of(criterion)
    check_order(visits)
    chosen = choose_baseline(
        visits, criterion, treatment, options.baseline, strict=options.strict_baseline
    )
    course = Course(visits, criterion, component, treatment, options, chosen.index)
    return (*_up_to_baseline(visits, chosen), *_after_baseline(course))


def _up_to_baseline(visits: Sequence[Visit], chosen: ChosenBaseline) -> list[Assessment]:
    answers = [(visit.day, Response.NOT_APPLICABLE, "") for visit in visits[: chosen.index]]
    answers.append((visits[chosen.index].day, Response.BASELINE, chosen.reason))
    return [
        Assessment(day, category, (category,), (category,), reason or str(category), ())
        for day, category, reason in answers
    ]


def _after_baseline(course: Course) -> list[Assessment]:
    assessments = []
    memories = [Memory()]
    progression_day: int | None = None
    held_since: int | None = None
    for index in range(course.start + 1, len(course.visits)):
        day = course.days[index]
        judgments, memories = _judge(course, index, memories)
        assessment = summarize(day, judgments)
        if progression_day is None and assessment.category is Response.PROGRESSIVE:
            dated = day if assessment.progression_day is None else assessment.progression_day
            progression_day = dated if held_since is None else min(dated, held_since)
        if all(judgment.held for judgment in judgments):
            held_since = day if held_since is None else held_since
        elif assessment.category not in UNDECIDED:
            held_since = None
        assessments.append(replace(assessment, progression_day=progression_day))
    return assessments


def _judge(
    course: Course, index: int, memories: Sequence[Memory]
) -> tuple[list[Judgment], list[Memory]]:
    """Give every way to judge a visit, and all that may be remembered afterwards."""
    found: dict[tuple[int, ...], list[Finding]] = {}
    ways: dict[tuple[str, ...], Judgment] = {}
    afterwards: dict[Memory, None] = {}
    for memory, references, growth_from in _comparisons(course, index, memories):
        if references not in found:
            found[references] = find(course, index, references)
        so_far: Facts = {
            Pending: frozenset({_pending(course, index, memory)}),
            ResponseSoFar: frozenset({memory.response}),
            GrowthFrom: frozenset({growth_from}),
        }
        for finding in found[references]:
            shown: Facts = {Response: frozenset({finding.category})}
            for outcome in decide(course.criterion.course, {**finding.facts, **so_far, **shown}):
                way, after = _settle(course, index, memory, finding, outcome)
                _add(ways, way)
                afterwards[after] = None
    return list(ways.values()), list(afterwards)


def _comparisons(
    course: Course, index: int, memories: Sequence[Memory]
) -> Iterator[tuple[Memory, tuple[int, ...], GrowthFrom]]:
    """Give what may be remembered, each with every scan that growth may be measured from."""
    for memory in memories:
        for number, references in enumerate(choose_references(course, index, memory)):
            yield memory, references, GrowthFrom.AFTER_RADIATION if number else GrowthFrom.BASELINE


def _add(ways: dict[tuple[str, ...], Judgment], way: Judgment) -> None:
    """Keep one of the ways that come to the same, with the answers of all."""
    key = (way.category, way.counted_as, way.condition, way.reason)
    if key in ways:
        way = replace(way, facts=unite(ways[key].facts, way.facts))
    ways[key] = way


def _pending(course: Course, index: int, memory: Memory) -> Pending:
    if memory.pending is None:
        return Pending.NONE
    waited = course.days[index] - course.days[memory.pending]
    due = waited >= course.criterion.progression_confirmed_after_days
    return Pending.DUE if due else Pending.TOO_SOON


def _settle(
    course: Course, index: int, memory: Memory, finding: Finding, outcome: Outcome
) -> tuple[Judgment, Memory]:
    """Turn a finding and the row of the course it meets into a category."""
    rule = outcome.rule
    category = rule.category or finding.category
    after = _waiting(course, index, memory, category, rule.step)
    confirmation = _confirm(course, index, after, category, finding.category)
    first = index if memory.pending is None else memory.pending
    note = rule.reason.format(pending_day=course.days[first], when=_when(course.criterion))
    judgment = Judgment(
        category=confirmation.category,
        counted_as=confirmation.counted_as,
        reason="; ".join(
            part
            for part in (finding.reason, note, _late(course, index, first, rule), confirmation.note)
            if part
        ),
        condition=finding.condition,
        course=rule.text,
        note=note,
        overruled=bool(note and rule.category),
        clauses=(*finding.clauses, *([rule.clause] if note else [])),
        sizes=finding.sizes,
        facts=outcome.facts,
        pseudo=PSEUDO.get(rule.step) if rule.step else None,
        held=finding.step is Step.HOLD and category is Response.NOT_ASSESSABLE,
        dated=course.days[first] if category is Response.PROGRESSIVE else None,
    )
    return judgment, confirmation.memory


def _when(criterion: Criterion) -> str:
    """Say when a second scan is asked for."""
    after, within = (
        criterion.progression_confirmed_after_days,
        criterion.progression_confirmed_within_days,
    )
    return f"at least {after} days" if within is None else f"{after} to {within} days"


def _late(course: Course, index: int, first: int, rule: Rule) -> str:
    """Say that a second scan came later than is asked for; empty where it did not."""
    within, waited = (
        course.criterion.progression_confirmed_within_days,
        course.days[index] - course.days[first],
    )
    if rule.step not in (Step.CONFIRM, Step.REFUTE) or within is None or waited <= within:
        return ""
    return (
        f"it came after {waited} days, {within} are asked for at most, and it counts all the same"
    )


def _waiting(
    course: Course, index: int, memory: Memory, category: Response, step: Step | None
) -> Memory:
    """Note which progression awaits its confirmation after this visit."""
    if step in (Step.START, Step.VOID_RESPONSE):
        return replace(memory, pending=index)
    if step is Step.REFUTE:
        reading = course.options.readings.nadir_after_pseudoprogression
        restarted = reading is NadirAfterPseudoprogression.RESTARTED
        begin = memory.pending if restarted else memory.nadir_from
        return replace(memory, pending=None, nadir_from=begin)
    return replace(memory, pending=None) if category is Response.PROGRESSIVE else memory


def _confirm(
    course: Course, index: int, memory: Memory, category: Response, shown: Response
) -> Confirmation:
    """Seek the confirmation of a response; whatever else the scan shows ends it."""
    if category in LEVELS:
        needed = course.criterion.response_confirmed_after_days
        return confirm_response(
            category,
            memory,
            index=index,
            days=course.days,
            after_days=needed if course.options.confirm_responses else 0,
        )
    if shown is not Response.NOT_ASSESSABLE:
        memory = memory.without_response()
    return Confirmation(category, category, "", memory)
