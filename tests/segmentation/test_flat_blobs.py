"""Parts that keep to the surface of the brain go; depth is in millimeters."""

import numpy as np

from gliokit.segmentation.flat_blobs import remove_flat_blobs


def test_flat_blobs_at_the_surface_go_and_deep_parts_stay():
    grid = np.moveaxis(np.indices((60, 60, 60)), 0, -1) - 29.5
    brain = np.linalg.norm(grid, axis=-1) < 28
    classes = np.zeros(brain.shape, dtype=np.uint8)
    shell = np.linalg.norm(grid, axis=-1) > 25
    flat = brain & shell & (grid[..., 0] > 15)
    deep = np.linalg.norm(grid - np.array([-15, 0, 0]), axis=-1) < 13  # reaches the surface
    classes[flat], classes[deep & brain] = 4, 2
    remove_flat_blobs(classes, brain, np.ones(3), deepest_mm=6)
    assert not classes[flat].any()
    assert np.array_equal(classes > 0, deep & brain)


def test_thick_voxels_are_measured_in_millimeters():
    brain = np.ones((12, 12, 12), dtype=bool)
    classes = np.zeros(brain.shape, dtype=np.uint8)
    classes[4:6, 4:6, 1] = 1  # two voxels deep
    thin = classes.copy()
    remove_flat_blobs(thin, brain, np.ones(3), deepest_mm=6)
    assert not thin.any()
    remove_flat_blobs(classes, brain, np.array([4.0, 4.0, 4.0]), deepest_mm=6)
    assert np.count_nonzero(classes) == 4
