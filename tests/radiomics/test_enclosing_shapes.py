"""Hulls, boxes and ellipsoids against closed forms."""

import math
from itertools import product

import numpy as np
import pytest
from numpy.polynomial.legendre import legval
from scipy.spatial.transform import Rotation

from gliokit.radiomics.enclosing_shapes import (
    aligned_box,
    box,
    convex_hull,
    ellipsoid,
    ibsi_ellipsoid_area_mm2,
    longest_distance,
    smallest_ellipsoid,
)

CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))
TETRAHEDRON = CORNERS[[0, 3, 5, 6]]


def turned(points, seed=0):
    return points @ Rotation.random(random_state=seed).as_matrix().T


def directions(number):
    drawn = np.random.default_rng(0).normal(size=(number, 3))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_the_hull_of_a_box_is_the_box_whatever_is_inside():
    inside = np.random.default_rng(0).uniform(-0.9, 0.9, size=(50, 3))
    hull = convex_hull(np.concatenate([inside, CORNERS]) * [1, 2, 3])
    assert len(hull.vertices) == 8
    assert hull.solid.volume_mm3 == pytest.approx(48)
    assert hull.solid.area_mm2 == pytest.approx(88)


def test_each_edge_of_a_hull_lies_in_both_its_faces():
    hull = convex_hull(turned(directions(60)))
    assert len(hull.vertices) - len(hull.edges) + len(hull.normals) == 2  # Euler
    along = hull.vertices[hull.edges[:, 1]] - hull.vertices[hull.edges[:, 0]]
    for side in hull.sides.T:
        assert np.einsum("ij,ij->i", hull.normals[side], along) == pytest.approx(0, abs=1e-12)


def test_a_box_has_its_longest_distance_from_corner_to_corner():
    assert longest_distance(CORNERS * [1, 2, 3]) == pytest.approx(2 * math.sqrt(14))


def test_an_aligned_box_goes_from_the_lowest_to_the_highest_coordinates():
    solid = aligned_box(CORNERS * [1, 2, 3] + 100)
    assert solid == box(np.array([2.0, 4.0, 6.0]))
    assert (solid.volume_mm3, solid.area_mm2) == pytest.approx((48, 88))


@pytest.mark.parametrize("flat", [0.2, 0.999])
def test_the_area_of_an_oblate_spheroid_is_the_closed_form(flat):
    e = math.sqrt(1 - flat**2)
    expected = 2 * math.pi * (1 + (1 - e**2) / e * math.atanh(e))
    assert ellipsoid(np.array([flat, 1, 1])).area_mm2 == pytest.approx(expected)


@pytest.mark.parametrize("long", [1.001, 5])
def test_the_area_of_a_prolate_spheroid_is_the_closed_form(long):
    e = math.sqrt(1 - 1 / long**2)
    expected = 2 * math.pi * (1 + long / e * math.asin(e))
    assert ellipsoid(np.array([1, 1, long])).area_mm2 == pytest.approx(expected)


def test_a_sphere_has_its_volume_and_area_by_both_formulas():
    semi_axes = np.full(3, 3.0)
    assert ellipsoid(semi_axes).volume_mm3 == pytest.approx(36 * math.pi)
    assert ellipsoid(semi_axes).area_mm2 == pytest.approx(36 * math.pi)
    assert ibsi_ellipsoid_area_mm2(semi_axes) == pytest.approx(36 * math.pi)


def test_the_series_of_the_manual_is_its_sum_of_legendre_polynomials():
    least, minor, major = 2.0, 3.0, 5.0
    alpha, beta = math.sqrt(1 - minor**2 / major**2), math.sqrt(1 - least**2 / major**2)
    degrees = np.arange(21)
    terms = (alpha * beta) ** degrees / (1 - 4 * degrees**2)
    argument = (alpha**2 + beta**2) / (2 * alpha * beta)
    expected = 4 * math.pi * major * minor * legval(argument, terms)
    assert ibsi_ellipsoid_area_mm2(np.array([least, minor, major])) == pytest.approx(expected)


def test_the_series_of_the_manual_goes_smoothly_through_spheroids():
    near = ibsi_ellipsoid_area_mm2(np.array([2.0, 5 - 1e-9, 5.0]))
    assert ibsi_ellipsoid_area_mm2(np.array([2.0, 5.0, 5.0])) == pytest.approx(near, rel=1e-6)


def test_the_smallest_ellipsoid_of_a_box_is_the_root_of_three_larger():
    semi_axes = smallest_ellipsoid(turned(CORNERS * [1, 2, 3]) + 100)
    assert semi_axes == pytest.approx(np.sqrt(3) * np.array([1, 2, 3]), rel=1e-6)


def test_the_smallest_ellipsoid_of_a_tetrahedron_is_the_sphere_through_its_corners():
    assert smallest_ellipsoid(turned(TETRAHEDRON)) == pytest.approx(np.sqrt(3), rel=1e-6)


def test_points_on_an_ellipsoid_have_it_as_smallest():
    points = turned(np.concatenate([directions(2000), -directions(2000)]) * [1, 4, 9])
    assert smallest_ellipsoid(points) == pytest.approx([1, 4, 9], rel=0.01)


@pytest.mark.parametrize("tip", [0.0, 0.001])
def test_the_smallest_ellipsoid_of_a_cone_is_the_closed_form(tip):
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle), np.zeros(300)], axis=1)
    # as many points at the tip as in the ring: those farthest from the mean lie in one plane
    cone = np.concatenate([ring, directions(300) * tip + [0, 0, 1]])
    side = 3 / math.sqrt(8)
    assert smallest_ellipsoid(turned(cone)) == pytest.approx([3 / 4, side, side], rel=0.01)


def test_the_smallest_ellipsoid_scales_and_turns_with_its_points():
    points = np.random.default_rng(3).normal(size=(300, 3)) * [1, 2, 3]
    before = smallest_ellipsoid(points)
    assert smallest_ellipsoid(turned(points * 50)) == pytest.approx(before * 50, rel=1e-5)
