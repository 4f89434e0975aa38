"""Landmarks of MNI152 space lie in the places that are drawn there."""

import numpy as np
import pytest

from gliokit.measurement.vasari import places

INSIDE = {
    places.in_corpus_callosum: [(0, 29, 8), (5, 0, 26), (0, -40, 16)],
    places.in_internal_capsule: [(18, 6, 8), (-22, -12, 8), (26, -20, 10)],
    places.in_thalamus: [(10, -18, 8), (-14, -26, 6)],
    places.in_speech_motor: [(-48, 16, 12), (48, 22, 8)],
    places.in_speech_receptive: [(-56, -42, 14)],
    places.in_motor: [(38, -18, 58), (-52, -6, 34), (6, -22, 64)],
}
OUTSIDE = [(60, -70, -40), (0, 60, 0), (0, -80, 10), (12, 10, -40)]
CASES = [(tell, point) for tell, points in INSIDE.items() for point in points]


@pytest.mark.parametrize(("tell", "point"), CASES)
def test_landmark_lies_in_its_place_on_both_sides(tell, point):
    points = np.array([point, np.multiply(point, (-1, 1, 1))], dtype=float)
    assert tell(points).all()


@pytest.mark.parametrize("tell", INSIDE, ids=lambda tell: tell.__name__)
def test_places_do_not_hold_what_is_far_away(tell):
    assert not tell(np.array(OUTSIDE, dtype=float)).any()


def test_motor_strip_is_not_what_lies_medially_under_it():
    assert not places.in_motor(np.array([(6.0, -10.0, 35.0)])).any()
