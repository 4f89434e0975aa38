"""Diffusion at the limits of its classes."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.image import Image
from gliokit.measurement.vasari.answers import Diffusion
from gliokit.measurement.vasari.diffusion import score_diffusion
from gliokit.measurement.vasari.evidence import look_at


def score(brain, labels, restricted, *, high=1.2, low=0.8, unit=700.0):
    """Score a tumor of which a share is restricted, and the rest facilitated."""
    adc = np.where(brain.inside, np.float32(unit), np.float32(0))
    tumor = np.flatnonzero(labels.array == (3 if (labels.array == 3).any() else 1))
    adc.ravel()[tumor] = high * unit
    adc.ravel()[tumor[: round(restricted * len(tumor))]] = low * unit
    evidence = replace(brain.evidence(labels), adc=Image(adc, labels.affine))
    return score_diffusion(look_at(evidence))[0]


@pytest.mark.parametrize(
    ("restricted", "value"),
    [
        (0.0, Diffusion.FACILITATED),
        (0.32, Diffusion.FACILITATED),
        (0.35, Diffusion.MIXED),
        (0.65, Diffusion.MIXED),
        (0.68, Diffusion.RESTRICTED),
        (1.0, Diffusion.RESTRICTED),
    ],
)
def test_most_of_the_tumor_decides(brain, glioma, restricted, value):
    assert score(brain, glioma, restricted).value is value


def test_unit_of_the_map_does_not_count(brain, glioma):
    assert score(brain, glioma, 0.1, unit=0.7) == score(brain, glioma, 0.1)


def test_core_is_looked_at_where_nothing_enhances(brain):
    labels = brain.labels(core=brain.ball((40, -45, 40), 12))
    assert score(brain, labels, 0.0).value is Diffusion.FACILITATED


def test_diffusion_of_white_matter_is_neither(brain, glioma):
    assert score(brain, glioma, 0.5, high=1.05, low=0.95).value is None


def test_map_without_values_in_the_tumor_says_nothing(brain, glioma):
    assert "too few values" in score(brain, glioma, 1.0, low=0.0).reason


def test_without_map_there_is_no_score(brain, glioma):
    assert score_diffusion(look_at(brain.evidence(glioma)))[0].reason == "there is no ADC map"
