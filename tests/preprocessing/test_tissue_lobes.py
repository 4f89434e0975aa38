"""Lobes of the template, against known places and against an atlas."""

import numpy as np
import pytest

from gliokit.core.geometry import to_world
from gliokit.io.nifti import read_image
from gliokit.preprocessing.tissue_lobes import Lobe, lobe_at

PLACES = {  # MNI mm
    "frontal pole": ((20, 60, 5), Lobe.FRONTAL),
    "hand knob": ((-38, -22, 56), Lobe.FRONTAL),
    "inferior frontal gyrus": ((-50, 20, 12), Lobe.FRONTAL),
    "gyrus rectus": ((5, 30, -22), Lobe.FRONTAL),
    "temporal pole": ((40, 12, -34), Lobe.TEMPORAL),
    "middle temporal gyrus": ((-58, -30, -6), Lobe.TEMPORAL),
    "hippocampus": ((28, -20, -16), Lobe.TEMPORAL),
    "angular gyrus": ((-46, -62, 38), Lobe.PARIETAL),
    "superior parietal lobule": ((25, -60, 62), Lobe.PARIETAL),
    "precuneus": ((6, -60, 42), Lobe.PARIETAL),
    "calcarine cortex": ((8, -86, 4), Lobe.OCCIPITAL),
    "occipital pole": ((-18, -100, 2), Lobe.OCCIPITAL),
    "insula": ((-38, 4, 2), Lobe.INSULAR),
    "thalamus": ((10, -18, 8), Lobe.DEEP),
    "putamen": ((-26, 4, 2), Lobe.DEEP),
    "cerebellar hemisphere": ((28, -64, -36), Lobe.CEREBELLUM),
    "vermis": ((0, -62, -24), Lobe.CEREBELLUM),
    "pons": ((0, -24, -34), Lobe.BRAINSTEM),
}
ATLAS = {  # labels of the shared atlas
    Lobe.FRONTAL: (30, 210, 17, 211),
    Lobe.TEMPORAL: (83, 218, 59, 219),
    Lobe.PARIETAL: (57, 6, 105, 2),
    Lobe.OCCIPITAL: (73, 8, 45, 4),
    Lobe.CEREBELLUM: (67, 76),
    Lobe.BRAINSTEM: (20,),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_known_place_lies_in_its_lobe(name):
    place, lobe = PLACES[name]
    assert lobe_at(np.array(place, dtype=float)) == lobe


def test_left_and_right_are_alike():
    points = np.random.default_rng(0).normal(0, 40, (500, 3))
    assert np.array_equal(lobe_at(points), lobe_at(points * [-1, 1, 1]))


def test_lobes_agree_with_an_atlas_in_six_of_seven_voxels(shared_data):
    image = read_image(shared_data / "atlas" / "reduced_lobes_brain.nii.gz")
    agreed = total = 0
    for lobe, numbers in ATLAS.items():
        voxels = np.argwhere(np.isin(image.array, numbers))[::50]
        agreed += int((lobe_at(to_world(image.affine, voxels)) == lobe).sum())
        total += len(voxels)
    assert agreed / total > 6 / 7
