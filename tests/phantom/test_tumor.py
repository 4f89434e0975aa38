"""A tumor in a brain: sizes, places and layers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from gliokit.core.errors import SimulationError
from gliokit.core.vocabulary import Label
from gliokit.phantom.anatomy import Anatomy
from gliokit.phantom.tissue import Tissue, labels_of
from gliokit.phantom.tumor import Kind, TumorParameters, add_tumor, draw_tumor

TUMOR = TumorParameters(
    kind=Kind.RING,
    core_ml=8,
    edema_ml=12,
    rim_mm=3,
    gaps=0.1,
    cystic=False,
    hemorrhage=0.0,
    roughness=0.3,
    mass_effect=0.3,
    foci=1,
    seed=4,
)


@pytest.fixture(scope="module")
def labels(small_brain) -> np.ndarray:
    return labels_of(add_tumor(small_brain, TUMOR).tissues)


def test_core_and_edema_have_about_the_volume_asked_for(labels):
    core = np.isin(labels, [Label.NECROTIC_CORE, Label.ENHANCING]).sum() / 1000
    assert core == pytest.approx(8, rel=0.2)
    assert (labels == Label.EDEMA).sum() / 1000 == pytest.approx(12, rel=0.35)


def test_enhancement_is_a_rim_around_necrosis(labels):
    core = np.isin(labels, [Label.NECROTIC_CORE, Label.ENHANCING])
    depth = distance_transform_edt(core)
    assert depth[labels == Label.ENHANCING].mean() < depth[labels == Label.NECROTIC_CORE].mean()


def test_nothing_grows_outside_the_brain_or_in_the_ventricle(small_brain):
    grown = add_tumor(small_brain, replace(TUMOR, mass_effect=0.0))
    labels = labels_of(grown.tissues)
    assert not labels[small_brain.tissues == Tissue.BACKGROUND].any()
    fluid = small_brain.tissues == Tissue.VENTRICLE
    assert np.count_nonzero(labels[fluid]) < 0.05 * np.count_nonzero(fluid)


def test_a_non_enhancing_tumor_has_no_enhancing_voxel(small_brain):
    tissues = add_tumor(small_brain, replace(TUMOR, kind=Kind.NON_ENHANCING)).tissues
    assert not np.any(labels_of(tissues) == Label.ENHANCING)
    assert np.any(tissues == Tissue.NON_ENHANCING_TUMOR)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_grows(small_brain, kind):
    assert labels_of(add_tumor(small_brain, replace(TUMOR, kind=kind)).tissues).any()


def test_the_same_parameters_give_the_same_tumor(small_brain):
    twins = [add_tumor(small_brain, TUMOR).tissues for _ in range(2)]
    assert np.array_equal(*twins)


def test_a_brain_without_tissue_is_refused():
    fluid = Anatomy(np.full((20, 20, 20), Tissue.CSF, dtype=np.uint8), np.eye(4))
    with pytest.raises(SimulationError, match="no tissue in which a tumor could start"):
        add_tumor(fluid, TUMOR)


def test_drawn_tumors_span_the_sizes_of_glioma():
    drawn = [draw_tumor(np.random.default_rng(seed)) for seed in range(300)]
    cores = np.array([tumor.core_ml for tumor in drawn])
    assert cores.min() < 3
    assert cores.max() > 80
    assert {tumor.kind for tumor in drawn} == set(Kind)
