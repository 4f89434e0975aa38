"""A cascade of two-pathway networks: phases, squares of pixels, slices, and blobs."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
import torch

from gliokit.core.cohort import Cohort
from gliokit.core.errors import CohortError, MissingSequenceError
from gliokit.core.image import region_mask
from gliokit.core.system import TrainingRun
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.evaluation.overlap import dice
from gliokit.learning.cases import Cases
from gliokit.segmentation.havaei2017 import (
    IGNORED,
    Havaei2017,
    Sampling,
    balanced_loss,
    frequencies,
    natural_loss,
)
from gliokit.segmentation.havaei2017_settings import CascadePlace

pytestmark = pytest.mark.xdist_group("havaei2017")  # what is set up once serves all of them

TINY = Havaei2017.TINY
SHORT = replace(
    TINY, balanced=replace(TINY.balanced, steps=4), natural=replace(TINY.natural, steps=4)
)


def first(cohort: Cohort, number: int) -> Cohort:
    return cohort.only({row.study_id for row in cohort.rows[:number]})


def weights_after(settings, cohort: Cohort) -> dict[str, torch.Tensor]:
    return Havaei2017(settings).fit(first(cohort, 2)).network_.state_dict()


@pytest.fixture(scope="module")
def fitted(tiny_cohort, tmp_path_factory):
    run = TrainingRun(folder=tmp_path_factory.mktemp("run"))
    rest = tiny_cohort.only({tiny_cohort.rows[-1].study_id})
    return Havaei2017(TINY, run=run).fit(first(tiny_cohort, 2), rest)


@pytest.fixture(scope="module")
def alone(tiny_cohort):
    """Give the weights of a first network that no second one followed."""
    return weights_after(replace(SHORT, cascade=CascadePlace.NONE), tiny_cohort)


@pytest.fixture(scope="module")
def cases(tiny_cohort):
    with Cases(first(tiny_cohort, 2), Havaei2017(TINY)._prepare) as cases:
        yield cases


def test_it_learns_two_tumors_by_heart(fitted, tiny_cohort):
    for row in tiny_cohort.rows[:2]:
        reference = tiny_cohort.load_labels(row).array
        prediction = fitted.predict(tiny_cohort.load(row)).labels.array
        whole, core = (
            dice(region_mask(reference, region), region_mask(prediction, region))
            for region in (Region.WHOLE_TUMOR, Region.TUMOR_CORE)
        )
        assert whole > 0.7
        assert core > 0.5


def test_every_phase_of_either_network_has_its_own_part_of_the_training(fitted):
    parts = sorted(folder.name for folder in fitted.run.folder.iterdir())
    assert parts == ["first-balanced", "first-natural", "second-balanced", "second-natural"]


def test_phase_two_changes_the_output_layer_alone(tiny_cohort, alone):
    one = weights_after(replace(SHORT, cascade=CascadePlace.NONE, phases=1), tiny_cohort)
    assert one.keys() == alone.keys()
    assert [name for name in one if not torch.equal(one[name], alone[name])] == [
        "output.weight",
        "output.bias",
    ]


@pytest.mark.parametrize("place", [CascadePlace.INPUT, CascadePlace.LOCAL, CascadePlace.OUTPUT])
def test_the_second_network_leaves_the_first_as_it_was_taught(tiny_cohort, alone, place):
    both = weights_after(replace(SHORT, cascade=place), tiny_cohort)
    assert all(torch.equal(alone[name], both[f"first.{name}"]) for name in alone)
    assert not torch.equal(both["first.second.0.bias"], both["second.second.0.bias"])


def test_natural_frequencies_make_it_call_less_tumor(tiny_cohort):
    settings = replace(TINY, cascade=CascadePlace.NONE)
    study = tiny_cohort.load(tiny_cohort.rows[2])
    one, two = (
        Havaei2017(replace(settings, phases=phases)).fit(first(tiny_cohort, 2)).predict(study)
        for phases in (1, 2)
    )
    assert 0 < np.count_nonzero(two.labels.array) < np.count_nonzero(one.labels.array)


@pytest.mark.parametrize("place", list(CascadePlace))
def test_a_square_shows_its_pixels_and_what_the_network_needs_around_them(cases, place):
    system = Havaei2017(replace(TINY, cascade=place))
    network = system._first_network()
    if place is not CascadePlace.NONE:
        network = system._cascade_of(network)
    images, classes = system._drawing(cases, network, Sampling.BALANCED)(np.random.default_rng(2))
    assert classes.shape == (TINY.predicted, TINY.predicted)
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(images[None]))[0]
    assert logits.shape[1:] == classes.shape
    # beyond the brain the images are 0 and the classes ignored
    before = network.margins[0]
    middle = images[:, before : before + TINY.predicted, before : before + TINY.predicted]
    assert 0 < np.count_nonzero(classes == IGNORED) < classes.size
    assert np.array_equal(middle.any(axis=0), classes != IGNORED)


def test_a_slice_gives_the_pixels_that_its_squares_give(cases):
    settings = replace(TINY, balanced=replace(TINY.balanced, mixed=False))
    system = Havaei2017(
        replace(settings, predicted=1, cascade=CascadePlace.NONE, initial_range=0.3)
    )
    system.network_ = network = system._first_network().eval()
    slices = cases[1].arrays["slices"]
    images = np.ascontiguousarray(np.moveaxis(slices, 0, -1))
    answered = system.classify(images, np.ones(images.shape[1:], dtype=bool))
    assert len(np.unique(answered)) > 1
    before, after = network.margins
    for z, x, y in ((10, 20, 22), (16, 25, 30), (20, 18, 16)):
        square = slices[z][:, x - before : x + after + 1, y - before : y + after + 1]
        with torch.inference_mode():
            assert int(network(torch.from_numpy(square[None].copy())).argmax()) == answered[x, y, z]


def test_a_mirrored_square_keeps_its_pixels_under_its_classes(cases):
    regularization = replace(TINY.balanced.regularization, augmentation=1.0)
    balanced = replace(TINY.balanced, regularization=regularization)
    system = Havaei2017(replace(TINY, balanced=balanced, cascade=CascadePlace.LOCAL))
    network = system._cascade_of(system._first_network())
    before, after = network.margins
    assert before != after
    draw = system._drawing(cases, network, Sampling.BALANCED)
    rng = np.random.default_rng(0)
    for _ in range(8):
        images, classes = draw(rng)
        middle = images[:, before:-after, before:-after]
        assert np.array_equal(middle.any(axis=0), classes != IGNORED)


def test_balanced_examples_show_rare_classes_more_often_than_natural_ones(cases):
    system = Havaei2017(TINY)
    network = system._first_network()
    share = {}
    for sampling in Sampling:
        draw = system._drawing(cases, network, sampling)
        rng = np.random.default_rng(0)
        drawn = np.stack([draw(rng)[1] for _ in range(60)])
        share[sampling] = np.mean(drawn[drawn != IGNORED] > 0)
    assert share[Sampling.BALANCED] > 2 * share[Sampling.NATURAL]


def test_frequencies_are_those_of_each_phase(cases):
    counts = np.sum([case.arrays["counts"] for case in cases], axis=0)
    natural, balanced = (frequencies(cases, sampling) for sampling in reversed(Sampling))
    assert natural[0] == pytest.approx(counts[0] / counts.sum())
    assert counts[3] == 0
    assert balanced == pytest.approx([0.25, 0.25, 0.25, 0, 0.25], abs=1e-5)
    assert min(natural) == min(balanced) > 0


def test_balanced_loss_counts_classes_alike_and_natural_loss_pixels():
    # logits say class 0 with probability 1/2, the others 1/8
    logits = torch.tensor([1 / 2, 1 / 8, 1 / 8, 1 / 8, 1 / 8]).log()[None, :, None, None]
    logits = logits.expand(1, 5, 2, 2)
    reference = torch.tensor([[[0, 0], [1, IGNORED]]], dtype=torch.uint8)
    assert float(balanced_loss(logits, reference)) == pytest.approx((log(2) + log(8)) / 2)
    assert float(natural_loss(logits, reference)) == pytest.approx((2 * log(2) + log(8)) / 3)


def test_the_published_settings_make_the_published_network():
    network = Havaei2017(replace(Havaei2017.Settings(), maxout=1))
    both = network._cascade_of(network._first_network())
    counted = [
        sum(p.numel() for p in part.parameters() if p.ndim > 1)
        for part in (both.first, both.second)
    ]
    assert counted == [651_488, 802_368]


def test_it_answers_the_same_after_writing_and_reading(fitted, tiny_cohort, tmp_path):
    fitted.write_weights(tmp_path)
    read = Havaei2017(TINY).read_weights(tmp_path)
    study = tiny_cohort.load(tiny_cohort.rows[-1])
    before, after = (system.predict(study).labels.array for system in (fitted, read))
    assert before.any()
    assert np.array_equal(before, after)


def test_a_study_without_flair_is_refused_by_name(fitted, tiny_cohort):
    study = tiny_cohort.load(tiny_cohort.rows[0])
    images = {s: image for s, image in study.images.items() if s is not MRSequence.FLAIR}
    with pytest.raises(MissingSequenceError, match="no flair image"):
        fitted.predict(replace(study, images=images))


def test_a_cohort_without_labels_is_refused_by_name(tiny_cohort):
    rows = [
        replace(row, cells={c: v for c, v in row.cells.items() if c != "labels"})
        for row in tiny_cohort.rows
    ]
    with pytest.raises(CohortError, match="havaei2017 needs the column labels"):
        Havaei2017(TINY).fit(replace(tiny_cohort, rows=rows))
