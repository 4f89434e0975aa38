"""Cysts by signal, shape, size and wall."""

from dataclasses import replace

import pytest

from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import Presence
from gliokit.measurement.vasari.cysts import score_cysts
from gliokit.measurement.vasari.evidence import look_at

CENTER = (40.5, -46.5, 40.5)
FLUID = {MRSequence.T1: 30, MRSequence.T2: 220, MRSequence.FLAIR: 20}


def score(brain, core, *, wall=None, signals=FLUID):
    labels = brain.labels(enhancing=wall, core=core, edema=brain.ball(CENTER, 27))
    evidence = brain.evidence(labels)
    images = dict(evidence.images)
    for sequence, signal in signals.items():
        array = images[sequence].array.copy()
        array[labels.array == 1] = signal
        images[sequence] = Image(array, labels.affine)
    return score_cysts(look_at(replace(evidence, images=images)))[0]


def test_round_fluid_without_wall_is_a_cyst(brain):
    assert score(brain, brain.ball(CENTER, 12)).value is Presence.YES


@pytest.mark.parametrize(
    ("sequence", "signal", "value"),
    [
        (MRSequence.T2, 181, Presence.YES),
        (MRSequence.T2, 179, Presence.NO),  # 0.75 of the way from white matter, 60, to 220
        (MRSequence.T1, 47, Presence.YES),
        (MRSequence.T1, 48, Presence.NO),
        (MRSequence.FLAIR, 30, Presence.YES),
        (MRSequence.FLAIR, 31, Presence.NO),
    ],
)
def test_limits_of_fluid(brain, sequence, signal, value):
    assert score(brain, brain.ball(CENTER, 12), signals={**FLUID, sequence: signal}).value is value


def test_fluid_of_irregular_shape_is_no_cyst(brain):
    x, y, z = (brain.points[..., axis] - CENTER[axis] for axis in range(3))
    star = brain.inside & (abs(x) < 22) & (abs(y) < 5) & (abs(z) < 5)
    assert score(brain, star).value is Presence.NO


def test_small_fluid_is_no_cyst(brain):
    assert score(brain, brain.ball(CENTER, 5)).value is Presence.NO


def test_fluid_in_a_thick_wall_is_no_cyst(brain):
    assert score(brain, brain.ball(CENTER, 12), wall=brain.ball(CENTER, 20)).value is Presence.NO


def test_tumor_without_core_has_no_cyst(brain):
    labels = brain.labels(enhancing=brain.ball(CENTER, 10))
    assert score_cysts(look_at(brain.evidence(labels)))[0].value is Presence.NO


def test_what_is_missing_is_named(brain, glioma):
    evidence = brain.evidence(glioma)
    bare = {s: i for s, i in evidence.images.items() if s is not MRSequence.T2}
    assert "no t2" in score_cysts(look_at(replace(evidence, images=bare)))[0].reason
    assert "anatomy" in score_cysts(look_at(replace(evidence, anatomy=None)))[0].reason
