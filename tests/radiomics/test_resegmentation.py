"""Ranges and outliers on values that can be counted."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.radiomics.resegmentation import resegment


def line(*values):
    return np.array(values, dtype=float).reshape(-1, 1, 1)


def kept(image, mask=None, **choices):
    mask = np.ones(image.shape, dtype=bool) if mask is None else mask
    return image[resegment(image, mask, **choices)].tolist()


def test_bounds_belong_to_the_range():
    assert kept(line(1, 2, 3, 4, 5), lower=2, upper=4) == [2, 3, 4]


def test_one_bound_is_enough():
    assert kept(line(1, 2, 3), lower=2) == [2, 3]
    assert kept(line(1, 2, 3), upper=2) == [1, 2]


def test_without_a_choice_all_is_kept():
    assert kept(line(1, 2, 3)) == [1, 2, 3]


def test_voxels_beyond_the_deviations_are_outliers():
    # mean 1, deviation 3
    image = line(*[0] * 9, 10)
    assert kept(image, outlier_sd=2.9) == [0] * 9
    assert kept(image, outlier_sd=3.0) == [0] * 9 + [10]


def test_deviation_is_that_of_the_region_before_the_range():
    # of all: mean 1, deviation 3; of those up to 5: mean 0, deviation 0
    assert kept(line(*[0] * 9, 10), upper=5, outlier_sd=0.5) == [0] * 9


def test_voxels_outside_the_mask_do_not_count():
    image = line(1, 2, 1000)
    mask = line(1, 1, 0) == 1
    assert kept(image, mask, outlier_sd=1.0) == [1, 2]


def test_a_range_that_leaves_nothing_is_refused():
    with pytest.raises(NotAssessableError, match="none of 3 voxels, whose intensities are 1 to 3"):
        kept(line(1, 2, 3), lower=10, upper=20)
