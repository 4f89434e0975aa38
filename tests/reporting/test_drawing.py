"""Images, outlines and intensity windows against known answers."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from gliokit.reporting.drawing import Frame, bitmap, intensity_window, outline

FRAME = Frame(0.0, 0.0, 10.0)  # 10 mm are 100 units


def numbers(path):
    return np.array([float(value) for value in re.findall(r"-?\d+\.\d+", path)]).reshape(-1, 2)


def pixels(drawn):
    encoded = drawn.uri.removeprefix("data:image/jpeg;base64,")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))


def test_outline_of_a_block_reaches_exactly_its_pixel_edges():
    mask = np.zeros((10, 10), dtype=bool)
    mask[2:4, 3:6] = True
    points = numbers(outline(mask, (1.0, 1.0), FRAME))
    assert points.min(axis=0).tolist() == [30, 20]
    assert points.max(axis=0).tolist() == [60, 40]


def test_outline_of_thick_slices_keeps_their_height():
    mask = np.zeros((2, 10), dtype=bool)
    mask[1, 4] = True
    points = numbers(outline(mask, (1.0, 5.0), FRAME))
    assert np.ptp(points, axis=0).tolist() == [10, 50]


def test_outline_at_the_border_is_closed():
    path = outline(np.ones((10, 10), dtype=bool), (1.0, 1.0), FRAME)
    assert path.count("M") == path.count("Z") == 1
    assert numbers(path).min() == 0


def test_outline_has_one_part_for_each_separate_piece_and_hole():
    mask = np.zeros((10, 10), dtype=bool)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    mask[8, 8] = True
    assert outline(mask, (1.0, 1.0), FRAME).count("M") == 3


def test_nothing_is_traced_around_an_empty_mask():
    assert outline(np.zeros((10, 10), dtype=bool), (1.0, 1.0), FRAME) == ""


def test_bitmap_fills_the_rectangle_of_its_pixels_in_true_proportion():
    drawn = bitmap(np.ones((2, 8), np.float32), (0, 1), pixel_mm=(1.0, 4.0), frame=FRAME)
    assert (drawn.x, drawn.y, drawn.width, drawn.height) == (0, 0, 80, 80)
    assert pixels(drawn).shape == (384, 384)


def test_bitmap_is_cut_to_whole_pixels_around_the_frame():
    frame = Frame(2.5, 2.5, 5.0)
    drawn = bitmap(np.ones((10, 10), np.float32), (0, 1), pixel_mm=(1.0, 1.0), frame=frame)
    assert (drawn.x, drawn.width) == (-10, 120)


def test_intensities_outside_the_window_are_shown_black_and_white():
    row = np.array([[-50, 10, 60, 500]], np.float32).repeat(4, axis=0)
    drawn = bitmap(row, (10, 110), pixel_mm=(2.5, 2.5), frame=FRAME)
    shown = pixels(drawn)[240, [30, 180, 300, 450]]
    assert shown.tolist() == pytest.approx([0, 0, 128, 255], abs=12)


def test_nothing_is_drawn_of_an_image_outside_the_frame():
    frame = Frame(40.0, 40.0, 10.0)
    assert bitmap(np.ones((9, 9), np.float32), (0, 1), pixel_mm=(1.0, 1.0), frame=frame) is None


def test_window_is_blind_to_the_background_and_to_single_bright_voxels():
    volume = np.zeros((20, 20, 20), np.float32)
    volume[4:16, 4:16, 4:16] = np.linspace(100, 200, 12)
    low, high = intensity_window(volume)
    volume[10, 10, 10] = 1e6
    assert (low, high) == intensity_window(volume)
    assert (low, high) == (100, pytest.approx(200, abs=10))


def test_window_of_a_constant_image_has_a_width():
    low, high = intensity_window(np.full((4, 4, 4), 7, np.float32))
    assert low < high
