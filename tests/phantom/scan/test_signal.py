"""Signal equations against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.tissue import RELAXATION, Tissue
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import (
    R1_L_PER_S_MMOL,
    Protocol,
    Pulse,
    Scan,
    draw_relaxation,
    longitudinal,
    signal_of,
    tissue_signal,
)

T1 = np.array([800.0])
EVEN = np.ones(len(Tissue))


def nominal(field_t: float = 3.0) -> Scan:
    base = np.array([RELAXATION[tissue][:4] for tissue in Tissue])
    return Scan(base, {}, {}, field_t)


def test_spin_echo_after_one_t1_has_recovered_to_one_minus_1_over_e():
    protocol = Protocol(Pulse.SPIN_ECHO, tr_ms=800, te_ms=10)
    assert longitudinal(protocol, T1)[0] == pytest.approx(1 - np.exp(-1))


def test_inversion_at_t1_times_log_2_nulls_the_signal():
    protocol = Protocol(Pulse.INVERSION_RECOVERY, tr_ms=1e6, te_ms=10, ti_ms=800 * np.log(2))
    assert longitudinal(protocol, T1)[0] == pytest.approx(0, abs=1e-12)


def test_a_short_inversion_time_leaves_the_signal_negative():
    protocol = Protocol(Pulse.INVERSION_RECOVERY, tr_ms=9000, te_ms=100, ti_ms=500)
    assert signal_of(nominal(), protocol, EVEN).level[Tissue.VENTRICLE] < 0


def test_gradient_echo_is_brightest_at_the_ernst_angle():
    ernst = np.degrees(np.arccos(np.exp(-20 / 800)))
    angles = np.linspace(1, 60, 591)
    signal = [
        longitudinal(Protocol(Pulse.SPOILED_GRADIENT_ECHO, 20, 3, flip_degrees=angle), T1)[0]
        for angle in angles
    ]
    assert angles[np.argmax(signal)] == pytest.approx(ernst, abs=0.1)


def test_signal_decays_to_1_over_e_at_an_echo_time_of_t2():
    short, long = (
        signal_of(nominal(), Protocol(Pulse.SPIN_ECHO, 1e6, te), EVEN).level[Tissue.CORTEX]
        for te in (0.0, RELAXATION[Tissue.CORTEX].t2_ms)
    )
    assert long / short == pytest.approx(np.exp(-1), rel=1e-5)


@pytest.mark.parametrize("field_t", [1.5, 3.0])
def test_contrast_agent_shortens_t1_by_its_relaxivity(field_t):
    protocol = Protocol(Pulse.SPIN_ECHO, tr_ms=500, te_ms=0, contrast_agent=True)
    tissue = RELAXATION[Tissue.ENHANCING_TUMOR]
    rate = 1000 / tissue.t1_ms + R1_L_PER_S_MMOL[field_t] * tissue.uptake_mmol_l  # per s
    expected = tissue.density * (1 - np.exp(-0.5 * rate))
    level = signal_of(nominal(field_t), protocol, EVEN).level[Tissue.ENHANCING_TUMOR]
    assert level == pytest.approx(expected, rel=1e-5)


def test_tissue_relaxes_faster_at_the_lower_field_and_fluid_does_not():
    low, high = (
        np.median(
            [draw_relaxation(np.random.default_rng(s), field_t=t)[:, 0] for s in range(40)], axis=0
        )
        for t in (1.5, 3.0)
    )
    assert low[Tissue.WHITE_MATTER] < 0.9 * high[Tissue.WHITE_MATTER]
    assert low[Tissue.CSF] == pytest.approx(high[Tissue.CSF], rel=0.05)


def test_sequences_order_the_tissues_as_on_the_scanner():
    scans = [draw_session(np.random.default_rng(seed)).scan for seed in range(60)]
    t1, t2, flair = (
        np.median([np.abs(tissue_signal(scan, s).level) for scan in scans], axis=0)
        for s in (MRSequence.T1, MRSequence.T2, MRSequence.FLAIR)
    )
    assert t1[Tissue.WHITE_MATTER] > t1[Tissue.EDEMA] > t1[Tissue.VENTRICLE]
    assert t1[Tissue.CAVITY_BLOOD] > t1[Tissue.WHITE_MATTER]  # before contrast agent
    assert t2[Tissue.VENTRICLE] > t2[Tissue.EDEMA] > t2[Tissue.CORTEX] > t2[Tissue.WHITE_MATTER]
    assert flair[Tissue.EDEMA] > flair[Tissue.CORTEX] > flair[Tissue.VENTRICLE]


@pytest.mark.parametrize(
    "tissue",
    [
        Tissue.ENHANCING_TUMOR,
        Tissue.TREATMENT_EFFECT,
        Tissue.VESSEL,
        Tissue.CHOROID_PLEXUS,
        Tissue.DURA,
    ],
)
def test_contrast_agent_brightens_what_takes_it_up(tissue):
    protocol = Protocol(Pulse.SPIN_ECHO, tr_ms=600, te_ms=10)
    plain, enhanced = (
        signal_of(nominal(), replace(protocol, contrast_agent=agent), EVEN).level
        for agent in (False, True)
    )
    assert enhanced[tissue] > 1.2 * plain[tissue]
    assert enhanced[Tissue.WHITE_MATTER] < 1.05 * plain[Tissue.WHITE_MATTER]
