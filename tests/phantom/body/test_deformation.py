"""Another individual, never folded."""

import numpy as np
import pytest

from gliokit.phantom.body.compartments import Compartment
from gliokit.phantom.body.deformation import deform, draw_deformation, integrate
from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import Tissue


def jacobian(points: np.ndarray) -> np.ndarray:
    gradient = np.stack([np.stack(np.gradient(part)) for part in points])
    return np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1)))


@pytest.mark.parametrize("seed", range(6))
def test_the_jacobian_is_positive_everywhere(seed):
    shape = (60, 66, 54)
    rng = np.random.default_rng(seed)
    aging = integrate(4 * np.stack([smooth_field((16, 18, 15), 2, rng) for _ in range(3)]))
    drawn = draw_deformation(shape, rng, amount_mm=9.0, aging=aging)
    assert jacobian(drawn.origin_mm(np.array(shape) - 1.0, shape)).min() > 0


def test_following_a_field_back_undoes_it():
    rng = np.random.default_rng(0)
    velocity = 5 * np.stack([smooth_field((20, 20, 20), 3, rng) for _ in range(3)])
    there, back = integrate(velocity), integrate(-velocity)
    middle = (slice(5, 15),) * 3
    # near the middle the field is smooth on the scale of the way that is gone
    assert np.abs(there[:, *middle] + back[:, *middle]).mean() < 0.35 * np.abs(there).mean()


def test_tissues_keep_their_share_of_the_brain(small_brain):
    drawn = draw_deformation(small_brain.tissues.shape, np.random.default_rng(3))
    person = deform(small_brain, drawn)
    before, after = (
        np.bincount(brain.tissues.ravel(), minlength=len(Tissue))[1:6].astype(float)
        for brain in (small_brain, person)
    )
    assert np.allclose(after / after.sum(), before / before.sum(), atol=0.05)


def test_larger_voxels_hold_the_same_brain(small_brain):
    drawn = draw_deformation(small_brain.tissues.shape, np.random.default_rng(4))
    fine = deform(small_brain, drawn)
    coarse = deform(small_brain, drawn, spacing_mm=3.0, shape=(40, 40, 40))
    assert coarse.spacing_mm == pytest.approx(3)
    fine_ml, coarse_ml = (
        np.count_nonzero(brain.tissues) * brain.spacing_mm**3 for brain in (fine, coarse)
    )
    assert coarse_ml == pytest.approx(fine_ml, rel=0.03)
    centers = [
        brain.affine[:3, :3] @ np.argwhere(brain.tissues).mean(0) + brain.affine[:3, 3]
        for brain in (fine, coarse)
    ]
    assert np.allclose(*centers, atol=1.0)


def test_a_mirrored_brain_has_its_sides_exchanged(small_brain):
    seed = next(
        s for s in range(20) if draw_deformation((96,) * 3, np.random.default_rng(s)).mirrored
    )
    person = deform(small_brain, draw_deformation((96,) * 3, np.random.default_rng(seed)))
    x = {
        side: np.argwhere(person.compartments == side)[:, 0].mean()
        for side in (Compartment.LEFT, Compartment.RIGHT)
    }
    assert x[Compartment.LEFT] < x[Compartment.RIGHT]


def test_the_same_seed_gives_the_same_individual(small_brain):
    twins = [
        deform(small_brain, draw_deformation((96, 96, 96), np.random.default_rng(5))).tissues
        for _ in range(2)
    ]
    assert np.array_equal(*twins)
