"""What is measured of an outline."""

import numpy as np
import pytest

from gliokit.measurement.volumetry.edit_log import EditLog, make_edits
from gliokit.measurement.volumetry.region_growing import GrowAbove
from gliokit.measurement.volumetry.result import measure_outline
from gliokit.measurement.volumetry.strokes import Add, Stroke

EDITS = (GrowAbove(((15.0, -4.0, 12.0),)),)


@pytest.fixture(scope="module")
def result(scan):
    mask, _ = make_edits(scan.canvas, EditLog(), EDITS, reader="R1")
    return measure_outline(scan.canvas, mask, EDITS)


def test_volume_and_diameter_are_those_of_the_tumor(scan, result):
    assert result.volume.value == pytest.approx(scan.tumor.sum() / 1000, rel=0.06)
    assert result.volume.value == np.count_nonzero(result.mask) / 1000
    (lesion,) = result.lesions
    # the ring's hole may not be crossed: the longest line passes beside it
    assert 11 < lesion.longest.length.value < 17


def test_no_interval_is_claimed(result):
    assert result.volume.interval is None


def test_volume_grows_if_everything_enhances_more(result):
    less, more = result.volume_when_shifted
    assert less < result.volume.value < more


def test_volume_by_strokes_alone_does_not_depend_on_enhancement(scan):
    edits = (Add(Stroke(((0, 0, 10),), 3)),)
    mask, _ = make_edits(scan.canvas, EditLog(), edits, reader="R1")
    found = measure_outline(scan.canvas, mask, edits)
    assert found.volume_when_shifted == (found.volume.value, found.volume.value)


def test_shift_that_leaves_nothing_is_none(scan):
    edits = (GrowAbove(high=float(scan.canvas.enhancement[scan.canvas.allowed].max()) - 0.5),)
    mask, _ = make_edits(scan.canvas, EditLog(), edits, reader="R1")
    assert measure_outline(scan.canvas, mask, edits).volume_when_shifted[0] is None
