"""The skull over the tumor against that of the other side."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.measurement.vasari.answers import Presence
from gliokit.measurement.vasari.calvarium import score_calvarium
from gliokit.measurement.vasari.evidence import look_at

AT_SURFACE = (52, -45, 32)


def head(brain, eroded_mm=0.0):
    """Draw a dark layer of 9 mm around the brain, then fat; thinner on the right by an amount."""
    away = np.linalg.norm((brain.points - [0, -18, 10]) / [68, 86, 70], axis=-1)
    outer = (away - 1) * 70  # about mm from the brain
    dark = np.where(brain.points[..., 0] > 0, 9 - eroded_mm, 9)
    array = np.where(brain.inside, 100, np.where(outer < dark, 10, 200))
    return Image(array.astype(np.float32), brain.affine)


def score(brain, center, **changes):
    labels = brain.labels(enhancing=brain.ball(center, 12))
    evidence = replace(brain.evidence(labels), **changes)
    return score_calvarium(look_at(evidence), evidence)[0]


def test_deep_tumor_cannot_erode_the_skull(brain):
    found = score(brain, (25, 0, 10))
    assert found.value is Presence.NO
    assert "under the surface" in found.how


@pytest.mark.parametrize(
    ("eroded_mm", "value"), [(0.0, Presence.NO), (1.5, Presence.NO), (5.0, Presence.YES)]
)
def test_thinned_layer_over_the_tumor_is_erosion(brain, eroded_mm, value):
    assert score(brain, AT_SURFACE, head=head(brain, eroded_mm)).value is value


def test_erosion_of_the_other_side_is_none_over_the_tumor(brain):
    mirrored = (-AT_SURFACE[0], *AT_SURFACE[1:])
    assert score(brain, mirrored, head=head(brain, 5.0)).value is Presence.NO


def test_tumor_at_the_surface_needs_the_head(brain):
    assert "no image of the head" in score(brain, AT_SURFACE).reason
    assert "no anatomy" in score(brain, AT_SURFACE, head=head(brain), anatomy=None).reason


def test_without_brain_the_surface_is_not_known(brain, glioma):
    evidence = replace(brain.evidence(glioma), brain=None)
    assert "surface of the brain" in score_calvarium(look_at(evidence), evidence)[0].reason


def test_stripped_image_shows_no_skull(brain):
    stripped = Image(np.where(brain.inside, np.float32(100), np.float32(0)), brain.affine)
    assert "not shown" in score(brain, AT_SURFACE, head=stripped).reason
