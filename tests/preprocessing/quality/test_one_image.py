"""What is told of one image: slices, field of view, noise, ghosts, ends of the brain."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.findings import Verdict
from gliokit.core.image import Image, LabelMap
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.body_part import check_body_part
from gliokit.preprocessing.quality.coverage import check_ends, check_field_of_view
from gliokit.preprocessing.quality.ghosting import check_ghosting, ghosts_of
from gliokit.preprocessing.quality.noise import check_noise, contrast_to_noise, noise_level
from gliokit.preprocessing.quality.slices import check_slices

T2 = MRSequence.T2
MIDDLE, RADII = (42, 48, 30), (26, 32, 26)  # of the head


def emptied(head, *, near):
    """Set the air to zero, but for what lies near the head."""
    place = np.moveaxis(np.indices(head.brain.shape), 0, -1)
    around = np.linalg.norm((place - MIDDLE) / RADII, axis=-1) < near
    image = head.scanned[T2]
    return replace(image, array=np.where(around, image.array, np.float32(0)))


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


@pytest.mark.parametrize("sigma", [2.0, 10.0])
def test_ghost_is_measured_as_it_was_planted_whatever_the_noise(head, sigma):
    rng = np.random.default_rng(6)
    noise = rng.normal(0, sigma, (2, *head.brain.shape))
    signal = np.zeros(head.brain.shape)
    signal[:, 16:80] = 12.0  # rows of the head
    signal[head.brain] = 100.0
    image = replace(head.scanned[T2], array=np.hypot(signal + noise[0], noise[1]))
    figure = check_ghosting(T2, image, head.brain).figure.value
    assert figure == pytest.approx(0.12, rel=0.1)
    assert ghosts_of(image) == pytest.approx(figure, rel=0.15)


def test_ghosts_are_not_told_without_air(head):
    for image in (head.study[T2], emptied(head, near=1.2)):
        check = check_ghosting(T2, image, head.brain)
        assert check.verdict is Verdict.NOT_ASSESSABLE
        assert "Motion is not judged: the air around the head was set to one value" in check.text
        assert check.figure is None
        assert np.isnan(ghosts_of(image))


def test_padding_around_the_air_is_not_taken_for_air(head):
    image = head.scanned[T2]
    padded = np.zeros_like(image.array)
    padded[2:-2] = image.array[2:-2]
    check = check_ghosting(T2, replace(image, array=padded), head.brain)
    assert check.verdict is Verdict.FINE
    assert check.figure.value < 0.01


def test_a_field_of_view_without_air_is_said(head):
    image = head.scanned[T2]
    tight = Image(image.array[12:-12], image.affine)
    check = check_ghosting(T2, tight, head.brain[12:-12])
    assert check.verdict is Verdict.NOT_ASSESSABLE
    assert "too little air" in check.text


def test_a_bright_narrow_ghost_is_not_taken_for_a_part_of_the_head(head):
    array = head.scanned[T2].array.copy()
    array[:, 46:50] = 120.0
    assert np.isfinite(ghosts_of(replace(head.scanned[T2], array=array)))


def test_what_shows_no_head_has_no_ghosts():
    assert np.isnan(ghosts_of(Image(np.zeros((20, 20, 20), np.float32), np.eye(4))))


@pytest.mark.parametrize(("slices", "step_mm"), [(8, 0.44), (12, 0.3)])
def test_what_is_thinner_than_a_block_has_no_ghosts(slices, step_mm):
    stack = np.ones((64, 64, slices), np.float32)
    assert np.isnan(ghosts_of(Image(stack, np.diag([3.0, 3.0, step_mm, 1.0]))))


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
