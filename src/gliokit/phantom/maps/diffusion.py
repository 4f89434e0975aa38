"""Diffusion of water: ADC, and the scalars of an axially symmetric tensor.

ADC (1e-6 mm²/s) goes down where cells are dense, by the dial of cellularity, and treatment
effect has a higher one than tumor, by its dial. White matter is anisotropic, the more so the
higher a smooth field is; infiltration destroys that, edema lowers it. Mean diffusivity equals
ADC, and FA, AD and RD follow from the eigenvalues (AD, RD, RD).

Limits: no directions, so no tracts; no kurtosis or perfusion; 0 outside the dura.
Assumed: spreads, slope against cells, anisotropy, and all values that no source is given for.

Source: healthy tissue, Helenius et al., AJNR 2002;23:194-9 (gray 0.8, white 0.7e-3 mm²/s);
free water at 37 °C 3.0e-3, Mills, J Phys Chem 1973;77:685-8; enhancing glioblastoma, Toh et
al., AJNR 2008;29:471-5 (0.96e-3, 1.26 times white matter; FA 0.23); enhancement after treatment,
Hein et al., AJNR 2004;25:201-9 (recurrence 1.18, treatment effect 1.40e-3);
tensor, Basser and Pierpaoli, J Magn Reson B 1996;111:209-19, doi:10.1006/jmrb.1996.0086.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue
from gliokit.phantom.maps.biology import LINKED, TumorBiology, cells, from_table, typical

ADC = {
    Tissue.CSF: 2900,
    Tissue.VENTRICLE: 3000,
    Tissue.CORTEX: 830,
    Tissue.WHITE_MATTER: 750,
    Tissue.DEEP_GRAY: 770,
    Tissue.CEREBELLAR_CORTEX: 790,
    Tissue.CEREBELLAR_WHITE: 730,
    Tissue.BRAINSTEM: 760,
    Tissue.VESSEL: 1500,
    Tissue.CHOROID_PLEXUS: 1600,
    Tissue.DURA: 900,
    Tissue.WHITE_MATTER_LESION: 1050,
    Tissue.NECROSIS: 1800,
    Tissue.NON_ENHANCING_TUMOR: 1250,
    Tissue.ENHANCING_TUMOR: 1080,
    Tissue.EDEMA: 1480,
    Tissue.CYST: 2600,
    Tissue.HEMORRHAGE: 900,
    Tissue.CAVITY_FLUID: 2800,
    Tissue.CAVITY_BLOOD: 900,
    Tissue.TREATMENT_EFFECT: 1400,
    Tissue.GLIOSIS: 1150,
    Tissue.CALCIFICATION: 700,
}  # 1e-6 mm²/s
PER_CELLS = -700.0  # 1e-6 mm²/s from empty to full
LOWEST, HIGHEST = 250.0, 3300.0  # 1e-6 mm²/s: what is measured in brain
FRACTIONAL_ANISOTROPY = {
    Tissue.WHITE_MATTER: 0.42,
    Tissue.CEREBELLAR_WHITE: 0.40,
    Tissue.BRAINSTEM: 0.40,
    Tissue.DEEP_GRAY: 0.22,
    Tissue.CORTEX: 0.15,
    Tissue.CEREBELLAR_CORTEX: 0.15,
    Tissue.WHITE_MATTER_LESION: 0.28,
    Tissue.EDEMA: 0.20,
    Tissue.GLIOSIS: 0.22,
    Tissue.NON_ENHANCING_TUMOR: 0.17,
    Tissue.ENHANCING_TUMOR: 0.18,
    Tissue.TREATMENT_EFFECT: 0.16,
}
ISOTROPIC = 0.06  # FA elsewhere: what noise makes of none
ORDERED = (Tissue.WHITE_MATTER, Tissue.CEREBELLAR_WHITE, Tissue.BRAINSTEM, Tissue.EDEMA)
FIBER_MM, FIBER_SPREAD = 5.0, 0.32  # correlation length, and spread as a share of FA
DESTROYED = 0.9  # share of the anisotropy that full infiltration takes
TEXTURE_MM, BLUR_MM = 2.0, 0.8  # of ADC: correlation length, and blur of the acquisition


@dataclass(frozen=True, slots=True)
class DiffusionParameters:
    """What was drawn for one study.

    Attributes
    ----------
    adc : (n_tissues,)
        Mean per `Tissue` at typical cell density, 1e-6 mm²/s.
    spread : (n_tissues,)
        Standard deviation inside a tissue, as a share of it.
    anisotropy : (n_tissues,)
        Mean FA per `Tissue`.
    seed : int
        Of the textures.
    """

    adc: NDArray[np.float32] = field(repr=False)
    spread: NDArray[np.float32] = field(repr=False)
    anisotropy: NDArray[np.float32] = field(repr=False)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class DiffusionScalars:
    """Scalars of the tensor, each (X, Y, Z); 0 outside the dura.

    Attributes
    ----------
    fa : (X, Y, Z)
        Fractional anisotropy, 0-1.
    md, ad, rd : (X, Y, Z)
        Mean, axial and radial diffusivity, 1e-6 mm²/s; md = (ad + 2 rd) / 3.
    """

    fa: NDArray[np.float32] = field(repr=False)
    md: NDArray[np.float32] = field(repr=False)
    ad: NDArray[np.float32] = field(repr=False)
    rd: NDArray[np.float32] = field(repr=False)


def typical_diffusion() -> DiffusionParameters:
    """Give the published means, without variation between or within people."""
    return DiffusionParameters(
        from_table(ADC),
        np.zeros(len(Tissue), dtype=np.float32),
        from_table(FRACTIONAL_ANISOTROPY, ISOTROPIC),
    )


def draw_diffusion(rng: np.random.Generator) -> DiffusionParameters:
    """Draw one study: healthy tissue varies by 3 % between people, diseased by 10 %."""
    mean = typical_diffusion()
    between = np.full(len(Tissue), 0.03)
    between[Tissue.WHITE_MATTER_LESION : FIRST_OUTSIDE] = 0.10
    drawn = np.exp(between * rng.standard_normal(len(Tissue)))
    return DiffusionParameters(
        (mean.adc * drawn).astype(np.float32),
        np.where(between > 0.05, 0.09, 0.04).astype(np.float32),
        (mean.anisotropy * np.exp(0.05 * rng.standard_normal(len(Tissue)))).astype(np.float32),
        seed=int(rng.integers(2**31)),
    )


def adc_map(
    tissues: NDArray[np.uint8],
    density: NDArray[np.float32],
    *,
    parameters: DiffusionParameters,
    biology: TumorBiology,
    spacing_mm: float,
) -> NDArray[np.float32]:
    """Make the ADC map, (X, Y, Z) in 1e-6 mm²/s.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel.
    density : (X, Y, Z)
        Share of the carrying capacity, 0-1.
    """
    held = cells(tissues, density, biology=biology)
    table = biology.with_treatment(parameters.adc)
    slope = from_table(dict.fromkeys(LINKED, PER_CELLS * biology.cellularity))
    adc = table[tissues] + slope[tissues] * (held - typical(biology)[tissues])
    if parameters.spread.any():
        rng = np.random.default_rng([parameters.seed, 1])
        texture = smooth_field(tissues.shape, TEXTURE_MM / spacing_mm, rng)
        adc *= 1 + parameters.spread[tissues] * texture
    inside = _inside(tissues)
    adc = _blurred(np.clip(adc, LOWEST, HIGHEST), inside, BLUR_MM / spacing_mm)
    return np.where(inside, adc, np.float32(0))


def dti_scalars(
    adc: NDArray[np.float32],
    tissues: NDArray[np.uint8],
    *,
    density: NDArray[np.float32],
    parameters: DiffusionParameters,
    biology: TumorBiology,
    spacing_mm: float,
) -> DiffusionScalars:
    """Make the scalars of the tensor whose mean diffusivity is `adc`, (X, Y, Z) each."""
    table = biology.with_treatment(parameters.anisotropy)
    rng = np.random.default_rng([parameters.seed, 2])
    fibers = smooth_field(tissues.shape, FIBER_MM / spacing_mm, rng)
    spread = from_table(dict.fromkeys(ORDERED, FIBER_SPREAD))[tissues]
    fa = table[tissues] * np.exp(spread * fibers - spread**2 / 2)
    # tumor already has its own low FA: only tissue that still has its order can lose it
    healthy = (tissues < Tissue.WHITE_MATTER_LESION) | (tissues == Tissue.EDEMA)
    held = cells(tissues, density, biology=biology)
    destroyed = np.float32(DESTROYED * biology.cellularity) * held
    fa *= np.where(healthy, 1 - destroyed, np.float32(1))
    fa = np.where(_inside(tissues), np.clip(fa, 0.01, 0.92), np.float32(0)).astype(np.float32)
    axial, radial = eigenvalues(adc, fa)
    return DiffusionScalars(fa, adc, axial, radial)


def eigenvalues(
    md: NDArray[np.float32], fa: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give axial and radial diffusivity of the axially symmetric tensor with this MD and FA.

    With AD = MD (1 + 2a) and RD = MD (1 - a), FA = 3a / sqrt(3 + 6a²), solved for a.
    """
    a = fa / np.sqrt(3 - 2 * fa**2)
    return (md * (1 + 2 * a)).astype(np.float32), (md * (1 - a)).astype(np.float32)


def _inside(tissues: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (tissues != Tissue.BACKGROUND) & (tissues < FIRST_OUTSIDE)


def _blurred(
    adc: NDArray[np.float32], inside: NDArray[np.bool_], sigma: float
) -> NDArray[np.float32]:
    """Blur within the brain: air around it takes nothing away."""
    if sigma < 0.4:  # voxels are already larger than the blur
        return adc
    weight = gaussian_filter(inside.astype(np.float32), sigma, mode="constant", truncate=3)
    total = gaussian_filter(adc * inside, sigma, mode="constant", truncate=3)
    return np.asarray(total / np.maximum(weight, np.float32(1e-3)))
