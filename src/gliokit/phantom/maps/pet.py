"""FET-PET: standardized uptake value (SUV) 20-40 minutes after injection.

Uptake of tumor goes with its grade and, by the dial of cellularity, with cell density;
treatment effect takes up less, by its dial, yet more than brain. The scanner blurs and adds
noise of the same grain.

Limits: static image; no time-activity curve, attenuation or scatter. Single patients differ
more than grades do, as they should. Assumed: uptake outside brain and tumor, noise, spread.

Source: Pöpperl et al., J Nucl Med 2006;47:393-403 (SUVmax to background after treatment: grade
II 2.5, III 2.6, IV 2.8, no recurrence 2.3); Galldiks et al., Eur J Nucl Med Mol Imaging
2015;42:685-95 (pseudoprogression: maximal ratio 1.9, true progression 2.8); uptake in veins
2.0 and in deep gray matter 1.4 of background, PLoS One 2020, doi:10.1371/journal.pone.0230618.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import CAPACITY, TUMOR, TYPICAL, TumorBiology, cells, from_table

FWHM_PER_SIGMA = 2.3548
UPTAKE = {
    Tissue.CSF: 0.6,
    Tissue.VENTRICLE: 0.5,
    Tissue.CORTEX: 1.05,
    Tissue.WHITE_MATTER: 0.9,
    Tissue.DEEP_GRAY: 1.3,
    Tissue.CEREBELLAR_CORTEX: 1.15,
    Tissue.CEREBELLAR_WHITE: 0.95,
    Tissue.BRAINSTEM: 1.1,
    Tissue.VESSEL: 2.0,
    Tissue.SINUS: 2.0,
    Tissue.CHOROID_PLEXUS: 1.5,
    Tissue.DURA: 1.3,
    Tissue.WHITE_MATTER_LESION: 0.9,
    Tissue.NECROSIS: 0.6,
    Tissue.EDEMA: 0.9,
    Tissue.CYST: 0.5,
    Tissue.HEMORRHAGE: 0.6,
    Tissue.CAVITY_FLUID: 0.5,
    Tissue.CAVITY_BLOOD: 0.6,
    Tissue.GLIOSIS: 1.1,
    Tissue.CALCIFICATION: 0.6,
    Tissue.BONE: 0.5,
    Tissue.MARROW: 0.9,
    Tissue.FAT: 0.3,
    Tissue.MUSCLE: 0.9,
    Tissue.SKIN: 0.9,
    Tissue.MUCOSA: 1.3,
    Tissue.EYE: 0.5,
    Tissue.OPTIC_NERVE: 0.9,
}  # against the background, mean of gray and white matter
TUMOR_TO_BRAIN = {2: 2.1, 3: 2.7, 4: 3.3}  # by grade, before blur
TREATED_TO_BRAIN = 1.8
INFILTRATED_SHARE = 0.35  # uptake of cells in infiltrated brain against those in tumor
GRAIN_MM = 5.0  # correlation length of uptake in tumor


@dataclass(frozen=True, slots=True)
class PETParameters:
    """What was drawn for one study.

    Attributes
    ----------
    background_suv : float
        SUV of healthy brain.
    tumor : float
        Factor on the extra uptake of tumor and treatment effect.
    spread : float
        Standard deviation of uptake in tumor, as a share of it.
    fwhm_mm : float
        Full width at half maximum of the blur.
    noise : float
        Standard deviation in brain, as a share of the background; 0 for none.
    seed : int
        Of texture and noise.
    """

    background_suv: float = 1.0
    tumor: float = 1.0
    spread: float = 0.0
    fwhm_mm: float = 5.5
    noise: float = 0.0
    seed: int = 0


def draw_pet(rng: np.random.Generator) -> PETParameters:
    """Draw one study around the published ratios."""
    return PETParameters(
        background_suv=float(np.exp(rng.normal(0.0, 0.12))),
        tumor=float(np.exp(rng.normal(0.0, 0.2))),
        spread=float(rng.uniform(0.08, 0.2)),
        fwhm_mm=float(rng.uniform(5.0, 6.0)),
        noise=float(rng.uniform(0.03, 0.07)),
        seed=int(rng.integers(2**31)),
    )


def fet_pet(
    tissues: NDArray[np.uint8],
    density: NDArray[np.float32],
    *,
    parameters: PETParameters,
    biology: TumorBiology,
    spacing_mm: float,
) -> NDArray[np.float32]:
    """Make the SUV map, (X, Y, Z).

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel.
    density : (X, Y, Z)
        Share of the carrying capacity, 0-1.
    """
    uptake = uptake_ratio(tissues, density, factor=parameters.tumor, biology=biology)
    rng = np.random.default_rng([parameters.seed, 1])
    if parameters.spread > 0:
        grain = smooth_field(tissues.shape, GRAIN_MM / spacing_mm, rng)
        avid = from_table(dict.fromkeys((*TUMOR, Tissue.TREATMENT_EFFECT), 1.0))[tissues]
        uptake *= 1 + np.float32(parameters.spread) * grain * avid
    sigma = parameters.fwhm_mm / FWHM_PER_SIGMA / spacing_mm
    suv = gaussian_filter(uptake, sigma, mode="constant", truncate=3.5)
    if parameters.noise > 0:
        # counts: variance goes with uptake
        grain = smooth_field(tissues.shape, sigma, rng)
        suv += parameters.noise * np.sqrt(np.maximum(suv, 0)) * grain
    return np.maximum(suv, 0).astype(np.float32) * np.float32(parameters.background_suv)


def uptake_ratio(
    tissues: NDArray[np.uint8],
    density: NDArray[np.float32],
    *,
    factor: float,
    biology: TumorBiology,
) -> NDArray[np.float32]:
    """Give the uptake of each voxel against healthy brain, before the scanner, (X, Y, Z).

    Parameters
    ----------
    factor : float
        On the extra uptake of tumor and treatment effect.
    """
    tumor = TUMOR_TO_BRAIN[biology.grade]
    treated = biology.of_treatment(tumor, TREATED_TO_BRAIN)
    extra = {
        **dict.fromkeys(TUMOR, 1 + factor * (tumor - 1)),
        Tissue.TREATMENT_EFFECT: 1 + factor * (treated - 1),
    }
    ratio = from_table(UPTAKE | extra)[tissues]
    # cells against those that tumor of this grade holds: grade itself is in the table
    held = cells(tissues, density, biology=biology) / np.float32(CAPACITY[biology.grade])
    linked = biology.cellularity * factor * (tumor - 1)
    in_tumor = from_table(dict.fromkeys(TUMOR, 1.0))[tissues]
    change = np.where(in_tumor > 0, held / TYPICAL - 1, INFILTRATED_SHARE * held / TYPICAL)
    change[tissues == Tissue.TREATMENT_EFFECT] = 0
    ratio += np.float32(linked) * change
    return ratio.astype(np.float32)
