"""A fault that is planted in one image is found there, and nothing else is."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Verdict
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.alignment import STEPS_MM
from gliokit.preprocessing.quality.checks import check_study, check_usable
from gliokit.preprocessing.quality.pose import best_place, deep_points
from gliokit.preprocessing.quality.sampled import COARSE_MM, sample

MM = 2.5


def with_image(head, sequence, array):
    image = replace(head.study[sequence], array=np.ascontiguousarray(array, dtype=np.float32))
    return replace(head.study, images={**head.study.images, sequence: image})


def doubtful(checks):
    return {(check.code, check.sequence) for check in checks if check.verdict is Verdict.DOUBTFUL}


def shifted(array):
    return ndimage.shift(array, (0, 6 / MM, 0), order=1)


def turned(array):
    return ndimage.rotate(array, 6, axes=(0, 1), reshape=False, order=1)


@pytest.fixture(scope="module")
def stripped(head):
    return check_study(head.study, head.brain, head.labels)


@pytest.fixture(scope="module")
def scanned(head):
    return check_study(head.study, head.brain, head.labels, raw=head.scanned)


def test_good_study_is_fine_in_all_that_can_be_told_of_stripped_images(stripped):
    assert doubtful(stripped) == set()
    untold = {check.code for check in stripped if check.verdict is Verdict.NOT_ASSESSABLE}
    assert untold == {"ghosting"}


def test_checks_beside_each_other_are_those_one_after_the_other(head, stripped):
    with ThreadPoolExecutor(3) as pool:
        assert check_study(head.study, head.brain, head.labels, pool=pool) == stripped


def test_good_study_is_fine_in_everything_with_the_images_as_they_were_scanned(scanned):
    assert {check.verdict for check in scanned} == {Verdict.FINE}
    assert len(scanned) == 4 + 4 * 4 + 3 * 3


@pytest.mark.parametrize(
    ("change", "code", "sequence"),
    [
        (lambda array: array[::-1], "left-right", MRSequence.FLAIR),
        (turned, "registration", MRSequence.T2),
    ],
)
def test_planted_fault_of_one_image_is_found_in_it_alone(head, change, code, sequence):
    study = with_image(head, sequence, change(head.study[sequence].array))
    found = doubtful(check_study(study, head.brain, head.labels))
    assert (code, sequence) in found
    assert {other for _, other in found} == {sequence}


def test_distance_to_the_best_fit_is_that_of_the_shift(head):
    study = with_image(head, MRSequence.T1, shifted(head.study[MRSequence.T1].array))
    seen = sample(study, head.brain, COARSE_MM)
    flat = [seen.flat(sequence) for sequence in (MRSequence.T1C, MRSequence.T1)]
    place = best_place(*flat, deep_points(seen.inside, seen.mm), steps_mm=STEPS_MM)
    assert place.moved_mm == pytest.approx(6, abs=1)
    assert place.unmoved < place.information


def test_t1_in_the_place_of_t1c_is_said_to_lack_the_agent(head):
    t1 = head.study[MRSequence.T1].array
    noise = np.random.default_rng(1).normal(0, 2, t1.shape)
    fake = np.where(head.brain, 1.3 * t1**0.9 + noise, 0)
    study = with_image(head, MRSequence.T1C, fake)
    assert ("contrast-agent", MRSequence.T1C) in doubtful(check_study(study, head.brain))


def test_agent_cannot_be_told_without_t1(head):
    images = {s: i for s, i in head.study.images.items() if s is not MRSequence.T1}
    checks = check_study(replace(head.study, images=images), head.brain, head.labels)
    agent = next(check for check in checks if check.code == "contrast-agent")
    assert agent.verdict is Verdict.NOT_ASSESSABLE
    assert agent.figure is None


def test_one_image_alone_is_compared_with_none(head):
    study = replace(head.study, images={MRSequence.T2: head.study[MRSequence.T2]})
    checks = check_study(study, head.brain, head.labels)
    told = {check.code: check.verdict for check in checks}
    assert told["registration"] is told["left-right"] is Verdict.NOT_ASSESSABLE
    assert "contrast-agent" not in told


def test_figures_do_not_depend_on_how_the_voxels_are_stored(head, scanned):
    back = np.array([[0, 0, -1, 83], [-1, 0, 0, 95], [0, 1, 0, 0], [0, 0, 0, 1.0]])

    def stored(value):
        array = np.ascontiguousarray(value.array.transpose(1, 2, 0)[::-1, :, ::-1])
        return replace(value, array=array, affine=value.affine @ back)

    study = replace(head.study, images={s: stored(image) for s, image in head.study.images.items()})
    brain = np.ascontiguousarray(head.brain.transpose(1, 2, 0)[::-1, :, ::-1])
    raw = {s: stored(image) for s, image in head.scanned.items()}
    turned_round = check_study(study, brain, stored(head.labels), raw=raw)
    assert [check.verdict for check in turned_round] == [check.verdict for check in scanned]
    for one, other in zip(scanned, turned_round, strict=True):
        if one.code in {"likeness", "registration", "contrast-agent", "brain-cut-off"}:
            assert other.figure.value == pytest.approx(one.figure.value, rel=0.05, abs=0.05)


def test_study_whose_images_show_nothing_ends_as_such(head):
    flat = {
        s: replace(i, array=np.where(head.brain, 100, 0).astype(np.float32))
        for s, i in head.study.images.items()
    }
    checks = check_study(replace(head.study, images=flat), head.brain)
    with pytest.raises(NotAssessableError, match="no image of study head shows anything"):
        check_usable(checks, study_id="head")


def test_one_unusable_image_does_not_end_the_study(head):
    rng = np.random.default_rng(2)
    noise = np.where(head.brain, rng.normal(100, 10, head.brain.shape), 0)
    checks = check_study(with_image(head, MRSequence.FLAIR, noise), head.brain, head.labels)
    told = {(c.code, c.sequence): c.verdict for c in checks}
    assert told["contrast-to-noise", MRSequence.FLAIR] is Verdict.NOT_ASSESSABLE
    assert told["likeness", MRSequence.FLAIR] is Verdict.DOUBTFUL
    assert told["registration", MRSequence.FLAIR] is Verdict.NOT_ASSESSABLE
    assert told["contrast-to-noise", MRSequence.T2] is Verdict.FINE
    check_usable(checks, study_id="head")


def test_what_is_no_brain_ends_as_such(head):
    checks = check_study(head.study, np.zeros_like(head.brain))
    assert doubtful(checks) == {("brain-volume", None)}
    with pytest.raises(
        NotAssessableError, match=r"study head: .* has 0\.00 L .* check the spacing"
    ):
        check_usable(checks, study_id="head")


def test_same_study_gives_equal_checks(head, stripped):
    assert check_study(head.study, head.brain, head.labels) == stripped
