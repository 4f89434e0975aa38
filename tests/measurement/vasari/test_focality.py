"""Tumor apart from the dominant mass."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.measurement.vasari.answers import Focality, Presence
from gliokit.measurement.vasari.evidence import Evidence, look_at
from gliokit.measurement.vasari.focality import score_focality

HOME = (40, -45, 40)


def satellites(gap=3, voxels=50, *, edema=True, spacing=1.0):
    """Score a mass of 10 voxels' width and a focus of so many voxels, so many away."""
    labels = np.zeros((40, 20, 20), dtype=np.uint8)
    if edema:
        labels[2:38, 2:18, 2:18] = Label.EDEMA
    labels[4:14, 5:15, 5:15] = Label.ENHANCING
    focus = np.zeros((5, 5, 5), dtype=np.uint8)
    focus.ravel()[:voxels] = Label.ENHANCING
    place = (slice(14 + gap, 19 + gap), slice(8, 13), slice(8, 13))
    labels[place] = np.where(focus > 0, focus, labels[place])
    affine = np.diag([spacing, spacing, spacing, 1.0])
    return score_focality(look_at(Evidence(LabelMap(labels, affine))))


@pytest.mark.parametrize(
    ("gap", "voxels", "found"),
    [
        (3, 50, Presence.YES),
        (2, 50, Presence.NO),
        (3, 49, Presence.NO),
        (0, 50, Presence.NO),
    ],
)
def test_satellites_are_far_and_large_enough(gap, voxels, found):
    assert satellites(gap, voxels)[1].value is found


def test_satellite_counts_by_its_volume():
    assert satellites(3, 49, spacing=1.1)[1].value is Presence.YES


def test_focus_in_another_abnormality_is_no_satellite():
    focality, satellite = satellites(edema=False)
    assert satellite.value is Presence.NO
    assert focality.value is None
    assert "1 more outside" in focality.reason


def test_one_abnormality_is_focal():
    assert satellites()[0].value is Focality.FOCAL


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((40, -45, 62), Focality.MULTIFOCAL),  # the same lobe
        ((-40, -45, 40), Focality.MULTICENTRIC),  # the other hemisphere
        ((40, 30, 30), Focality.MULTICENTRIC),  # another lobe, far away
        ((40, -66, 40), Focality.MULTIFOCAL),  # another lobe, near
    ],
)
def test_second_tumor_by_its_place(brain, place, value):
    labels = brain.labels(enhancing=brain.ball(HOME, 10) | brain.ball(place, 6))
    assert score_focality(look_at(brain.evidence(labels)))[0].value is value


def test_speckle_is_no_second_tumor(brain):
    speckle = brain.ball((-40.5, -46.5, 40.5), 1)  # 27 mm³
    labels = brain.labels(enhancing=brain.ball(HOME, 10) | speckle)
    assert np.count_nonzero(speckle) == 1
    assert score_focality(look_at(brain.evidence(labels)))[0].value is Focality.FOCAL


@pytest.mark.parametrize(("share", "found"), [(0.45, False), (0.55, True)])
def test_most_of_a_hemisphere_is_gliomatosis(brain, share, found):
    right = brain.inside & (brain.points[..., 0] > 0)
    order = np.sort(brain.points[right][:, 1])
    edema = right & (brain.points[..., 1] <= order[int(share * len(order))])
    score = score_focality(look_at(brain.evidence(brain.labels(edema=edema))))[0]
    assert (score.value is Focality.GLIOMATOSIS) == found


def test_without_anatomy_a_second_tumor_has_no_class(brain):
    labels = brain.labels(enhancing=brain.ball(HOME, 10) | brain.ball((-40, -45, 40), 6))
    evidence = replace(brain.evidence(labels), anatomy=None)
    assert "lobes must be known" in score_focality(look_at(evidence))[0].reason
