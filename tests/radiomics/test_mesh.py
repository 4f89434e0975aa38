"""Surfaces against closed forms."""

import math
from collections import Counter
from itertools import permutations, product

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.radiomics.mesh import surface_mesh

ONE_MM = np.ones(3)


def sphere(radius_mm, spacing):
    """Give a ball in the middle of a grid that it fits in."""
    half = [int(radius_mm / mm) + 2 for mm in spacing]
    axes = (np.arange(-n, n + 1) * mm for n, mm in zip(half, spacing, strict=True))
    return np.sqrt(sum(axis**2 for axis in np.meshgrid(*axes, indexing="ij"))) <= radius_mm


def test_one_voxel_is_an_octahedron():
    mesh = surface_mesh(np.ones((1, 1, 1), dtype=bool), ONE_MM)
    assert mesh.volume_mm3 == pytest.approx(1 / 6)
    assert mesh.area_mm2 == pytest.approx(math.sqrt(3))


def test_a_box_is_itself_without_its_edges_and_corners():
    n, m, k = 7, 4, 2
    mesh = surface_mesh(np.ones((n, m, k), dtype=bool), ONE_MM)
    edges = (n - 1) + (m - 1) + (k - 1)
    faces = (n - 1) * (m - 1) + (m - 1) * (k - 1) + (k - 1) * (n - 1)
    assert mesh.volume_mm3 == pytest.approx(n * m * k - edges / 2 - 8 * (1 / 8 - 1 / 48))
    assert mesh.area_mm2 == pytest.approx(2 * faces + 4 * math.sqrt(0.5) * edges + math.sqrt(3))


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 1.0, 1.5), (2.0, 2.0, 2.0)])
def test_a_sphere_has_nearly_its_volume_and_somewhat_more_than_its_area(spacing):
    mesh = surface_mesh(sphere(20, spacing), np.array(spacing))
    assert mesh.volume_mm3 == pytest.approx(4 / 3 * math.pi * 20**3, rel=0.01)
    # steps between voxels do not vanish with their size
    assert 1 < mesh.area_mm2 / (4 * math.pi * 20**2) < 1.16


def test_the_surface_is_closed():
    mask = np.random.default_rng(0).random((9, 8, 7)) > 0.4
    faces = surface_mesh(mask, ONE_MM).faces
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    passed = Counter(map(tuple, edges.tolist()))  # each edge as often back as forth
    assert all(passed[b, a] == times for (a, b), times in passed.items())


def test_flips_and_the_order_of_axes_change_neither_volume_nor_area_of_a_ragged_region():
    mask = np.random.default_rng(0).random((9, 8, 7)) > 0.5
    before = surface_mesh(mask, ONE_MM)
    for order, steps in product(permutations(range(3)), product((1, -1), repeat=3)):
        after = surface_mesh(
            mask.transpose(order)[tuple(slice(None, None, n) for n in steps)], ONE_MM
        )
        assert after.volume_mm3 == pytest.approx(before.volume_mm3, rel=1e-12)
        assert after.area_mm2 == pytest.approx(before.area_mm2, rel=1e-12)


def test_vertices_are_in_mm_from_the_first_voxel():
    mask = np.zeros((10, 11, 12), dtype=bool)
    mask[4, 5, 6] = True
    vertices = surface_mesh(mask, np.array([1.0, 2.0, 3.0])).vertices
    assert vertices.min(axis=0) == pytest.approx([3.5, 9, 16.5])
    assert vertices.max(axis=0) == pytest.approx([4.5, 11, 19.5])


def test_a_region_may_touch_the_edge_of_the_image():
    mask = sphere(5, (1.0, 1.0, 1.0))[2:, 2:, 2:][:-2, :-2, :-2]
    touching, padded = surface_mesh(mask, ONE_MM), surface_mesh(np.pad(mask, 7), ONE_MM)
    assert touching.volume_mm3 == pytest.approx(padded.volume_mm3)
    assert touching.area_mm2 == pytest.approx(padded.area_mm2)


def test_an_empty_mask_is_refused():
    with pytest.raises(NotAssessableError, match="no voxels"):
        surface_mesh(np.zeros((3, 3, 3), dtype=bool), ONE_MM)
