"""Curves of contrast agent against closed forms."""

import numpy as np
import pytest

from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.bolus import (
    Bolus,
    DSCProtocol,
    arterial_input,
    leaked_curve,
    saturation,
    signal_before,
    tissue_curve,
)

TIMES = np.arange(0, 400, 0.5)
ONCE = Bolus(recirculation=0.0)
# blood at 1.04 g/mL of tissue, hematocrit 0.45 in large and 0.25 in small vessels
PER_CBV = 1.04 / 100 / ((1 - 0.45) / (1 - 0.25))


def test_bolus_peaks_when_and_as_high_as_asked():
    curve = arterial_input(ONCE, TIMES)
    assert curve.max() == pytest.approx(ONCE.peak_mmol_l, rel=0.01)
    assert TIMES[curve.argmax()] == pytest.approx(
        ONCE.arrival_s + ONCE.rise * ONCE.decay_s, abs=0.5
    )
    assert not curve[ONCE.arrival_s > TIMES].any()


def test_recirculation_adds_its_share_to_the_area():
    first = np.trapezoid(arterial_input(ONCE, TIMES), TIMES)
    both = np.trapezoid(arterial_input(Bolus(recirculation=0.5), TIMES), TIMES)
    assert both / first == pytest.approx(1.5, rel=0.01)


@pytest.mark.parametrize("mtt", [0.0, 2.0, 6.0])
def test_area_in_tissue_is_blood_volume_whatever_the_transit_time(mtt):
    area = np.trapezoid(tissue_curve(ONCE, TIMES, mtt_s=mtt, delay_s=1.5), TIMES)
    assert area == pytest.approx(
        PER_CBV * np.trapezoid(arterial_input(ONCE, TIMES), TIMES), rel=2e-3
    )


def test_center_of_mass_comes_later_by_transit_time_and_delay():
    def center(curve: np.ndarray) -> float:
        return float(np.trapezoid(curve * TIMES, TIMES) / np.trapezoid(curve, TIMES))

    late = center(tissue_curve(ONCE, TIMES, mtt_s=5.0, delay_s=1.5))
    assert late - center(arterial_input(ONCE, TIMES)) == pytest.approx(6.5, abs=0.1)


def test_leaked_agent_is_plasma_added_up():
    leaked = leaked_curve(ONCE, TIMES, delay_s=0.0)
    total = np.trapezoid(arterial_input(ONCE, TIMES), TIMES) / (1 - 0.45) / 60
    assert leaked[-1] == pytest.approx(total, rel=1e-3)
    assert (np.diff(leaked) >= 0).all()


def test_saturation_recovery_at_ninety_degrees():
    protocol = DSCProtocol(tr_s=1.5, flip_degrees=90.0)
    t1, leaked = np.float32([1500.0]), np.float32([0.2])
    before = 1 - np.exp(-1.5 / 1.5)
    after = 1 - np.exp(-1.5 * (1 / 1.5 + 4.2 * 0.2))
    assert saturation(t1, leaked, protocol) == pytest.approx(after / before, rel=1e-4)


def test_low_flip_angle_sees_less_of_t1():
    t1, leaked = np.float32([1500.0]), np.float32([0.2])
    low, high = (saturation(t1, leaked, DSCProtocol(flip_degrees=f)) for f in (30.0, 90.0))
    assert 1 < low < high


def test_fluid_is_brightest_before_contrast_and_white_matter_is_the_unit():
    before = signal_before(DSCProtocol())
    assert before[Tissue.WHITE_MATTER] == pytest.approx(100)
    assert before[Tissue.CORTEX] > 100
    assert before[Tissue.BACKGROUND] == 0
