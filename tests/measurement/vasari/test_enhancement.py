"""Quality of enhancement at its limits."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import EnhancementQuality
from gliokit.measurement.vasari.enhancement import score_enhancement_quality
from gliokit.measurement.vasari.evidence import look_at


def score(evidence, gain=None, scale=1.0):
    """Score with a tumor that gains so much of white matter, which is 100."""
    if gain is not None:
        array = evidence.images[MRSequence.T1].array.copy()
        array[evidence.labels.array == 3] += np.float32(100 * gain)
        image = Image(np.float32(scale) * array, evidence.labels.affine)
        evidence = replace(evidence, images={**evidence.images, MRSequence.T1C: image})
    return score_enhancement_quality(look_at(evidence))[0]


@pytest.mark.parametrize(
    ("gain", "value"),
    [
        (0.05, EnhancementQuality.MILD),
        (0.24, EnhancementQuality.MILD),
        (0.25, EnhancementQuality.MARKED),
        (1.0, EnhancementQuality.MARKED),
    ],
)
def test_limits_of_the_grades(brain, glioma, gain, value):
    assert score(brain.evidence(glioma), gain + 1e-6).value is value


def test_gain_of_the_scanner_does_not_count(brain, glioma):
    evidence = brain.evidence(glioma)
    assert score(evidence, 0.3, scale=7.0).how == score(evidence, 0.3).how


def test_label_that_the_images_contradict_is_not_scored(brain, glioma):
    found = score(brain.evidence(glioma), 0.04)
    assert found.value is None
    assert "labeled enhancing" in found.reason


def test_without_enhancing_label_there_is_none(brain):
    labels = brain.labels(core=brain.ball((40, -45, 40), 12))
    assert score(brain.evidence(labels)).value is EnhancementQuality.NONE


def test_what_is_missing_is_named(brain, glioma):
    evidence = brain.evidence(glioma)
    bare = {s: i for s, i in evidence.images.items() if s is not MRSequence.T1}
    assert "no t1 image" in score(replace(evidence, images=bare)).reason
    assert "brain must be known" in score(replace(evidence, brain=None)).reason
