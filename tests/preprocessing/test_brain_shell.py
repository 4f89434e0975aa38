"""The shell around the mean brain: its rays, what is looked up, and the way back to a volume."""

import numpy as np
import pytest

from gliokit.core.geometry import to_world
from gliokit.core.image import Image
from gliokit.evaluation.overlap import dice
from gliokit.preprocessing.brain_shell import (
    CENTER_MM,
    DEPTH,
    STEP_MM,
    brain_shell,
    closer_fit,
    on_mean_head,
    seen_in,
)
from gliokit.preprocessing.carry import carry_image
from gliokit.preprocessing.head_template import HALF, head_template


def odds_of_radius(radius_mm):
    """Log odds of a brain that ends at a radius (V,) of each ray."""
    shell = brain_shell()
    away = np.linalg.norm(shell.points_mm - CENTER_MM, axis=-1)
    return (radius_mm[:, None] - away).astype(np.float32)


def test_rays_are_unit_vectors_that_cover_the_sphere_evenly():
    directions = brain_shell().directions
    assert len(directions) == 10 * 4**4 + 2
    assert np.linalg.norm(directions, axis=1) == pytest.approx(1)
    assert np.abs(directions.mean(axis=0)).max() < 1e-9


def test_every_ray_has_the_six_next_ones_around_it_but_for_the_twelve_corners():
    for mesh in brain_shell().meshes:
        own = mesh.neighbors == np.arange(len(mesh.neighbors))[:, None]
        assert own.sum() == 12
        assert own.any(axis=1)[:12].all()


def test_opposite_rays_mirror_each_other():
    shell = brain_shell()
    assert np.allclose(shell.directions[shell.opposite], shell.directions * (-1, 1, 1))
    assert np.array_equal(shell.opposite[shell.opposite], np.arange(len(shell.opposite)))


def test_a_ray_lies_between_its_parents():
    shell = brain_shell()
    one, other = shell.directions[shell.meshes[-1].parents.T]
    middle = (one + other) / np.linalg.norm(one + other, axis=1, keepdims=True)
    assert np.allclose(middle, shell.directions)


def test_the_surface_of_the_mean_brain_lies_halfway_along_every_ray():
    likely = brain_shell().likely
    assert np.abs((likely > HALF).sum(axis=1) - DEPTH / 2).mean() < 1  # 3 mm voxels, smoothed


def test_what_is_looked_up_is_what_the_image_shows_there():
    affine = np.diag([2.0, -3.0, 2.5, 1.0])
    affine[:3, 3] = -100, 140, -130
    places = to_world(affine, np.moveaxis(np.indices((100, 95, 105)), 0, -1))
    image = Image(places @ np.array([1.0, 2.0, -1.0], dtype=np.float32), affine)
    motion = np.eye(4)
    motion[:3, 3] = 3, -2, 1
    values, inside = seen_in(image, motion)
    expected = (brain_shell().points_mm - motion[:3, 3]) @ np.array([1.0, 2.0, -1.0])
    assert inside.all()
    assert values == pytest.approx(expected, abs=1e-2)


def test_a_place_that_the_image_does_not_show_is_marked_and_dark():
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -120, -150, 0  # ends at the middle of the head
    values, inside = seen_in(Image(np.ones((120, 130, 60), dtype=np.float32), affine), np.eye(4))
    assert np.array_equal(inside, brain_shell().points_mm[..., 2] >= -1)
    assert not values[~inside].any()


def test_log_odds_fill_a_volume_with_the_brain_that_they_mean():
    shell = brain_shell()
    filled = on_mean_head(odds_of_radius(shell.radius_mm))
    mean = carry_image(head_template().brain, np.eye(4), filled.grid).array > HALF
    assert dice(mean, filled.array > 0) > 0.98


def test_the_fit_is_corrected_by_what_the_surface_shows():
    shell = brain_shell()
    grown = odds_of_radius(shell.radius_mm + 6 * STEP_MM)
    motion = closer_fit(grown, np.eye(4))
    found = shell.surface_mm + 6 * STEP_MM * shell.directions
    apart = np.linalg.norm(to_world(motion, found) - shell.surface_mm, axis=1)
    assert apart.mean() < 1  # was 6 mm
