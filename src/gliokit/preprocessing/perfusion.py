"""Blood volume from a dynamic susceptibility contrast (DSC) series, corrected for leakage.

The signal becomes a change of relaxation, ΔR2*(t) = -ln(S(t) / S0) / TE, with S0 the mean before
the bolus arrives; blood volume is its integral. Agent that leaks shortens T1 (signal up) or T2*
(signal down); Boxerman, Schmainda and Weisskoff take it off:

    ΔR2*(t) ≈ K1 R(t) - K2 ∫R,  corrected ΔR2*(t) = ΔR2*(t) + K2 ∫R

with R the mean curve of brain that does not leak, fitted by least squares in each voxel.
Blood volume has no absolute scale: divide by white matter of the other side
(`preprocessing.relative_to_white_matter`), and the gain of the scanner and the dose are gone.

Limits: one echo; transit times as in the rest of the brain and no flow back from tissue, so
leaky tissue with slow transit is read a little too low. No motion correction, no deconvolution.
In 30 simulated injections (`gliokit.phantom.maps.perfusion`) the mean rCBV of enhancing tumor was
off by -6 to 3 % at a flip angle of 30° (median -2 %) and by -13 to -1 % at 60° (median -4 %); left
uncorrected by -10 to 35 % and by -68 to 37 %. Not tested on patients.

Source: Boxerman, Schmainda, Weisskoff, AJNR 2006;27:859-67, PMID 16611779; signal recovery and peak
height: Cha et al., AJNR 2007;28:1078-84, doi:10.3174/ajnr.A0484; Barajas et al., Radiology
2009;253:486-96, doi:10.1148/radiol.2532090007
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, ImageError, NotAssessableError, SettingsError

MS_PER_S = 1000.0
_LEAST_DIVISOR = 1e-9  # against division by 0; signals are thousands, R2* changes a few 1/s


@dataclass(frozen=True, slots=True)
class PerfusionSettings:
    """How a series is read. All values are assumed.

    Attributes
    ----------
    skipped : int
        First volumes left out: magnetization is not steady yet.
    least_baseline : int
        Volumes needed before the bolus, after those left out.
    arrival_share : float
        Share of the greatest signal drop of the brain at which the bolus has arrived.
    least_drop : float
        Drop of the brain's signal, as a share of S0, below which there is no bolus.
    least_enhancement : float
        Rise at the end over S0, as a share of it, above which a voxel is not healthy; the
        standard deviation of its baseline, as in the source, if that is more.
    first_pass_s : float
        After arrival, within which the peak is sought.
    last_volumes : int
        Volumes at the end whose mean is the signal after the bolus.
    correct_leakage : bool
        Whether leakage is taken off.
    """

    skipped: int = 2
    least_baseline: int = 3
    arrival_share: float = 0.05
    least_drop: float = 0.04
    least_enhancement: float = 0.01
    first_pass_s: float = 30.0
    last_volumes: int = 10
    correct_leakage: bool = True


@dataclass(frozen=True, slots=True)
class Bolus:
    """When the bolus passes, in volumes: S0 is the mean of `start` up to, without, `arrival`."""

    start: int
    arrival: int
    peak: int


@dataclass(frozen=True, slots=True)
class PerfusionMaps:
    """Maps of one series, each (X, Y, Z); `nan` outside the brain and where a signal is 0.

    Attributes
    ----------
    cbv : (X, Y, Z)
        Integral of ΔR2* after arrival, no unit, corrected for leakage if that was asked.
    leakage : (X, Y, Z)
        K2 in 1/s: positive where T1 shortening rules, negative for T2*; 0 without correction.
    peak_height : (X, Y, Z)
        Greatest ΔR2* of the first pass, 1/s, uncorrected.
    signal_recovery : (X, Y, Z)
        Share of the greatest signal drop that has come back at the end; above 1 where leakage
        lifts the signal over S0. `nan` where the signal does not drop.
    bolus : Bolus
        Timing of the brain's mean signal.
    """

    cbv: NDArray[np.float32] = field(repr=False)
    leakage: NDArray[np.float32] = field(repr=False)
    peak_height: NDArray[np.float32] = field(repr=False)
    signal_recovery: NDArray[np.float32] = field(repr=False)
    bolus: Bolus


def process_dsc(
    series: NDArray[np.floating],
    brain: NDArray[np.bool_],
    *,
    tr_s: float,
    te_ms: float,
    tumor: NDArray[np.bool_] | None = None,
    settings: PerfusionSettings | None = None,
) -> PerfusionMaps:
    """Compute the maps of a series.

    Parameters
    ----------
    series : (X, Y, Z, T)
        Signal, a magnitude.
    brain : (X, Y, Z)
        Brain, without skull and large sinuses.
    tr_s, te_ms : float
        Time between volumes; echo time.
    tumor : (X, Y, Z), optional
        Left out of the curve of healthy brain, as are voxels that enhance at the end. Give it:
        where T2* shortening rules, leakage does not show as enhancement.

    Raises
    ------
    GeometryError
        If shapes do not fit.
    SettingsError
        If a time is not positive.
    ImageError
        If the brain is empty, or its signal is negative, not finite or 0 in most voxels.
    NotAssessableError
        If there are too few volumes, or no bolus after a baseline.
    """
    settings = settings or PerfusionSettings()
    _check_times(tr_s, te_ms)
    signal, place = _brain_signal(series, brain)
    bolus = find_bolus(signal.mean(axis=0), tr_s=tr_s, settings=settings)
    signal, arrival = signal[:, bolus.start :], bolus.arrival - bolus.start
    baseline = signal[:, :arrival]
    before = baseline.mean(axis=1)
    last = signal[:, -settings.last_volumes :].mean(axis=1)
    first_pass = slice(arrival, arrival + max(round(settings.first_pass_s / tr_s), 1))
    change = -np.log(signal / before[:, None]) * np.float32(MS_PER_S / te_ms)
    peak_height = change[:, first_pass].max(axis=1)
    leakage = np.zeros_like(before)
    if settings.correct_leakage:
        rise = np.maximum(baseline.std(axis=1), settings.least_enhancement * before)
        healthy = last <= before + rise
        if tumor is not None:
            healthy &= ~tumor[place]
        change, leakage = correct_leakage(change, _healthy_curve(change, healthy), tr_s=tr_s)
    cbv = np.trapezoid(change[:, arrival - 1 :], dx=tr_s, axis=1)
    recovery = _signal_recovery(before, signal[:, first_pass].min(axis=1), last)
    return PerfusionMaps(
        cbv=_placed(cbv, place),
        leakage=_placed(leakage, place),
        peak_height=_placed(peak_height, place),
        signal_recovery=_placed(recovery, place),
        bolus=bolus,
    )


def find_bolus(curve: NDArray[np.floating], *, tr_s: float, settings: PerfusionSettings) -> Bolus:
    """Find the bolus in the mean signal of the brain.

    Parameters
    ----------
    curve : (T,)
        Signal.

    Raises
    ------
    NotAssessableError
        If there are too few volumes, no bolus, or too few volumes before it.
    """
    start, least = settings.skipped, settings.least_baseline
    needed = start + least + settings.last_volumes + round(settings.first_pass_s / tr_s)
    if len(curve) < needed:
        raise NotAssessableError(
            f"the series has {len(curve)} volumes; needed {needed} for a baseline, the first pass "
            "and the signal after it: give the whole series, or shorten these settings"
        )
    peak = start + int(np.argmin(curve[start:]))
    before = float(np.median(curve[start : max(peak - 2, start + 1)]))
    drop = before - float(curve[peak])
    if drop < settings.least_drop * before:
        raise NotAssessableError(
            f"the brain's signal drops by {drop / before:.1%}; a bolus needs "
            f"{settings.least_drop:.0%}: check that agent was given and that the mask is brain"
        )
    reached = curve[start:peak] >= before - settings.arrival_share * drop
    # the last volume before arrival may hold the first agent of fast arteries: not baseline
    arrival = start + (int(np.flatnonzero(reached)[-1]) if reached.any() else 0)
    if arrival - start < least:
        raise NotAssessableError(
            f"{max(arrival - start, 0)} volumes lie before the bolus, {start} left out; needed "
            f"{least}: lower `skipped` if magnetization is steady, else S0 is unknown"
        )
    return Bolus(start, arrival, peak)


def correct_leakage(
    change: NDArray[np.floating], healthy: NDArray[np.floating], *, tr_s: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Take off what leaked.

    Parameters
    ----------
    change : (N, T)
        ΔR2* of voxels, 1/s.
    healthy : (T,)
        Mean ΔR2* of brain that does not leak, 1/s.

    Returns
    -------
    corrected : (N, T)
        ΔR2* of agent in vessels, 1/s.
    leakage : (N,)
        K2, 1/s.
    """
    total = np.zeros(len(healthy))
    total[1:] = np.cumsum((healthy[1:] + healthy[:-1]) / 2, dtype=np.float64) * tr_s
    design = np.stack([healthy, -total], axis=1)
    leakage = (change @ np.linalg.pinv(design)[1]).astype(np.float32)
    corrected = change + leakage[:, None] * total.astype(np.float32)
    return corrected.astype(np.float32), leakage


def _check_times(tr_s: float, te_ms: float) -> None:
    for name, value in (("tr_s", tr_s), ("te_ms", te_ms)):
        if not (np.isfinite(value) and value > 0):
            raise SettingsError(f"{name} is {value:g}; needed a positive time, see the header")


def _brain_signal(
    series: NDArray[np.floating], brain: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Give the curves (N, T) of brain voxels that always have a signal, and where they lie."""
    if series.ndim != 4 or series.shape[:3] != brain.shape:
        raise GeometryError(
            f"the series has shape {series.shape}, the brain mask {brain.shape}; needed "
            "(X, Y, Z, T) and (X, Y, Z): resample the mask to the series"
        )
    signal = series[brain].astype(np.float32)
    if not len(signal):
        raise ImageError("the brain mask is empty; give the brain of the series")
    wrong = np.count_nonzero(~np.isfinite(signal) | (signal < 0))
    if wrong:
        raise ImageError(
            f"{wrong} signals of the brain are negative or not finite; needed the magnitude as "
            "scanned, not a difference or a filtered image"
        )
    usable = np.all(signal > 0, axis=1)
    if 2 * np.count_nonzero(usable) < len(signal):
        raise ImageError(
            f"only {np.count_nonzero(usable)} of {len(signal)} brain voxels have a signal in every "
            "volume; needed most of them: repair the mask, or mask out signal voids"
        )
    place = brain.copy()
    place[brain] = usable
    return signal[usable], place


def _healthy_curve(change: NDArray[np.float32], healthy: NDArray[np.bool_]) -> NDArray[np.float32]:
    if not healthy.any():
        raise NotAssessableError(
            "no voxel of the brain is free of enhancement and tumor; needed some for the "
            "correction of leakage: check the masks, or switch `correct_leakage` off"
        )
    return np.asarray(change[healthy].mean(axis=0, dtype=np.float64).astype(np.float32))


def _signal_recovery(
    before: NDArray[np.float32], lowest: NDArray[np.float32], last: NDArray[np.float32]
) -> NDArray[np.float32]:
    drop = before - lowest
    share = (last - lowest) / np.maximum(drop, np.float32(_LEAST_DIVISOR))
    return np.where(drop > _LEAST_DIVISOR, share, np.float32(np.nan))


def _placed(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    image = np.full(mask.shape, np.nan, dtype=np.float32)
    image[mask] = values
    return image
