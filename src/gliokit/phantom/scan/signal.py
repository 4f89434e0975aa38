"""From tissue to MR signal: relaxation, contrast agent and the equations of the sequences.

A `Scan` is everything that was drawn for one study: how its tissues relax and how its
protocol weighs them. `tissue_signal` is the plain function; `gliokit.phantom.scan.scanner` draws.

Source: Bernstein, King, Zhou, Handbook of MRI Pulse Sequences, 2004, chapter 14 (spin
echo, spoiled gradient echo, inversion recovery); relaxivity of gadolinium chelates at 3 T
about 4 /(s mmol/L): Rohrer et al., Invest Radiol 2005;40:715-24.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, RELAXATION, Tissue
from gliokit.phantom.scan.water import response

R1_L_PER_S_MMOL = {1.5: 4.7, 3.0: 4.2}  # by field strength in tesla
R2_L_PER_S_MMOL = 5.2
T1_AT_1_5_T, T2_AT_1_5_T = 0.80, 1.08  # against 3 T; fluid relaxes alike at both
FLUID_T1_MS = 3500
MS_PER_S = 1000
UPTAKE_SPREAD_L_PER_MMOL = 0.5  # assumed: what takes up agent takes it up unevenly


class Pulse(StrEnum):
    """How an image is made."""

    SPIN_ECHO = "spin echo"
    SPOILED_GRADIENT_ECHO = "spoiled gradient echo"
    INVERSION_RECOVERY = "inversion recovery"


@dataclass(frozen=True, slots=True)
class Protocol:
    """Settings of one sequence, in ms and degrees."""

    pulse: Pulse
    tr_ms: float
    te_ms: float
    ti_ms: float = 0.0
    flip_degrees: float = 90.0
    contrast_agent: bool = False


@dataclass(frozen=True, slots=True)
class TissueSignal:
    """What each tissue looks like in one image, (n_tissues,) each.

    Attributes
    ----------
    level : (n_tissues,)
        Signal.
    spread : (n_tissues,)
        Its fine unevenness, as a fraction.
    wetter : (n_tissues,), optional
        Change of the signal where water content is one standard deviation above usual.
    """

    level: NDArray[np.float32]
    spread: NDArray[np.float32]
    wetter: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What was drawn for one study.

    Attributes
    ----------
    tissues : (n_tissues, 4)
        T1 (ms), T2 (ms), proton density and uptake (mmol/L) per `Tissue`.
    protocols : mapping of MRSequence to Protocol
        One per sequence.
    gain : mapping of MRSequence to (n_tissues,)
        What the equations do not know: partial inflow, fat, magnetization transfer.
    field_t : float
        Field strength, 1.5 or 3 tesla.
    """

    tissues: NDArray[np.float64]
    protocols: Mapping[MRSequence, Protocol]
    gain: Mapping[MRSequence, NDArray[np.float64]]
    field_t: float = 3.0


def draw_relaxation(rng: np.random.Generator, *, field_t: float) -> NDArray[np.float64]:
    """Draw one patient's T1, T2 (ms), density and uptake (mmol/L) per tissue, (n_tissues, 4)."""
    base = np.array([RELAXATION[tissue][:4] for tissue in Tissue], dtype=np.float64)
    if field_t < 3:
        solid = base[:, 0] < FLUID_T1_MS
        base[solid, :2] *= T1_AT_1_5_T, T2_AT_1_5_T
    spread = np.tile([0.06, 0.06, 0.03, 0.4], (len(Tissue), 1))
    spread[Tissue.WHITE_MATTER_LESION : FIRST_OUTSIDE, :2] = 0.10  # diseased tissue varies more
    return base * np.exp(spread * rng.standard_normal(base.shape))


def draw_protocols(rng: np.random.Generator) -> dict[MRSequence, Protocol]:
    """Draw the settings of each sequence within what hospitals use."""
    protocols = {
        MRSequence.T1: _draw_t1(rng),
        MRSequence.T2: Protocol(Pulse.SPIN_ECHO, rng.uniform(2800, 6500), rng.uniform(75, 120)),
        MRSequence.FLAIR: Protocol(
            Pulse.INVERSION_RECOVERY,
            rng.uniform(8000, 11000),
            rng.uniform(85, 145),
            ti_ms=rng.uniform(2250, 2750),
        ),
    }
    plain = protocols[MRSequence.T1] if rng.random() < 0.6 else _draw_t1(rng)
    protocols[MRSequence.T1C] = replace(plain, contrast_agent=True)
    return protocols


def draw_gain(rng: np.random.Generator) -> dict[MRSequence, NDArray[np.float64]]:
    """Draw what the equations do not know of each tissue, per sequence."""
    shared = rng.normal(0, 0.03, len(Tissue))
    return {sequence: np.exp(shared + rng.normal(0, 0.04, len(Tissue))) for sequence in MRSequence}


def tissue_signal(scan: Scan, sequence: MRSequence) -> TissueSignal:
    """Give signal and unevenness of each tissue in one sequence."""
    return signal_of(scan, scan.protocols[sequence], scan.gain[sequence])


def signal_of(scan: Scan, protocol: Protocol, gain: NDArray[np.float64]) -> TissueSignal:
    """Give the signal of each tissue under a protocol, in units of fully relaxed water.

    The signal is signed: an inversion leaves fluid negative until it has recovered, and the
    magnitude is taken of what a voxel holds together.
    """
    spread = np.array([RELAXATION[tissue].spread for tissue in Tissue])
    if protocol.contrast_agent:
        spread = spread + UPTAKE_SPREAD_L_PER_MMOL * scan.tissues[:, 3]
    level = gain * _relaxed(scan.tissues, protocol, scan.field_t)
    wet = scan.tissues.copy()
    wet[:, :3] *= np.exp(response())
    wetter = gain * _relaxed(wet, protocol, scan.field_t) - level
    return TissueSignal(*(a.astype(np.float32) for a in (level, spread, wetter)))


def _relaxed(
    tissues: NDArray[np.float64], protocol: Protocol, field_t: float
) -> NDArray[np.float64]:
    t1, t2, density, uptake = tissues.T
    if protocol.contrast_agent:
        t1 = 1 / (1 / t1 + R1_L_PER_S_MMOL[field_t] * uptake / MS_PER_S)
        t2 = 1 / (1 / t2 + R2_L_PER_S_MMOL * uptake / MS_PER_S)
    return density * longitudinal(protocol, t1) * np.exp(-protocol.te_ms / t2)


def longitudinal(protocol: Protocol, t1_ms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the magnetization that the pulse makes visible before it decays, -1 to 1."""
    recovery = np.exp(-protocol.tr_ms / t1_ms)
    if protocol.pulse is Pulse.SPIN_ECHO:
        return 1 - recovery
    if protocol.pulse is Pulse.INVERSION_RECOVERY:
        return 1 - 2 * np.exp(-protocol.ti_ms / t1_ms) + recovery
    flip = np.radians(protocol.flip_degrees)
    return np.sin(flip) * (1 - recovery) / (1 - np.cos(flip) * recovery)


def _draw_t1(rng: np.random.Generator) -> Protocol:
    if rng.random() < 0.5:
        return Protocol(Pulse.SPIN_ECHO, rng.uniform(400, 750), rng.uniform(8, 16))
    if rng.random() < 0.5:
        return Protocol(
            Pulse.SPOILED_GRADIENT_ECHO,
            rng.uniform(8, 30),
            rng.uniform(2.5, 5),
            flip_degrees=rng.uniform(18, 35),
        )
    # magnetization-prepared: inversion near the null of CSF
    return Protocol(
        Pulse.INVERSION_RECOVERY,
        rng.uniform(1900, 2400),
        rng.uniform(2.5, 4),
        ti_ms=rng.uniform(850, 1050),
    )
