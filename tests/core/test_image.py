"""Images, label maps and their regions."""

import numpy as np
import pytest

from gliokit.core.image import Image, LabelMap, region_mask
from gliokit.core.vocabulary import Label, Region


def test_image_and_label_map_give_their_grid():
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    for volume in (
        Image(np.zeros((2, 3, 4), np.float32), affine),
        LabelMap(np.zeros((2, 3, 4), np.uint8), affine),
    ):
        assert volume.grid.shape == (2, 3, 4)
        assert volume.grid.affine is affine


@pytest.mark.parametrize(
    ("region", "labels"),
    [
        (Region.WHOLE_TUMOR, {1, 2, 3}),
        (Region.TUMOR_CORE, {1, 3}),
        (Region.ENHANCING_TUMOR, {3}),
        (Region.RESECTION_CAVITY, {4}),
    ],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_regions_hold_their_labels(region, labels, dtype):
    every = np.array([list(Label)], dtype)
    mask = region_mask(every, region)
    assert mask.shape == every.shape
    assert set(every[mask]) == labels


def test_printing_an_image_does_not_print_its_voxels():
    image = Image(np.full((2, 3, 4), 7, np.float32), np.eye(4))
    assert "7" not in repr(image)
