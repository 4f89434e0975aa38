"""Whole patients."""

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.core.geometry import Grid
from gliokit.core.image import Image
from gliokit.core.study import shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.io.nifti import write_image
from gliokit.phantom.body.anatomy import find_anatomies, mni_anatomy, read_anatomy
from gliokit.phantom.body.individual import TINY
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.study import simulate_study


def test_the_same_seed_gives_the_same_bytes(small_brain):
    one, two = (simulate_study(3, anatomy=small_brain) for _ in range(2))
    assert np.array_equal(one.labels.array, two.labels.array)
    for sequence in MRSequence:
        assert np.array_equal(one.study[sequence].array, two.study[sequence].array)


def test_images_and_truth_share_one_grid(small_brain):
    simulated = simulate_study(4, anatomy=small_brain)
    assert shared_grid(simulated.study).difference(simulated.labels.grid) is None
    assert simulated.study.missing == []


def test_a_healthy_brain_has_no_label(small_brain):
    simulated = simulate_study(5, anatomy=small_brain, healthy=True)
    assert simulated.tumor is None
    assert not simulated.labels.array.any()


def test_the_brain_that_nilearn_ships_has_every_part():
    anatomy = mni_anatomy()
    liters = np.bincount(anatomy.tissues.ravel(), minlength=len(Tissue)) / 1e6
    assert 1.2 < liters[1:].sum() < 2.2
    assert liters[Tissue.WHITE_MATTER] > 0.3
    for part in (Tissue.VENTRICLE, Tissue.DEEP_GRAY, Tissue.CEREBELLAR_CORTEX, Tissue.BRAINSTEM):
        assert liters[part] > 0.005, part


def test_a_map_without_white_matter_is_refused(tmp_path):
    path = tmp_path / "labels.nii.gz"
    array = np.zeros((8, 8, 8), dtype=np.float32)
    array[2:6] = 24
    write_image(path, Image(array, np.eye(4)))
    with pytest.raises(SimulationError, match="0 voxels of left and 0 of right"):
        read_anatomy(path)


def test_a_map_with_a_scrap_of_brain_is_refused(tmp_path):
    path = tmp_path / "labels.nii.gz"
    array = np.zeros((30, 30, 30), dtype=np.float32)
    array[5:25, 5:25, 5:25] = 2
    array[15:25, 5:25, 5:25] = 41
    write_image(path, Image(array, np.eye(4)))
    with pytest.raises(SimulationError, match="holds 8 mL of brain; needed at least 400"):
        read_anatomy(path)


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_label_maps_is_refused(tmp_path, made):
    folder = tmp_path / "maps"
    if made:
        folder.mkdir()
    with pytest.raises(SimulationError, match="holds no label map" if made else "no such folder"):
        find_anatomies(folder)


def test_a_tiny_study_has_64_voxels_a_side_and_a_whole_brain():
    simulated = simulate_study(6, voxels=TINY)
    assert simulated.study.reference.array.shape == (64, 64, 64)
    brain = simulated.study.reference.array > 0
    assert 1.0 < brain.sum() * 3.5**3 / 1e6 < 2.4
    for axis in range(3):
        assert not brain.take((0, 63), axis=axis).any()


def test_real_label_maps_become_brains_of_plausible_size(shared_data):
    anatomy = read_anatomy(shared_data / "anatomy" / "training_seg_04.nii.gz")
    x, y, z = anatomy.tissues.shape
    assert Grid((x, y, z), anatomy.affine).difference(Grid((x, y, z), anatomy.affine)) is None
    assert 1.1 < np.count_nonzero(anatomy.tissues) / 1e6 < 2.0
