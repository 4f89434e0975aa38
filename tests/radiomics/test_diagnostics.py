"""Diagnostic values of a small image; those of the CT phantom are in tests/reference."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.radiomics.diagnostics import diagnose
from gliokit.radiomics.normalization import IntensityScale, Normalization
from gliokit.radiomics.settings import MR_GLIOMA, Interpolation, Resegmentation


@pytest.fixture
def found():
    array = np.arange(8 * 6 * 4, dtype=np.float32).reshape(8, 6, 4)
    mask = np.zeros(array.shape, dtype=bool)
    mask[2:5, 1:5, 1:3] = True
    settings = replace(
        MR_GLIOMA,
        normalization=Normalization(IntensityScale.NONE),
        interpolation=Interpolation((1.0, 1.0), order=1),
        resegmentation=Resegmentation(lower=60),
    )
    return diagnose(Image(array, np.diag([2.0, 1.0, 3.0, 1.0])), mask, settings=settings)


def test_there_are_sixty_values(found):
    assert len(found) == 60


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("img_dim_x_init_img", 8),
        ("img_dim_x_interp_img", 16),
        ("img_dim_z_interp_img", 4),
        ("vox_dim_x_init_img", 2),
        ("vox_dim_x_interp_img", 1),
        ("vox_dim_z_interp_img", 3),
        ("max_int_init_img", 191),
        ("int_mask_bb_dim_x_init_roi", 3),
        ("int_mask_vox_count_init_roi", 24),
        ("int_mask_min_int_init_roi", 53),
        ("morph_mask_bb_dim_x_interp_roi", 6),
        ("morph_mask_vox_count_reseg_roi", 48),
    ],
)
def test_value_can_be_counted(found, tag, expected):
    assert found[tag] == expected


def test_resegmentation_changes_the_intensity_mask_only(found):
    assert found["int_mask_min_int_reseg_roi"] >= 60 > found["int_mask_min_int_interp_roi"]
    assert found["int_mask_vox_count_reseg_roi"] < found["int_mask_vox_count_interp_roi"]
    assert found["morph_mask_vox_count_reseg_roi"] == found["morph_mask_vox_count_interp_roi"]
