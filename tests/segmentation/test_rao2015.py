"""Three-plane networks joined by random forests."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from gliokit.core.errors import FoldError, MissingSequenceError
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.folds import patient_folds
from gliokit.evaluation.overlap import dice
from gliokit.learning.settings import Schedule
from gliokit.networks.rao2015 import padded_for_patches, triplanar_patches
from gliokit.preprocessing.normalization import brain_statistics
from gliokit.segmentation.rao2015 import Rao2015, planes_through
from gliokit.segmentation.volume import ALL_FOUR, normalized, volume_of

pytestmark = pytest.mark.xdist_group("rao2015")  # what is set up once serves all of them

BRIEF = replace(Rao2015.TINY, trees=4, schedule=Schedule(steps=3, batch=8))


@pytest.fixture(scope="module")
def fitted(tiny_cohort):
    return Rao2015(Rao2015.TINY).fit(tiny_cohort)


@pytest.fixture(scope="module")
def seen(tiny_cohort):
    """Give z-scores of a study and some voxels of its brain."""
    volume = volume_of(tiny_cohort.load(tiny_cohort.rows[0]))
    voxels = np.argwhere(volume.brain)
    some = np.random.default_rng(0).choice(len(voxels), 60, replace=False)
    return normalized(volume, brain_statistics), voxels[some]


def test_it_learns_the_tumors_that_it_has_seen(fitted, tiny_cohort):
    scores = []
    for row in tiny_cohort.rows:
        prediction = fitted.predict(tiny_cohort.load(row)).labels.array
        reference = tiny_cohort.load_labels(row).array
        masks = [region_mask(a, Region.WHOLE_TUMOR) for a in (reference, prediction)]
        scores.append(dice(*masks))
    assert np.mean(scores) > 0.5


def test_networks_have_not_seen_the_patients_of_their_forest(tiny_cohort):
    """Other labels of these patients leave their networks as they are, to the bit."""
    seed = Rao2015(BRIEF).run.seed
    first, second = patient_folds(tiny_cohort.rows, seed=seed, folds=2, validation=0).folds
    assert not set(first.test) & set(second.test)

    def other_labels(row):
        labels = tiny_cohort.load_labels(row)
        if row.study_id not in first.test:
            return labels
        return LabelMap(np.where(labels.array > 0, 3, 0).astype(np.uint8), labels.affine)

    before = Rao2015(BRIEF).fit(tiny_cohort)
    after = Rao2015(BRIEF).fit(replace(tiny_cohort, load_labels=other_labels))
    pairs = [
        list(zip(*networks, strict=True))
        for networks in zip(before.networks_, after.networks_, strict=True)
    ]
    assert all(same_weights(*pair) for pair in pairs[0])
    assert not any(same_weights(*pair) for pair in pairs[1])
    assert set(after.forests_[0].classes_) < set(before.forests_[0].classes_)
    assert set(after.forests_[1].classes_) == set(before.forests_[1].classes_)


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    other_weights = other.state_dict()
    return all(torch.equal(w, other_weights[name]) for name, w in one.state_dict().items())


def test_all_trees_together_are_as_many_as_asked_for(fitted):
    assert sum(len(forest.estimators_) for forest in fitted.forests_) == Rao2015.TINY.trees
    assert {forest.n_features_in_ for forest in fitted.forests_} == {4 * Rao2015.TINY.hidden}


def test_patches_of_training_are_those_of_answering(seen):
    images, voxels = seen
    image = images[0]
    cut = np.stack([planes_through(image, voxel, 16) for voxel in voxels])
    padded = padded_for_patches(torch.from_numpy(image), 16)
    answered = triplanar_patches(padded, torch.from_numpy(voxels), side=16).numpy()
    assert np.array_equal(cut, answered)


def test_hidden_values_of_each_sequence_come_of_its_own_image(fitted, seen):
    images, voxels = seen
    hidden = fitted._hidden(fitted.networks_[0], images, voxels)
    size = Rao2015.TINY.hidden
    assert hidden.shape == (60, 4 * size)
    for channel in range(4):
        other = images.copy()
        other[channel] = np.random.default_rng(1).standard_normal(other[channel].shape)
        same = (fitted._hidden(fitted.networks_[0], other, voxels) == hidden).all(axis=0)
        own = slice(channel * size, (channel + 1) * size)
        assert not same[own].all()
        assert np.delete(same, np.arange(4 * size)[own]).all()


def test_hidden_values_do_not_depend_on_which_voxels_are_asked_together(fitted, seen):
    images, voxels = seen
    networks = fitted.networks_[0]
    alone = np.concatenate([fitted._hidden(networks, images, voxel[None]) for voxel in voxels])
    np.testing.assert_allclose(fitted._hidden(networks, images, voxels), alone, atol=0.05)


def test_probabilities_sum_to_one_and_the_coarse_grid_keeps_them(fitted, tiny_cohort):
    volume = volume_of(tiny_cohort.load(tiny_cohort.rows[0]))
    images = normalized(volume, brain_statistics)
    coarse = fitted.probabilities(images, volume.brain)
    np.testing.assert_allclose(coarse.sum(axis=0), 1, atol=1e-4)
    node = np.argwhere(volume.brain[2::4, 2::4, 2::4])[5] * 4 + 2
    answers = [
        forest.predict_proba(fitted._hidden(networks, images, node[None]))[0]
        for networks, forest in zip(fitted.networks_, fitted.forests_, strict=True)
    ]
    known = fitted.forests_[0].classes_
    np.testing.assert_allclose(coarse[(known, *node)], np.mean(answers, axis=0), atol=0.1)


def test_one_sequence_does_without_the_others(tiny_cohort):
    system = Rao2015(replace(BRIEF, sequences=(MRSequence.FLAIR,))).fit(tiny_cohort)
    assert [len(networks) for networks in system.networks_] == [1, 1]
    study = tiny_cohort.load(tiny_cohort.rows[0])
    flair = {MRSequence.FLAIR: study[MRSequence.FLAIR]}
    alone = system.predict(replace(study, images=flair)).labels.array
    assert np.array_equal(alone, system.predict(study).labels.array)


def test_more_parts_than_patients_are_refused(tiny_cohort):
    with pytest.raises(FoldError, match="5 folds of 4 patients"):
        Rao2015(replace(BRIEF, parts=5)).fit(tiny_cohort)


def test_it_answers_the_same_once_written_and_read(fitted, tiny_cohort, tmp_path):
    fitted.write_weights(tmp_path)
    assert len(list(tmp_path.glob("without-*"))) == 2 * len(ALL_FOUR)
    again = Rao2015(Rao2015.TINY).read_weights(tmp_path)
    study = tiny_cohort.load(tiny_cohort.rows[0])
    expected, found = (system.predict(study).labels.array for system in (fitted, again))
    assert np.array_equal(expected, found)


def test_other_patients_choose_the_weights(tiny_cohort):
    aside = tiny_cohort.only({tiny_cohort.rows[0].study_id})
    others = tiny_cohort.only({row.study_id for row in tiny_cohort.rows[1:]})
    schedule = Schedule(steps=6, batch=8, learning_rate=0.05, validate_every=2)
    settings = replace(BRIEF, sequences=(MRSequence.FLAIR,), schedule=schedule)
    system = Rao2015(settings)
    told = []
    judge = system._judge

    def recorded(cases, channel):
        score = judge(cases, channel)
        told.append([])
        return lambda network: told[-1].append(score(network)) or told[-1][-1]

    system._judge = recorded
    system.fit(others, aside)
    assert [len(scores) for scores in told] == [3, 3]
    assert all(0 <= score <= 1 for scores in told for score in scores)


def test_a_missing_sequence_is_named(fitted, tiny_cohort):
    study = tiny_cohort.load(tiny_cohort.rows[0])
    images = {s: image for s, image in study.images.items() if s is not MRSequence.T1}
    with pytest.raises(MissingSequenceError, match="no t1 image"):
        fitted.predict(replace(study, images=images))
