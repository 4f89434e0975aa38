"""The brain gives way to a tumor."""

import numpy as np
import pytest

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.compartments import compartments_of
from gliokit.phantom.body.deformation import integrate, least_jacobian
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.tumor.mass_effect import displacement_mm, push


@pytest.fixture(scope="module")
def brain() -> Anatomy:
    """Give a box of white matter with a wall of fluid to the right of its middle."""
    tissues = np.zeros((64, 48, 48), dtype=np.uint8)
    tissues[4:-4, 4:-4, 4:-4] = Tissue.WHITE_MATTER
    tissues[40:46, 4:-4, 4:-4] = Tissue.VENTRICLE
    return Anatomy(tissues, compartments_of(tissues, np.ones(tissues.shape, bool)), np.eye(4))


@pytest.fixture(scope="module")
def core() -> np.ndarray:
    grid = np.moveaxis(np.indices((64, 48, 48)), 0, -1)
    return np.linalg.norm(grid - [28, 24, 24], axis=-1) < 8


def test_displacement_points_away_from_the_core(brain, core):
    x, _, _ = displacement_mm(brain, core, 0.5)
    row = x[:, x.shape[1] // 2, x.shape[2] // 2]
    assert row[5] < 0 < row[9]  # at 20 and 36 mm, on both sides of the core at 28


def test_a_ventricle_beside_a_tumor_is_squeezed(brain, core):
    pushed = push(brain, core, 0.6)
    before, after = (np.sum(b.tissues == Tissue.VENTRICLE) for b in (brain, pushed))
    assert after < 0.97 * before


def test_a_negative_share_draws_the_ventricle_nearer(brain, core):
    middle = (slice(None), 24, 24)
    edge = [
        np.flatnonzero(push(brain, core, share).tissues[middle] == Tissue.VENTRICLE)[0]
        for share in (-0.6, 0.0, 0.6)
    ]
    assert edge[0] < edge[1] < edge[2]


def test_the_flow_folds_nowhere(brain, core):
    assert least_jacobian(integrate(-displacement_mm(brain, core, 0.7))) > 0.1


def test_what_the_core_adds_leaves_it(brain, core):
    """The divergence over the core is the volume that is asked for."""
    x, y, z = displacement_mm(brain, core, 0.4)
    step = 4.0
    divergence = np.gradient(x, step, axis=0) + np.gradient(y, step, axis=1)
    divergence += np.gradient(z, step, axis=2)
    asked_ml = 0.4 * core.sum() / 1000
    added_ml = divergence[divergence > 0].sum() * step**3 / 1000
    assert added_ml == pytest.approx(asked_ml, rel=0.35)  # a ball of four points across


def test_the_skull_stays_where_it_is(brain, core):
    pushed = push(brain, core, 0.6)
    assert np.array_equal(pushed.tissues == 0, brain.tissues == 0)


def test_without_a_share_nothing_moves(brain, core):
    assert push(brain, core, 0.0) is brain
