"""Dependence: the manual's example, coarseness and distance against slow counts."""

import numpy as np
import pytest

from gliokit.core.errors import SettingsError
from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.ngldm import describe_dependence

MANUAL = np.array([[1, 2, 2, 3], [1, 2, 3, 3], [4, 2, 4, 1], [4, 1, 2, 3]], dtype=np.int32)
# voxels by level and dependence, 1 to 4
MATRIX = np.array([[2, 2, 0, 0], [0, 1, 3, 1], [1, 0, 3, 0], [1, 2, 0, 0]])


def dependence_slowly(levels, alpha, reach):
    found = []
    for voxel in zip(*np.nonzero(levels), strict=True):
        box = tuple(slice(max(v - r, 0), v + r + 1) for v, r in zip(voxel, reach, strict=True))
        others = levels[box][levels[box] > 0]
        found.append(np.count_nonzero(np.abs(others - levels[voxel]) <= alpha))
    return np.array(found)


def test_dependences_of_the_manuals_example():
    found = describe_dependence(MANUAL[:, :, None], 4, [Dimension.SLICES])
    share, dependence = MATRIX / 16, np.arange(1, 5)
    assert found["ngl_hde_2D"] == pytest.approx((share * dependence**2).sum())
    assert found["ngl_ldhge_2D"] == pytest.approx(
        (share * dependence[:, None] ** 2 / dependence**2).sum()
    )
    assert found["ngl_dcnu_2D"] == pytest.approx((MATRIX.sum(axis=0) ** 2).sum() / 16)
    assert found["ngl_dc_energy_2D"] == pytest.approx((share**2).sum())


@pytest.mark.parametrize("alpha", [0, 1, 3])
@pytest.mark.parametrize("distance", [1, 2])
def test_emphasis_is_that_of_a_slow_count(alpha, distance):
    rng = np.random.default_rng(6)
    levels = (rng.integers(1, 6, size=(6, 5, 4)) * (rng.random((6, 5, 4)) < 0.8)).astype(np.int32)
    found = describe_dependence(levels, 5, list(Dimension), alpha=alpha, distance=distance)
    volume = dependence_slowly(levels, alpha, (distance,) * 3)
    merged = dependence_slowly(levels, alpha, (distance, distance, 0))
    assert found["ngl_hde_3D"] == pytest.approx(np.mean(volume**2))
    assert found["ngl_hde_2_5D"] == pytest.approx(np.mean(merged**2))


def test_every_voxel_counts():
    levels = np.random.default_rng(7).integers(0, 4, size=(5, 5, 5)).astype(np.int32)
    found = describe_dependence(levels, 3, list(Dimension))
    assert [found[f"ngl_dc_perc_{dimension}"] for dimension in Dimension] == [1, 1, 1]


def test_inner_voxel_of_a_flat_cube_depends_on_26_neighbors_and_itself():
    found = describe_dependence(np.ones((3, 3, 3), dtype=np.int32), 1, [Dimension.VOLUME])
    dependences = np.repeat([8, 12, 18, 27], [8, 12, 6, 1])  # corners, edges, sides, middle
    assert found["ngl_hde_3D"] == pytest.approx(np.mean(dependences**2))


def test_negative_alpha_is_refused():
    with pytest.raises(SettingsError, match="alpha is -1 levels; needed 0 or more"):
        describe_dependence(MANUAL[:, :, None], 4, [Dimension.SLICES], alpha=-1)
