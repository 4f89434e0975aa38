"""A head around a brain."""

import numpy as np

from gliokit.phantom.body.anatomy import read_anatomy
from gliokit.phantom.body.head import with_head
from gliokit.phantom.body.tissue import Tissue


def test_shells_lie_around_the_brain_in_their_order(small_brain):
    head = with_head(small_brain, np.random.default_rng(0))
    middle = head.tissues.shape[1] // 2, head.tissues.shape[2] // 2
    row = head.tissues[:, middle[0], middle[1]]
    outward = [t for i, t in enumerate(row[:48]) if t and (i == 0 or t != row[i - 1])]
    expected = [Tissue.SKIN, Tissue.FAT, Tissue.BONE, Tissue.MARROW, Tissue.BONE, Tissue.CSF]
    assert outward[: len(expected)] == expected


def test_the_brain_keeps_its_place(small_brain):
    head = with_head(small_brain, np.random.default_rng(0))
    before, after = (
        np.argwhere(a.tissues == Tissue.WHITE_MATTER).mean(0) @ a.affine[:3, :3] + a.affine[:3, 3]
        for a in (small_brain, head)
    )
    assert np.allclose(before, after)


def test_a_head_that_is_there_stays(shared_data):
    anatomy = read_anatomy(shared_data / "anatomy" / "training_seg_04.nii.gz", head=True)
    assert anatomy.has_head
    assert with_head(anatomy, np.random.default_rng(0)) is anatomy
    for tissue in (Tissue.BONE, Tissue.SKIN, Tissue.FAT, Tissue.SINUS, Tissue.EYE):
        assert np.count_nonzero(anatomy.tissues == tissue) > 3000, tissue
