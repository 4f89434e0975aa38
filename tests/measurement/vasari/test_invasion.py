"""Surfaces and tracts that tumors reach."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.vasari.answers import DeepWhiteMatter, Presence
from gliokit.measurement.vasari.evidence import Evidence, look_at
from gliokit.measurement.vasari.invasion import score_invasion
from gliokit.preprocessing.tissue_midline import Midline

SHAPE = (30, 30, 30)


def block(place):
    mask = np.zeros(SHAPE, dtype=bool)
    mask[place] = True
    return mask


def invasion(evidence):
    return {score.feature.value: score for score in score_invasion(look_at(evidence))}


def near(part, gap, voxels=50, *, label=Label.ENHANCING):
    """Score a block of tumor so many mm from a part of the anatomy, 50 voxels of it facing that."""
    brain = block((slice(1, 29),) * 3)
    tumor = block((slice(12, 14), slice(10, 15), slice(10, 20)))
    tumor.ravel()[np.flatnonzero(tumor)[voxels * 2 :]] = False
    parts = {name: np.zeros(SHAPE, dtype=bool) for name in ("ventricles", "white", "cortex")}
    parts[part][14 + gap : 17 + gap, 8:22, 8:22] = True
    anatomy = Anatomy(
        **parts,
        lobes=np.ones(SHAPE, dtype=np.uint8),
        midline=Midline((1.0, 0.0, 0.0), 0.0),
        to_template=np.eye(4) + np.diag([0, 0, 60.0], k=1)[:4, :4],
    )
    labels = LabelMap(np.where(tumor, np.uint8(label), np.uint8(0)), np.eye(4))
    return invasion(Evidence(labels, brain=brain, anatomy=anatomy))


@pytest.mark.parametrize("feature", [("ventricles", "F19"), ("cortex", "F20")])
@pytest.mark.parametrize(("gap", "value"), [(0, Presence.YES), (1, Presence.YES), (2, Presence.NO)])
def test_touching_at_its_limit(feature, gap, value):
    part, number = feature
    assert near(part, gap)[number].value is value


@pytest.mark.parametrize("label", [Label.ENHANCING, Label.NECROTIC_CORE])
def test_core_touches_as_enhancing_tumor_does(label):
    assert near("ventricles", 0, label=label)["F19"].value is Presence.YES


def at_surface(depth, voxels=50):
    """Score a sheet of enhancing tumor so many mm under the surface of the brain."""
    brain = block((slice(1, 29),) * 3)
    tumor = block((1 + depth, slice(10, 15), slice(10, 20)))
    tumor.ravel()[np.flatnonzero(tumor)[voxels:]] = False
    labels = LabelMap(np.where(tumor, np.uint8(Label.ENHANCING), np.uint8(0)), np.eye(4))
    empty = np.zeros(SHAPE, dtype=bool)
    anatomy = Anatomy(
        empty, empty, empty, empty.astype(np.uint8), Midline((1.0, 0.0, 0.0), 0.0), np.eye(4)
    )
    return invasion(Evidence(labels, brain=brain, anatomy=anatomy))


@pytest.mark.parametrize(
    ("depth", "pia", "cortex"),
    [
        (0, Presence.YES, Presence.YES),
        (1, Presence.YES, Presence.YES),
        (2, Presence.NO, Presence.YES),
        (3, Presence.NO, Presence.YES),
        (4, Presence.NO, Presence.NO),
    ],
)
def test_surface_is_reached_at_its_limit(depth, pia, cortex):
    found = at_surface(depth)
    assert (found["F18"].value, found["F20"].value) == (pia, cortex)


def test_too_little_tumor_reaches_nothing():
    assert at_surface(0, voxels=49)["F18"].value is Presence.NO
    assert at_surface(0, voxels=50)["F18"].value is Presence.YES


def test_brain_without_ventricles_says_nothing_of_ependyma():
    assert at_surface(0)["F19"].reason == "no ventricle was found"


@pytest.mark.parametrize(
    ("center", "value"),
    [
        ((40, -45, 40), (DeepWhiteMatter.NONE,)),
        ((0, 29, 10), (DeepWhiteMatter.CORPUS_CALLOSUM,)),
        ((25, -20, 10), (DeepWhiteMatter.INTERNAL_CAPSULE,)),
        ((0, -28, -35), (DeepWhiteMatter.BRAINSTEM,)),
    ],
)
def test_deep_white_matter(brain, center, value):
    labels = brain.labels(core=brain.ball(center, 6))
    assert invasion(brain.evidence(labels))["F21"].value == value


def test_several_tracts_are_named_together(brain):
    tumor = brain.ball((0, 29, 10), 6) | brain.ball((0, -28, -35), 6)
    found = invasion(brain.evidence(brain.labels(core=tumor)))["F21"].value
    assert set(found) == {DeepWhiteMatter.CORPUS_CALLOSUM, DeepWhiteMatter.BRAINSTEM}


def test_edema_invades_nothing(brain):
    labels = brain.labels(edema=brain.ball((0, 29, 10), 12), core=brain.ball((40, -45, 40), 8))
    found = invasion(brain.evidence(labels))
    assert found["F21"].value == (DeepWhiteMatter.NONE,)
    assert found["F19"].value is Presence.NO


def test_what_is_missing_leaves_features_without_score(brain, glioma):
    evidence = brain.evidence(glioma)
    bare = invasion(replace(evidence, anatomy=None))
    assert [bare[f].value for f in ("F19", "F20", "F21")] == [None] * 3
    blind = invasion(replace(evidence, brain=None))
    assert [blind[f].value for f in ("F18", "F20")] == [None] * 2


def test_pia_is_not_invaded_without_enhancement(brain):
    labels = brain.labels(core=brain.ball((40, -45, 40), 12))
    assert invasion(brain.evidence(labels))["F18"].value is Presence.NO
