"""A motion of few numbers is the matrix that it says."""

import numpy as np
from scipy.spatial.transform import Rotation

from gliokit.core.geometry import to_world
from gliokit.preprocessing.affine_motion import RADIUS_MM, Motion, rotation


def test_a_rotation_is_that_of_scipy():
    for turn in ([0.3, -0.2, 0.5], [0, 0, 0], [0, 3.1, 0]):
        expected = Rotation.from_rotvec(turn).as_matrix()
        np.testing.assert_allclose(rotation(np.array(turn)), expected, atol=1e-12)


def test_a_turn_keeps_the_center_and_moves_a_point_at_the_radius_by_as_many_mm():
    center = np.array([10.0, -5, 30])
    motion = Motion(center, np.array([0, 0, 0, 0, 0, 2.0]))
    np.testing.assert_allclose(to_world(motion.affine, center), center)
    edge = center + np.array([RADIUS_MM, 0, 0])
    moved = np.linalg.norm(to_world(motion.affine, edge) - edge)
    np.testing.assert_allclose(moved, 2, rtol=1e-3)


def test_six_numbers_are_rigid_and_twelve_stretch():
    rigid = Motion(np.zeros(3), np.arange(6.0))
    np.testing.assert_allclose(rigid.matrix @ rigid.matrix.T, np.eye(3), atol=1e-12)
    longer = Motion(np.zeros(3), np.array([0] * 6 + [8.0, 0, 0, 0, 0, 0]))
    np.testing.assert_allclose(longer.matrix, np.diag([1.1, 1, 1]))
