"""Known answers in the pictures of a report."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from gliokit.core.vocabulary import MRSequence, Region
from gliokit.reporting.figures import lesion_figure, three_planes
from gliokit.reporting.stage import focus, set_stage

ORIENTATIONS = ["LPS", "PIR", "ASL", "RSP"]


def figures_of(case, sequence=MRSequence.T1C):
    stage = set_stage(case.study, case.labels)
    overview = three_planes(stage, sequence, focus(stage, case.findings.lesions[1].center_mm))
    return *overview, *(lesion_figure(stage, lesion) for lesion in case.findings.lesions)


def canvas(figure):
    """Paint a figure's image on its black square, one pixel a unit."""
    encoded = figure.bitmap.uri.removeprefix("data:image/jpeg;base64,")
    image = Image.open(io.BytesIO(base64.b64decode(encoded)))
    square = Image.new("L", (100, 100))
    drawn = figure.bitmap
    size = (round(drawn.width), round(drawn.height))
    square.paste(image.resize(size), (round(drawn.x), round(drawn.y)))
    return np.asarray(square, dtype=float)


def corners(path):
    points = np.array([float(value) for value in re.findall(r"-?\d+\.\d+", path)]).reshape(-1, 2)
    return points.min(axis=0), points.max(axis=0)


def test_bright_core_on_the_right_is_on_the_left_of_axial_and_coronal_pictures(case):
    axial, coronal, _, *_ = figures_of(case)
    for figure in (axial, coronal):
        square = canvas(figure)
        assert square[:, :50].max() > 240
        assert square[:, 50:].max() < 160
        assert figure.letters[:2] == ("R", "L")


def test_bright_core_in_front_is_on_the_left_of_the_sagittal_picture(case):
    _, _, sagittal, *_ = figures_of(case)
    square = canvas(sagittal)
    assert square[:, :50].max() > 240
    assert square[:, 50:].max() < 160
    assert sagittal.letters == ("A", "P", "S", "I")


def test_bright_core_in_front_is_in_the_upper_half_of_the_axial_picture(case):
    axial, *_ = figures_of(case)
    square = canvas(axial)
    assert square[:50].max() > 240
    assert square[50:].max() < 160


def test_outlines_surround_what_they_outline(case):
    axial, *_ = figures_of(case)
    low, high = corners(dict(axial.outlines)[Region.TUMOR_CORE])
    bright = np.argwhere(canvas(axial) > 200)[:, ::-1]
    np.testing.assert_allclose(low, bright.min(axis=0), atol=2)
    np.testing.assert_allclose(high, bright.max(axis=0) + 1, atol=2)


def test_outlines_are_drawn_of_the_regions_that_the_slice_cuts(case):
    axial, *_, whole, core, _enhancing = figures_of(case)
    assert [region for region, _ in axial.outlines] == ["WT", "TC", "ET"]
    assert [region for region, _ in whole.outlines] == ["WT"]
    assert [region for region, _ in core.outlines] == ["TC"]


@pytest.mark.parametrize("codes", ORIENTATIONS)
def test_storage_orientation_leaves_no_trace_in_the_pictures(make_case, codes):
    assert figures_of(make_case(codes=codes)) == figures_of(make_case())


def test_all_planes_are_drawn_to_one_scale(case):
    axial, coronal, sagittal, *_ = figures_of(case)
    assert axial.scale_units == coronal.scale_units == sagittal.scale_units


def test_diameter_is_as_long_as_the_scale_bar_says(case):
    *_, core, _ = figures_of(case)
    x, _y, x_end, *_ = (float(v) for v in re.findall(r"-?\d+\.\d+", core.calipers[0].path))
    assert abs(x_end - x) / core.scale_units * core.scale_mm == pytest.approx(10.0, abs=0.02)
    assert core.calipers[0].text == "10.0 mm"


def test_diameters_end_at_the_outline_they_measure(case):
    *_, core, _ = figures_of(case)
    low, high = corners(dict(core.outlines)[Region.TUMOR_CORE])
    ends = [float(v) for v in re.findall(r"-?\d+\.\d+", core.calipers[0].path)][0:3:2]
    np.testing.assert_allclose(sorted(ends), [low[0], high[0]], atol=0.02)


@pytest.mark.parametrize(
    ("present", "shown"),
    [
        (tuple(MRSequence), ["flair", "t1c", "t1c"]),
        ((MRSequence.T1, MRSequence.T2), ["t2", "t2", "t1"]),
        ((MRSequence.T2,), ["t2", "t2", "t2"]),
    ],
)
def test_lesions_are_shown_on_the_best_sequence_there_is(make_case, present, shown):
    case = make_case(sequences=present)
    _, _, _, *lesions = figures_of(case, present[0])
    assert [figure.sequence for figure in lesions] == shown
