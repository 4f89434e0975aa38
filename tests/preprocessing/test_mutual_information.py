"""Mutual information is what it should be, and so is its derivative."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gliokit.preprocessing.affine_motion import Motion
from gliokit.preprocessing.mutual_information import (
    BINS,
    BORDER,
    Samples,
    Target,
    agreement,
    interpolate,
    joint_histogram,
    pointwise_information,
    shared_information,
)


@pytest.fixture(scope="module")
def smooth():
    """Give a smooth image in bins, and points in its middle with its own values."""
    rng = np.random.default_rng(0)
    array = gaussian_filter(rng.random((40, 48, 36)), 3).astype(np.float32)
    array = (array - array.min()) / np.ptp(array) * (BINS - 1 - 2 * BORDER) + BORDER
    to_voxel = np.diag([0.5, 0.5, 0.5, 1.0])
    to_voxel[:3, 3] = [20, 24, 18]
    target = Target(array.astype(np.float32), to_voxel)
    points = rng.uniform(-20, 20, (6000, 3)).astype(np.float32)
    samples = Samples(points, np.zeros(3), np.zeros(len(points), dtype=np.intp))
    _, levels, _ = interpolate(samples, target, np.eye(3), np.zeros(3))
    return Samples(points, np.zeros(3), (BINS - 1 - levels).astype(np.intp)), target


def test_a_linear_image_is_interpolated_exactly_with_its_slopes():
    grid = np.indices((6, 7, 8)).astype(np.float32)
    target = Target(2 * grid[0] - grid[1] + 3 * grid[2], np.eye(4))
    points = np.array([[1.25, 2.5, 3.75], [0, 0, 0], [4.9, 5.9, 6.9], [5.5, 1, 1]], np.float32)
    samples = Samples(points, np.zeros(3), np.zeros(4, dtype=np.intp))
    inside, levels, slopes = interpolate(samples, target, np.eye(3), np.zeros(3))
    assert inside.tolist() == [0, 1, 2]
    np.testing.assert_allclose(levels, points[:3] @ [2, -1, 3], rtol=1e-5)
    np.testing.assert_allclose(slopes, np.tile([[2], [-1], [3]], 3), rtol=1e-4)


def test_independent_intensities_share_no_information_and_equal_ones_share_all():
    rng = np.random.default_rng(1)
    bins = rng.integers(4, 28, 200_000)
    independent, _, _ = joint_histogram(bins, rng.uniform(4, 28, len(bins)).astype(np.float32))
    assert (independent * pointwise_information(independent)).sum() < 0.005
    # four values, far enough apart that the spline mixes none of them
    few = 4 + 8 * rng.integers(0, 3, 50_000)
    equal, _, _ = joint_histogram(few, few.astype(np.float32))
    assert (equal * pointwise_information(equal)).sum() == pytest.approx(np.log(3), abs=1e-3)


def test_information_falls_as_the_images_part(smooth):
    samples, target = smooth
    told = [
        agreement(samples, target, np.eye(3), np.array([shift, 0.0, 0.0])).information
        for shift in (0, 1, 2, 4, 8)
    ]
    assert told == sorted(told, reverse=True)


@pytest.mark.parametrize("shift", [0.0, 3.3, 200.0])
def test_information_without_its_derivative_is_the_same_number(smooth, shift):
    samples, target = smooth
    place = np.eye(3), np.array([shift, -1.7, 0.4])
    assert (
        shared_information(samples, target, *place)
        == agreement(samples, target, *place).information
    )


def test_the_derivative_by_all_numbers_is_that_of_small_steps(smooth):
    samples, target = smooth
    start = Motion(np.zeros(3), np.array([0.6, -0.4, 0.5, 2, -3, 1.5, 1, -2, 0.5, 1, 0.5, -1]))

    def told(motion):
        return agreement(samples, target, motion.matrix, motion.landing_mm)

    there = told(start)
    slope = start.slope(there.by_matrix, there.by_shift)
    for number, step in enumerate(np.eye(12) * 0.02):
        above, below = (
            told(Motion(start.center_mm, start.numbers + sign * step)).information
            for sign in (1, -1)
        )
        assert slope[number] == pytest.approx((above - below) / 0.04, rel=0.05, abs=5e-4)


def test_too_few_points_inside_tell_nothing(smooth):
    samples, target = smooth
    there = agreement(samples, target, np.eye(3), np.array([500.0, 0, 0]))
    assert there.information == 0
    assert there.inside == 0
