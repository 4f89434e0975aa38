"""What label maps lack: dura, vessels, sulci whose banks touch."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, distance_transform_edt

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.details import DURA_MM, with_details
from gliokit.phantom.body.tissue import Tissue


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def slab() -> Anatomy:
    """Two banks of cortex with a narrow sulcus and a wide one between them, under CSF."""
    tissues = np.zeros((60, 40, 40), dtype=np.uint8)
    tissues[5:55, 5:35, 5:35] = Tissue.CSF
    tissues[10:50, 10:30, 10:30] = Tissue.CORTEX
    tissues[20:21, 10:30, 15:30] = Tissue.CSF
    tissues[35:42, 10:30, 15:30] = Tissue.CSF
    return Anatomy(tissues, np.ones_like(tissues), np.eye(4))


def test_banks_of_a_narrow_sulcus_touch_and_those_of_a_wide_one_do_not(slab):
    tissues = with_details(slab, rng(), age=40).tissues
    assert not np.any(tissues[20, 12:28, 18:26] == Tissue.CSF)  # vessels stay
    assert not np.any(tissues[38, 12:28, 18:26] == Tissue.CORTEX)


def test_dura_is_the_outermost_csf_and_closed(slab):
    tissues = with_details(slab, rng()).tissues
    dura, inside = tissues == Tissue.DURA, slab.tissues > 0
    depth = distance_transform_edt(inside)
    assert depth[dura].max() <= DURA_MM + 1
    shell = binary_dilation(inside) & ~inside
    assert dura[shell].all()


def test_what_a_label_map_leaves_unnamed_inside_becomes_fluid(slab):
    pierced = slab.tissues.copy()
    pierced[28:31, 18:22, 18:22] = 0
    tissues = with_details(Anatomy(pierced, slab.compartments, slab.affine), rng()).tissues
    assert np.all(tissues[28:31, 18:22, 18:22] == Tissue.CSF)


def test_dura_takes_no_brain(slab):
    tissues = with_details(slab, rng()).tissues
    brain = slab.tissues == Tissue.CORTEX
    assert not np.any(tissues[brain] == Tissue.DURA)


def test_lesions_of_white_matter_come_with_age(small_brain):
    young, old = (
        np.mean(
            [
                np.any(
                    with_details(small_brain, np.random.default_rng(s), age=age).tissues
                    == Tissue.WHITE_MATTER_LESION
                )
                for s in range(8)
            ]
        )
        for age in (20.0, 85.0)
    )
    assert old > young + 0.4
