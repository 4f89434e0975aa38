"""A score holds an answer of its feature, or a reason."""

import pytest

from gliokit.measurement.vasari.answers import DeepWhiteMatter, Eloquence, Presence, TumorSide
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import TRUST, Basis, Score, trust, unscored


def test_answers_and_reasons_are_taken():
    assert Score(FeatureId.SIDE, TumorSide.LEFT, "drawn", 0.5).value is TumorSide.LEFT
    assert Score(FeatureId.LONG_AXIS, 12.5).value == 12.5
    tracts = (DeepWhiteMatter.BRAINSTEM, DeepWhiteMatter.INTERNAL_CAPSULE)
    assert Score(FeatureId.DEEP_WHITE_MATTER, tracts).value == tracts
    assert unscored([FeatureId.SIDE], "dark")[0] == Score(FeatureId.SIDE, None, reason="dark")


@pytest.mark.parametrize(
    ("feature", "value", "message"),
    [
        (FeatureId.SIDE, Presence.YES, "none of right"),
        (FeatureId.SIDE, "left", "none of right"),
        (FeatureId.SIDE, (TumorSide.LEFT,), "not one answer"),
        (FeatureId.ELOQUENT, Eloquence.MOTOR, "not one answer or more"),
        (FeatureId.ELOQUENT, (), "needed one answer"),
        (FeatureId.ELOQUENT, (Eloquence.MOTOR, Eloquence.MOTOR), "each once"),
        (FeatureId.ELOQUENT, (Eloquence.NONE, Eloquence.MOTOR), "excludes every other"),
        (FeatureId.LONG_AXIS, 0.0, "above 0"),
        (FeatureId.LONG_AXIS, Presence.YES, "is no length"),
    ],
)
def test_what_is_no_answer_is_refused(feature, value, message):
    with pytest.raises(ValueError, match=message):
        Score(feature, value)


def test_value_and_reason_exclude_each_other():
    with pytest.raises(ValueError, match="or else a reason"):
        Score(FeatureId.SIDE, None)
    with pytest.raises(ValueError, match="or else a reason"):
        Score(FeatureId.SIDE, TumorSide.LEFT, reason="dark")


def test_confidence_is_a_share():
    with pytest.raises(ValueError, match="0 to 1"):
        Score(FeatureId.SIDE, TumorSide.LEFT, confidence=1.1)


def test_trust_is_half_on_a_limit_and_whole_away_from_it():
    whole = TRUST[Basis.MASKS]
    assert trust(Basis.MASKS, figure=5, limits=(1, 5), span=2) == pytest.approx(whole / 2)
    assert trust(Basis.MASKS, figure=6, limits=(1, 5), span=2) == pytest.approx(0.75 * whole)
    assert trust(Basis.MASKS, figure=8, limits=(1, 5), span=2) == pytest.approx(whole)
    assert trust(Basis.MASKS, span=1) == whole
