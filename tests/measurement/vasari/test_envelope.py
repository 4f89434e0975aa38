"""T1 against FLAIR at the limits of the classes."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import EnvelopeRatio
from gliokit.measurement.vasari.envelope import score_envelope
from gliokit.measurement.vasari.evidence import look_at


def score(brain, dark, signal=79):
    """Score edema of which a share is dark on T1, white matter being 100."""
    labels = brain.labels(edema=brain.ball((40, -45, 40), 20))
    evidence = brain.evidence(labels)
    array = np.where(labels.array > 0, np.float32(90), evidence.images[MRSequence.T1].array)
    edema = np.flatnonzero(labels.array)
    array.ravel()[edema[: round(dark * len(edema))]] = signal
    images = {MRSequence.T1: Image(array, labels.affine)}
    return score_envelope(look_at(replace(evidence, images=images)))[0]


@pytest.mark.parametrize(
    ("dark", "value"),
    [
        (0.0, EnvelopeRatio.INFILTRATIVE),
        (0.39, EnvelopeRatio.INFILTRATIVE),
        (0.41, EnvelopeRatio.MIXED),
        (0.79, EnvelopeRatio.MIXED),
        (0.81, EnvelopeRatio.EXPANSIVE),
        (1.0, EnvelopeRatio.EXPANSIVE),
    ],
)
def test_limits_of_the_classes(brain, dark, value):
    assert score(brain, dark).value is value


def test_edema_must_be_darker_than_its_limit(brain):
    assert score(brain, 1.0, signal=80).value is EnvelopeRatio.INFILTRATIVE


def test_solid_tumor_is_abnormal_whatever_it_looks_like(brain):
    labels = brain.labels(enhancing=brain.ball((40, -45, 40), 15))
    assert score_envelope(look_at(brain.evidence(labels)))[0].value is EnvelopeRatio.EXPANSIVE


def test_what_is_missing_is_named(brain, glioma):
    evidence = brain.evidence(glioma)
    assert "no t1" in score_envelope(look_at(replace(evidence, images={})))[0].reason
    assert "anatomy" in score_envelope(look_at(replace(evidence, anatomy=None)))[0].reason
