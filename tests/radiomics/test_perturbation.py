"""Changes of a known size, on a region whose place and shape are known."""

import numpy as np
import pytest
from scipy import ndimage

from gliokit.radiomics.perturbation import Perturbation, Strengths, draw_perturbation, perturb

SPACING = np.array([1.0, 1.0, 3.0])
STILL = Perturbation(0, (0, 0, 0), 0, 5, 0, seed=1)


def bar():
    """Give a smooth image and a bar along the first axis."""
    rng = np.random.default_rng(0)
    image = ndimage.gaussian_filter(rng.standard_normal((40, 40, 12)), 2).astype(np.float32)
    mask = np.zeros(image.shape, dtype=bool)
    mask[8:32, 17:23, 4:8] = True
    return image, mask


def test_no_change_gives_the_same_image_and_region():
    image, mask = bar()
    same, inside = perturb(image, mask, SPACING, STILL, noise_sd=5.0)
    np.testing.assert_array_equal(same, image)
    np.testing.assert_array_equal(inside, mask)


def test_a_shift_by_one_voxel_moves_image_and_region_together():
    image, mask = bar()
    change = Perturbation(0, (1, 0, 0), 0, 5, 0, seed=1)
    moved, inside = perturb(image, mask, SPACING, change, noise_sd=5.0)
    np.testing.assert_array_equal(inside[:-1], mask[1:])
    np.testing.assert_allclose(moved[2:-3], image[3:-2], atol=1e-6)


def test_a_quarter_turn_lays_the_bar_along_the_other_axis():
    image, mask = bar()
    change = Perturbation(90, (0, 0, 0), 0, 5, 0, seed=1)
    _, inside = perturb(image, mask, SPACING, change, noise_sd=5.0)
    extents = [np.ptp(np.nonzero(inside)[axis]) + 1 for axis in range(3)]
    assert extents == [6, 24, 4]


def test_a_turn_is_one_of_millimeters_not_of_voxels():
    image, mask = bar()
    _, inside = perturb(
        image,
        mask,
        np.array([1.0, 2.0, 3.0]),
        Perturbation(90, (0, 0, 0), 0, 5, 0, seed=1),
        noise_sd=5.0,
    )
    extents = [np.ptp(np.nonzero(inside)[axis]) + 1 for axis in range(3)]
    assert extents == [12, 12, 4]  # 24 × 12 mm before, 12 × 24 mm after


def test_the_noise_that_is_added_is_that_of_the_image():
    rng = np.random.default_rng(1)
    image = (100 + 5 * rng.standard_normal((60, 60, 12))).astype(np.float32)
    mask = np.ones(image.shape, dtype=bool)
    noisy, _ = perturb(
        image, mask, SPACING, Perturbation(0, (0, 0, 0), 0, 5, 2.0, seed=3), noise_sd=5.0
    )
    assert (noisy - image).std() == pytest.approx(2 * 5, rel=0.03)


def test_the_boundary_moves_about_as_far_as_asked():
    grid = np.indices((64, 64, 64)) - 31.5
    radius = np.sqrt((grid**2).sum(axis=0))
    mask = radius <= 20
    change = Perturbation(0, (0, 0, 0), 1.0, 8, 0, seed=4)
    _, inside = perturb(radius.astype(np.float32), mask, np.ones(3), change, noise_sd=5.0)
    assert inside[radius <= 16].all()
    assert not inside[radius >= 24].any()
    area = 4 * np.pi * 20**2
    # a normal step of 1 mm moves the boundary by sqrt(2 / pi) mm on average
    assert (inside ^ mask).sum() == pytest.approx(area * np.sqrt(2 / np.pi), rel=0.35)


def test_one_change_gives_the_same_result_twice():
    image, mask = bar()
    change = draw_perturbation(Strengths(), np.random.default_rng(7))
    first, second = (perturb(image, mask, SPACING, change, noise_sd=5.0) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_draws_stay_within_their_strengths():
    rng = np.random.default_rng(0)
    draws = [
        draw_perturbation(Strengths(rotation_degrees=5, shift_voxels=0.5), rng) for _ in range(99)
    ]
    assert all(abs(draw.rotation_degrees) <= 5 for draw in draws)
    assert all(0 <= shift <= 0.5 for draw in draws for shift in draw.shift_voxels)
    assert len({draw.seed for draw in draws}) == 99


def test_a_shift_longer_than_a_voxel_is_refused():
    with pytest.raises(ValueError, match="shift_voxels must be in 0–1, got 2"):
        draw_perturbation(Strengths(shift_voxels=2), np.random.default_rng(0))


def test_an_image_of_one_slice_stays_in_its_slice():
    image, mask = bar()
    change = Perturbation(10, (0.5, 0.5, 0.5), 0.3, 5, 1, seed=2)
    moved, inside = perturb(image[:, :, 5:6], mask[:, :, 5:6], SPACING, change, noise_sd=5.0)
    assert moved.shape == inside.shape == (40, 40, 1)
    assert inside.sum() == pytest.approx(mask[:, :, 5].sum(), rel=0.3)
