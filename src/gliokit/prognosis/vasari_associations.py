"""VASARI features of many patients against survival and classes: which hold, and as tables."""

from collections.abc import Iterable, Sequence

import numpy as np

from gliokit.measurement.vasari.association import (
    Association,
    associate_with_classes,
    associate_with_survival,
)
from gliokit.measurement.vasari.lexicon import FEATURES
from gliokit.prognosis.followed import CLASSES, Followed, follow_up, table_of
from gliokit.prognosis.hazard_table import USUAL_EVENTS_PER_COVARIATE, usable
from gliokit.prognosis.system import StudyTable
from gliokit.prognosis.vasari_numbers import NAMES, scores_of, single_column_features

FEWEST_OF_A_CLASS = 5  # assumed: patients of each class, for a table of associations


def survival_associations(patients: Sequence[Followed], facts: Sequence[str]) -> list[Association]:
    """Test every feature against survival beside facts, whose gaps take their mean."""
    days, died = follow_up(patients)
    known = table_of(patients, facts)
    if facts:
        known = np.where(np.isnan(known), np.nanmean(known, axis=0), known)
    scores = [scores_of(own.description.values) for own in patients]
    return associate_with_survival(scores, days, died, known=known)


def features_that_enter(
    patients: Sequence[Followed], facts: Sequence[str], *, rate: float
) -> tuple[str, ...]:
    """Name the features that hold a false discovery rate, the strongest first.

    No more than leave ten deaths for each covariate, and none of several unordered answers.
    """
    entering = set(single_column_features())
    held = [
        one
        for one in survival_associations(patients, facts)
        if one.feature in entering and one.q_value <= rate
    ]
    deaths = sum(own.died for own in patients)
    most = max(deaths // USUAL_EVENTS_PER_COVARIATE - len(facts), 0)
    strongest = sorted(held, key=lambda one: one.p_value)
    return usable(patients, [NAMES[one.feature] for one in strongest])[:most]


def association_tables(
    patients: Sequence[Followed], facts: Sequence[str], *, rate: float, seed: int
) -> tuple[StudyTable, ...]:
    """Test every feature against survival, and against each molecular class there is."""
    tables = [survival_table(survival_associations(patients, facts), beside=facts, rate=rate)]
    for column in CLASSES:
        classed = [own for own in patients if column in own.classes]
        classes = [own.classes[column] for own in classed]
        counts = [classes.count(name) for name in dict.fromkeys(classes)]
        found: list[Association] = []
        if len(counts) > 1 and min(counts) >= FEWEST_OF_A_CLASS:
            scores = [scores_of(own.description.values) for own in classed]
            found = associate_with_classes(scores, classes, seed=seed)
        if classes:
            tables.append(class_table(found, column=column, classes=classes, rate=rate))
    return tuple(tables)


def survival_table(
    found: Sequence[Association], *, beside: Sequence[str], rate: float
) -> StudyTable:
    """Lay out associations with survival; the note says what was not tested, and why."""
    rows = [
        (
            NAMES[one.feature],
            str(one.studies),
            _ratio(one),
            f"{one.p_value:.3g}",
            f"{one.q_value:.3g}",
            _verdict(one, rate),
        )
        for one in _tested(found)
    ]
    models = f"beside {', '.join(beside)}" if beside else "alone"
    return StudyTable(
        "VASARI features and survival",
        f"Each feature in a Cox model of its own, {models}; likelihood-ratio p values; q values by "
        f"Benjamini and Hochberg over the {len(_tested(found))} features that could be tested. "
        "Hazard ratios: per step of an ordered feature, per cm, of yes against no. On these "
        f"patients: an association is no prediction. {_untested(found)}",
        ("Feature", "Patients", "Hazard ratio (95 %)", "p", "q", f"Found at a rate of {rate:g}"),
        tuple(rows),
    )


def class_table(
    found: Sequence[Association], *, column: str, classes: Sequence[str], rate: float
) -> StudyTable:
    """Lay out associations with the classes (n,) of a column; none where a class is too rare."""
    rows = [
        (
            NAMES[one.feature],
            str(one.studies),
            f"{one.p_value:.3g}",
            f"{one.q_value:.3g}",
            _verdict(one, rate),
        )
        for one in _tested(found)
    ]
    counts = ", ".join(f"{classes.count(own)} {own}" for own in dict.fromkeys(classes))
    if not found:
        counts += f": too few to test; needed two classes, and {FEWEST_OF_A_CLASS} patients of each"
    return StudyTable(
        f"VASARI features and {column}",
        f"{counts}. Kruskal and Wallis for ordered features and lengths, Fisher's exact test for "
        "the others, permuted chi squared in tables larger than two by two; q values by Benjamini "
        f"and Hochberg over the {len(_tested(found))} features that could be tested. "
        f"{_untested(found)}",
        ("Feature", "Patients", "p", "q", f"Found at a rate of {rate:g}"),
        tuple(rows),
    )


def _tested(found: Iterable[Association]) -> list[Association]:
    return sorted((one for one in found if not one.reason), key=lambda one: one.p_value)


def _untested(found: Iterable[Association]) -> str:
    """Say which features were not tested, by reason."""
    by_reason: dict[str, list[str]] = {}
    for one in found:
        if one.reason:
            by_reason.setdefault(one.reason, []).append(one.feature)
    listed = [f"{', '.join(names)} ({why})" for why, names in by_reason.items()]
    return f"Not tested: {'; '.join(listed)}." if listed else ""


def _ratio(one: Association) -> str:
    if np.isnan(one.hazard_ratio):
        return f"– ({len(FEATURES[one.feature].compared)} answers)"
    return f"{one.hazard_ratio:.3g} ({one.interval[0]:.3g} to {one.interval[1]:.3g})"


def _verdict(one: Association, rate: float) -> str:
    return "yes" if one.q_value <= rate else "no"
