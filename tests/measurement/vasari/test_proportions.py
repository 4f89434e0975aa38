"""Shares of the abnormality, exact at the edges of their bins."""

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.measurement.vasari.answers import Proportion
from gliokit.measurement.vasari.evidence import Evidence, look_at
from gliokit.measurement.vasari.necrosis import split_core
from gliokit.measurement.vasari.proportions import proportion_bin, score_proportions


def shares(enhancing, core, edema, cavity=0):
    """Score a label map with so many voxels of each, 1000 in all but the cavity."""
    labels = np.zeros((12, 12, 12), dtype=np.uint8)
    drawn = [Label.ENHANCING] * enhancing + [Label.NECROTIC_CORE] * core + [Label.EDEMA] * edema
    drawn += [Label.CAVITY] * cavity
    labels.ravel()[: len(drawn)] = drawn
    scene = look_at(Evidence(LabelMap(labels, np.eye(4))))
    return {score.feature.value: score for score in score_proportions(scene, split_core(scene))}


@pytest.mark.parametrize(
    ("percent", "bin_"),
    [
        (0, Proportion.NONE),
        (0.001, Proportion.BELOW_5),
        (5, Proportion.BELOW_5),
        (5.001, Proportion.TO_33),
        (33, Proportion.TO_33),
        (33.001, Proportion.TO_67),
        (67, Proportion.TO_67),
        (67.001, Proportion.TO_95),
        (95, Proportion.TO_95),
        (95.001, Proportion.ABOVE_95),
        (99.5, Proportion.ABOVE_95),
        (99.501, Proportion.ALL),
        (100, Proportion.ALL),
    ],
)
def test_edges_of_the_bins(percent, bin_):
    assert proportion_bin(percent) is bin_


@pytest.mark.parametrize("enhancing", [0, 50, 51, 330, 331, 670, 671, 950, 951, 995, 996, 1000])
def test_shares_of_masks_fall_into_their_bins(enhancing):
    found = shares(enhancing, 0, 1000 - enhancing)
    assert found["F5"].value is proportion_bin(enhancing / 10)
    assert found["F14"].value is proportion_bin(100 - enhancing / 10)


def test_share_on_an_edge_is_trusted_half_as_much():
    assert shares(330, 0, 670)["F5"].confidence == shares(500, 0, 500)["F5"].confidence / 2


def test_cavity_is_no_part_of_the_abnormality():
    assert shares(500, 0, 500, cavity=700)["F5"].how == shares(500, 0, 500)["F5"].how


def test_no_core_is_neither_necrosis_nor_ncet():
    found = shares(400, 0, 600)
    assert found["F6"].value is found["F7"].value is Proportion.NONE


def test_core_that_nothing_enhances_around_is_ncet():
    found = shares(0, 340, 660)
    assert (found["F6"].value, found["F7"].value) == (Proportion.TO_67, Proportion.NONE)
