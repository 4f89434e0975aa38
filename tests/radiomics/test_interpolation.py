"""Places, splines and masks against scipy, closed forms and invariances."""

import numpy as np
import pytest
from scipy import ndimage

from gliokit.radiomics.interpolation import (
    center_aligned_places,
    interpolate,
    interpolate_mask,
    places_near,
)


def places_for(shape, from_mm, to_mm):
    return [center_aligned_places(*axis) for axis in zip(shape, from_mm, to_mm, strict=True)]


@pytest.mark.parametrize(
    ("n", "from_mm", "to_mm", "expected"),
    [
        (204, 0.977, 2.0, 100),
        (201, 0.977, 2.0, 99),
        (60, 3.0, 2.0, 90),
        (10, 0.1, 0.2, 5),
        (7, 0.3, 0.7, 3),  # 3.0000000000000004 by floating point
        (1, 1.0, 5.0, 1),
    ],
)
def test_new_voxels_cover_the_old_extent(n, from_mm, to_mm, expected):
    assert center_aligned_places(n, from_mm, to_mm).size == expected


def test_both_grids_have_their_middle_in_one_place():
    assert center_aligned_places(11, 0.9, 2.3).mean() == pytest.approx(5)


def test_new_voxels_lie_at_the_new_spacing():
    assert np.diff(center_aligned_places(11, 0.9, 2.3)) * 0.9 == pytest.approx(2.3)


def test_the_same_spacing_leaves_the_grid():
    np.testing.assert_array_equal(center_aligned_places(9, 1.0, 1.00001), np.arange(9))


@pytest.mark.parametrize("order", [0, 1, 3, 5])
def test_axis_by_axis_equals_the_spline_in_three_dimensions(order):
    image = np.random.default_rng(0).normal(size=(13, 11, 9))
    places = places_for(image.shape, (1.0, 0.8, 3.0), (1.7, 0.8, 1.1))
    expected = ndimage.map_coordinates(
        image, np.meshgrid(*places, indexing="ij"), order=order, mode="nearest"
    )
    np.testing.assert_allclose(interpolate(image, places, order=order), expected, atol=1e-12)


@pytest.mark.parametrize("order", [1, 3])
def test_a_part_of_the_places_gives_that_part_of_the_image(order):
    image = np.random.default_rng(0).normal(size=(90, 20, 20))
    places = places_for(image.shape, (1, 1, 1), (0.7, 1.3, 1.0))
    part = [places[0][50:60], places[1][3:7], places[2][4:9]]
    np.testing.assert_allclose(
        interpolate(image, part, order=order),
        interpolate(image, places, order=order)[50:60, 3:7, 4:9],
        atol=1e-11,
    )


def test_linear_interpolation_keeps_a_slope():
    image = np.broadcast_to(np.arange(12.0)[:, None, None], (12, 6, 6))
    places = places_for(image.shape, (1, 1, 1), (0.75, 1, 1))
    inside = (places[0] >= 0) & (places[0] <= 11)
    values = interpolate(image, places, order=1)[inside, 2, 2]
    np.testing.assert_allclose(values, places[0][inside])


def test_the_same_grid_gives_the_same_values():
    image = np.random.default_rng(0).normal(size=(5, 6, 7))
    places = [np.arange(n, dtype=float) for n in image.shape]
    np.testing.assert_array_equal(interpolate(image, places, order=3), image)


def test_flipped_images_give_flipped_results():
    image = np.random.default_rng(0).normal(size=(12, 10, 8))
    places = places_for(image.shape, (1, 1, 2), (1.3, 0.7, 1))
    whole = interpolate(image, places, order=3)
    flipped = interpolate(image[::-1, :, ::-1], places, order=3)
    np.testing.assert_allclose(flipped[::-1, :, ::-1], whole, atol=1e-12)


def test_one_slice_may_become_several():
    image = np.full((6, 6, 1), 4.0)
    places = places_for(image.shape, (1, 1, 5), (1, 1, 1))
    np.testing.assert_allclose(interpolate(image, places, order=3), np.full((6, 6, 5), 4.0))


def test_half_a_voxel_of_mask_belongs_to_it():
    mask = np.zeros((8, 1, 1), dtype=bool)
    mask[2:6] = True
    places = [np.array([1.25, 1.5, 5.5, 5.75]), np.zeros(1), np.zeros(1)]
    assert interpolate_mask(mask, places).ravel().tolist() == [False, True, True, False]


def test_a_higher_threshold_gives_a_smaller_mask():
    mask = ndimage.generate_binary_structure(3, 1)
    places = places_for(mask.shape, (1, 1, 1), (0.4, 0.4, 0.4))
    counts = [np.count_nonzero(interpolate_mask(mask, places, threshold=t)) for t in (0.3, 0.5, 1)]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) == 3


def test_places_near_a_box_hold_all_that_its_mask_reaches():
    mask = np.zeros((20, 20, 20), dtype=bool)
    mask[5:9, 6, 11:15] = True
    places = places_for(mask.shape, (1, 1, 1), (0.6, 1.0, 1.4))
    near = places_near(places, (slice(5, 9), slice(6, 7), slice(11, 15)), np.zeros(3))
    whole, part = (interpolate_mask(mask, some, threshold=0.01) for some in (places, near))
    assert np.count_nonzero(part) == np.count_nonzero(whole)
    assert part.size < whole.size / 8


def test_new_voxels_that_fall_on_every_second_old_one_are_these():
    image = np.random.default_rng(5).normal(size=(5, 7, 9))
    places = [center_aligned_places(n, 1.0, 2.0) for n in image.shape]
    assert [len(axis) for axis in places] == [3, 4, 5]
    np.testing.assert_array_equal(interpolate(image, places, order=3), image[::2, ::2, ::2])
