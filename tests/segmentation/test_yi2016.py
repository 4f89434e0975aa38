"""Voxel network behind fixed filters."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import MissingSequenceError
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.overlap import dice
from gliokit.learning.cases import Cases
from gliokit.learning.settings import Schedule
from gliokit.preprocessing.difference_of_gaussians import Filter, FilterBank
from gliokit.segmentation import yi2016
from gliokit.segmentation.class_balance import log_odds_in_brains
from gliokit.segmentation.volume import volume_of
from gliokit.segmentation.yi2016 import Yi2016

BRIEF = replace(Yi2016.TINY, schedule=Schedule(steps=5, batch=1, mixed=False))


@pytest.fixture(scope="module")
def two(tiny_cohort):
    return tiny_cohort.only({row.study_id for row in tiny_cohort.rows[:2]})


@pytest.fixture(scope="module")
def fitted(two):
    return Yi2016(Yi2016.TINY).fit(two)


@pytest.fixture(scope="module")
def features(two):
    system = Yi2016(Yi2016.TINY)
    return system._features(volume_of(two.load(two.rows[0])))


def test_it_learns_the_tumors_that_it_has_seen(fitted, two):
    for row in two.rows:
        prediction = fitted.predict(two.load(row)).labels.array
        reference = two.load_labels(row).array
        masks = [region_mask(a, Region.WHOLE_TUMOR) for a in (reference, prediction)]
        assert dice(*masks) > 0.7


def test_features_have_the_same_scale_in_every_brain(features):
    assert features.shape[1] == 4 * (1 + 4)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(features.std(axis=0), 1, atol=1e-3)


def test_voxels_answered_in_parts_are_answered_alike(fitted, features, monkeypatch):
    whole = fitted._answer(fitted.network_, features)
    monkeypatch.setattr(yi2016, "AT_ONCE", 1_000)
    assert np.array_equal(fitted._answer(fitted.network_, features), whole)
    assert len(np.unique(whole)) > 1


@pytest.mark.parametrize("kind", Filter)
def test_filters_are_a_setting(kind, two):
    settings = replace(BRIEF, bank=FilterBank(kind, number=2))
    system = Yi2016(settings).fit(two)
    assert system.network_.layers[0].in_features == 4 * (1 if kind is Filter.RAW else 3)
    assert system.predict(two.load(two.rows[0])).labels is not None


def test_the_prior_moves_the_output_layer_and_nothing_else(two):
    alike, moved = (Yi2016(replace(BRIEF, prior=prior)).fit(two).network_ for prior in (0.0, 1.0))
    (*before, bias), (*after, moved_bias) = alike.parameters(), moved.parameters()
    assert all((a == b).all() for a, b in zip(before, after, strict=True))
    with Cases(two, Yi2016(BRIEF)._prepare) as cases:
        odds = log_odds_in_brains([case.arrays["counts"] for case in cases])
    np.testing.assert_allclose((moved_bias - bias).detach(), odds, atol=1e-5)


def test_rows_of_a_bag_are_of_their_class(two):
    system = Yi2016(replace(BRIEF, bag=600))
    with Cases(two, system._prepare) as cases:
        rows, classes = system._draw(cases, np.random.default_rng(0))
        known = [{tuple(row) for row in case.arrays["class-4"].tolist()} for case in cases]
    assert rows.shape == (20, 600)
    enhancing = [tuple(row) for row in rows.T[classes == 4].tolist()]
    assert len(enhancing) == pytest.approx(600 / len(np.unique(classes)), rel=0.3)
    assert any(all(row in own for row in enhancing) for own in known)


def test_other_patients_choose_the_weights(tiny_cohort, two):
    aside = tiny_cohort.only({tiny_cohort.rows[2].study_id})
    schedule = Schedule(steps=12, batch=1, learning_rate=0.3, validate_every=3, mixed=False)
    system = Yi2016(replace(BRIEF, schedule=schedule))
    scores = []
    judge = system._judge

    def recorded(cases):
        score = judge(cases)

        def told(network):
            scores.append(score(network))
            return scores[-1]

        return told

    system._judge = recorded
    system.fit(two, aside)
    with Cases(aside, system._prepare) as cases:
        unmoved = Yi2016(replace(BRIEF, schedule=schedule, prior=0.0))
        unmoved.fit(two, aside)
        assert judge(cases)(unmoved.network_) == max(scores)
    assert len(set(scores)) > 1


def test_it_answers_the_same_once_written_and_read(fitted, two, tmp_path):
    fitted.write_weights(tmp_path)
    again = Yi2016(Yi2016.TINY).read_weights(tmp_path)
    study = two.load(two.rows[0])
    expected, found = (system.predict(study).labels.array for system in (fitted, again))
    assert np.array_equal(expected, found)


def test_a_missing_sequence_is_named(fitted, two):
    study = two.load(two.rows[0])
    images = {s: image for s, image in study.images.items() if s is not MRSequence.T2}
    with pytest.raises(MissingSequenceError, match="no t2 image"):
        fitted.predict(replace(study, images=images))
