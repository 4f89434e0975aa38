"""Volumes against voxel counts and closed forms."""

import nibabel as nib
import numpy as np
import pytest

from gliokit.core.errors import GeometryError
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.vocabulary import Label, Region
from gliokit.measurement.volume import volume_ml, volumes_by_label, volumes_by_region

AFFINE = np.diag([1.0, 0.5, 2.0, 1.0])


def labels_at_random():
    return np.random.default_rng(0).integers(0, 5, size=(11, 12, 13)).astype(np.uint8)


def test_sphere_within_one_percent():
    radius = 20  # mm
    spacing = np.array([1.0, 0.5, 2.0])
    grid = np.moveaxis(np.indices((50, 100, 25)), 0, -1) * spacing
    sphere = np.linalg.norm(grid - grid.reshape(-1, 3).mean(0), axis=-1) <= radius
    expected = 4 / 3 * np.pi * radius**3 / 1000
    assert volume_ml(sphere, AFFINE) == pytest.approx(expected, rel=0.01)


def test_empty_mask_has_no_volume():
    assert volume_ml(np.zeros((2, 2, 2), dtype=bool), AFFINE) == 0


def test_oblique_grid_measures_the_parallelepiped():
    affine = np.array([[1, 1, 0, 9], [0, 2, 0, 9], [0, 1, 3, 9], [0, 0, 0, 1.0]])
    assert volume_ml(np.ones((10, 10, 10), dtype=bool), affine) == pytest.approx(6)


def test_flat_affine_is_refused():
    with pytest.raises(GeometryError, match="maps voxels onto no volume"):
        volume_ml(np.ones((2, 2, 2), dtype=bool), np.diag([1.0, 1.0, 0.0, 1.0]))


def test_every_label_but_the_background_is_counted_in_order():
    array = labels_at_random()
    found = volumes_by_label(LabelMap(array, AFFINE))
    assert [volume.label for volume in found] == [1, 2, 3, 4]
    for volume in found:
        assert volume.voxels == (array == volume.label).sum()
        assert volume.volume.value == pytest.approx(volume_ml(array == volume.label, AFFINE))
        assert volume.volume.unit == "mL"


def test_every_region_is_counted_in_order():
    array = labels_at_random()
    found = volumes_by_region(LabelMap(array, AFFINE))
    assert [volume.region for volume in found] == list(Region)
    for volume in found:
        mask = region_mask(array, volume.region)
        assert volume.voxels == mask.sum()
        assert volume.volume.value == pytest.approx(volume_ml(mask, AFFINE))


def test_map_without_tumor_has_zero_volumes():
    empty = LabelMap(np.zeros((4, 4, 4), dtype=np.uint8), AFFINE)
    found = [*volumes_by_label(empty), *volumes_by_region(empty)]
    assert {(volume.voxels, volume.volume.value) for volume in found} == {(0, 0)}


def test_volumes_of_real_labels_are_voxels_of_one_microliter(shared_data):
    for path in sorted((shared_data / "studies" / "labelled").glob("*/seg.nii.gz")):
        image = nib.load(path)
        older = np.asarray(image.dataobj)
        array = np.where(older == 4, Label.ENHANCING, older).astype(np.uint8)
        for found in volumes_by_label(LabelMap(array, image.affine)):
            assert found.voxels == (array == found.label).sum()
            assert found.volume.value == pytest.approx(found.voxels / 1000)
