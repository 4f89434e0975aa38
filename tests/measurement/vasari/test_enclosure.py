"""What a wall surrounds."""

import numpy as np

from gliokit.measurement.vasari.enclosure import surrounded


def box(low, high):
    mask = np.zeros((21, 21, 21), dtype=bool)
    mask[(slice(low, high),) * 3] = True
    return mask


def test_all_within_a_closed_wall_is_surrounded():
    inner = box(6, 15)
    wall = box(5, 16) & ~inner
    assert np.array_equal(surrounded(inner, wall), inner)


def test_wall_with_an_open_side_still_surrounds():
    inner = box(6, 15)
    wall = box(5, 16) & ~inner
    wall[:, :, 15:] = False
    assert np.array_equal(surrounded(inner, wall), inner)


def test_wall_on_one_side_surrounds_nothing():
    inner, wall = box(6, 15), box(0, 21)
    wall[5:] = False
    assert not surrounded(inner, wall).any()


def test_mirrored_wall_surrounds_the_mirror_image():
    rng = np.random.default_rng(1)
    mask, wall = rng.random((2, 9, 9, 9)) < [[[[0.5]]], [[[0.05]]]]
    wall &= ~mask
    for axis in range(3):
        flipped = surrounded(np.flip(mask, axis), np.flip(wall, axis))
        assert np.array_equal(np.flip(flipped, axis), surrounded(mask, wall))
