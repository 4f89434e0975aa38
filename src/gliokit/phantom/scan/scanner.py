"""The scanner of a site: what its images share, and what differs from study to study.

A site has one scanner with one protocol per sequence, slices of one orientation and
thickness, and a coil of its own. Between its studies only small settings, the placing of the
patient, motion and noise vary.

Assumed: a third of the scanners at 1.5 T; the spread between studies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.scan.acquisition import Acquisition, draw_acquisition
from gliokit.phantom.scan.signal import (
    Protocol,
    Scan,
    draw_gain,
    draw_protocols,
    draw_relaxation,
)

SETTING_SPREAD = 0.01  # of TR, TE and TI between studies, log units
NOISE_SPREAD = 0.2  # log units
# share of scanners with thick slices: T1 is often 3-D, T2 and FLAIR seldom (assumed)
THICK_SLICES = {
    MRSequence.T1: 0.65,
    MRSequence.T1C: 0.65,
    MRSequence.T2: 0.9,
    MRSequence.FLAIR: 0.9,
}
# against what `draw_acquisition` draws: long echoes, inversion and haste cost signal (assumed)
NOISE = {MRSequence.T1: 1.0, MRSequence.T1C: 1.4, MRSequence.T2: 1.7, MRSequence.FLAIR: 2.6}
SHORT_BRAIN = 0.7  # share of studies whose volume ends above the medulla
STRIPS_MM, STRIP_SHARES = (-1, 0, 1, 2), (0.15, 0.35, 0.35, 0.15)  # assumed
BIAS_SPREAD = 0.3  # of the coil's sensitivity that belongs to the study, not the site


class Vendor(StrEnum):
    """Maker of a scanner, as DICOM's Manufacturer spells it."""

    SIEMENS = "SIEMENS"
    GE = "GE MEDICAL SYSTEMS"
    PHILIPS = "Philips Medical Systems"


@dataclass(frozen=True, slots=True)
class Scanner:
    """What one site scans with.

    Attributes
    ----------
    name : str
        For the table.
    field_t : float
        Field strength, 1.5 or 3 tesla.
    protocols, acquisitions, gain : mapping of MRSequence
        Settings, way of scanning and peculiarities of each sequence.
    seed : int
        Of the protocols of maps.
    """

    name: str
    vendor: Vendor
    field_t: float
    protocols: Mapping[MRSequence, Protocol]
    acquisitions: Mapping[MRSequence, Acquisition]
    gain: Mapping[MRSequence, NDArray[np.float64]]
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ScanSession:
    """One scanning session: tissue and protocol, how each sequence was scanned, the strip.

    Attributes
    ----------
    scan : Scan
        Relaxation and protocols.
    acquisitions : mapping of MRSequence to Acquisition
        Slices, shift, bias, noise.
    strip_mm : float
        By how much the brain mask is too wide, or (negative) too narrow.
    height_mm : float
        How far below the vertex the stripped volume ends; infinite where it holds all.
    """

    scan: Scan
    acquisitions: Mapping[MRSequence, Acquisition]
    strip_mm: float
    height_mm: float = np.inf


def draw_scanner(rng: np.random.Generator) -> Scanner:
    """Draw a site's scanner."""
    vendor = list(Vendor)[rng.integers(len(Vendor))]
    field_t = 1.5 if rng.random() < 1 / 3 else 3.0
    return Scanner(
        name=f"{vendor} {field_t:g} T",
        vendor=vendor,
        field_t=field_t,
        protocols=draw_protocols(rng),
        acquisitions={sequence: _draw_acquisition(rng, sequence) for sequence in MRSequence},
        gain=draw_gain(rng),
    )


def draw_session(
    rng: np.random.Generator,
    scanner: Scanner | None = None,
    *,
    relaxation: NDArray[np.float64] | None = None,
) -> ScanSession:
    """Draw everything about one scanning session except its noise; any scanner by default.

    Parameters
    ----------
    relaxation : (n_tissues, 4), optional
        The patient's own, where there are several visits; else drawn.
    """
    scanner = scanner or draw_scanner(rng)
    if relaxation is None:
        relaxation = draw_relaxation(rng, field_t=scanner.field_t)
    scan = Scan(
        relaxation,
        {sequence: _set_up(p, rng) for sequence, p in scanner.protocols.items()},
        scanner.gain,
        scanner.field_t,
    )
    return ScanSession(
        scan=scan,
        acquisitions={s: _place(a, rng) for s, a in scanner.acquisitions.items()},
        strip_mm=float(rng.choice(STRIPS_MM, p=STRIP_SHARES)),
        height_mm=float(rng.uniform(130, 150)) if rng.random() < SHORT_BRAIN else np.inf,
    )


def _draw_acquisition(rng: np.random.Generator, sequence: MRSequence) -> Acquisition:
    drawn = draw_acquisition(rng, thick_slices=THICK_SLICES[sequence])
    return replace(drawn, noise=drawn.noise * NOISE[sequence])


def _set_up(protocol: Protocol, rng: np.random.Generator) -> Protocol:
    tr, te, ti = np.exp(rng.normal(0, SETTING_SPREAD, 3))
    return replace(
        protocol,
        tr_ms=float(protocol.tr_ms * tr),
        te_ms=float(protocol.te_ms * te),
        ti_ms=float(protocol.ti_ms * ti),
    )


def _place(acquisition: Acquisition, rng: np.random.Generator) -> Acquisition:
    """Place another patient: what depends on the patient is drawn anew."""
    own = draw_acquisition(rng)
    return replace(
        acquisition,
        shift_mm=own.shift_mm,
        turn_degrees=own.turn_degrees,
        bias=(1 - BIAS_SPREAD) * acquisition.bias + BIAS_SPREAD * own.bias,
        noise=float(acquisition.noise * np.exp(rng.normal(0, NOISE_SPREAD))),
        ghost=own.ghost,
        ghost_shift=own.ghost_shift,
        texture_scale=own.texture_scale,
        texture_gain=own.texture_gain,
    )
