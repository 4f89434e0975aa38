"""The lexicon is whole and consistent."""

import pytest

from gliokit.measurement.vasari.answers import Proportion, RimThickness
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId, Kind, Source


def test_there_are_thirty_features_in_their_order():
    assert [feature.value for feature in FEATURES] == [f"F{n}" for n in range(1, 31)]
    assert all(number is feature.id for number, feature in FEATURES.items())


@pytest.mark.parametrize("feature", FEATURES.values(), ids=lambda feature: feature.id)
def test_every_feature_asks_something_and_lists_what_may_be_answered(feature):
    assert feature.title
    assert "?" in feature.question
    assert (feature.answers is None) == (feature.kind is Kind.LENGTH)
    assert feature.answers is None or len({*feature.answers}) == len(list(feature.answers)) > 1


def test_what_is_from_memory_says_so():
    unread = [feature.id for feature in FEATURES.values() if not feature.verified]
    assert unread == ["F15", "F26", "F27", "F28"]
    assert FEATURES[FeatureId.LONG_AXIS].source is Source.RADELEMENT


def test_answers_that_say_nothing_of_the_tumor_are_not_compared():
    shares = FEATURES[FeatureId.PROPORTION_EDEMA].compared
    assert (shares[0], shares[-1], len(shares)) == (Proportion.NONE, Proportion.ALL, 7)
    assert RimThickness.NOT_APPLICABLE not in FEATURES[FeatureId.RIM_THICKNESS].compared
    assert FEATURES[FeatureId.SHORT_AXIS].compared == ()
