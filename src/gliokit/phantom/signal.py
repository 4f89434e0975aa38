"""From tissue to MR signal: relaxation, contrast agent and the equations of the sequences.

A `Scan` is everything that was drawn for one study: how its tissues relax and how its
protocol weighs them. `tissue_signal` is the plain function; `draw_scan` is the random one.

Source: Bernstein, King, Zhou, Handbook of MRI Pulse Sequences, 2004, chapter 14 (spin
echo, spoiled gradient echo, inversion recovery); relaxivity of gadolinium chelates at 3 T
about 4 /(s mmol/L): Rohrer et al., Invest Radiol 2005;40:715-24.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.tissue import RELAXATION, Tissue

R1_L_PER_S_MMOL = 4.2
R2_L_PER_S_MMOL = 5.2
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
    """

    tissues: NDArray[np.float64]
    protocols: Mapping[MRSequence, Protocol]
    gain: Mapping[MRSequence, NDArray[np.float64]]


def draw_scan(rng: np.random.Generator) -> Scan:
    """Draw relaxation times around the published ones, and a protocol per sequence."""
    base = np.array([RELAXATION[tissue][:4] for tissue in Tissue], dtype=np.float64)
    spread = np.tile([0.10, 0.10, 0.04, 0.5], (len(Tissue), 1))
    spread[Tissue.WHITE_MATTER_LESION :, :2] = 0.15  # diseased tissue varies more
    tissues = base * np.exp(spread * rng.standard_normal(base.shape))
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
    protocols[MRSequence.T1C] = Protocol(
        plain.pulse, plain.tr_ms, plain.te_ms, plain.ti_ms, plain.flip_degrees, True
    )
    shared = rng.normal(0, 0.03, len(Tissue))
    gain = {sequence: np.exp(shared + rng.normal(0, 0.05, len(Tissue))) for sequence in MRSequence}
    return Scan(tissues, protocols, gain)


def tissue_signal(scan: Scan, sequence: MRSequence) -> NDArray[np.float32]:
    """Give the signal of each tissue, (n_tissues,), in units of fully relaxed water."""
    t1, t2, density, uptake = scan.tissues.T
    protocol = scan.protocols[sequence]
    if protocol.contrast_agent:
        t1 = 1 / (1 / t1 + R1_L_PER_S_MMOL * uptake / MS_PER_S)
        t2 = 1 / (1 / t2 + R2_L_PER_S_MMOL * uptake / MS_PER_S)
    signal = density * longitudinal(protocol, t1) * np.exp(-protocol.te_ms / t2)
    return (np.abs(signal) * scan.gain[sequence]).astype(np.float32)


def tissue_spread(scan: Scan, sequence: MRSequence) -> NDArray[np.float32]:
    """Give the unevenness of each tissue, (n_tissues,), as a fraction of its signal."""
    spread = np.array([RELAXATION[tissue].spread for tissue in Tissue])
    if scan.protocols[sequence].contrast_agent:
        spread = spread + UPTAKE_SPREAD_L_PER_MMOL * scan.tissues[:, 3]
    return spread.astype(np.float32)


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
