"""Maps of a row: on the grid of the images, blood volume relative to the other side."""

import numpy as np
import pytest

from gliokit.analysis.feature_maps import RCBV, read_maps
from gliokit.core.cohort import Row
from gliokit.core.geometry import Grid
from gliokit.core.image import Image
from gliokit.features.study_features import describe_study
from gliokit.features.study_settings import study_settings
from gliokit.io.nifti import write_frames, write_image
from gliokit.radiomics.location import Anatomy

AFFINE = np.diag([4.0, 4.0, 4.0, 1.0])
GRID = Grid((24, 24, 12), AFFINE)
TR_S, TE_S = 1.5, 0.030
BRAIN = np.zeros(GRID.shape, dtype=bool)
BRAIN[3:21, 3:21, 2:10] = True
TUMOR = np.zeros(GRID.shape, dtype=bool)
TUMOR[5:9, 8:14, 4:8] = True
WHITE = np.zeros(GRID.shape, dtype=bool)
WHITE[14:18, 8:14, 4:8] = True


def row(**cells):
    return Row(2, "p", "s", {name: str(path) for name, path in cells.items()})


def read(own, white=WHITE):
    return read_maps(own, GRID, brain=BRAIN, tumor=TUMOR, white=white)


@pytest.fixture
def dsc(tmp_path):
    """Write a series of thick slices, in which the tumor has three times the blood."""
    volume = np.where(TUMOR, 3.0, 1.0) * BRAIN
    times = np.arange(60) * TR_S - 20
    bolus = np.where(times > 0, (times / 6).clip(0) ** 2 * np.exp(2 - times / 3), 0)
    signal = 900 * BRAIN[..., None] * np.exp(-TE_S * 8 * volume[..., None] * bolus)
    thick = signal.reshape(24, 24, 6, 2, 60).mean(axis=3).astype(np.float32)
    affine = np.diag([4.0, 4.0, 8.0, 1.0])
    affine[2, 3] = 2.0
    write_frames(tmp_path / "dsc.nii.gz", thick, affine, step_s=TR_S)
    return tmp_path / "dsc.nii.gz"


def test_blood_volume_is_relative_to_the_other_side(dsc):
    maps, reasons = read(row(dsc=dsc))
    assert not reasons
    rcbv = maps[RCBV].array
    assert rcbv.shape == GRID.shape
    inner = TUMOR & (np.arange(12) > 4) & (np.arange(12) < 7)  # away from thick borders
    assert np.median(rcbv[inner]) == pytest.approx(3, rel=0.02)
    assert np.median(rcbv[WHITE]) == pytest.approx(1, rel=0.02)


def test_without_white_matter_there_is_no_blood_volume_but_a_reason(dsc):
    maps, reasons = read(row(dsc=dsc), white=None)
    assert not maps
    assert "white matter of the other side, which was not found" in reasons[RCBV]


def test_a_series_that_is_one_volume_is_left_out_with_the_reason(tmp_path):
    image = Image(np.random.default_rng(0).random(GRID.shape).astype(np.float32), AFFINE)
    write_image(tmp_path / "dsc.nii.gz", image)
    _, reasons = read(row(dsc=tmp_path / "dsc.nii.gz"))
    assert "a 3-D image of 24×24×12 voxels; needed a series of volumes" in reasons[RCBV]


def test_a_map_keeps_its_values_on_the_same_grid(tmp_path):
    adc = np.random.default_rng(0).normal(900, 100, GRID.shape).astype(np.float32)
    write_image(tmp_path / "adc.nii.gz", Image(adc, AFFINE))
    maps, _ = read(row(adc=tmp_path / "adc.nii.gz"))
    np.testing.assert_array_equal(maps["adc"].array, adc)


def test_a_map_on_another_grid_is_carried(tmp_path):
    fine = np.diag([2.0, 2.0, 2.0, 1.0])
    fine[:3, 3] = -1
    values = np.broadcast_to(np.arange(48, dtype=np.float32)[:, None, None], (48, 48, 24)) + 5
    write_image(tmp_path / "adc.nii.gz", Image(values, fine))
    maps, _ = read(row(adc=tmp_path / "adc.nii.gz"))
    carried = maps["adc"].array
    # a voxel of 4 mm at 4 i mm is the place 2 i + 0.5 of the fine grid
    np.testing.assert_allclose(carried[2:-2, 6, 6], 2 * np.arange(2, 22) + 5.5, atol=0.01)


def test_a_map_that_is_not_there_is_said(tmp_path):
    _, reasons = read(row(adc=tmp_path / "gone.nii.gz"))
    assert "cannot be read" in reasons["adc"]


def test_maps_are_described_in_their_own_unit(textured_study, textured_labels):
    array = np.full(textured_labels.array.shape, 800, dtype=np.float32)
    array += np.random.default_rng(0).normal(0, 30, array.shape).astype(np.float32)
    maps = {"adc": Image(array, textured_labels.affine), RCBV: Image(array / 400, AFFINE)}
    settings = study_settings({"radiomics": {"interpolation": {"spacing_mm": []}}})
    anatomy = Anatomy(textured_labels.affine, textured_study.reference.array > 0)
    found = describe_study(
        textured_study, textured_labels, settings=settings, anatomy=anatomy, maps=maps
    ).values
    assert found["WT_adc_stat_mean"] == pytest.approx(800, abs=5)
    assert found["ET_rcbv_stat_median"] == pytest.approx(2, abs=0.05)
    assert found["WT_rcbv_mean"] == pytest.approx(2, abs=0.05)
    assert not [name for name in found if "adc_dog" in name]
