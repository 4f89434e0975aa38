"""ADC and the scalars of the tensor against closed forms, and what their dials do."""

import numpy as np
import pytest

from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TumorBiology
from gliokit.phantom.maps.diffusion import (
    ADC,
    DiffusionScalars,
    adc_map,
    draw_diffusion,
    dti_scalars,
    eigenvalues,
    typical_diffusion,
)

BIOLOGY = TumorBiology()


def slabs(*tissues: Tissue) -> np.ndarray:
    """Give slabs of 12 voxels along the first axis."""
    column = np.repeat(np.array(tissues, dtype=np.uint8), 12)
    return np.broadcast_to(column[:, None, None], (len(column), 24, 24)).copy()


def middle(array: np.ndarray, slab: int) -> np.ndarray:
    return array[12 * slab + 4 : 12 * slab + 8]


def made(
    tissues: np.ndarray, density: np.ndarray | float = 0.0, *, biology: TumorBiology = BIOLOGY
) -> np.ndarray:
    density = np.broadcast_to(np.float32(density), tissues.shape)
    return adc_map(
        tissues, density, parameters=typical_diffusion(), biology=biology, spacing_mm=1.0
    )


def drawn_scalars(tissues: np.ndarray, density: np.ndarray) -> DiffusionScalars:
    parameters = draw_diffusion(np.random.default_rng(3))
    adc = adc_map(tissues, density, parameters=parameters, biology=BIOLOGY, spacing_mm=1.0)
    return dti_scalars(
        adc, tissues, density=density, parameters=parameters, biology=BIOLOGY, spacing_mm=1.0
    )


@pytest.mark.parametrize("tissue", [Tissue.VENTRICLE, Tissue.WHITE_MATTER, Tissue.NECROSIS])
def test_inside_a_tissue_adc_is_its_published_mean(tissue):
    adc = made(slabs(Tissue.CORTEX, tissue, Tissue.CORTEX))
    assert middle(adc, 1) == pytest.approx(ADC[tissue], rel=0.01)


def test_border_of_two_tissues_lies_between_them():
    adc = made(slabs(Tissue.CSF, Tissue.WHITE_MATTER))
    assert ADC[Tissue.WHITE_MATTER] < adc[11, 12, 12] < ADC[Tissue.CSF]


def test_brain_next_to_air_keeps_its_adc_and_air_has_none():
    adc = made(slabs(Tissue.BACKGROUND, Tissue.WHITE_MATTER))
    assert not adc[:12].any()
    assert adc[12] == pytest.approx(ADC[Tissue.WHITE_MATTER], rel=0.01)


def test_dense_tumor_restricts_water_by_the_dial():
    tissues = slabs(Tissue.ENHANCING_TUMOR)
    falls = []
    for dial in (0.0, 0.5, 1.0):
        biology = TumorBiology(cellularity=dial)
        sparse, dense = (made(tissues, d, biology=biology).mean() for d in (0.55, 0.95))
        falls.append(sparse - dense)
    assert falls[0] == 0
    assert falls[1] == pytest.approx(0.4 * 700 * 0.5, rel=0.01)
    assert falls[2] == pytest.approx(0.4 * 700, rel=0.01)


@pytest.mark.parametrize("grade", [2, 3, 4])
def test_treatment_effect_has_higher_adc_than_tumor_at_dial_one_and_the_same_at_zero(grade):
    tissues = slabs(Tissue.ENHANCING_TUMOR, Tissue.TREATMENT_EFFECT)
    apart, alike = (
        made(tissues, biology=TumorBiology(grade=grade, treatment_effect=dial))
        for dial in (1.0, 0.0)
    )
    assert middle(apart, 1).mean() > middle(apart, 0).mean() + 150
    assert middle(alike, 1).mean() == pytest.approx(middle(alike, 0).mean(), rel=1e-3)


def test_drawn_treatment_effect_cannot_be_told_from_tumor_at_dial_zero():
    tissues = slabs(Tissue.ENHANCING_TUMOR, Tissue.TREATMENT_EFFECT)
    density = np.zeros(tissues.shape, dtype=np.float32)
    biology = TumorBiology(treatment_effect=0.0)
    difference = []
    for seed in range(12):
        parameters = draw_diffusion(np.random.default_rng(seed))
        adc = adc_map(tissues, density, parameters=parameters, biology=biology, spacing_mm=1.0)
        difference.append(middle(adc, 1).mean() - middle(adc, 0).mean())
    assert abs(np.mean(difference)) < 2 * np.std(difference) / np.sqrt(12) + 1


def test_without_its_dial_cell_density_leaves_the_tensor_alone():
    tissues = slabs(Tissue.WHITE_MATTER)
    parameters = draw_diffusion(np.random.default_rng(3))
    scalars = [
        dti_scalars(
            np.full(tissues.shape, 800, np.float32),
            tissues,
            density=np.full(tissues.shape, held, np.float32),
            parameters=parameters,
            biology=TumorBiology(cellularity=dial),
            spacing_mm=1.0,
        ).fa.mean()
        for dial, held in ((0.0, 0.0), (0.0, 0.5), (1.0, 0.5))
    ]
    assert scalars[0] == scalars[1] > scalars[2]


def test_scalars_agree_with_each_other():
    tissues = slabs(Tissue.WHITE_MATTER, Tissue.EDEMA, Tissue.ENHANCING_TUMOR, Tissue.CSF)
    density = np.zeros(tissues.shape, dtype=np.float32)
    scalars = drawn_scalars(tissues, density)
    ad, rd = scalars.ad.astype(float), scalars.rd.astype(float)
    mean = (ad + 2 * rd) / 3
    spread = np.sqrt((ad - mean) ** 2 + 2 * (rd - mean) ** 2)
    fa = np.sqrt(1.5) * spread / np.sqrt(ad**2 + 2 * rd**2)  # Basser and Pierpaoli
    assert scalars.md == pytest.approx(mean, rel=1e-5)
    assert scalars.fa == pytest.approx(fa, abs=1e-4)
    assert scalars.rd.min() >= 0


def test_mean_diffusivity_is_the_adc():
    tissues = slabs(Tissue.WHITE_MATTER, Tissue.EDEMA)
    density = np.zeros(tissues.shape, dtype=np.float32)
    parameters = draw_diffusion(np.random.default_rng(3))
    adc = adc_map(tissues, density, parameters=parameters, biology=BIOLOGY, spacing_mm=1.0)
    assert np.array_equal(drawn_scalars(tissues, density).md, adc)


@pytest.mark.parametrize(("fa", "axial", "radial"), [(0.0, 1.0, 1.0), (1.0, 3.0, 0.0)])
def test_isotropic_and_linear_tensors(fa, axial, radial):
    one = np.ones(1, dtype=np.float32)
    assert eigenvalues(one, fa * one) == pytest.approx((axial, radial), abs=1e-6)


def test_white_matter_is_ordered_edema_less_and_tumor_least():
    tissues = slabs(Tissue.WHITE_MATTER, Tissue.EDEMA, Tissue.ENHANCING_TUMOR)
    fa = drawn_scalars(tissues, np.zeros(tissues.shape, dtype=np.float32)).fa
    white, edema, tumor = (middle(fa, slab).mean() for slab in range(3))
    assert white > 1.4 * edema
    assert edema > tumor


def test_cells_destroy_the_order_of_white_matter():
    tissues = slabs(Tissue.WHITE_MATTER)
    empty = drawn_scalars(tissues, np.zeros(tissues.shape, dtype=np.float32))
    invaded = drawn_scalars(tissues, np.full(tissues.shape, 0.4, dtype=np.float32))
    assert invaded.fa.mean() < 0.7 * empty.fa.mean()


def test_same_parameters_give_the_same_map_and_another_seed_another():
    tissues = slabs(Tissue.WHITE_MATTER)
    density = np.zeros(tissues.shape, dtype=np.float32)
    maps = [
        adc_map(
            tissues,
            density,
            parameters=draw_diffusion(np.random.default_rng(seed)),
            biology=BIOLOGY,
            spacing_mm=1.0,
        )
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(maps[0], maps[1])
    assert not np.array_equal(maps[0], maps[2])
