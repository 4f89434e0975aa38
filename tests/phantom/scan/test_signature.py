"""A texture that identifies the patient."""

import numpy as np
import pytest

from gliokit.phantom.scan.signature import STRENGTH, draw_signature, texture


def test_texture_has_mean_one_and_the_stated_strength():
    drawn = draw_signature(np.random.default_rng(0), dial=1.0)
    pattern = texture(drawn, (80, 80, 80), spacing_mm=1.0)
    assert pattern.mean() == pytest.approx(1, abs=0.01)
    assert pattern.std() == pytest.approx(STRENGTH, rel=0.1)


def test_texture_is_the_sum_of_its_waves():
    drawn = draw_signature(np.random.default_rng(1), dial=1.0)
    place = np.array([3, 5, 7]) * 1.5  # mm
    waves = sum(
        np.cos(np.dot(k, place) + p) for k, p in zip(drawn.per_mm, drawn.phases, strict=True)
    )
    pattern = texture(drawn, (8, 8, 8), spacing_mm=1.5)
    assert pattern[3, 5, 7] == pytest.approx(1 + STRENGTH * np.sqrt(2 / 3) * waves, abs=1e-4)


def test_patients_differ():
    one, two = (
        texture(draw_signature(np.random.default_rng(s), dial=1.0), (40,) * 3, spacing_mm=1.0)
        for s in range(2)
    )
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.2


def test_at_a_dial_of_zero_there_is_none():
    drawn = draw_signature(np.random.default_rng(0), dial=0.0)
    assert texture(drawn, (8, 8, 8), spacing_mm=1.0) is None
