"""Answers on a coarse grid."""

import numpy as np
import pytest

from gliokit.segmentation.coarse_grid import between_nodes, nodes_in, voxels_of

SHAPE = (11, 14, 9)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_a_plane_is_restored_between_the_outer_nodes(stride):
    nodes = nodes_in(np.ones(SHAPE, dtype=bool), stride)
    voxels = voxels_of(nodes, stride)
    slopes = np.array([[1.0, -2.0], [0.5, 0.1], [-1.5, 3.0]])
    values = (voxels @ slopes + 7).astype(np.float32)
    restored = between_nodes(values, nodes, SHAPE, stride=stride)
    inner = tuple(slice(a, b + 1) for a, b in zip(voxels.min(0), voxels.max(0), strict=True))
    wanted = np.moveaxis(np.moveaxis(np.indices(SHAPE), 0, -1) @ slopes + 7, -1, 0)
    assert restored.shape == (2, *SHAPE)
    np.testing.assert_allclose(
        restored[(slice(None), *inner)], wanted[(slice(None), *inner)], atol=1e-4
    )


def test_nodes_keep_their_values():
    brain = np.random.default_rng(0).random(SHAPE) < 0.5
    nodes = nodes_in(brain, 2)
    values = np.random.default_rng(1).random((len(nodes), 3)).astype(np.float32)
    restored = between_nodes(values, nodes, SHAPE, stride=2)
    np.testing.assert_allclose(restored[(slice(None), *voxels_of(nodes, 2).T)].T, values, atol=1e-6)


def test_only_nodes_in_the_brain_are_found():
    brain = np.zeros(SHAPE, dtype=bool)
    brain[4:8, 3:9, 2:5] = True
    voxels = voxels_of(nodes_in(brain, 3), 3)
    assert len(voxels) == 2 * 2 * 1  # x in 4, 7; y in 4, 7; z in 4
    assert brain[tuple(voxels.T)].all()
    assert (voxels % 3 == 1).all()


def test_missing_nodes_take_over_the_nearest():
    nodes = np.array([[0, 0, 0], [3, 4, 2]])
    restored = between_nodes(np.array([[1.0], [5.0]], np.float32), nodes, SHAPE, stride=3)
    assert restored[0, 0, 0, 0] == 1
    assert restored[0, -1, -1, -1] == 5
    assert restored.min() == 1
    assert restored.max() == 5
