"""Diameters on the slice of the largest area."""

import numpy as np
import pytest

from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label
from gliokit.measurement.vasari.evidence import Evidence, look_at
from gliokit.measurement.vasari.size import score_size

AFFINE = np.diag([2.0, 1.0, 3.0, 1.0])


def sizes(labels, affine=AFFINE):
    return [score.value for score in score_size(look_at(Evidence(LabelMap(labels, affine))))]


def test_slice_of_the_largest_area_is_measured():
    labels = np.zeros((20, 60, 8), dtype=np.uint8)
    labels[5:15, 5:25, 3] = Label.EDEMA  # 20 mm × 20 mm
    labels[9, 2:58, 4] = Label.EDEMA  # longer, but narrow
    long, short = sizes(labels)
    assert 20 * np.sqrt(2) - 2 < long < 20 * np.sqrt(2) + 2
    assert short <= long


def test_beam_is_as_long_and_wide_as_its_voxels():
    labels = np.zeros((20, 60, 8), dtype=np.uint8)
    labels[9, 5:45, 4] = Label.ENHANCING
    assert sizes(labels) == pytest.approx([40, 2])


def test_largest_part_is_measured():
    labels = np.zeros((20, 60, 8), dtype=np.uint8)
    labels[9, 5:45, 4] = Label.ENHANCING
    labels[2:8, 50:58, 2] = Label.EDEMA
    long, _ = sizes(labels)
    assert long < 20


def test_tilted_slices_are_not_measured():
    turn = np.array([[1, 0, 0, 0], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 0], [0, 0, 0, 1.0]])
    labels = np.full((4, 4, 4), Label.EDEMA, dtype=np.uint8)
    scores = score_size(look_at(Evidence(LabelMap(labels, turn))))
    assert [score.value for score in scores] == [None, None]
    assert "37 degrees from axial" in scores[0].reason
