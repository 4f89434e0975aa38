"""FET-PET: ratios, blur and dials."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TYPICAL, TumorBiology
from gliokit.phantom.maps.pet import (
    TREATED_TO_BRAIN,
    TUMOR_TO_BRAIN,
    PETParameters,
    draw_pet,
    fet_pet,
    uptake_ratio,
)

SHARP = PETParameters(fwhm_mm=0.1)


def ball(tissue: Tissue, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Give a ball of one tissue in white matter, and its cell density."""
    grid = np.moveaxis(np.indices((48, 48, 48)), 0, -1) - 23.5
    inside = np.linalg.norm(grid, axis=-1) < radius
    tissues = np.where(inside, tissue, Tissue.WHITE_MATTER).astype(np.uint8)
    return tissues, np.where(inside, TYPICAL, 0).astype(np.float32)


def made(tissue: Tissue, parameters: PETParameters, biology: TumorBiology, radius: float = 12):
    tissues, density = ball(tissue, radius)
    suv = fet_pet(tissues, density, parameters=parameters, biology=biology, spacing_mm=1.0)
    return suv, tissues == tissue


@pytest.mark.parametrize("grade", [2, 3, 4])
def test_tumor_to_brain_ratio_is_that_of_its_grade(grade):
    suv, inside = made(Tissue.ENHANCING_TUMOR, SHARP, TumorBiology(grade=grade))
    assert suv[inside].mean() == pytest.approx(TUMOR_TO_BRAIN[grade], rel=0.02)


def test_treatment_effect_takes_up_less_by_its_dial():
    means = [
        made(Tissue.TREATMENT_EFFECT, SHARP, TumorBiology(treatment_effect=dial))[0].max()
        for dial in (0.0, 0.5, 1.0)
    ]
    assert means == pytest.approx(
        [TUMOR_TO_BRAIN[4], (TUMOR_TO_BRAIN[4] + TREATED_TO_BRAIN) / 2, TREATED_TO_BRAIN], rel=0.01
    )


def test_dense_tumor_takes_up_more_by_the_dial():
    tissues = np.full((2, 1, 1), Tissue.ENHANCING_TUMOR, dtype=np.uint8)
    density = np.array([0.5, 0.9], dtype=np.float32).reshape(2, 1, 1)
    linked, free = (
        uptake_ratio(tissues, density, factor=1.0, biology=TumorBiology(cellularity=dial)).ravel()
        for dial in (1.0, 0.0)
    )
    assert linked[1] - linked[0] > 1
    assert free[0] == free[1] == pytest.approx(TUMOR_TO_BRAIN[4])


def test_blur_is_as_wide_as_asked():
    tissues, _ = ball(Tissue.ENHANCING_TUMOR, 0.9)
    density = np.where(tissues == Tissue.ENHANCING_TUMOR, TYPICAL, 0).astype(np.float32)
    parameters = PETParameters(fwhm_mm=6.0)
    suv = fet_pet(tissues, density, parameters=parameters, biology=TumorBiology(), spacing_mm=1.0)
    profile = (suv - suv[10, 24, 24])[:, 24, 24]
    above = np.count_nonzero(profile > profile.max() / 2)
    assert above == pytest.approx(6, abs=1)


def test_uptake_is_spread_not_made_by_the_blur():
    suv, _ = made(Tissue.ENHANCING_TUMOR, PETParameters(), TumorBiology())
    sharp, _ = made(Tissue.ENHANCING_TUMOR, SHARP, TumorBiology())
    expected = gaussian_filter(sharp, 5.5 / 2.3548, mode="constant")
    assert suv[10:-10, 10:-10, 10:-10].sum() == pytest.approx(
        expected[10:-10, 10:-10, 10:-10].sum(), rel=1e-3
    )


def test_small_tumor_looks_colder_than_a_large_one():
    small, large = (
        made(Tissue.ENHANCING_TUMOR, PETParameters(), TumorBiology(), radius)[0].max()
        for radius in (3, 12)
    )
    assert small < 0.7 * large


def test_noise_is_as_large_as_asked_and_background_scales_the_whole():
    parameters = PETParameters(noise=0.05, background_suv=1.4)
    tissues = np.full((40, 40, 40), Tissue.BRAINSTEM, dtype=np.uint8)
    density = np.zeros(tissues.shape, dtype=np.float32)
    kwargs = {"biology": TumorBiology(), "spacing_mm": 1.0}
    noisy = fet_pet(tissues, density, parameters=parameters, **kwargs)[10:-10, 10:-10, 10:-10]
    plain = fet_pet(tissues, density, parameters=replace(parameters, noise=0.0), **kwargs)
    assert plain[20, 20, 20] == pytest.approx(1.4 * 1.1, rel=0.01)
    assert noisy.std() / 1.4 == pytest.approx(0.05 * np.sqrt(1.1), rel=0.35)


def test_drawn_maps_repeat_with_their_seed():
    first, again, other = (
        made(Tissue.ENHANCING_TUMOR, draw_pet(np.random.default_rng(seed)), TumorBiology())[0]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
