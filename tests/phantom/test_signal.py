"""Signal equations against closed forms."""

import numpy as np
import pytest

from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.signal import Protocol, Pulse, draw_scan, longitudinal, tissue_signal
from gliokit.phantom.tissue import Tissue

T1 = np.array([800.0])


def test_spin_echo_after_one_t1_has_recovered_to_one_minus_1_over_e():
    protocol = Protocol(Pulse.SPIN_ECHO, tr_ms=800, te_ms=10)
    assert longitudinal(protocol, T1)[0] == pytest.approx(1 - np.exp(-1))


def test_inversion_at_t1_times_log_2_nulls_the_signal():
    protocol = Protocol(Pulse.INVERSION_RECOVERY, tr_ms=1e6, te_ms=10, ti_ms=800 * np.log(2))
    assert longitudinal(protocol, T1)[0] == pytest.approx(0, abs=1e-12)


def test_gradient_echo_is_brightest_at_the_ernst_angle():
    ernst = np.degrees(np.arccos(np.exp(-20 / 800)))
    angles = np.linspace(1, 60, 591)
    signal = [
        longitudinal(Protocol(Pulse.SPOILED_GRADIENT_ECHO, 20, 3, flip_degrees=angle), T1)[0]
        for angle in angles
    ]
    assert angles[np.argmax(signal)] == pytest.approx(ernst, abs=0.1)


def test_sequences_order_the_tissues_as_on_the_scanner():
    scans = [draw_scan(np.random.default_rng(seed)) for seed in range(60)]
    t1, t2, flair = (
        np.median([tissue_signal(scan, s) for scan in scans], axis=0)
        for s in (MRSequence.T1, MRSequence.T2, MRSequence.FLAIR)
    )
    assert t1[Tissue.WHITE_MATTER] > t1[Tissue.EDEMA] > t1[Tissue.VENTRICLE]
    assert t2[Tissue.VENTRICLE] > t2[Tissue.EDEMA] > t2[Tissue.CORTEX] > t2[Tissue.WHITE_MATTER]
    assert flair[Tissue.EDEMA] > flair[Tissue.CORTEX] > flair[Tissue.VENTRICLE]


def test_contrast_agent_brightens_what_takes_it_up():
    scan = draw_scan(np.random.default_rng(1))
    protocol = scan.protocols[MRSequence.T1C]
    assert protocol.contrast_agent
    gain = tissue_signal(scan, MRSequence.T1C) / scan.gain[MRSequence.T1C]
    assert gain[Tissue.ENHANCING_TUMOR] > 1.2 * gain[Tissue.NON_ENHANCING_TUMOR]
