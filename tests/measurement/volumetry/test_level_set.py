"""The contour against shapes that are known under noise."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.level_set import Contour, move_contour


def ball(radius, spacing=(1.0, 1.0, 1.0)):
    shape = [round(40 / step) for step in spacing]
    places = np.moveaxis(np.indices(shape), 0, -1) * spacing - 20
    return np.linalg.norm(places, axis=-1) <= radius


def noisy(truth, affine, noise=1.0):
    image = 3.0 * truth + np.random.default_rng(0).normal(0, noise, truth.shape)
    return Canvas(image.astype(np.float32), np.ones(truth.shape, bool), affine)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 2.5)])
@pytest.mark.parametrize("start", [5, 14])
def test_ball_is_found_from_within_and_from_without(spacing, start):
    truth = ball(10, spacing)
    canvas = noisy(truth, np.diag([*spacing, 1.0]))
    found = move_contour(canvas, ball(start, spacing), Contour())
    assert 2 * np.sum(found & truth) / (found.sum() + truth.sum()) > 0.97
    assert found.sum() == pytest.approx(truth.sum(), rel=0.03)


def test_contour_is_smoother_than_a_threshold():
    truth = ball(10)
    canvas = noisy(truth, np.eye(4))
    errors = move_contour(canvas, ball(8), Contour()) != truth
    assert errors.sum() < 0.2 * np.sum((canvas.enhancement > 1.5) != truth)


def test_contour_stays_within_what_is_allowed_whatever_lies_beyond():
    truth = ball(10)
    canvas = noisy(truth, np.eye(4), noise=0.1)
    allowed = np.arange(40)[:, None, None] < np.full(truth.shape, 20)
    beyond = np.where(allowed, canvas.enhancement, 50).astype(np.float32)
    found = move_contour(Canvas(beyond, allowed, np.eye(4)), ball(6) & allowed, Contour())
    np.testing.assert_array_equal(found, truth & allowed)


def test_contour_does_not_change_where_the_mask_lies_outside_the_box():
    truth = ball(10)
    start = truth.copy()
    found = move_contour(
        noisy(truth, np.eye(4)), start, Contour(box_mm=((0, 19), (0, 40), (0, 40)))
    )
    np.testing.assert_array_equal(found[20:], start[20:])
    assert (found[:20] != start[:20]).any()


def test_only_the_part_that_a_seed_points_at_is_kept():
    truth = np.roll(ball(6), -10, axis=0) | np.roll(ball(6), 10, axis=0)
    found = move_contour(noisy(truth, np.eye(4)), truth, Contour(seeds_mm=((10, 20, 20),)))
    assert found[:20].any()
    assert not found[20:].any()


def test_same_start_gives_the_same_contour_each_time():
    truth = ball(10)
    canvas = noisy(truth, np.eye(4))
    first, second, third = (move_contour(canvas, ball(5), Contour()) for _ in range(3))
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)


def test_contour_moves_with_the_scale_of_the_image():
    truth = ball(10)
    canvas = noisy(truth, np.eye(4))
    scaled = replace(canvas, enhancement=canvas.enhancement * np.float32(7) + np.float32(2))
    first, second = (move_contour(c, ball(5), Contour()) for c in (canvas, scaled))
    assert np.mean(first != second) < 1e-4


def test_empty_start_is_refused():
    canvas = noisy(ball(10), np.eye(4))
    with pytest.raises(NotAssessableError, match="grow a region first"):
        move_contour(canvas, np.zeros((40, 40, 40), bool), Contour())


def test_start_darker_than_its_surroundings_is_refused():
    canvas = noisy(~ball(10), np.eye(4))
    with pytest.raises(NotAssessableError, match="enhances no more than the outside"):
        move_contour(canvas, ball(8), Contour())
