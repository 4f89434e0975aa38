"""Falx and tentorium."""

import numpy as np

from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.compartments import Compartment, compartments_of, open_faces
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.tumor.growth import Medium, grow


def two_halves(*, callosum: bool) -> tuple[np.ndarray, np.ndarray]:
    """Give two blocks of white matter that touch at one patch, and elsewhere are cortex."""
    tissues = np.full((40, 30, 30), Tissue.WHITE_MATTER, dtype=np.uint8)
    tissues[19:21] = Tissue.CORTEX
    if callosum:
        tissues[19:21, 12:18, 12:18] = Tissue.WHITE_MATTER
    right = np.broadcast_to(np.arange(40)[:, None, None] >= 20, tissues.shape)
    return tissues, compartments_of(tissues, right)


def taken_on_the_other_side(compartments: np.ndarray) -> int:
    start = np.zeros(compartments.shape, dtype=np.float32)
    start[14:17, 14:17, 14:17] = 1
    medium = Medium(np.ones(compartments.shape, np.float32), compartments, 1.0)
    grown = grow(start, medium, rate_per_day=0.4, target_ml=10.0)
    return int((grown.density[20:] > 0.5).sum())


def test_a_tumor_crosses_the_midline_through_the_callosum_alone():
    assert taken_on_the_other_side(two_halves(callosum=False)[1]) == 0
    assert taken_on_the_other_side(two_halves(callosum=True)[1]) > 100


def test_the_callosum_is_the_largest_patch_where_white_matter_touches():
    tissues, _ = two_halves(callosum=True)
    tissues[19:21, 2:4, 2:4] = Tissue.WHITE_MATTER  # a chance contact elsewhere
    right = np.broadcast_to(np.arange(40)[:, None, None] >= 20, tissues.shape)
    compartments = compartments_of(tissues, right)
    assert compartments[20, 15, 15] == Compartment.PASSAGE
    assert compartments[20, 3, 3] == Compartment.RIGHT


def test_the_tentorium_closes_cerebellum_from_cerebrum_but_not_from_the_brainstem():
    tissues = np.array([[[Tissue.WHITE_MATTER, Tissue.CEREBELLAR_CORTEX, Tissue.BRAINSTEM]]])
    compartments = compartments_of(tissues.astype(np.uint8), np.zeros(tissues.shape, dtype=bool))
    assert open_faces(compartments, 2).tolist() == [[[False, True]]]


def test_the_brain_that_nilearn_ships_has_a_callosum_on_its_midline():
    anatomy = mni_anatomy()
    passage = (anatomy.compartments == Compartment.PASSAGE) & (
        anatomy.tissues == Tissue.WHITE_MATTER
    )
    places = np.argwhere(passage) @ anatomy.affine[:3, :3].T + anatomy.affine[:3, 3]
    assert 2_000 < len(places) < 20_000  # mm³
    assert np.abs(places[:, 0]).max() < 10  # mm from the midline
    assert np.ptp(places[:, 1]) > 50  # genu to splenium, mm
