"""Features that go with an outcome are found, others are not."""

import math

import numpy as np
import pytest

from gliokit.measurement.vasari.answers import (
    DeepWhiteMatter,
    Location,
    Presence,
    Proportion,
    TumorSide,
)
from gliokit.measurement.vasari.association import (
    associate_with_classes,
    associate_with_survival,
    columns_of,
)
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId, Kind
from gliokit.measurement.vasari.numbers import number_of
from gliokit.measurement.vasari.scores import Score

PATIENTS = 120


def random_scores(rng, shares):
    """Score every feature by chance but the share of enhancing tumor."""
    studies = []
    for share in shares:
        scores = {}
        for feature in FEATURES.values():
            if feature.kind is Kind.LENGTH:
                value = float(rng.uniform(20, 90))
            elif feature.kind is Kind.SEVERAL:
                value = (feature.compared[rng.integers(len(feature.compared))],)
            else:
                value = feature.compared[rng.integers(len(feature.compared))]
            scores[feature.id] = Score(feature.id, value)
        feature = FeatureId.PROPORTION_ENHANCING
        scores[feature] = Score(feature, FEATURES[feature].compared[share])
        studies.append(scores)
    return studies


@pytest.fixture(scope="module")
def planted():
    """Plant a hazard that rises by half with each step of the enhancing share."""
    rng = np.random.default_rng(8)
    shares = rng.integers(0, 7, PATIENTS)
    time = rng.exponential(400 * 1.5 ** -shares.astype(float))
    censored = rng.exponential(1000, PATIENTS)
    return random_scores(rng, shares), np.minimum(time, censored), time <= censored


@pytest.fixture(scope="module")
def associations(planted):
    return associate_with_survival(*planted)


def test_planted_effect_is_found_and_the_rest_is_not(associations):
    found = associations
    assert [one.feature for one in found] == list(FeatureId)
    assert [one.feature for one in found if one.q_value < 0.05] == [FeatureId.PROPORTION_ENHANCING]
    effect = found[list(FeatureId).index(FeatureId.PROPORTION_ENHANCING)]
    assert effect.hazard_ratio == pytest.approx(1.5, rel=0.15)
    assert effect.interval[0] < effect.hazard_ratio < effect.interval[1]


def test_q_values_are_those_of_benjamini_and_hochberg(associations):
    found = [one for one in associations if not one.reason]
    order = np.argsort([one.p_value for one in found])
    p_values = np.array([found[n].p_value for n in order])
    scaled = p_values * len(found) / np.arange(1, len(found) + 1)
    expected = np.minimum.accumulate(scaled[::-1])[::-1].clip(max=1)
    assert [found[n].q_value for n in order] == pytest.approx(expected)


def test_covariate_that_explains_the_effect_takes_it(planted):
    studies, time, event = planted
    steps = [[number_of(study[FeatureId.PROPORTION_ENHANCING])] for study in studies]
    noise = np.random.default_rng(9).normal(0, 0.1, (PATIENTS, 1))
    feature = FeatureId.PROPORTION_ENHANCING
    alone = [{feature: study[feature]} for study in studies]
    found = associate_with_survival(alone, time, event, known=np.array(steps) + noise)
    assert found[4].feature is feature
    assert found[4].p_value > 0.01


def test_classes_are_told_by_what_differs_between_them():
    rng = np.random.default_rng(10)
    classes = ["proneural", "mesenchymal"] * 40
    shares = [int(rng.integers(0, 4) + 2 * (name == "mesenchymal")) for name in classes]
    found = associate_with_classes(random_scores(rng, shares), classes, seed=1)
    assert [one.feature for one in found if one.q_value < 0.05] == [FeatureId.PROPORTION_ENHANCING]


def test_fisher_is_exact_for_two_by_two():
    sides = (
        [TumorSide.LEFT] * 8 + [TumorSide.RIGHT] * 2 + [TumorSide.LEFT] * 1 + [TumorSide.RIGHT] * 5
    )
    studies = [{FeatureId.SIDE: Score(FeatureId.SIDE, side)} for side in sides]
    found = associate_with_classes(studies, ["a"] * 10 + ["b"] * 6, seed=1)[1]
    assert found.p_value == pytest.approx(0.03496503, rel=1e-5)  # the table 8, 2, 1, 5


def test_larger_tables_are_tested_by_permutations():
    lobes = [Location.FRONTAL, Location.TEMPORAL, Location.INSULAR] * 8
    studies = [{FeatureId.LOCATION: Score(FeatureId.LOCATION, lobe)} for lobe in lobes]
    alike = associate_with_classes(studies, lobes, seed=1)[0]
    apart = associate_with_classes(studies, ["a", "a", "a", "b", "b", "b"] * 4, seed=1)[0]
    assert alike.p_value == 1 / 5000
    assert apart.p_value == 1


def test_missing_scores_leave_a_study_out_of_that_feature_only():
    studies = [
        {FeatureId.HEMORRHAGE: Score(FeatureId.HEMORRHAGE, Presence.YES if n % 2 else Presence.NO)}
        for n in range(20)
    ]
    found = associate_with_survival([{}, *studies], np.arange(1.0, 22), np.ones(21))
    by_feature = {one.feature: one for one in found}
    assert by_feature[FeatureId.HEMORRHAGE].studies == 20
    assert by_feature[FeatureId.HEMORRHAGE].q_value == by_feature[FeatureId.HEMORRHAGE].p_value
    assert by_feature[FeatureId.SIDE].reason == "no study has a score"
    assert math.isnan(by_feature[FeatureId.SIDE].q_value)


def hemorrhage(answers):
    return [{FeatureId.HEMORRHAGE: Score(FeatureId.HEMORRHAGE, answer)} for answer in answers]


@pytest.mark.parametrize(
    ("yes", "events", "reason"),
    [(2, 20, "2 studies differ"), (3, 20, ""), (10, 4, "4 events; needed 5"), (10, 5, "")],
)
def test_too_little_is_not_tested(yes, events, reason):
    answers = [Presence.YES, Presence.NO] * yes + [Presence.NO] * (20 - 2 * yes)
    event = np.arange(20) < events
    found = associate_with_survival(hemorrhage(answers), np.arange(1.0, 21), event)
    assert next(o for o in found if o.feature is FeatureId.HEMORRHAGE).reason.startswith(reason)
    assert bool(next(o for o in found if o.feature is FeatureId.HEMORRHAGE).reason) == bool(reason)


def test_feature_that_tells_the_order_of_deaths_has_no_best_fit_and_says_so():
    answers = [Presence.YES] * 10 + [Presence.NO] * 10
    found = associate_with_survival(hemorrhage(answers), np.arange(1.0, 21), np.arange(20) < 10)
    assert "no best fit" in found[15].reason


def test_columns_of_each_kind_of_feature():
    ordered = columns_of(FeatureId.PROPORTION_EDEMA, np.array([0.0, 3, 6]))
    assert ordered.tolist() == [[0], [3], [6]]
    assert columns_of(FeatureId.LONG_AXIS, np.array([20.0, 55])).tolist() == [[2], [5.5]]
    yes = columns_of(FeatureId.HEMORRHAGE, np.array([1.0, 1, 0]))
    assert yes.tolist() == [[1], [1], [0]]
    places = FEATURES[FeatureId.LOCATION].compared
    lobes = [Location.FRONTAL, Location.FRONTAL, Location.INSULAR, Location.TEMPORAL]
    unordered = columns_of(FeatureId.LOCATION, np.array([float(places.index(x)) for x in lobes]))
    assert unordered.tolist() == [[0, 0], [0, 0], [0, 1], [1, 0]]


def test_columns_of_several_answers():
    both = (DeepWhiteMatter.INTERNAL_CAPSULE, DeepWhiteMatter.CORPUS_CALLOSUM)
    chosen = [both, both[:1], (DeepWhiteMatter.NONE,)]
    values = [number_of(Score(FeatureId.DEEP_WHITE_MATTER, one)) for one in chosen]
    assert columns_of(FeatureId.DEEP_WHITE_MATTER, np.array(values)).tolist() == [
        [1, 1],
        [1, 0],
        [0, 0],
    ]


def test_tables_that_do_not_fit_are_refused():
    studies = [{FeatureId.PROPORTION_EDEMA: Score(FeatureId.PROPORTION_EDEMA, Proportion.NONE)}] * 3
    with pytest.raises(ValueError, match="needed one of each"):
        associate_with_survival(studies, [1, 2], [1, 1, 0])
    with pytest.raises(ValueError, match="not finite"):
        associate_with_survival(studies, [1, 2, math.nan], [1, 1, 0])
    with pytest.raises(ValueError, match="not 0 or 1"):
        associate_with_survival(studies, [1, 2, 3], [1, 1, 2])
    with pytest.raises(ValueError, match="two different ones"):
        associate_with_classes(studies, ["a", "a", "a"], seed=1)
    with pytest.raises(ValueError, match="3 studies and 2 classes"):
        associate_with_classes(studies, ["a", "b"], seed=1)
