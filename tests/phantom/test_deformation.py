"""Another individual, never folded."""

import numpy as np
import pytest

from gliokit.phantom.deformation import deform, draw_deformation
from gliokit.phantom.tissue import Tissue


@pytest.mark.parametrize("seed", range(8))
def test_jacobian_keeps_one_sign_everywhere(seed):
    drawn = draw_deformation((40, 44, 36), np.random.default_rng(seed), amount_mm=8.0)
    coordinates = drawn.coordinates()
    gradient = np.stack([np.stack(np.gradient(c, axis=(0, 1, 2))) for c in coordinates])
    determinant = np.linalg.det(np.moveaxis(gradient, (0, 1), (-2, -1)))
    assert determinant.min() * determinant.max() > 0


def test_tissues_keep_their_share_of_the_brain(small_brain):
    drawn = draw_deformation(small_brain.tissues.shape, np.random.default_rng(3))
    person = deform(small_brain, drawn)
    before, after = (
        np.bincount(brain.tissues.ravel(), minlength=len(Tissue))[1:6].astype(float)
        for brain in (small_brain, person)
    )
    assert np.allclose(after / after.sum(), before / before.sum(), atol=0.05)


def test_the_same_seed_gives_the_same_individual(small_brain):
    twins = [
        deform(small_brain, draw_deformation((96, 96, 96), np.random.default_rng(5))).tissues
        for _ in range(2)
    ]
    assert np.array_equal(*twins)
