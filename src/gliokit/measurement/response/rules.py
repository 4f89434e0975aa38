"""A criterion as rows, and how they are read: from the top, the first that holds decides.

A row holds if every fact that it names has one of the answers it names. Where a fact is unknown
the row may hold for some of its answers and fail for others; the facts are then split in two,
those for which it holds, which are decided, and the rest, which go on to the next row. So every
row that can decide is found, with the facts under which it does, and none that cannot: the
logic has three values and is exact, also where two rows hang on the same unknown fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gliokit.measurement.response.facts import Facts
from gliokit.measurement.response.vocabulary import Evidence, Response


class Step(StrEnum):
    """What a row leaves for later visits to settle."""

    START = "start waiting"
    CONFIRM = "confirm"
    REFUTE = "refute"
    VOID_RESPONSE = "start waiting, and call the response before a pseudoresponse"
    HOLD = "stay undecided; should progression follow, it is dated to this visit"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a criterion.

    Attributes
    ----------
    clause : str
        Name of the row, unique within its criterion.
    text : str
        What the paper says, in our words.
    evidence : tuple of Evidence
        Where each part of it was read.
    when : tuple of StrEnum
        Answers it asks for; several of one fact are alternatives. Empty: always.
    category : Response or None
        None in a table of the course: the category is what the scan shows.
    reason : str
        Sentence for the reader; names in braces are those of `Comparison.words`.
    step : Step or None
        What it leaves for later visits to settle.
    """

    clause: str
    text: str
    evidence: tuple[Evidence, ...]
    when: tuple[StrEnum, ...]
    category: Response | None
    reason: str
    step: Step | None = None
    conditions: Facts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # grouped by class: answers of two facts may be the same word, hence equal strings
        kinds = dict.fromkeys(type(answer) for answer in self.when)
        grouped = {
            kind: frozenset(answer for answer in self.when if type(answer) is kind)
            for kind in kinds
        }
        object.__setattr__(self, "conditions", grouped)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row that can decide, and the facts under which it does."""

    rule: Rule
    facts: Facts


def decide(rules: Sequence[Rule], facts: Facts) -> list[Outcome]:
    """Read a table from the top.

    Parameters
    ----------
    rules : sequence of Rule
        The last must hold always.
    facts : Facts
        Every fact that a row names, with its possible answers.

    Returns
    -------
    list of Outcome
        One for each part of the facts; a single one if the facts decide.
    """
    outcomes = []
    undecided = [facts]
    for rule in rules:
        rest: list[Facts] = []
        for part in undecided:
            inside, outside = split(part, rule.conditions)
            if inside is not None:
                outcomes.append(Outcome(rule, inside))
            rest.extend(outside)
        undecided = rest
    return outcomes


def split(facts: Facts, conditions: Facts) -> tuple[Facts | None, list[Facts]]:
    """Divide facts into the part that meets all conditions, and parts that fail one."""
    met = {fact: facts[fact] & allowed for fact, allowed in conditions.items()}
    if not all(met.values()):
        return None, [facts]
    inside = dict(facts)
    outside: list[Facts] = []
    for fact, answers in met.items():
        if failed := facts[fact] - answers:
            outside.append({**inside, fact: failed})
            inside[fact] = answers
    return inside, outside


def intersect(one: Facts, other: Facts) -> Facts | None:
    """Give the facts that two parts share, or None if they contradict each other."""
    both = {**one, **other}
    for fact in one.keys() & other.keys():
        both[fact] = one[fact] & other[fact]
        if not both[fact]:
            return None
    return both


def unite(one: Facts, other: Facts) -> Facts:
    """Give the answers of either of two parts of the same facts."""
    return {fact: answers | other[fact] for fact, answers in one.items()}
