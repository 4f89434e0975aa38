"""Tissue on both sides of the midline."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.measurement.vasari.answers import Crossing
from gliokit.measurement.vasari.crossing import score_crossing
from gliokit.measurement.vasari.evidence import look_at
from gliokit.measurement.vasari.necrosis import Split, split_core


def crossing(evidence):
    scene = look_at(evidence)
    return {score.feature.value: score for score in score_crossing(scene, split_core(scene))}


def slab(brain, y, z, reach):
    """Draw a beam from the right hemisphere to so far beyond the midline, in mm."""
    x = brain.points[..., 0]
    near = (abs(brain.points[..., 1] - y) < 8) & (abs(brain.points[..., 2] - z) < 4)
    return near & (x < 40) & (x > -reach)


@pytest.mark.parametrize(
    ("y", "z", "reach", "value"),
    [
        (0, 26, 15, Crossing.YES),  # through the body of the corpus callosum
        (0, 26, 3, Crossing.NO),  # not beyond the strip
        (0, 60, 15, Crossing.NO),  # above it: falx, or herniation
        (-40, 12, 15, Crossing.YES),  # through the splenium
    ],
)
def test_edema_crosses_through_the_corpus_callosum_only(brain, y, z, reach, value):
    labels = brain.labels(edema=slab(brain, y, z, reach))
    assert crossing(brain.evidence(labels))["F15"].value is value


def test_what_passes_elsewhere_is_trusted_less(brain):
    sure, unsure = (
        crossing(brain.evidence(brain.labels(edema=slab(brain, 0, 60, reach))))["F15"]
        for reach in (0, 15)
    )
    assert unsure.confidence < sure.confidence


@pytest.mark.parametrize(("voxels", "value"), [(7, Crossing.NO), (8, Crossing.YES)])
def test_volume_beyond_decides_at_its_limit(brain, voxels, value):
    whole = slab(brain, 0, 26, 15)
    beyond = whole & (brain.points[..., 0] < -3)
    kept = np.argwhere(beyond)[::-1][:voxels]  # 27 mm³ each, those nearest to the midline first
    edema = whole & ~beyond
    edema[tuple(kept.T)] = True
    assert crossing(brain.evidence(brain.labels(edema=edema)))["F15"].value is value


def test_mirror_image_crosses_too(brain):
    edema = slab(brain, 0, 26, 15)
    mirrored = brain.labels(edema=np.flip(edema, 0))
    assert np.array_equal(np.flip(brain.inside, 0), brain.inside)
    assert crossing(brain.evidence(mirrored))["F15"].value is Crossing.YES


def test_each_tissue_is_judged_alone(brain):
    labels = brain.labels(edema=slab(brain, 0, 26, 15), enhancing=brain.ball((40, 0, 26), 9))
    found = crossing(brain.evidence(labels))
    assert [found[f].value for f in ("F15", "F22", "F23")] == [
        Crossing.YES,
        Crossing.NOT_APPLICABLE,
        Crossing.NO,
    ]


def test_ncet_of_a_core_that_was_not_split(brain):
    there = brain.labels(core=brain.ball((40, 0, 26), 12))
    across = brain.labels(core=slab(brain, 0, 26, 15))
    unsplit = [score_crossing(look_at(brain.evidence(one)), "no t2")[1] for one in (there, across)]
    assert [score.value for score in unsplit] == [Crossing.NO, None]
    assert unsplit[1].reason == "no t2"


def test_necrosis_that_crosses_is_no_ncet(brain):
    scene = look_at(brain.evidence(brain.labels(core=slab(brain, 0, 26, 15))))
    necrosis = Split(scene.core, ~scene.core & False, 0.0)
    assert score_crossing(scene, necrosis)[1].value is Crossing.NOT_APPLICABLE


def test_without_anatomy_the_midline_is_not_known(brain):
    evidence = brain.evidence(brain.labels(edema=slab(brain, 0, 26, 15)))
    assert "midline" in crossing(replace(evidence, anatomy=None))["F15"].reason
