"""Random fields."""

import numpy as np
import pytest

from gliokit.phantom.body.noise import smooth_field, stretch


@pytest.mark.parametrize("scale", [0.8, 3.0, 9.0])
def test_field_has_mean_zero_and_deviation_one(scale):
    field = smooth_field((30, 40, 20), scale, np.random.default_rng(0))
    assert field.shape == (30, 40, 20)
    assert field.mean() == pytest.approx(0, abs=1e-4)
    assert field.std() == pytest.approx(1, abs=1e-3)


def test_field_is_as_smooth_as_asked():
    def steepness(scale: float) -> float:
        field = smooth_field((48, 48, 48), scale, np.random.default_rng(1))
        return float(np.abs(np.diff(field, axis=0)).mean())

    assert steepness(2) > 1.7 * steepness(4) > 2.5 * steepness(8)


def test_stretching_keeps_the_corners_and_is_linear_between():
    array = np.array([[[0.0]], [[3.0]]], dtype=np.float32).repeat(2, 1).repeat(2, 2)
    assert np.allclose(stretch(array, (4, 3, 3))[:, 1, 1], [0, 1, 2, 3])
