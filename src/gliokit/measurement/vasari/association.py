"""Which features go with survival, or with a class such as a molecular one: Gutman's design.

Every feature is tested alone: by a Cox model with the covariates that are known beforehand (age,
performance), or against classes, ordered features and lengths by Kruskal and Wallis, the others by
Fisher, or in tables larger than two by two by chi squared of permuted classes. What is called found
is held to a false discovery rate over all features that could be tested. Missing scores leave a
study out of that feature only.

Limits: features that are missing for a reason tied to outcome mislead; so do scores made with the
outcome known. An association is no prediction.

Source: Gutman et al., Radiology 2013;267:560-9, doi:10.1148/radiol.13120118 (abstract read: 75
glioblastomas of TCGA, three readers, multivariate Cox models; single tests and their correction are
assumed); false discovery rate: Benjamini and Hochberg, J R Stat Soc B 1995;57:289-300,
doi:10.1111/j.2517-6161.1995.tb02031.x.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import false_discovery_control, fisher_exact, kruskal

from gliokit.evaluation.agreement import Level
from gliokit.measurement.vasari.hazard import hazard_test
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId, Kind
from gliokit.measurement.vasari.numbers import Scores, numbers

EVENTS_PER_COLUMN = 5  # fewest that are tried (assumed; ten are usually asked for)
FEWEST_STUDIES = 3  # with another answer than the commonest one (assumed)
MM_PER_UNIT = 10.0  # of a length: hazard ratios are per cm
PERMUTATIONS = 4_999
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Association:
    """One feature and the outcome.

    Attributes
    ----------
    feature : FeatureId
        The feature.
    studies : int
        With a score and an outcome.
    p_value, q_value : float
        Of the test, and adjusted for the number of features that were tested; `nan` where it was
        not tested.
    hazard_ratio : float
        Per step of an ordered feature, per cm of a length, of yes against no; `nan` for more than
        two unordered answers, and for classes.
    interval : tuple of float
        95 % of it.
    reason : str
        Why it was not tested; empty where it was.
    """

    feature: FeatureId
    studies: int
    p_value: float = np.nan
    q_value: float = np.nan
    hazard_ratio: float = np.nan
    interval: tuple[float, float] = (np.nan, np.nan)
    reason: str = ""


def associate_with_survival(
    studies: Sequence[Scores], time: ArrayLike, event: ArrayLike, *, known: ArrayLike | None = None
) -> list[Association]:
    """Test every feature against survival.

    Parameters
    ----------
    studies : (n,)
        Scores of each patient's study.
    time, event : (n,)
        Of death, or of the last observation; whether death was seen.
    known : (n, q), optional
        Covariates that stand in every model, all finite.

    Raises
    ------
    ValueError
        If there are not as many of each, or a time, event or covariate is not usable.
    """
    times, events = np.asarray(time, dtype=np.float64), np.asarray(event)
    before = np.zeros((len(studies), 0)) if known is None else np.asarray(known, dtype=np.float64)
    if not len(studies) == len(times) == len(events) == len(before) or before.ndim != 2:
        raise ValueError(
            f"{len(studies)} studies, {len(times)} times, {len(events)} events and covariates of "
            f"the shape {before.shape}; needed one of each for every study"
        )
    if not (
        np.isfinite(times).all() and np.isfinite(before).all() and np.isin(events, (0, 1)).all()
    ):
        raise ValueError("a time or covariate is not finite, or an event not 0 or 1; leave it out")
    survival = times, events.astype(bool), before
    return _adjusted([_with_survival(feature, studies, survival) for feature in FeatureId])


def associate_with_classes(
    studies: Sequence[Scores], classes: Sequence[Hashable], *, seed: int
) -> list[Association]:
    """Test every feature against classes (n,); the seed is that of the permutations.

    Raises
    ------
    ValueError
        If there are not as many classes as studies, or all are the same.
    """
    if len(studies) != len(classes) or len(set(classes)) < 2:
        raise ValueError(
            f"{len(studies)} studies and {len(classes)} classes, {len(set(classes))} different; "
            "needed one for every study, and two different ones"
        )
    place = {name: number for number, name in enumerate(dict.fromkeys(classes))}
    groups = np.array([place[name] for name in classes])
    return _adjusted([_with_classes(feature, studies, groups, seed) for feature in FeatureId])


def columns_of(feature: FeatureId, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make covariates of the numbers of a feature, (n,) to (n, p).

    One column for what is ordered or a length; else one for each answer but the commonest, or with
    several answers one for each that some have and some have not.
    """
    entry = FEATURES[feature]
    if entry.level is Level.INTERVAL:
        return values[:, None] / MM_PER_UNIT
    if entry.level is Level.ORDINAL:
        return values[:, None]
    if entry.kind is Kind.SEVERAL:
        bits = (values.astype(int)[:, None] >> np.arange(1, len(entry.compared))) & 1
        return bits[:, bits.any(axis=0) & ~bits.all(axis=0)].astype(np.float64)
    found, counts = np.unique(values, return_counts=True)
    base = found[0] if len(found) == 2 else found[counts.argmax()]
    return (values[:, None] == found[found != base]).astype(np.float64)


def _with_survival(
    feature: FeatureId,
    studies: Sequence[Scores],
    survival: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]],
) -> Association:
    values = np.array(numbers(studies, feature))
    scored = ~np.isnan(values)
    time, event, known = (part[scored] for part in survival)
    untested = Association(feature, int(scored.sum()))
    if reason := _not_varied(values[scored]):
        return replace(untested, reason=reason)
    columns = columns_of(feature, values[scored])
    needed = EVENTS_PER_COLUMN * (columns.shape[1] + known.shape[1])
    if np.count_nonzero(event) < needed:
        return replace(untested, reason=f"{np.count_nonzero(event)} events; needed {needed}")
    try:
        found = hazard_test(time, event, columns, known)
    except ValueError as error:
        return replace(untested, reason=str(error))
    return replace(
        untested,
        p_value=found.p_value,
        hazard_ratio=found.hazard_ratio,
        interval=found.interval,
    )


def _with_classes(
    feature: FeatureId, studies: Sequence[Scores], groups: NDArray[np.intp], seed: int
) -> Association:
    values = np.array(numbers(studies, feature))
    scored = ~np.isnan(values)
    values, groups = values[scored], groups[scored]
    untested = Association(feature, len(values))
    if reason := _not_varied(values):
        return replace(untested, reason=reason)
    present = np.unique(groups)
    if len(present) < 2:
        return replace(untested, reason="only one class has scores")
    if FEATURES[feature].level is not Level.NOMINAL:
        p_value = kruskal(*(values[groups == group] for group in present)).pvalue
    else:
        p_value = _unordered(values, groups, seed)
    return replace(untested, p_value=float(p_value))


def _unordered(values: NDArray[np.float64], groups: NDArray[np.intp], seed: int) -> float:
    """Test answers against groups, both (n,): exactly by Fisher, or by permuted chi squared."""
    answers = (values[:, None] == np.unique(values)).astype(np.float64)
    members = (groups[:, None] == np.unique(groups)).astype(np.float64)
    table = answers.T @ members
    if table.shape == (2, 2):
        return float(fisher_exact(table.astype(int)).pvalue)
    expected = np.outer(answers.sum(axis=0), members.sum(axis=0)) / len(values)
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(np.arange(len(values)), (PERMUTATIONS, 1)), axis=1)
    tables = np.einsum("na,pnm->pam", answers, members[shuffled])
    found = ((table - expected) ** 2 / expected).sum()
    by_chance = ((tables - expected) ** 2 / expected).sum(axis=(1, 2))
    as_much = np.count_nonzero(by_chance >= found * (1 - ROUNDING))
    return float((as_much + 1) / (PERMUTATIONS + 1))


def _not_varied(values: NDArray[np.float64]) -> str:
    if not len(values):
        return "no study has a score"
    others = len(values) - int(np.unique(values, return_counts=True)[1].max())
    if others < FEWEST_STUDIES:
        return f"{others} studies differ from the commonest answer; needed {FEWEST_STUDIES}"
    return ""


def _adjusted(found: list[Association]) -> list[Association]:
    """Add the q values of those that were tested."""
    tested = [one for one in found if not one.reason]
    if not tested:
        return found
    q_values = false_discovery_control([one.p_value for one in tested], method="bh").tolist()
    by_feature = {one.feature: q for one, q in zip(tested, q_values, strict=True)}
    return [replace(one, q_value=by_feature.get(one.feature, np.nan)) for one in found]
