"""A tumor in a brain: sizes, places and layers."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from gliokit.core.errors import SimulationError
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import Label, Region
from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.deformation import deform, draw_deformation
from gliokit.phantom.body.tissue import Tissue, labels_of
from gliokit.phantom.tumor.grown import GrownTumor, first_to_arrive, grow_tumor, paint
from gliokit.phantom.tumor.parameters import Kind, TumorParameters

TUMOR = TumorParameters(Kind.RING, core_ml=8, edema_ml=12, rim_mm=3, roughness=0.3, seed=4)


@pytest.fixture(scope="module")
def grown(small_brain) -> GrownTumor:
    return grow_tumor(small_brain, TUMOR)


@pytest.fixture(scope="module")
def labels(grown) -> np.ndarray:
    return labels_of(paint(grown).tissues)


def test_core_and_edema_have_about_the_volume_asked_for(labels):
    core = region_mask(labels, Region.TUMOR_CORE).sum() / 1000
    assert core == pytest.approx(8, rel=0.15)
    assert (labels == Label.EDEMA).sum() / 1000 == pytest.approx(12, rel=0.15)


def test_enhancement_is_a_rim_around_necrosis(labels):
    depth = distance_transform_edt(region_mask(labels, Region.TUMOR_CORE))
    assert depth[labels == Label.ENHANCING].mean() < depth[labels == Label.NECROTIC_CORE].mean()


def test_regions_nest(labels):
    whole, core, enhancing = (
        region_mask(labels, region)
        for region in (Region.WHOLE_TUMOR, Region.TUMOR_CORE, Region.ENHANCING_TUMOR)
    )
    assert whole.sum() > core.sum() > enhancing.sum() > 0
    assert np.all(core <= whole)
    assert np.all(enhancing <= core)


def test_there_is_no_cell_in_fluid_or_outside_the_brain(grown):
    empty = np.isin(
        grown.healthy.tissues, (Tissue.BACKGROUND, Tissue.CSF, Tissue.VENTRICLE, Tissue.DURA)
    )
    assert not grown.density[empty].any()
    assert not grown.core[grown.healthy.tissues == Tissue.VENTRICLE].any()
    assert not grown.core[grown.healthy.tissues == Tissue.BACKGROUND].any()


def test_fluid_counts_as_core_only_where_the_tumor_encloses_it(grown):
    sulci = grown.core & (grown.healthy.tissues == Tissue.CSF)
    depth = distance_transform_edt(~(grown.core & ~sulci))
    assert np.count_nonzero(sulci) < 0.1 * np.count_nonzero(grown.core)
    assert not sulci.any() or depth[sulci].max() < 5  # mm: sulci, not cisterns


def test_edema_spares_cortex(grown):
    edema = grown.edema(12)
    cortex, white = (
        np.count_nonzero(edema & (grown.healthy.tissues == t))
        / np.count_nonzero(grown.healthy.tissues == t)
        for t in (Tissue.CORTEX, Tissue.WHITE_MATTER)
    )
    assert cortex < 0.5 * white


def test_a_sharp_margin_ends_sooner_than_a_soft_one(small_brain):
    """The share of cells beyond the front, against those in it."""
    beyond = []
    for margin_mm in (1.0, 2.0, 5.0):
        soft = replace(TUMOR, diffusion_mm2_per_day=margin_mm * 0.03, rate_per_day=0.03 / margin_mm)
        grown = grow_tumor(small_brain, soft)
        beyond.append(grown.density[~grown.core].sum() / grown.core.sum())
    assert beyond[0] < 0.8 * beyond[1] < 0.7 * beyond[2]


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_a_small_tumor_has_its_volume_too(small_brain, spacing):
    drawn = draw_deformation(small_brain.tissues.shape, np.random.default_rng(4))
    brain = deform(small_brain, drawn, spacing_mm=spacing, shape=(round(96 / spacing),) * 3)
    grown = grow_tumor(brain, replace(TUMOR, core_ml=0.6, edema_ml=0))
    assert grown.core.sum() * grown.voxel_ml == pytest.approx(0.6, abs=0.25)


def test_less_edema_lies_within_more(grown):
    assert np.all(grown.edema(5) <= grown.edema(10))
    assert grown.edema(5).sum() == 5000


def test_a_non_enhancing_tumor_has_no_enhancing_voxel(small_brain):
    tissues = paint(grow_tumor(small_brain, replace(TUMOR, kind=Kind.NON_ENHANCING))).tissues
    assert not np.any(labels_of(tissues) == Label.ENHANCING)
    assert np.any(tissues == Tissue.NON_ENHANCING_TUMOR)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_grows(small_brain, kind):
    assert grow_tumor(small_brain, replace(TUMOR, kind=kind)).core.any()


def test_a_frontal_tumor_starts_in_front(small_brain):
    small = replace(TUMOR, core_ml=0.5, edema_ml=0)
    front, back = (
        np.mean(
            [
                grow_tumor(small_brain, replace(small, frontal=frontal, seed=seed)).first_mm[1]
                for seed in range(4)
            ]
        )
        for frontal in (True, False)
    )
    assert front > back + 15  # mm


def test_the_same_parameters_give_the_same_tumor(small_brain):
    twins = [paint(grow_tumor(small_brain, TUMOR)).tissues for _ in range(2)]
    assert np.array_equal(*twins)


def test_a_brain_without_tissue_is_refused():
    fluid = np.full((20, 20, 20), Tissue.CSF, dtype=np.uint8)
    with pytest.raises(SimulationError, match="no tissue in which a tumor could start"):
        grow_tumor(Anatomy(fluid, np.ones_like(fluid), np.eye(4)), TUMOR)


def test_a_tumor_larger_than_the_brain_is_refused(small_brain):
    with pytest.raises(SimulationError, match="choose a smaller volume"):
        grow_tumor(small_brain, replace(TUMOR, core_ml=500))


def test_the_first_to_arrive_are_exactly_as_many_as_asked_for():
    order = np.array([3.0, 1.0, np.inf, 2.0, 1.0], dtype=np.float32)
    assert first_to_arrive(order, 2).tolist() == [False, True, False, False, True]
    assert first_to_arrive(order, 9).sum() == 4
    assert first_to_arrive(order, 0).sum() == 0
