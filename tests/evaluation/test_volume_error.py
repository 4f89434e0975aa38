"""Volume errors worked out by hand."""

import math

import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.evaluation.volume_error import measure_volume_error

EMPTY = np.zeros((20, 20, 20), dtype=bool)


def voxels(number):
    mask = EMPTY.copy()
    mask.ravel()[:number] = True
    return mask


@pytest.mark.parametrize(
    ("reference", "prediction", "signed_ml", "relative"),
    [(1000, 1500, 1.0, 0.5), (1000, 250, -1.5, -0.75), (800, 800, 0, 0), (500, 0, -1, -1)],
)
def test_error_of_known_volumes(reference, prediction, signed_ml, relative):
    error = measure_volume_error(voxels(reference), voxels(prediction), voxel_ml=0.002)
    assert (error.reference_ml, error.prediction_ml) == (reference * 0.002, prediction * 0.002)
    assert error.signed_ml == pytest.approx(signed_ml)
    assert error.absolute_ml == pytest.approx(abs(signed_ml))
    assert error.relative == pytest.approx(relative)


def test_relative_error_of_an_empty_reference_is_undefined():
    assert math.isnan(measure_volume_error(EMPTY, voxels(10), voxel_ml=0.001).relative)
    assert math.isnan(measure_volume_error(EMPTY, EMPTY, voxel_ml=0.001).relative)
    assert measure_volume_error(EMPTY, voxels(10), voxel_ml=0.001).signed_ml == 0.01


def test_where_the_voxels_lie_does_not_matter():
    reference, prediction = np.random.default_rng(0).random((2, 9, 8, 7)) < 0.3
    expected = measure_volume_error(reference, prediction, voxel_ml=0.001)
    assert measure_volume_error(reference[::-1], prediction, voxel_ml=0.001) == expected


def test_relative_error_does_not_depend_on_the_spacing():
    first, second = (
        measure_volume_error(voxels(700), voxels(900), voxel_ml=ml) for ml in (0.001, 0.004)
    )
    assert first.relative == pytest.approx(second.relative)


def test_impossible_input_is_refused():
    with pytest.raises(GeometryError, match="give both on the same grid"):
        measure_volume_error(EMPTY, EMPTY[1:], voxel_ml=0.001)
    with pytest.raises(ValueError, match="the volume must be positive"):
        measure_volume_error(EMPTY, EMPTY, voxel_ml=0)
