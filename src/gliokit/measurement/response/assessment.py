"""The answer for one visit: its category, the sentence of its reason, and what it rests on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from gliokit.measurement.response.comparison import Comparison
from gliokit.measurement.response.facts import (
    FACT_TERMS,
    BaselineDisease,
    Facts,
    Growth,
    Shrinkage,
)
from gliokit.measurement.response.vocabulary import Pseudo, Response

SIZE_FACTS: tuple[type[StrEnum], ...] = (Growth, Shrinkage, BaselineDisease)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Category suggested by rule for one visit.

    Attributes
    ----------
    day : int
        Day of the visit.
    category : Response
        Not assessable where a clause says so, or where unknown facts leave several categories.
    possible : tuple of Response
        Categories that the known facts allow; one where they decide.
    counted_as : tuple of Response
        The same with preliminary responses counted as what is confirmed so far, stable if
        nothing is.
    reason : str
        One sentence.
    clauses : tuple of str
        Rows of the criterion that decided; for each category that is possible.
    unknown : tuple of str
        Facts on whose answer the category, or its reason, depends.
    sizes : tuple of Comparison
        Size, baseline and nadir of each component; empty up to the baseline.
    pseudo : Pseudo or None
        What an earlier visit turned out not to have been.
    progression_day : int or None
        The day to which progression is dated, from the visit on that established it. `summarize`
        gives that of this visit alone.
    """

    day: int
    category: Response
    possible: tuple[Response, ...]
    counted_as: tuple[Response, ...]
    reason: str
    clauses: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    sizes: tuple[Comparison, ...] = ()
    pseudo: Pseudo | None = None
    progression_day: int | None = None


@dataclass(frozen=True, slots=True)
class Judgment:
    """One way in which a visit can be judged, given what is unknown.

    Attributes
    ----------
    reason : str
        What was measured, in the words of the row that decides.
    condition : str
        What that row asks for.
    course : str
        What the row asks for that puts it into the course.
    note : str
        What that row tells the reader; empty where it changes nothing.
    overruled : bool
        Whether the category is that row's own, whatever the scan shows.
    held : bool
        Whether a raised steroid dose leaves the visit undecided.
    dated : int or None
        The day to which progression is dated; None if there is none.
    """

    category: Response
    counted_as: Response
    reason: str
    condition: str
    course: str
    note: str
    overruled: bool
    clauses: tuple[str, ...]
    sizes: tuple[Comparison, ...]
    facts: Facts
    pseudo: Pseudo | None
    held: bool
    dated: int | None


def summarize(day: int, judgments: Sequence[Judgment]) -> Assessment:
    """Put the ways in which a visit can be judged, at least one, into one answer."""
    first = judgments[0]
    categories = dict.fromkeys(it.category for it in judgments)
    decided = len(categories) == 1
    one_reason = len({it.reason for it in judgments}) == 1
    unknown = () if decided and one_reason else _unknown(judgments)
    return Assessment(
        day=day,
        category=first.category if decided else Response.NOT_ASSESSABLE,
        possible=_in_order(categories),
        counted_as=_in_order({it.counted_as for it in judgments}),
        reason=_several(judgments, unknown) if unknown else first.reason,
        clauses=tuple(dict.fromkeys(clause for it in judgments for clause in it.clauses)),
        unknown=unknown,
        sizes=first.sizes,
        pseudo=_shared([it.pseudo for it in judgments]),
        progression_day=_shared([it.dated for it in judgments]),
    )


def _in_order(categories: Iterable[Response]) -> tuple[Response, ...]:
    return tuple(sorted(categories, key=list(Response).index))


def _several(judgments: Sequence[Judgment], unknown: Sequence[str]) -> str:
    terms = ", ".join(unknown)
    if all(it.overruled for it in judgments) and len({it.note for it in judgments}) == 1:
        return f"{judgments[0].note} (unknown, and without a bearing on it: {terms})"
    return f"unknown: {terms}; it is {_cases(judgments)}"


def _cases(judgments: Sequence[Judgment]) -> str:
    """Say under what each category comes out; what is asked of the course once for all scans."""
    courses: dict[str, set[str]] = {}
    for it in judgments:
        courses.setdefault(it.condition, set()).add(it.course)
    conditions: dict[Response, dict[str, list[str]]] = {}
    for it in judgments:
        matters = it.note or len(courses[it.condition]) > 1
        course = f", and {it.course}" if matters else ""
        told = conditions.setdefault(it.category, {}).setdefault(course, [])
        if it.condition not in told:
            told.append(it.condition)
    return "; ".join(
        f"{case} if {' – or '.join(', or '.join(told) + course for course, told in own.items())}"
        for case, own in conditions.items()
    )


def _unknown(judgments: Sequence[Judgment]) -> tuple[str, ...]:
    """Name the facts on whose answers the ways to judge differ.

    Sizes that are known may still lead to different answers, where it is unknown from which scan
    growth is measured.
    """
    first = judgments[0].facts
    given = () if any(_lacks_a_size(it) for it in judgments) else SIZE_FACTS
    differing = [
        term
        for fact, term in FACT_TERMS.items()
        if fact not in given and any(it.facts.get(fact) != first.get(fact) for it in judgments[1:])
    ]
    return tuple(dict.fromkeys(differing))


def _lacks_a_size(judgment: Judgment) -> bool:
    return any(None in (it.size, it.baseline, it.nadir) for it in judgment.sizes)


_Value = TypeVar("_Value")


def _shared(values: Sequence[_Value | None]) -> _Value | None:
    """Give the value that all ways have in common, if they do."""
    return values[0] if all(value == values[0] for value in values) else None
