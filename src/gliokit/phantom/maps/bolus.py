"""Passage of a contrast bolus: arterial input, residue, and what it does to the MR signal.

Arterial input is a gamma variate; recirculation adds a second, dispersed passage. Tissue
holds what has arrived by an exponential residue (one well-mixed compartment), so its
concentration is CBF times the input convolved with exp(-t / MTT), and its integral is CBV
times that of the input. What leaks does not come back: plasma concentration times a constant
is added up (Boxerman-Weisskoff). Leaked agent shortens T1 (signal up) and T2* (signal down):

    S = S0 exp(-TE (r2s c_vessels + r2l c_leaked)) E(T1) / E(T1 before)

with E the saturation of a spoiled gradient echo.

Limits: 3 T; no backflux, so scans of a few minutes at most; relaxivity is linear and the same in
every tissue; T1 effects of agent inside vessels are left out.

Source: Thompson et al., J Appl Physiol 1964;19:308-14 (gamma variate); Østergaard et al., Magn
Reson Med 1996;36:715-25 (residue); Boxerman, Schmainda, Weisskoff, AJNR 2006;27:859-67
(leakage); Kjølby, Østergaard, Kiselev, Magn Reson Med 2006;56:187-97 (tissue at 3 T:
87 /(s mmol/L)). Assumed: T2*, height and shape of the bolus, share that recirculates, relaxivity of
leaked agent; T1 relaxivity as in `gliokit.phantom.scan.signal`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.phantom.body.tissue import RELAXATION, Tissue
from gliokit.phantom.maps.blood import S_PER_MIN

STEP_S = 0.1  # convolutions are computed on this grid
R1_L_PER_S_MMOL, R2S_L_PER_S_MMOL = 4.2, 87.0  # at 3 T
MS_PER_S = 1000.0
T2S_OF_T2 = 0.65  # T2* against T2
WHITE_SIGNAL = 100.0  # of white matter before contrast
HEMATOCRIT_LARGE, HEMATOCRIT_SMALL = 0.45, 0.25
TISSUE_G_PER_ML = 1.04
ML_PER_100_G = 100.0


@dataclass(frozen=True, slots=True)
class Bolus:
    """One injection as arteries see it.

    Attributes
    ----------
    arrival_s, rise, decay_s : float
        Gamma variate: c = (t - arrival)^rise exp(-(t - arrival) / decay), peak at rise x decay.
    peak_mmol_l : float
        Highest concentration of the first passage.
    recirculation : float
        Amount that passes again, against the first passage; 0 for none.
    recirculation_delay_s, recirculation_decay_s : float
        When it starts to come, and how fast it fades.
    """

    arrival_s: float = 15.0
    rise: float = 3.0
    decay_s: float = 1.5
    peak_mmol_l: float = 5.0
    recirculation: float = 0.9
    recirculation_delay_s: float = 9.0
    recirculation_decay_s: float = 40.0


@dataclass(frozen=True, slots=True)
class DSCProtocol:
    """Gradient-echo EPI of one site.

    Attributes
    ----------
    tr_s, te_ms, flip_degrees : float
        Settings.
    points : int
        Volumes.
    leaked_r2s_l_per_s_mmol : float
        Effect of leaked agent on T2*: it depends on the tissue's texture, so it is drawn.
    """

    tr_s: float = 1.5
    te_ms: float = 30.0
    flip_degrees: float = 30.0
    points: int = 60
    leaked_r2s_l_per_s_mmol: float = 20.0

    @property
    def times_s(self) -> NDArray[np.float64]:
        """When each volume is taken, (points,)."""
        return np.arange(self.points, dtype=np.float64) * np.float64(self.tr_s)


def arterial_input(bolus: Bolus, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the concentration in arterial blood in mmol/L, (n_times,)."""
    fine = _fine(times_s)
    return np.interp(times_s, fine, _input(bolus, fine))


def tissue_curve(
    bolus: Bolus, times_s: NDArray[np.float64], *, mtt_s: float, delay_s: float
) -> NDArray[np.float64]:
    """Give the concentration in tissue per unit of CBV, mmol/L per mL/100 g, (n_times,).

    Parameters
    ----------
    mtt_s : float
        Mean transit time; 0 for blood in an artery.
    delay_s : float
        How much later than in the artery the bolus comes.
    """
    fine = _fine(times_s)
    arrived = np.interp(fine - delay_s, fine, _input(bolus, fine))
    if mtt_s > 0:
        arrived = _convolved(arrived, mtt_s) / mtt_s
    plasma = (1 - HEMATOCRIT_LARGE) / (1 - HEMATOCRIT_SMALL)
    per_cbv = TISSUE_G_PER_ML / (plasma * ML_PER_100_G)
    return per_cbv * np.interp(times_s, fine, arrived)


def leaked_curve(
    bolus: Bolus, times_s: NDArray[np.float64], *, delay_s: float
) -> NDArray[np.float64]:
    """Give what has leaked, in mmol/L of tissue per Ktrans of 1 /min, (n_times,)."""
    fine = _fine(times_s)
    plasma = np.interp(fine - delay_s, fine, _input(bolus, fine)) / (1 - HEMATOCRIT_LARGE)
    total = np.concatenate([[0], np.cumsum((plasma[1:] + plasma[:-1]) / 2) * STEP_S])
    return np.interp(times_s, fine, total) / S_PER_MIN


def signal_before(protocol: DSCProtocol) -> NDArray[np.float32]:
    """Give the signal of each tissue before contrast, (n_tissues,); white matter has 100."""
    t1_ms, t2_ms, density = np.array([RELAXATION[tissue][:3] for tissue in Tissue]).T
    decay = np.exp(-protocol.te_ms / (T2S_OF_T2 * t2_ms))
    signal = density * decay * _spoiled((MS_PER_S / t1_ms).astype(np.float32), protocol)
    return (signal * WHITE_SIGNAL / signal[Tissue.WHITE_MATTER]).astype(np.float32)


def saturation(
    t1_ms: NDArray[np.float32], leaked_mmol_l: NDArray[np.float32], protocol: DSCProtocol
) -> NDArray[np.float32]:
    """Give how much brighter shorter T1 makes the signal, a factor of at least 1.

    The two arrays broadcast against each other.
    """
    rate = MS_PER_S / t1_ms
    before = _spoiled(rate, protocol)
    after = _spoiled(rate + R1_L_PER_S_MMOL * leaked_mmol_l, protocol)
    return np.asarray(after / before)


def _spoiled(rate_per_s: NDArray[np.float32], protocol: DSCProtocol) -> NDArray[np.float32]:
    recovery = np.exp(-protocol.tr_s * rate_per_s)
    flip = np.cos(np.radians(protocol.flip_degrees))
    return np.asarray((1 - recovery) / (1 - flip * recovery))


def _fine(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.arange(0, times_s[-1] + 2 * STEP_S, STEP_S)


def _input(bolus: Bolus, fine: NDArray[np.float64]) -> NDArray[np.float64]:
    since = np.maximum(fine - bolus.arrival_s, 0)
    peak_s = bolus.rise * bolus.decay_s
    first = (since / peak_s) ** bolus.rise * np.exp(bolus.rise - since / bolus.decay_s)
    first *= bolus.peak_mmol_l
    late = np.interp(fine - bolus.recirculation_delay_s, fine, first)
    decay_s = bolus.recirculation_decay_s
    return first + bolus.recirculation * _convolved(late, decay_s) / decay_s


def _convolved(curve: NDArray[np.float64], decay_s: float) -> NDArray[np.float64]:
    """Convolve with exp(-t / decay): trapezoids whose kernel keeps its exact integral."""
    lags = np.arange(len(curve)) * STEP_S
    kernel = np.exp(-lags / decay_s)
    kernel *= decay_s * -np.expm1(-STEP_S / decay_s) / STEP_S
    middle = np.concatenate([curve[:1] / 2, (curve[1:] + curve[:-1]) / 2])
    return np.asarray(np.convolve(middle, kernel)[: len(curve)]) * STEP_S
