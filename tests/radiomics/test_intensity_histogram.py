"""Histograms worked out by hand, ties, empty levels, bad input."""

import math

import numpy as np
import pytest

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.radiomics.intensity_histogram import DEFINITIONS, describe_histogram
from gliokit.radiomics.intensity_statistics import describe_intensities


def levels(*counts):
    """Give levels of which there are so many voxels each."""
    return np.repeat(np.arange(1, len(counts) + 1), counts).astype(np.int32)


def test_entropy_and_uniformity_are_those_of_the_probabilities():
    described = describe_histogram(levels(4, 2, 1, 1), 4)
    assert list(described) == [each.name for each in DEFINITIONS]
    assert described["ih_entropy"] == pytest.approx(1.75)
    assert described["ih_uniformity"] == pytest.approx((16 + 4 + 1 + 1) / 64)


def test_gradients_are_central_inside_and_one_sided_at_the_ends():
    described = describe_histogram(levels(50, 0, 1, 16, 0, 7), 6)  # the IBSI phantom
    assert described["ih_max_grad"] == 8
    assert described["ih_max_grad_g"] == 3
    assert described["ih_min_grad"] == -50
    assert described["ih_min_grad_g"] == 1


def test_empty_levels_above_take_part_in_gradients():
    assert describe_histogram(levels(1, 3), 2)["ih_min_grad"] == 2
    assert describe_histogram(levels(1, 3), 3)["ih_min_grad"] == -3


def test_of_several_modes_the_nearest_to_the_mean_counts():
    assert describe_histogram(levels(5, 0, 5, 0, 0, 4), 6)["ih_mode"] == 3


def test_the_first_features_are_the_statistics_of_the_levels():
    drawn = np.random.default_rng(0).integers(1, 33, size=777).astype(np.int32)
    described, statistics = describe_histogram(drawn, 32), describe_intensities(drawn * 1.0)
    for name in ("mean", "var", "skew", "kurt", "p10", "p90", "iqr", "rmad", "medad", "qcod"):
        assert described[f"ih_{name}"] == statistics[f"stat_{name}"]


def test_one_level_has_no_entropy_and_no_gradient():
    described = describe_histogram(levels(9), 1)
    assert described["ih_entropy"] == 0
    assert math.copysign(1, described["ih_entropy"]) == 1
    assert described["ih_uniformity"] == 1
    assert math.isnan(described["ih_max_grad"])
    assert math.isnan(described["ih_min_grad_g"])


@pytest.mark.parametrize("wrong", [0, 5])
def test_levels_outside_their_number_are_refused(wrong):
    with pytest.raises(ImageError, match="needed 1 to 4"):
        describe_histogram(np.array([1, wrong, 2], dtype=np.int32), 4)


def test_no_voxels_are_refused():
    with pytest.raises(NotAssessableError):
        describe_histogram(np.empty(0, dtype=np.int32), 4)
