"""What is not known of a visit: the categories that remain, no fewer and no more."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from gliokit.core.vocabulary import ClinicalChange
from gliokit.measurement.response.catalogue import CRITERIA
from gliokit.measurement.response.facts import Enhancement, Flair, NewLesion, NonTarget
from gliokit.measurement.response.visit import Disease, Treatment, Visit
from gliokit.measurement.response.vocabulary import Component, Response

BY_AREA = [name for name in CRITERIA if not name.endswith("volume")]


@pytest.mark.parametrize("criterion", CRITERIA)
def test_visits_of_which_nothing_is_known_leave_every_category_open(visit, classify, criterion):
    found = classify([visit(0, 400), Visit(60), Visit(120)], criterion)
    for assessment in found[1:]:
        assert assessment.category is Response.NOT_ASSESSABLE
        assert {Response.STABLE, Response.PRELIMINARY_COMPLETE} <= set(assessment.possible)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_knowing_more_never_adds_a_category(visit, classify, criterion):
    known = visit(60, 300)
    less = [
        replace(known, dexamethasone_mg_per_day=None),
        replace(known, clinical_change=None),
        replace(known, new_lesion=None),
        replace(known, enhancing=Disease(), nonenhancing=Disease()),
        replace(known, flair=None, enhancement=None),
        Visit(60),
    ]
    (certain,) = classify([visit(0, 400), known], criterion)[-1].possible
    for vague in less:
        assert certain in classify([visit(0, 400), vague], criterion)[-1].possible


UNKNOWN_VALUES = {
    "new_lesion": list(NewLesion),
    "clinical_change": list(ClinicalChange),
    "decline_explained": [True, False],
    "flair": list(Flair),
    "enhancement": list(Enhancement),
    "outside_field": [True, False],
    "dexamethasone_mg_per_day": [0, 1, 2, 3, 4, 5, 9],  # 2 at the baseline, 4 at the nadir
    "size": [0, 50, 100, 150, 199, 200, 249, 250, 300, 301, 399, 499, 500, 900],
}


def with_answers(known, answers):
    """Fill in a visit; a size is that of both components."""
    answers = dict(answers)
    if "size" in answers:
        size = answers.pop("size")
        disease = Disease(size, size and size / 100, NonTarget.ABSENT)
        answers |= {"enhancing": disease, "nonenhancing": disease}
    return replace(known, **answers)


@pytest.mark.parametrize("criterion", BY_AREA)
def test_the_possible_categories_are_those_of_all_visits_that_it_may_have_been(
    visit, classify, criterion
):
    rng = np.random.default_rng(11)
    for _ in range(12):
        names = list(rng.choice(list(UNKNOWN_VALUES), 2, replace=False))
        size = float(rng.choice([150, 260, 400, 520]))
        known = visit(130, size, dose=float(rng.choice([0, 2, 4, 6])))
        if rng.random() < 0.4:
            known = replace(known, clinical_change=ClinicalChange.WORSE)
        before = [visit(0, 400), visit(60, 200, dose=4)]
        settings = {"treatment": Treatment(radiation_end_day=60, immunotherapy_start_day=0)}
        unknown = with_answers(known, {name: None for name in names})
        last = classify([*before, unknown], criterion, **settings)[-1]
        completions = product(*(UNKNOWN_VALUES[name] for name in names))
        expected = {
            classify(
                [*before, with_answers(known, zip(names, answers, strict=True))],
                criterion,
                **settings,
            )[-1].category
            for answers in completions
        }
        assert set(last.possible) == expected


@pytest.mark.parametrize("criterion", [*BY_AREA, "mixed"])
def test_an_earlier_visit_of_unknown_facts_never_hides_a_category(visit, classify, criterion):
    component = Component.MIXED if criterion == "mixed" else None
    criterion = "rano2_2023" if criterion == "mixed" else criterion
    rng = np.random.default_rng(12)
    settings = {
        "treatment": Treatment(radiation_end_day=20, immunotherapy_start_day=0),
        "component": component,
    }
    names = [name for name in UNKNOWN_VALUES if name != "size"]
    for name in names:
        sizes = rng.choice([100, 180, 250, 400, 520], 4)
        visits = [visit(0, 400.0)]
        visits += [visit(40 * number, float(size)) for number, size in enumerate(sizes, start=1)]
        visits[2] = replace(visits[2], **{name: None})
        found = classify(visits, criterion, **settings)
        for answer in UNKNOWN_VALUES[name]:
            visits[2] = replace(visits[2], **{name: answer})
            for known, wide in zip(classify(visits, criterion, **settings), found, strict=True):
                assert known.category in wide.possible
