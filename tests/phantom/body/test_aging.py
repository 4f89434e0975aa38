"""Ventricles and sulci by age."""

import numpy as np
import pytest

from gliokit.phantom.body.aging import apparent_age, shrink_cortex, ventricle_displacement
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.deformation import Deformation, deform
from gliokit.phantom.body.tissue import Tissue


def moved(anatomy: Anatomy, wall_mm: float) -> int:
    aging = ventricle_displacement(anatomy, wall_mm)
    same = Deformation(np.eye(3), np.zeros((3, 4, 4, 4), np.float32), aging)
    return int((deform(anatomy, same).tissues == Tissue.VENTRICLE).sum())


def test_ventricles_grow_with_their_walls(small_brain):
    before = int((small_brain.tissues == Tissue.VENTRICLE).sum())
    assert moved(small_brain, 2.0) > 1.3 * before
    assert moved(small_brain, -1.0) < before


@pytest.mark.parametrize(("volume_ml", "age"), [(18, 45), (36, 80), (9, 20), (90, 95)])
def test_an_anatomy_looks_as_old_as_its_ventricles(volume_ml, age):
    tissues = np.full((volume_ml, 40, 50), Tissue.WHITE_MATTER, dtype=np.uint8)
    tissues[:, :20] = Tissue.VENTRICLE
    brain = Anatomy(tissues, np.ones_like(tissues), np.eye(4))
    assert apparent_age(brain) == pytest.approx(age)


def test_an_old_cortex_is_thinner_than_a_young_one(small_brain):
    young, old = (
        shrink_cortex(small_brain, age, np.random.default_rng(0)).tissues for age in (30, 80)
    )
    assert np.array_equal(young, small_brain.tissues)
    lost = small_brain.tissues != old
    assert np.all(small_brain.tissues[lost] == Tissue.CORTEX)
    assert np.all(old[lost] == Tissue.CSF)
    assert lost.sum() > 0.02 * (small_brain.tissues == Tissue.CORTEX).sum()
