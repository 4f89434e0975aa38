"""Resting-state fMRI as power per frequency band: one volume per band.

Power falls with frequency. Gray matter has most at low frequencies; large vessels, ventricles
and their surroundings have most at high ones (pulse and breathing). Each of a few networks
raises the power of its gray matter in one band. Tumor has little power where cells are dense,
edema less than healthy tissue.

Limits: no time series, so no connectivity; networks are smooth random fields, not those of an
atlas; motion is left out. Assumed: all powers, their spread, and the loss in tumor.

Source: bands, Zuo et al., NeuroImage 2010;49:1432-45, doi:10.1016/j.neuroimage.2009.10.037;
power maps as input, Nie et al., MICCAI 2016, doi:10.1007/978-3-319-46723-8_25.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue
from gliokit.phantom.maps.biology import TumorBiology, cells, from_table
from gliokit.phantom.maps.thick_grid import Factors, block_factors, block_mean, tissue_shares

VOXEL_MM = (3.0, 3.0, 3.0)


class Band(IntEnum):
    """A frequency band; its number is its place in the map."""

    SLOW_5 = 0
    SLOW_4 = 1
    SLOW_3 = 2
    SLOW_2 = 3


BAND_HZ = {
    Band.SLOW_5: (0.010, 0.027),
    Band.SLOW_4: (0.027, 0.073),
    Band.SLOW_3: (0.073, 0.198),
    Band.SLOW_2: (0.198, 0.250),
}
GRAY = (1.00, 0.80, 0.35, 0.12)  # power by band, against gray matter in slow-5
WHITE = (0.35, 0.30, 0.22, 0.10)
FLUID = (0.55, 0.50, 0.45, 0.35)
VASCULAR = (1.10, 1.10, 1.00, 0.80)
DEAD = (0.10, 0.09, 0.08, 0.05)  # necrosis, cysts, cavities: noise
TUMOR_POWER = (0.55, 0.45, 0.25, 0.12)  # before what cells take
LOST_TO_CELLS = 0.7  # share of its power that tissue full of cells loses
EDEMA_SHARE = 0.8  # of the power of white matter
GRAY_TISSUES = (Tissue.CORTEX, Tissue.DEEP_GRAY, Tissue.CEREBELLAR_CORTEX)
NETWORKS, NETWORK_MM = 7, 18.0  # how many, and their correlation length
NETWORK_GAIN = 0.6  # log power where a network is strongest


@dataclass(frozen=True, slots=True)
class RestingStateParameters:
    """What was drawn for one study.

    Attributes
    ----------
    tilt : float
        Log power per band: above 0 for a flatter spectrum.
    gain : float
        Factor on all power.
    blur_mm : float
        Standard deviation of the smoothing that is usual before analysis.
    noise : float
        Standard deviation of log power between voxels; 0 for none.
    seed : int
        Of networks and noise.
    """

    tilt: float = 0.0
    gain: float = 1.0
    blur_mm: float = 2.5
    noise: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class BandPower:
    """A map of power and the grid it lies on.

    Attributes
    ----------
    power : (X, Y, Z, n_bands)
        Against healthy gray matter in slow-5; last axis in the order of `Band`. 0 outside.
    factors : (3,)
        Voxels of the anatomy per voxel.
    """

    power: NDArray[np.float32]
    factors: Factors


def draw_resting_state(rng: np.random.Generator) -> RestingStateParameters:
    """Draw one study."""
    return RestingStateParameters(
        tilt=float(rng.normal(0, 0.06)),
        gain=float(np.exp(rng.normal(0, 0.15))),
        blur_mm=float(rng.uniform(2.0, 3.0)),
        noise=float(rng.uniform(0.08, 0.15)),
        seed=int(rng.integers(2**31)),
    )


def band_power(
    tissues: NDArray[np.uint8],
    density: NDArray[np.float32],
    *,
    parameters: RestingStateParameters,
    biology: TumorBiology,
    spacing_mm: float,
) -> BandPower:
    """Make the power maps on voxels of about 3 mm.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel.
    density : (X, Y, Z)
        Share of the carrying capacity, 0-1.
    """
    factors = block_factors(spacing_mm, VOXEL_MM)
    shares = tissue_shares(tissues, factors)
    inside = shares[..., 1:FIRST_OUTSIDE].sum(axis=-1)
    shares[..., FIRST_OUTSIDE:] = 0
    held = block_mean(cells(tissues, density, biology=biology), factors)
    loss = 1 - LOST_TO_CELLS * biology.cellularity * held
    voxel_mm = spacing_mm * float(np.cbrt(np.prod(factors)))
    rng = np.random.default_rng([parameters.seed, 1])
    gray = _network_gain(inside.shape, voxel_mm, rng)
    is_gray = from_table(dict.fromkeys(GRAY_TISSUES, 1.0))
    table = _power_table()
    sigma = parameters.blur_mm / voxel_mm
    power = np.empty((*inside.shape, len(Band)), dtype=np.float32)
    for band in Band:
        plain = shares @ (table[band] * (1 - is_gray))
        plain += (shares @ (table[band] * is_gray)) * gray[..., band]
        plain *= loss * np.float32(parameters.gain * np.exp(parameters.tilt * band))
        plain = gaussian_filter(plain, sigma, mode="constant")
        if parameters.noise > 0:
            plain *= np.exp(parameters.noise * smooth_field(inside.shape, 0.7, rng))
        power[..., band] = plain
    power[inside < 0.5] = 0
    return BandPower(power, factors)


def _power_table() -> NDArray[np.float32]:
    """Lay out the power of each tissue in each band, (n_bands, n_tissues)."""
    fluid = (Tissue.CSF, Tissue.VENTRICLE)
    vascular = (Tissue.VESSEL, Tissue.CHOROID_PLEXUS, Tissue.DURA)
    tumor = (Tissue.ENHANCING_TUMOR, Tissue.NON_ENHANCING_TUMOR, Tissue.TREATMENT_EFFECT)
    dead = (
        Tissue.NECROSIS,
        Tissue.CYST,
        Tissue.HEMORRHAGE,
        Tissue.CAVITY_FLUID,
        Tissue.CAVITY_BLOOD,
        Tissue.CALCIFICATION,
    )
    white = (
        Tissue.WHITE_MATTER,
        Tissue.CEREBELLAR_WHITE,
        Tissue.BRAINSTEM,
        Tissue.WHITE_MATTER_LESION,
    )
    groups = (
        (GRAY_TISSUES, GRAY),
        (white, WHITE),
        (fluid, FLUID),
        (vascular, VASCULAR),
        (tumor, TUMOR_POWER),
        (dead, DEAD),
        ((Tissue.EDEMA, Tissue.GLIOSIS), tuple(EDEMA_SHARE * power for power in WHITE)),
    )
    return np.stack(
        [
            from_table({tissue: power[band] for members, power in groups for tissue in members})
            for band in Band
        ]
    )


def _network_gain(
    shape: tuple[int, ...], voxel_mm: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Draw the factor of all networks on gray matter, (X, Y, Z, n_bands), about 1."""
    log_gain = np.zeros((*shape, len(Band)), dtype=np.float32)
    for _ in range(NETWORKS):
        place = smooth_field(shape, NETWORK_MM / voxel_mm, rng)
        band = rng.choice(len(Band), p=[0.45, 0.35, 0.15, 0.05])
        # a network is where its field is high
        log_gain[..., band] += NETWORK_GAIN * np.clip(place - 1, 0, 1)
    return np.exp(log_gain - log_gain.mean(axis=(0, 1, 2)))
