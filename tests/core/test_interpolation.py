"""Linear interpolation along the axes of a grid."""

import numpy as np
import pytest

from gliokit.core.interpolation import at_places


def test_a_linear_function_is_met_exactly_in_every_channel():
    x, y, z = np.indices((5, 6, 7), dtype=np.float32)
    array = np.stack([2 * x - y + 3 * z, x + y + z])
    places = [np.array([0.25, 3.5]), np.array([4.75]), np.array([0.0, 1.5, 6.0])]
    found = at_places(array, places)
    px, py, pz = np.meshgrid(*places, indexing="ij")
    assert found.shape == (2, 2, 1, 3)
    assert found[0] == pytest.approx(2 * px - py + 3 * pz)
    assert found[1] == pytest.approx(px + py + pz)


def test_beyond_the_last_voxel_its_value_is_kept():
    line = np.array([1.0, 4.0, 9.0], dtype=np.float32)
    assert at_places(line, [np.array([-2.0, 0.5, 7.0])]).tolist() == [1.0, 2.5, 9.0]
