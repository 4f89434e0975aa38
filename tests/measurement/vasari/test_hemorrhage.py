"""Blood at the limits of its signs."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import Presence
from gliokit.measurement.vasari.evidence import look_at
from gliokit.measurement.vasari.hemorrhage import score_hemorrhage
from gliokit.measurement.vasari.scores import TRUST, Basis


def score(brain, glioma, *, sequence=MRSequence.T1, signal=None, voxels=4, only=None):
    """Score a glioma with a focus of some voxels of 27 mm³ painted in its core."""
    evidence = brain.evidence(glioma)
    images = dict(evidence.images)
    if signal is not None:
        array = images[sequence].array.copy()
        focus = np.argwhere(glioma.array == 1)
        array[
            tuple(focus[np.linalg.norm(focus - focus.mean(axis=0), axis=1).argsort()][:voxels].T)
        ] = signal
        images[sequence] = Image(array, glioma.affine)
    images = {s: image for s, image in images.items() if only is None or s is only}
    return score_hemorrhage(look_at(replace(evidence, images=images)))[0]


@pytest.mark.parametrize(
    ("sequence", "signal", "value"),
    [
        (MRSequence.T1, 126, Presence.YES),
        (MRSequence.T1, 125, Presence.NO),  # 1.25 of white matter
        (MRSequence.T2, 35, Presence.YES),
        (MRSequence.T2, 36, Presence.NO),  # 0.6 of white matter
    ],
)
def test_limits_of_bright_and_dark(brain, glioma, sequence, signal, value):
    assert score(brain, glioma, sequence=sequence, signal=signal).value is value


@pytest.mark.parametrize(("voxels", "value"), [(3, Presence.NO), (4, Presence.YES)])
def test_smallest_focus(brain, glioma, voxels, value):
    assert score(brain, glioma, signal=200, voxels=voxels).value is value


def test_glioma_without_blood_has_none(brain, glioma):
    assert score(brain, glioma).value is Presence.NO


def test_no_blood_on_one_image_is_trusted_less(brain, glioma):
    alone = score(brain, glioma, only=MRSequence.T1)
    assert alone.confidence == TRUST[Basis.WEAK]
    assert score(brain, glioma).confidence == TRUST[Basis.IMAGES]


def test_what_is_missing_is_named(brain, glioma):
    assert "no t1 and no t2" in score(brain, glioma, only=MRSequence.FLAIR).reason
    bare = replace(brain.evidence(glioma), anatomy=None)
    assert "white matter" in score_hemorrhage(look_at(bare))[0].reason
