"""Smallest boxes: turned boxes, a tetrahedron, turned clouds."""

from itertools import product

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from gliokit.radiomics.enclosing_shapes import aligned_box, convex_hull
from gliokit.radiomics.mesh import surface_mesh
from gliokit.radiomics.oriented_box import smallest_box

CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))


def turned(points, seed):
    return points @ Rotation.random(random_state=seed).as_matrix().T


@pytest.mark.parametrize("seed", range(4))
def test_a_turned_box_is_found(seed):
    inside = np.random.default_rng(seed).uniform(-0.9, 0.9, size=(200, 3))
    points = turned(np.concatenate([CORNERS, inside]) * [1, 2, 5], seed)
    assert smallest_box(convex_hull(points)) == pytest.approx([2, 4, 10], rel=1e-6)


def test_a_box_along_the_axes_is_found():
    assert smallest_box(convex_hull(CORNERS * [3, 1, 2])) == pytest.approx([2, 4, 6])


@pytest.mark.parametrize("seed", range(3))
def test_a_box_need_not_lie_flat_on_a_face(seed):
    tetrahedron = turned(CORNERS[[0, 3, 5, 6]], seed)
    # the cube whose diagonals are its edges has 8, a box that lies flat on a face 16
    assert smallest_box(convex_hull(tetrahedron)).prod() == pytest.approx(8, rel=1e-6)


def test_a_cloud_has_the_same_box_however_it_is_turned():
    points = np.random.default_rng(0).normal(size=(100, 3))
    before = smallest_box(convex_hull(points))
    for seed in range(3):
        assert smallest_box(convex_hull(turned(points, seed))) == pytest.approx(before, rel=1e-4)


def test_no_turn_drawn_at_random_gives_a_smaller_box():
    points = np.random.default_rng(1).normal(size=(12, 3))
    found = smallest_box(convex_hull(points)).prod()
    drawn = Rotation.random(3000, random_state=0).as_matrix()
    volumes = np.ptp(np.einsum("kij,nj->kni", drawn, points), axis=1).prod(axis=1)
    assert found <= volumes.min()
    assert found <= aligned_box(points).volume_mm3


def test_the_search_ends_where_rounding_once_let_axes_shrink():
    # a region whose smallest box lies along the axes, found among random ones
    rng = np.random.default_rng(935)
    n = int(rng.integers(8, 16))
    noise = ndimage.gaussian_filter(rng.normal(size=(n, n, n)), rng.uniform(1, 2.5))
    mask = np.pad(noise > np.quantile(noise, rng.uniform(0.6, 0.95)), 1)
    hull = convex_hull(surface_mesh(mask, np.ones(3)).vertices)
    found = smallest_box(hull)
    assert found.prod() <= aligned_box(hull.vertices).volume_mm3 * (1 + 1e-9)
    assert found.prod() >= hull.solid.volume_mm3
