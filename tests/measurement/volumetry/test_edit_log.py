"""A log of edits, replayed."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError, SettingsError
from gliokit.measurement.volumetry.edit_log import (
    EditLog,
    log_of,
    log_record,
    make_edits,
    replay,
)
from gliokit.measurement.volumetry.level_set import Contour
from gliokit.measurement.volumetry.region_growing import GrowAbove, GrowAlike
from gliokit.measurement.volumetry.strokes import Add, Remove, Stroke

SEED, BOX = (15.0, -4.0, 12.0), ((0.0, 20.0), (-14.0, 6.0), (2.0, 22.0))
EDITS = (
    GrowAlike((SEED,), BOX),
    GrowAbove((SEED,), BOX, low=2.5),
    Contour(seeds_mm=(SEED,), box_mm=BOX, smooth_mm=0.8),
    Add(Stroke(((10, -4, 12), (12, -4, 12)), 2.5)),
    Remove(Stroke(((15, -4, 12),), 1.5)),
)


@pytest.fixture(scope="module")
def made(scan):
    return make_edits(scan.canvas, EditLog({"t1c": "abc"}), EDITS, reader="R1", at="2026-01-02")


def test_replay_gives_the_same_mask(scan, made):
    mask, log = made
    np.testing.assert_array_equal(replay(scan.canvas, log), mask)


def test_log_survives_json(scan, made):
    mask, log = made
    again = log_of(json.loads(json.dumps(log_record(log))))
    assert again == log
    np.testing.assert_array_equal(replay(scan.canvas, again), mask)


def test_log_says_who_when_and_how_many_voxels_changed(made):
    mask, log = made
    assert {(one.reader, one.at) for one in log.edits} == {("R1", "2026-01-02")}
    assert sum(one.added - one.removed for one in log.edits) == mask.sum()
    assert log.edits[-1].removed > 0
    assert log.edits[-1].added == 0


def test_edits_go_on_from_a_log(scan, made):
    whole, log = made
    start = EditLog(log.inputs, log.edits[:2])
    mask, longer = make_edits(scan.canvas, start, EDITS[2:], reader="R2")
    np.testing.assert_array_equal(mask, whole)
    assert [one.reader for one in longer.edits] == ["R1", "R1", "R2", "R2", "R2"]


def test_replay_on_another_image_is_refused_at_the_edit_that_departs(scan, made):
    other = replace(scan.canvas, enhancement=scan.canvas.enhancement + np.float32(0.5))
    with pytest.raises(NotAssessableError, match=r"edit 2 \(grow above a threshold, by R1"):
        replay(other, made[1])


def test_strokes_may_go_beyond_the_outline(scan):
    nowhere = replace(scan.canvas, allowed=np.zeros_like(scan.canvas.allowed))
    mask, _ = make_edits(nowhere, EditLog(), [Add(Stroke((SEED,), 2))], reader="R1")
    assert mask.any()


def test_empty_log_outlines_nothing(scan):
    assert not replay(scan.canvas, EditLog()).any()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record.update(format=99),
        lambda record: record.pop("edits"),
        lambda record: record["edits"][0].update(kind="erase all"),
        lambda record: record["edits"][0]["settings"].update(colour=1),
        lambda record: record["edits"][0].pop("reader"),
        lambda record: record["edits"][0].update(voxels_added="many"),
    ],
)
def test_damaged_log_is_refused(made, spoil):
    record = json.loads(json.dumps(log_record(made[1])))
    spoil(record)
    with pytest.raises(SettingsError):
        log_of(record)
