"""Dynamic susceptibility contrast (DSC): a 4-D series whose blood volume is known.

Parameters are laid down per tissue and averaged over thick voxels in proportion to tissue, so
the true maps are exact for every mixed voxel, and CBV has to be computed from the series as
from a real one. `maps.bolus` holds the model, `maps.blood` the values.

Where correction for leakage is not exact: Boxerman-Weisskoff takes the shape of the
unleaked curve from the whole brain, while transit through tumor is slower here, and the T1
term of the signal is not linear in what has leaked.
Noise-free, with Ktrans at 0.05 /min and transit time as in `blood`, its rCBV of tumor is
off by -3 % at 30° and by -7 % at 60°; with slower transit (factor 1.2) by -9 and -13 %; at
60° and 0.1 /min by -11 %. A fit with the tumor's own transit time stays within 3 % at
0.05 /min and 9 % at 0.1 /min. Left uncorrected it is off by -36 % at 60°.
Voxels of large vessels do not show their own volume (`blood.VESSEL_CBV`).

Limits: whole-voxel averages of concentration, not of signal; no slice timing, motion or
distortion. Assumed: unevenness of blood volume, noise, places of arteries.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SimulationError
from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, RELAXATION, Tissue
from gliokit.phantom.maps.biology import TumorBiology, from_table
from gliokit.phantom.maps.blood import DISEASED, S_PER_MIN, VESSEL_CBV, TissueBlood, tissue_blood
from gliokit.phantom.maps.bolus import (
    MS_PER_S,
    R2S_L_PER_S_MMOL,
    WHITE_SIGNAL,
    Bolus,
    DSCProtocol,
    arterial_input,
    leaked_curve,
    saturation,
    signal_before,
    tissue_curve,
)
from gliokit.phantom.maps.thick_grid import Factors, block_factors, tissue_shares

VOXEL_MM = (2.0, 2.0, 5.0)
FLIPS = (30.0, 60.0)  # degrees: low flip angle, or as long used; no agent is given before
ARTERIES_PER_SIDE = 6  # voxels: middle cerebral artery, whatever the map shows
# where its branches lie, as shares of the brain's length along each axis (x from the side)
LOWEST, HIGHEST = np.array([0.10, 0.45, 0.30]), np.array([0.35, 0.72, 0.52])
PATCH_MM, GRAIN_MM = 6.0, 12.0  # correlation length of blood volume in tumor, and elsewhere


@dataclass(frozen=True, slots=True)
class PerfusionParameters:
    """What was drawn for one study.

    Attributes
    ----------
    bolus : Bolus
        Injection.
    protocol : DSCProtocol
        Settings of the scanner.
    ktrans, mtt : float
        Factors on the leakage and the transit time of tumor and treatment effect.
    grain, patches : float
        Standard deviation of log blood volume outside and inside tumor.
    snr : float
        Signal of white matter before contrast against the noise; infinite for none.
    seed : int
        Of the textures and the noise.
    """

    bolus: Bolus = field(default_factory=Bolus)
    protocol: DSCProtocol = field(default_factory=DSCProtocol)
    ktrans: float = 1.0
    mtt: float = 1.0
    grain: float = 0.08
    patches: float = 0.35
    snr: float = np.inf
    seed: int = 0


@dataclass(frozen=True, slots=True)
class DSCStudy:
    """A series and the truth behind it, all on the thick grid.

    Attributes
    ----------
    series : (X, Y, Z, T)
        Signal; 0 outside the dura. White matter is 100 before contrast.
    factors : (3,)
        Voxels of the anatomy per voxel; `thick_grid.thick_affine` gives their place.
    protocol : DSCProtocol
        TR, TE, times.
    aif_mmol_l : (T,)
        Concentration in arterial blood.
    cbv, cbf, mtt : (X, Y, Z)
        mL/100 g, mL/100 g/min and s; cbf and mtt are 0 where no tissue is perfused.
    ktrans : (X, Y, Z)
        Leakage, 1/min.
    arteries : (X, Y, Z)
        Voxels full of arterial blood, whose curve is the arterial input.
    """

    series: NDArray[np.float32] = field(repr=False)
    factors: Factors
    protocol: DSCProtocol
    aif_mmol_l: NDArray[np.float64] = field(repr=False)
    cbv: NDArray[np.float32] = field(repr=False)
    cbf: NDArray[np.float32] = field(repr=False)
    mtt: NDArray[np.float32] = field(repr=False)
    ktrans: NDArray[np.float32] = field(repr=False)
    arteries: NDArray[np.bool_] = field(repr=False)


def draw_perfusion(rng: np.random.Generator) -> PerfusionParameters:
    """Draw an injection, a protocol, and how leaky and uneven the tumor is."""
    bolus = Bolus(
        arrival_s=rng.uniform(12, 19),
        decay_s=rng.uniform(1.2, 1.8),
        peak_mmol_l=rng.uniform(4, 6),
        recirculation=rng.uniform(0.7, 1.1),
        recirculation_decay_s=rng.uniform(30, 50),
    )
    protocol = DSCProtocol(
        tr_s=rng.uniform(1.2, 1.8),
        te_ms=rng.uniform(25, 35),
        flip_degrees=float(rng.choice(FLIPS)),
        leaked_r2s_l_per_s_mmol=float(np.exp(rng.normal(np.log(20), 0.5))),
    )
    return PerfusionParameters(
        bolus,
        protocol,
        ktrans=float(np.exp(rng.normal(0, 0.5)).clip(0.2, 2.5)),
        mtt=float(rng.uniform(0.9, 1.2)),
        patches=float(rng.uniform(0.2, 0.45)),
        snr=float(rng.uniform(40, 90)),
        seed=int(rng.integers(2**31)),
    )


def dsc_study(
    tissues: NDArray[np.uint8],
    parameters: PerfusionParameters,
    *,
    biology: TumorBiology,
    spacing_mm: float,
) -> DSCStudy:
    """Make the series of a brain on voxels of about 2 × 2 × 5 mm.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel.
    spacing_mm : float
        Side of a voxel of `tissues`.

    Raises
    ------
    SimulationError
        If there is no brain.
    """
    factors = block_factors(spacing_mm, VOXEL_MM)
    shares, arteries, inside = _perfused(tissue_shares(tissues, factors))
    blood = tissue_blood(biology, ktrans=parameters.ktrans, mtt=parameters.mtt)
    held = shares[inside]  # (n_inside, n_tissues)
    uneven = held * _unevenness(inside, parameters, spacing_mm * np.array(factors))
    artery = arteries[inside]
    vessels = _in_vessels(uneven, blood, parameters, artery)
    signal = _signal(vessels, held, blood, parameters)
    cbv, cbf = uneven @ blood.cbv, uneven @ blood.cbf
    cbv[artery] = VESSEL_CBV
    mtt = np.zeros_like(cbv)
    mtt[cbf > 0] = S_PER_MIN * cbv[cbf > 0] / cbf[cbf > 0]
    return DSCStudy(
        _placed(signal, inside),
        factors,
        parameters.protocol,
        arterial_input(parameters.bolus, parameters.protocol.times_s),
        cbv=_placed(cbv, inside),
        cbf=_placed(cbf, inside),
        mtt=_placed(mtt, inside),
        ktrans=_placed(held @ blood.ktrans, inside),
        arteries=arteries,
    )


def _perfused(
    shares: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """Drop what lies outside the dura; find arteries, and all voxels that show anything."""
    shares[..., FIRST_OUTSIDE : Tissue.SINUS] = 0
    shares[..., Tissue.BACKGROUND] = 0
    inside = np.asarray(shares.any(axis=-1))
    if not inside.any():
        raise SimulationError("found no brain in the tissue map; needed tissue inside the dura")
    arteries = _arteries(shares, inside)
    shares[arteries] = 0
    return shares, arteries, inside


def _arteries(shares: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Choose the voxels of each side with most vessel, then most CSF, where branches lie."""
    places = np.argwhere(inside)
    low, high = places.min(axis=0), places.max(axis=0)
    along = (places - low) / np.maximum(high - low, 1)
    score = 2 * shares[..., Tissue.VESSEL] + shares[..., Tissue.CSF]
    score = score - 9 * shares[..., list(DISEASED)].sum(axis=-1)
    arteries = np.zeros(inside.shape, dtype=bool)
    for from_side in (along[:, 0], 1 - along[:, 0]):
        position = np.column_stack([from_side, along[:, 1:]])
        near = np.all((position >= LOWEST) & (position <= HIGHEST), axis=1)
        here = places[near] if near.any() else places[from_side <= 0.5]
        best = np.argsort(-score[tuple(here.T)], kind="stable")[:ARTERIES_PER_SIDE]
        arteries[tuple(here[best].T)] = True
    return arteries


def _unevenness(
    inside: NDArray[np.bool_], parameters: PerfusionParameters, voxel_mm: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Draw the factor on each tissue's blood volume in each voxel, (n_inside, n_tissues)."""
    rng = np.random.default_rng([parameters.seed, 1])
    side = float(np.cbrt(voxel_mm.prod()))
    factor = np.empty((np.count_nonzero(inside), len(Tissue)), dtype=np.float32)
    diseased = from_table(dict.fromkeys(DISEASED, 1.0)) > 0
    for part, spread, scale in (
        (~diseased, parameters.grain, GRAIN_MM),
        (diseased, parameters.patches, PATCH_MM),
    ):
        texture = smooth_field(inside.shape, scale / side, rng)[inside]
        factor[:, part] = np.exp(spread * texture - spread**2 / 2)[:, None]
    return factor


def _in_vessels(
    uneven: NDArray[np.float32],
    blood: TissueBlood,
    parameters: PerfusionParameters,
    artery: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Give the concentration of agent inside vessels, (n_inside, T) in mmol/L."""
    times = parameters.protocol.times_s
    curves = np.zeros((len(Tissue), len(times)))
    for tissue in np.flatnonzero(blood.cbv > 0):
        mtt, delay = float(blood.mtt_s[tissue]), float(blood.delay_s[tissue])
        curve = tissue_curve(parameters.bolus, times, mtt_s=mtt, delay_s=delay)
        curves[tissue] = blood.cbv[tissue] * curve
    held = uneven @ curves.astype(np.float32)
    held[artery] = VESSEL_CBV * tissue_curve(parameters.bolus, times, mtt_s=0, delay_s=0)
    return held


def _signal(
    vessels: NDArray[np.float32],
    held: NDArray[np.float32],
    blood: TissueBlood,
    parameters: PerfusionParameters,
) -> NDArray[np.float32]:
    """Give the signal of each voxel, (n_inside, T)."""
    protocol = parameters.protocol
    delay_s = float(blood.delay_s[Tissue.ENHANCING_TUMOR])
    leaked = leaked_curve(parameters.bolus, protocol.times_s, delay_s=delay_s).astype(np.float32)
    ktrans = held @ blood.ktrans
    rate = R2S_L_PER_S_MMOL * vessels
    leaky = ktrans > 0
    concentration = ktrans[leaky, None] * leaked
    rate[leaky] += protocol.leaked_r2s_l_per_s_mmol * concentration
    signal = np.exp(-protocol.te_ms / MS_PER_S * rate)
    t1_ms = from_table({tissue: RELAXATION[tissue].t1_ms for tissue in Tissue})
    filled = np.maximum(held.sum(axis=1), 1e-3)
    mean_t1 = (held @ t1_ms / filled)[leaky, None]
    signal[leaky] *= saturation(mean_t1, concentration, protocol)
    table = signal_before(protocol)
    before = held @ table
    before[~held.any(axis=1)] = table[Tissue.VESSEL]  # arteries
    signal *= before[:, None]
    return _noisy(signal, parameters)


def _noisy(signal: NDArray[np.float32], parameters: PerfusionParameters) -> NDArray[np.float32]:
    """Add noise to both channels of the complex signal and take its magnitude."""
    if np.isinf(parameters.snr):
        return signal
    rng = np.random.default_rng([parameters.seed, 2])
    deviation = np.float32(WHITE_SIGNAL / parameters.snr)
    real = signal + deviation * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.hypot(real, deviation * rng.standard_normal(signal.shape, dtype=np.float32))


def _placed(values: NDArray[np.floating], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    whole = np.zeros(inside.shape + values.shape[1:], dtype=np.float32)
    whole[inside] = values
    return whole
