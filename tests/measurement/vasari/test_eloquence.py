"""Eloquent brain that tumors reach."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.vocabulary import Side
from gliokit.measurement.vasari.answers import Eloquence
from gliokit.measurement.vasari.eloquence import score_eloquence
from gliokit.measurement.vasari.evidence import look_at


def score(brain, center, *, dominant=None):
    labels = brain.labels(enhancing=brain.ball(center, 7))
    return score_eloquence(look_at(brain.evidence(labels, dominant_side=dominant)))[0]


@pytest.mark.parametrize(
    ("center", "value"),
    [
        ((20, 50, 20), (Eloquence.NONE,)),
        ((40, -14, 50), (Eloquence.MOTOR,)),
        ((-15, -85, 8), (Eloquence.VISION,)),
    ],
)
def test_areas_without_a_side_of_their_own(brain, center, value):
    assert score(brain, center).value == value


@pytest.mark.parametrize(
    ("center", "area"),
    [((-50, 22, 12), Eloquence.SPEECH_MOTOR), ((-55, -40, 14), Eloquence.SPEECH_RECEPTIVE)],
)
def test_speech_needs_its_side(brain, center, area):
    assert score(brain, center).value is None
    assert f"reaches {area}" in score(brain, center).reason
    assert score(brain, center, dominant=Side.LEFT).value == (area,)
    assert score(brain, center, dominant=Side.RIGHT).value == (Eloquence.NONE,)


@pytest.mark.parametrize(("voxels", "value"), [(18, (Eloquence.NONE,)), (19, (Eloquence.VISION,))])
def test_volume_decides_at_its_limit(brain, voxels, value):
    tumor = np.zeros_like(brain.inside)
    tumor[tuple(np.argwhere(brain.ball((-15, -85, 8), 9))[:voxels].T)] = True  # 27 mm³ each
    score = score_eloquence(look_at(brain.evidence(brain.labels(core=tumor))))[0]
    assert score.value == value


def test_without_anatomy_there_is_no_score(brain):
    labels = brain.labels(enhancing=brain.ball((20, 50, 20), 7))
    evidence = replace(brain.evidence(labels), anatomy=None)
    assert score_eloquence(look_at(evidence))[0].value is None
