"""Two densely connected networks: what they learn, and that tiles change nothing."""

from dataclasses import replace

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
from gliokit.learning.patches import cut
from gliokit.segmentation.chen2018 import Chen2018, brain_tiles

pytestmark = pytest.mark.xdist_group("chen2018")  # what is set up once serves all of them

TINY = Chen2018.TINY
EXACT = replace(TINY, schedule=replace(TINY.schedule, mixed=False))
MARGIN = 5  # voxels that the tiny network sees to each side


def first(cohort: Cohort, number: int) -> Cohort:
    return cohort.only({row.study_id for row in cohort.rows[:number]})


def untrained(**changes) -> Chen2018:
    """Give a system with random weights and random statistics of its normalizations."""
    system = Chen2018(replace(EXACT, **changes))
    system.network_ = system._new_network()
    for name, value in system.network_.state_dict().items():
        if "running" in name:
            value.uniform_(0.5, 1.5)
    system.network_.eval()
    return system


@pytest.fixture(scope="module")
def fitted(tiny_cohort, tmp_path_factory):
    run = TrainingRun(folder=tmp_path_factory.mktemp("run"))
    rest = tiny_cohort.only({tiny_cohort.rows[-1].study_id})
    return Chen2018(TINY, run=run).fit(first(tiny_cohort, 2), rest)


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


def test_it_is_scored_on_validation_patients_while_it_learns(fitted):
    lines = (fitted.run.folder / "both" / "log.csv").read_text().splitlines()[1:]
    scores = [float(line.split(",")[2]) for line in lines if line.split(",")[2]]
    assert len(scores) == TINY.schedule.steps // TINY.schedule.validate_every
    assert max(scores) > 0.3


def test_tiles_answer_as_the_whole_volume_does():
    images = np.random.default_rng(0).normal(size=(4, 26, 22, 24)).astype(np.float32)
    brain = np.ones((26, 22, 24), dtype=bool)  # up to the border: it is answered too
    in_tiles = untrained(tile=9).classify(images, brain)
    at_once = untrained(tile=26).classify(images, brain)
    assert len(np.unique(at_once)) > 1
    assert np.array_equal(in_tiles, at_once)


def test_the_middle_of_a_padded_patch_is_what_a_tile_says():
    images = np.random.default_rng(0).normal(size=(4, 40, 36, 38)).astype(np.float32)
    system, published = untrained(), untrained(padded=True)
    assert system.network_.reach == MARGIN
    volume = system._logits(system.network_, images[None])[0]
    for center in ((20, 18, 19), (17, 20, 15)):
        patch = cut(images, center, [22, 22, 22])
        middle = published._logits(published.network_, patch[None])[0, :, 5:17, 5:17, 5:17]
        low = [c - 6 - MARGIN for c in center]
        there = volume[(slice(None), *(slice(a, a + 12) for a in low))]
        torch.testing.assert_close(middle, there, rtol=1e-4, atol=1e-4)


def test_tiles_cover_the_brain_once_and_no_empty_place():
    brain = np.zeros((30, 20, 10), dtype=bool)
    brain[2:5, 3:19, 4:6] = True
    brain[28, 1, 1] = True
    covered = np.zeros(brain.shape, dtype=int)
    for box in brain_tiles(brain, 8):
        covered[box] += 1
        assert all(part.stop - part.start <= 8 for part in box)
    assert covered.max() == 1
    assert covered[brain].all()
    assert covered.sum() == brain.sum()  # both parts are boxes


@pytest.mark.parametrize(("features", "matters"), [(True, True), (False, False)])
def test_flair_reaches_the_answer_through_the_features_of_the_first_network(features, matters):
    system = untrained(first_network_features=features)
    images = np.random.default_rng(0).normal(size=(1, 4, 16, 16, 16)).astype(np.float32)
    changed = images.copy()
    changed[:, 3] += 1
    before, after = (system._logits(system.network_, x) for x in (images, changed))
    assert torch.equal(before, after) is not matters


def test_half_of_the_examples_are_centered_in_the_tumor(tiny_cohort):
    system = Chen2018(TINY)
    rng = np.random.default_rng(0)
    with Cases(first(tiny_cohort, 2), system._prepare) as cases:
        drawn = [system._draw(cases, rng) for _ in range(200)]
    images, classes = drawn[0]
    assert images.shape == (4, 22, 22, 22)
    assert classes.shape == (12, 12, 12)
    centers = np.array([classes[6, 6, 6] for _, classes in drawn])
    assert 0.35 < (centers > 0).mean() < 0.65


def test_the_published_settings_make_the_published_network():
    network = Chen2018()._new_network()
    assert sum(p.numel() for p in network.parameters() if p.requires_grad) == 786_974


def test_without_batch_normalization_none_is_left():
    regularization = replace(TINY.schedule.regularization, batch_norm=False)
    system = Chen2018(replace(TINY, schedule=replace(TINY.schedule, regularization=regularization)))
    assert not any("running" in name for name in system._new_network().state_dict())


def test_it_answers_the_same_after_writing_and_reading(fitted, tiny_cohort, tmp_path):
    fitted.write_weights(tmp_path)
    read = Chen2018(TINY).read_weights(tmp_path)
    study = tiny_cohort.load(tiny_cohort.rows[-1])
    before, after = (system.predict(study).labels.array for system in (fitted, read))
    assert before.any()
    assert np.array_equal(before, after)


def test_a_study_without_t2_is_refused_by_name(fitted, tiny_cohort):
    study = tiny_cohort.load(tiny_cohort.rows[0])
    images = {s: image for s, image in study.images.items() if s is not MRSequence.T2}
    with pytest.raises(MissingSequenceError, match="no t2 image"):
        fitted.predict(replace(study, images=images))


def test_a_cohort_without_labels_is_refused_by_name(tiny_cohort):
    rows = [
        replace(row, cells={c: v for c, v in row.cells.items() if c != "labels"})
        for row in tiny_cohort.rows
    ]
    with pytest.raises(CohortError, match="chen2018 needs the column labels"):
        Chen2018(TINY).fit(replace(tiny_cohort, rows=rows))
