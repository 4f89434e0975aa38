"""What is told of one image: slices, field of view, noise, ghosts, ends of the brain."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.findings import Verdict
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.body_part import check_body_part
from gliokit.preprocessing.quality.coverage import check_ends, check_field_of_view
from gliokit.preprocessing.quality.ghosting import check_ghosting
from gliokit.preprocessing.quality.noise import check_noise, contrast_to_noise, noise_level
from gliokit.preprocessing.quality.slices import check_slices

T2 = MRSequence.T2


@pytest.mark.parametrize(
    ("spacing", "verdict"),
    [(1.0, "fine"), (5.0, "fine"), (5.000004, "fine"), (5.5, "doubtful"), (8.0, "doubtful")],
)
def test_slices_may_lie_five_millimeters_apart(spacing, verdict):
    image = Image(np.zeros((4, 4, 4), np.float32), np.diag([1.0, 1.0, spacing, 1.0]))
    check = check_slices(T2, image)
    assert check.verdict == verdict
    assert check.figure.value == pytest.approx(spacing, abs=1e-3)


def test_volume_of_a_ball_is_that_of_the_formula():
    place = np.indices((50, 50, 50)) - 24.5
    ball = np.linalg.norm(place, axis=0) < 22
    check = check_body_part(ball, np.diag([3.0, 3.0, 3.0, 1.0]))
    assert check.figure.value == pytest.approx(4 / 3 * np.pi * 0.66**3, rel=0.01)
    assert check.figure.unit == "L"
    assert check.verdict is Verdict.FINE
    assert check_body_part(ball, np.eye(4)).verdict is Verdict.DOUBTFUL


@pytest.mark.parametrize("sigma", [1.0, 5.0, 20.0])
def test_noise_is_measured_as_it_was_added(sigma):
    rng = np.random.default_rng(3)
    ramp = np.indices((40, 40, 40)).sum(axis=0)
    array = (ramp + rng.normal(0, sigma, ramp.shape)).astype(np.float32)
    level = noise_level(array, np.ones(ramp.shape, bool), np.ones(3))
    assert level == pytest.approx(sigma, rel=0.03)


def test_contrast_over_noise_falls_as_noise_rises(head):
    rng = np.random.default_rng(4)
    image, figures = head.study[T2], []
    for sigma in (0, 10, 40):
        noisy = image.array + rng.normal(0, sigma, image.array.shape)
        figures.append(contrast_to_noise(replace(image, array=noisy), head.brain))
    assert figures[0] > 1.2 * figures[1] > 2 * figures[2]


def test_brightness_unit_does_not_change_contrast_over_noise(head):
    image = head.study[T2]
    other = replace(image, array=image.array * 7)
    assert contrast_to_noise(other, head.brain) == pytest.approx(
        contrast_to_noise(image, head.brain), rel=1e-4
    )


def test_strong_noise_is_doubtful_and_noise_alone_not_assessable(head):
    rng = np.random.default_rng(5)
    image = head.study[T2]
    strong = image.array + rng.normal(0, 80, image.array.shape)
    alone = rng.normal(100, 20, image.array.shape)
    assert check_noise(T2, replace(image, array=strong), head.brain).verdict is Verdict.DOUBTFUL
    check = check_noise(T2, replace(image, array=alone), head.brain)
    assert check.verdict is Verdict.NOT_ASSESSABLE
    assert check.figure.value < 0.6


def test_image_of_one_gray_shows_nothing(head):
    flat = replace(head.study[T2], array=np.where(head.brain, 7, 0).astype(np.float32))
    check = check_noise(T2, flat, head.brain)
    assert check.verdict is Verdict.NOT_ASSESSABLE
    assert check.figure.value == 0


@pytest.mark.parametrize("axis", [0, 1])
def test_ghost_along_either_axis_of_the_slices_is_seen(head, axis):
    image = head.scanned[T2]
    ghost = 0.15 * np.roll(image.array, image.array.shape[axis] // 2, axis)
    assert check_ghosting(T2, image, head.brain).verdict is Verdict.FINE
    check = check_ghosting(T2, replace(image, array=image.array + ghost), head.brain)
    assert check.verdict is Verdict.DOUBTFUL


def test_ghosts_are_not_told_without_air(head):
    check = check_ghosting(T2, head.study[T2], head.brain)
    assert check.verdict is Verdict.NOT_ASSESSABLE
    assert check.figure is None


def test_brain_cut_off_at_the_top_names_the_top(head):
    affine, brain = head.study.reference.affine, head.brain.copy()
    assert check_ends(brain, affine, None)[0].verdict is Verdict.FINE
    brain[:, :, 45:] = False
    check, tumor = check_ends(brain, affine, None)
    assert check.verdict is Verdict.DOUBTFUL
    assert "at the top" in check.text
    assert check.figure.value == pytest.approx(np.count_nonzero(brain[:, :, 44]) * 2.5**2)
    assert tumor.verdict is Verdict.NOT_ASSESSABLE


def test_brain_cut_off_by_the_border_of_the_image_is_seen_whatever_the_storage(head):
    affine = head.study.reference.affine
    cut = head.brain[:57]
    turned = affine @ np.array([[-1, 0, 0, 56], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    assert "at the right" in check_ends(cut, affine, None)[0].text
    assert "at the right" in check_ends(cut[::-1], turned, None)[0].text


def test_tumor_at_the_end_of_the_scan_is_measured_there(head):
    labels = replace(head.labels, array=head.labels.array[:, :, :36])
    check = check_ends(head.brain[:, :, :36], labels.affine, labels)[1]
    assert check.verdict is Verdict.DOUBTFUL
    assert check.figure.value == pytest.approx(np.count_nonzero(labels.array[:, :, 35]) * 2.5**2)
    whole = check_ends(head.brain, head.labels.affine, head.labels)[1]
    assert whole.figure.value == 0


def test_share_of_the_brain_that_an_image_misses_is_measured_on_either_grid(head):
    image = head.study[T2]
    short = Image(image.array[:, :, :40], image.affine)
    emptied = image.array.copy()
    emptied[:, :, 40:] = 0
    missed = head.brain[:, :, 40:].sum() / head.brain.sum()
    for own in (short, replace(image, array=emptied)):
        check = check_field_of_view(T2, own, head.brain, image.affine)
        assert check.verdict is Verdict.DOUBTFUL
        assert check.figure.value == pytest.approx(missed, rel=0.02)


def test_resection_cavity_at_the_end_of_the_scan_is_no_tumor(head):
    cavity = LabelMap(np.full((84, 96, 36), 4, np.uint8), head.labels.affine)
    tumor = check_ends(head.brain[:, :, :36], cavity.affine, cavity)[1]
    assert tumor.verdict is Verdict.FINE
    assert tumor.figure.value == 0
