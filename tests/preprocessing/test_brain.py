"""What is taken for a brain, and what is refused."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.preprocessing.brain import background_value, check_brain, stripped_brain


def ball(shape: tuple[int, int, int], radius: float) -> np.ndarray:
    grid = np.moveaxis(np.indices(shape), 0, -1) - (np.array(shape) - 1) / 2
    return np.linalg.norm(grid, axis=-1) <= radius


BRAIN = ball((80, 80, 80), 33)  # at 2 mm: 1.2 L


def test_brain_is_what_differs_from_the_background():
    image = np.where(BRAIN, 100, 0).astype(np.float32)
    assert np.array_equal(stripped_brain([image]), BRAIN)


def test_background_need_not_be_zero():
    image = np.where(BRAIN, 100, -3).astype(np.float32)
    assert background_value(image) == -3
    assert np.array_equal(stripped_brain([image]), BRAIN)


def test_specks_outside_the_brain_are_left_out():
    image = np.where(BRAIN, 100, 0).astype(np.float32)
    image[1, 1, 1] = 50
    assert np.array_equal(stripped_brain([image]), BRAIN)


def test_a_voxel_that_is_dark_in_one_sequence_belongs_to_the_brain():
    image = np.where(BRAIN, 100, 0).astype(np.float32)
    dark = image.copy()
    dark[40, 40, 40] = 0
    assert np.array_equal(stripped_brain([dark, image]), BRAIN)


def test_an_adult_brain_is_let_through():
    check_brain(BRAIN, np.diag([2.0, 2.0, 2.0, 1.0]), study_id="P-1")


def test_an_image_that_is_full_is_refused_as_no_stripped_brain():
    with pytest.raises(
        NotAssessableError, match=r"study P-1 shows tissue in 100% of the image.* strip it first"
    ):
        check_brain(np.ones((80, 80, 80), bool), np.diag([2.0, 2, 2, 1]), study_id="P-1")


def test_a_fragment_is_refused():
    with pytest.raises(NotAssessableError, match="too little brain"):
        check_brain(ball((80, 80, 80), 15), np.diag([2.0, 2.0, 2.0, 1.0]), study_id="P-1")


def test_a_header_with_false_spacing_is_refused():
    flat = np.diag([4.0, 4.0, 0.5, 1.0])
    with pytest.raises(NotAssessableError, match=r"264 × 264 × 33 mm.*check the spacing"):
        check_brain(BRAIN, flat, study_id="P-1")


def test_a_hole_that_the_background_value_leaves_is_filled():
    image = np.where(BRAIN, 100, 0).astype(np.float32)
    image[35:45, 35:45, 35:45] = 0
    assert np.array_equal(stripped_brain([image]), BRAIN)


def test_a_volume_without_background_is_refused():
    noise = np.ones((75, 75, 75), dtype=bool)
    with pytest.raises(NotAssessableError, match="tissue in 100% of the image"):
        check_brain(noise, np.diag([1.7, 1.7, 1.7, 1.0]), study_id="P-1")
