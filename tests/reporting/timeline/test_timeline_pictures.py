"""The same place of every visit: one plane, whatever grid a visit lies on."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Raster

from gliokit.core.geometry import to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence, Region
from gliokit.reporting.stage import set_stage
from gliokit.reporting.timeline_pictures import visit_pictures

CENTER = (13.0, 13.0, 7.0)  # in the core, which is bright on the patient's right, in front


def stage_of(case):
    return set_stage(case.study, case.labels)


def moved(case, motion):
    """Give the stage of a case that lies elsewhere in the common space."""
    images = {
        sequence: replace(image, affine=motion @ image.affine)
        for sequence, image in case.study.images.items()
    }
    labels = LabelMap(case.labels.array, motion @ case.labels.affine)
    return set_stage(replace(case.study, images=images), labels)


def tilt(degrees):
    """Turn about the axis from left to right, then as much about that from foot to head."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return about_z @ about_x


def corners(figure):
    path = figure.outlines[0][1]
    points = np.array([float(value) for value in re.findall(r"-?\d+\.\d+", path)]).reshape(-1, 2)
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def pixels(figure):
    encoded = figure.bitmap.uri.removeprefix("data:image/jpeg;base64,")
    return np.asarray(Raster.open(io.BytesIO(base64.b64decode(encoded))), dtype=float)


def test_t1c_has_the_enhancing_outline_and_flair_that_of_the_whole_tumor(case):
    (visit,) = visit_pictures([("first", stage_of(case))], CENTER)
    assert visit.title == "first"
    assert [(f.sequence, [region for region, _ in f.outlines]) for f in visit.figures] == [
        (MRSequence.T1C, [Region.ENHANCING_TUMOR]),
        (MRSequence.FLAIR, [Region.WHOLE_TUMOR]),
    ]
    assert {f.position for f in visit.figures} == {"S 7"}


def test_the_outline_is_where_the_tumor_is_and_as_large(case):
    (visit,) = visit_pictures([("first", stage_of(case))], CENTER)
    flair = visit.figures[1]
    left, top, right, bottom = corners(flair)
    mm = flair.scale_units / flair.scale_mm
    assert (right - left) / mm == pytest.approx(14, abs=0.6)  # edema is 14 by 16 mm
    assert (bottom - top) / mm == pytest.approx(16, abs=0.6)
    assert right < 50  # the patient's right is on the left
    assert bottom < 50  # in front


def test_the_picture_is_bright_inside_the_enhancing_outline(case):
    t1c = visit_pictures([("first", stage_of(case))], CENTER)[0].figures[0]
    shown = pixels(t1c)
    left, top, right, bottom = (corners(t1c) * shown.shape[0] / 100).round().astype(int)
    rim = shown[top + 4 : top + 8, left + 8 : right - 8]
    assert rim.mean() > 1.5 * shown[bottom + 40, left:right].mean()


@pytest.mark.parametrize("codes", ["LPS", "PIR", "ASL"])
def test_the_pictures_are_the_same_however_a_visit_is_stored(make_case, codes):
    plain, stored = make_case(), make_case(codes=codes)
    pictures = visit_pictures([("a", stage_of(plain)), ("b", stage_of(stored))], CENTER)
    for one, other in zip(pictures[0].figures, pictures[1].figures, strict=True):
        assert np.abs(corners(one) - corners(other)).max() < 0.3
        assert np.abs(pixels(one) - pixels(other)).mean() < 2


def ball_in(affine):
    """Give a head of one ball of edema, 20 mm wide, drawn on a grid that lies anywhere."""
    shape = (60, 60, 30)
    places = to_world(affine, np.moveaxis(np.indices(shape), 0, -1))
    away = np.linalg.norm(places - np.array(CENTER), axis=-1)
    image = np.where(away < 45, np.float32(100), np.float32(0))
    labels = np.where(away <= 10, np.uint8(Label.EDEMA), np.uint8(0))
    study = Study("ball", {MRSequence.FLAIR: Image(image, affine)})
    return set_stage(study, LabelMap(labels, affine))


def test_a_visit_scanned_at_an_angle_shows_the_same_place():
    straight = np.diag([2.0, 2.0, 4.0, 1.0])
    straight[:3, 3] = np.array(CENTER) - straight[:3, :3] @ [30, 30, 15]
    tilted = straight.copy()
    tilted[:3, :3] = tilt(20) @ straight[:3, :3]
    tilted[:3, 3] = np.array(CENTER) - tilted[:3, :3] @ [30, 30, 15]
    pictures = visit_pictures([("a", ball_in(straight)), ("b", ball_in(tilted))], CENTER)
    one, other = (picture.figures[0] for picture in pictures)
    mm = one.scale_units / one.scale_mm
    assert np.abs(corners(one) - corners(other)).max() / mm < 1.0  # half a voxel
    assert corners(other)[2] - corners(other)[0] == pytest.approx(20 * mm, abs=1.5 * mm)


def test_all_visits_share_frame_and_scale(case):
    shift = np.eye(4)
    shift[:3, 3] = (6, -4, 0)
    still, pushed = visit_pictures([("a", stage_of(case)), ("b", moved(case, shift))], CENTER)
    assert still.figures[0].scale_units == pushed.figures[0].scale_units
    mm = still.figures[1].scale_units / still.figures[1].scale_mm
    apart = (corners(pushed.figures[1]) - corners(still.figures[1]))[:2] / mm
    assert apart == pytest.approx([-6, 4], abs=0.6)  # to the patient's right is leftward


def test_a_visit_that_does_not_reach_the_plane_has_no_bitmap(case):
    away = np.eye(4)
    away[2, 3] = 300
    pictures = visit_pictures([("a", stage_of(case)), ("b", moved(case, away))], CENTER)
    assert [figure.bitmap is None for picture in pictures for figure in picture.figures] == [
        False,
        False,
        True,
        True,
    ]
    assert pictures[1].figures[0].outlines == ()


def test_sequences_that_a_visit_lacks_are_left_out(make_case):
    stage = stage_of(make_case(sequences=(MRSequence.T1, MRSequence.FLAIR)))
    (visit,) = visit_pictures([("a", stage)], CENTER)
    assert [figure.sequence for figure in visit.figures] == [MRSequence.FLAIR]
    assert visit_pictures([], CENTER) == ()


def test_the_same_stages_give_the_same_pictures(case):
    stage = stage_of(case)
    assert visit_pictures([("a", stage)], CENTER) == visit_pictures([("a", stage)], CENTER)
