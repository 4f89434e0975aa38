"""Agreement of sets of scores, against the coefficients of the plain numbers."""

import math

import numpy as np
import pytest

from gliokit.evaluation.agreement import Level, Weighting, cohen_kappa, krippendorff_alpha
from gliokit.measurement.vasari.answers import (
    DeepWhiteMatter,
    Diffusion,
    Focality,
    Presence,
    Proportion,
)
from gliokit.measurement.vasari.lexicon import FEATURES, FeatureId
from gliokit.measurement.vasari.numbers import categories, number_of
from gliokit.measurement.vasari.reader_agreement import compare_readings
from gliokit.measurement.vasari.scores import Score

SHARES = FEATURES[FeatureId.PROPORTION_EDEMA].compared


def reading(feature, values):
    """Give one set of scores of one feature; None where there is none."""
    return {
        f"P{number}": {feature: Score(feature, value)} if value is not None else {}
        for number, value in enumerate(values)
    }


def test_steps_of_ordered_answers_count():
    places = np.random.default_rng(3).integers(0, 7, (12, 2))
    feature = FeatureId.PROPORTION_EDEMA
    readings = [reading(feature, [SHARES[n] for n in column]) for column in places.T]
    found = compare_readings(readings)[feature]
    assert found.studies == 12
    assert found.alpha == pytest.approx(krippendorff_alpha(places, level=Level.ORDINAL))
    kappa = cohen_kappa(*places.T.tolist(), categories=range(7), weighting=Weighting.LINEAR)
    assert found.kappa == pytest.approx(kappa)
    assert found.equal == np.mean(places[:, 0] == places[:, 1])


def test_unordered_answers_are_equal_or_not():
    feature = FeatureId.FOCALITY
    first = [Focality.FOCAL, Focality.MULTIFOCAL, Focality.FOCAL, Focality.GLIOMATOSIS]
    second = [Focality.FOCAL, Focality.GLIOMATOSIS, Focality.FOCAL, Focality.GLIOMATOSIS]
    found = compare_readings([reading(feature, first), reading(feature, second)])[feature]
    assert found.equal == 0.75
    assert found.kappa == pytest.approx((0.75 - 0.375) / (1 - 0.375))


def test_lengths_agree_by_their_differences():
    feature = FeatureId.LONG_AXIS
    first, second = [30.0, 50.0, 70.0], [31.0, 50.0, 68.0]
    found = compare_readings([reading(feature, first), reading(feature, second)])[feature]
    table = np.array([first, second]).T
    assert found.alpha == pytest.approx(krippendorff_alpha(table, level=Level.INTERVAL))
    assert math.isnan(found.kappa)


def test_order_of_several_answers_does_not_count():
    feature = FeatureId.DEEP_WHITE_MATTER
    pair = (DeepWhiteMatter.BRAINSTEM, DeepWhiteMatter.INTERNAL_CAPSULE)
    assert number_of(Score(feature, pair)) == number_of(Score(feature, pair[::-1]))
    assert number_of(Score(feature, pair)) in categories(feature)
    assert number_of(Score(feature, pair[:1])) != number_of(Score(feature, pair))


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        (FeatureId.PROPORTION_EDEMA, Proportion.NOT_APPLICABLE),
        (FeatureId.PROPORTION_EDEMA, Proportion.INDETERMINATE),
        (FeatureId.DIFFUSION, Diffusion.NO_IMAGE),
        (FeatureId.DEEP_WHITE_MATTER, (DeepWhiteMatter.INDETERMINATE,)),
    ],
)
def test_answers_that_say_nothing_are_missing(feature, value):
    assert math.isnan(number_of(Score(feature, value)))


def test_study_with_one_answer_does_not_count():
    feature = FeatureId.HEMORRHAGE
    first = [Presence.YES, Presence.NO, Presence.YES, None]
    second = [Presence.YES, Presence.NO, Presence.INDETERMINATE, Presence.YES]
    assert (
        compare_readings([reading(feature, first), reading(feature, second)])[feature].studies == 2
    )


def test_three_readers_have_alpha_and_no_kappa():
    feature = FeatureId.HEMORRHAGE
    values = [Presence.YES, Presence.NO, Presence.YES]
    found = compare_readings([reading(feature, values)] * 3)[feature]
    assert (found.alpha, found.equal) == (1, 1)
    assert math.isnan(found.kappa)


def test_feature_that_nobody_scored_has_no_agreement():
    found = compare_readings([{}, {}])[FeatureId.SIDE]
    assert found.studies == 0
    assert math.isnan(found.alpha)


def test_one_set_cannot_be_compared():
    with pytest.raises(ValueError, match="needed two or more"):
        compare_readings([{}])
