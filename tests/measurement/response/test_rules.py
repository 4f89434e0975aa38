"""The reading of a table, with facts known and unknown."""

from enum import StrEnum
from itertools import product

import numpy as np
import pytest

from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.rules import Rule, decide, intersect, split
from gliokit.measurement.response.vocabulary import Evidence, Response


class Size(StrEnum):
    """A fact with three answers, one of which is the word of another fact's."""

    LESS = "less"
    SAME = "same"
    MORE = "more"


class Dose(StrEnum):
    """Another fact."""

    LESS = "less"
    SAME = "same"
    MORE = "more"


def row(category, *when):
    return Rule("row", "text", (Evidence.REASONED,), when, category, "")


PD, SD, PR = Response.PROGRESSIVE, Response.STABLE, Response.PARTIAL


def every(rules, facts):
    """Read the table for each completion of the facts, one by one."""
    found = set()
    for answers in product(*facts.values()):
        known = dict(zip(facts, answers, strict=True))
        for rule in rules:
            if all(known[fact] in allowed for fact, allowed in rule.conditions.items()):
                found.add((rule.category, answers))
                break
    return found


def test_the_first_row_that_holds_decides():
    rules = (row(PD, Size.MORE), row(PR, Size.MORE, Size.LESS), row(SD))
    facts = {Size: frozenset({Size.MORE}), Dose: frozenset({Dose.SAME})}
    assert [outcome.rule.category for outcome in decide(rules, facts)] == [PD]


def test_equal_words_of_two_facts_are_two_conditions():
    rule = row(PD, Size.MORE, Dose.MORE)
    assert rule.conditions == {Size: frozenset({Size.MORE}), Dose: frozenset({Dose.MORE})}
    more_of_one = {Size: frozenset({Size.MORE}), Dose: frozenset({Dose.LESS})}
    assert [outcome.rule.category for outcome in decide((rule, row(SD)), more_of_one)] == [SD]


def test_rows_that_hang_on_one_unknown_fact_do_not_make_up_categories():
    # whatever the size, one of the first two rows holds: the third never does
    rules = (row(PD, Size.MORE), row(SD, Size.LESS, Size.SAME), row(PR))
    outcomes = decide(rules, {Size: frozenset(Size)})
    assert [outcome.rule.category for outcome in outcomes] == [PD, SD]
    assert [outcome.facts[Size] for outcome in outcomes] == [
        frozenset({Size.MORE}),
        frozenset({Size.LESS, Size.SAME}),
    ]


def test_outcomes_equal_those_of_every_completion_on_random_tables():
    rng = np.random.default_rng(5)
    answers = [*Size, *Dose, *Evidence]
    facts = {Size: frozenset(Size), Dose: frozenset(Dose), Evidence: frozenset(Evidence)}
    for _ in range(100):
        rules = [
            row(
                Response(rng.choice(list(Response))),
                *(answers[index] for index in rng.choice(len(answers), 4, replace=False)),
            )
            for _ in range(6)
        ]
        rules.append(row(SD))
        parts = [
            (outcome.rule.category, completion)
            for outcome in decide(rules, facts)
            for completion in product(*(outcome.facts[fact] for fact in facts))
        ]
        assert len(parts) == 3 * 3 * len(Evidence)  # each completion once
        assert set(parts) == every(rules, facts)


def test_a_split_gives_disjoint_parts_that_make_up_the_whole():
    facts = {Size: frozenset(Size), Dose: frozenset(Dose)}
    conditions = row(PD, Size.MORE, Dose.MORE, Dose.SAME).conditions
    inside, outside = split(facts, conditions)
    counts = [len(list(product(*part.values()))) for part in (inside, *outside)]
    assert counts[0] == 2
    assert sum(counts) == 9


def test_parts_that_contradict_each_other_do_not_meet():
    more, less = {Size: frozenset({Size.MORE})}, {Size: frozenset({Size.LESS})}
    assert intersect(more, less) is None
    assert intersect(more, {Size: frozenset(Size)}) == more


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
def test_every_table_ends_with_a_row_that_always_holds(criterion):
    for table in (*criterion.findings.values(), criterion.course):
        assert table[-1].when == ()


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
def test_every_row_names_its_clause_and_where_it_was_read(criterion):
    for table in (*criterion.findings.values(), criterion.course):
        for rule in table:
            assert rule.clause
            assert rule.text
            assert rule.evidence
    for table in criterion.findings.values():
        assert len({rule.clause for rule in table}) == len(table)
        assert all(rule.category is not None and rule.reason for rule in table)


@pytest.mark.parametrize("criterion", CRITERIA.values(), ids=CRITERIA)
def test_every_row_of_what_a_scan_shows_can_decide(criterion):
    for table in criterion.findings.values():
        asked = dict.fromkeys(fact for rule in table for fact in rule.conditions)
        outcomes = decide(table, {fact: frozenset(fact) for fact in asked})
        assert {outcome.rule.clause for outcome in outcomes} == {rule.clause for rule in table}
