"""A registration is doubted for what was measured, and the sentence says it."""

import numpy as np
import pytest

from gliokit.preprocessing.affine_motion import Motion
from gliokit.preprocessing.mutual_information import Samples, Target
from gliokit.preprocessing.registration_check import (
    BLOCK_MM,
    LIMIT_MM,
    Fit,
    doubt_about,
    measure_fit,
)

UNMOVED = Motion(np.zeros(3), np.zeros(6))


def speckled(torn_mm=0.0):
    """Give random blobs of 8 mm and 20,000 points; blocks are torn to either side in turn."""
    rng = np.random.default_rng(0)
    blobs = np.kron(rng.uniform(2, 29, (24, 24, 24)), np.ones((2, 2, 2))).astype(np.float32)
    points = rng.uniform(-72, 72, (20_000, 3)).astype(np.float32)
    voxels = np.rint(points / 4 + 23.5).astype(int)
    sides = np.rint(points / BLOCK_MM).sum(axis=1) % 2 * 2 - 1
    points[:, 1] += torn_mm * sides
    to_voxel = np.diag([0.25, 0.25, 0.25, 1])
    to_voxel[:3, 3] = 23.5
    bins = blobs[tuple(voxels.T)].astype(np.intp)
    return Samples(points, np.zeros(3), bins), Target(blobs, to_voxel)


def test_blocks_that_fit_stay_where_they_are():
    fit = measure_fit(*speckled(), UNMOVED)
    assert fit.local_shift_mm < 1
    assert fit.blocks >= 27


def test_blocks_that_a_rigid_motion_cannot_bring_together_tell_by_how_much():
    assert measure_fit(*speckled(torn_mm=4), UNMOVED).local_shift_mm == pytest.approx(4, abs=0.7)


def test_a_fit_within_the_limit_is_trusted_and_one_beyond_is_named_with_both_figures():
    assert doubt_about(Fit(LIMIT_MM - 0.1, 60), LIMIT_MM) is None
    doubt = doubt_about(Fit(5.26, 60), LIMIT_MM)
    assert "5.3 mm" in doubt
    assert "3 mm" in doubt


def test_what_cannot_be_checked_is_not_trusted():
    assert "cannot be checked" in doubt_about(Fit(float("nan"), 0), LIMIT_MM)
    assert "only 5 blocks" in doubt_about(Fit(0.5, 5), LIMIT_MM)


def test_images_that_do_not_overlap_have_no_blocks():
    samples, target = speckled()
    apart = Motion(np.zeros(3), np.array([500.0, 0, 0, 0, 0, 0]))
    assert measure_fit(samples, target, apart).blocks == 0
