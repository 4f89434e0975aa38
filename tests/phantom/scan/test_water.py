"""Water content: the same for every sequence, and less at the border of edema."""

from dataclasses import replace

import numpy as np

from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.scan.acquisition import Body, acquire, draw_acquisition
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.phantom.scan.water import BORDER, response, water_content


def swollen() -> np.ndarray:
    tissues = np.full((60, 60, 60), Tissue.WHITE_MATTER, dtype=np.uint8)
    tissues[10:50, 10:50, 10:50] = Tissue.EDEMA
    return tissues


def test_a_patient_keeps_the_water_of_tissue_that_does_not_change():
    before, after = swollen(), swollen()
    after[20:30, 20:30, 20:30] = Tissue.GLIOSIS
    fields = [water_content(tissues, 1.0, seed=3) for tissues in (before, after)]
    healthy = before == Tissue.WHITE_MATTER
    assert np.array_equal(fields[0][healthy], fields[1][healthy])
    other = water_content(before, 1.0, seed=4)
    assert abs(np.corrcoef(fields[0][healthy], other[healthy])[0, 1]) < 0.3


def test_water_of_healthy_tissue_is_a_field_of_mean_zero_and_unit_spread():
    field = water_content(np.full((80, 80, 80), Tissue.WHITE_MATTER, dtype=np.uint8), 1.0, seed=0)
    assert abs(field.mean()) < 0.1
    assert 0.8 < field.std() < 1.1


def test_edema_is_drier_at_its_border():
    healthy = np.full((60, 60, 60), Tissue.WHITE_MATTER, dtype=np.uint8)
    drier = water_content(healthy, 1.0, seed=0) - water_content(swollen(), 1.0, seed=0)
    assert drier[10, 15:45, 15:45].mean() > 0.5 * BORDER
    assert abs(drier[28:32, 28:32, 28:32].mean()) < 0.05
    assert not drier[:10].any()


def test_fluid_holds_no_more_water_than_it_does():
    assert not response()[Tissue.VENTRICLE].any()
    assert np.all(response()[Tissue.NECROSIS] > response()[Tissue.WHITE_MATTER])


def test_sequences_of_one_body_see_one_field():
    scan = draw_session(np.random.default_rng(0)).scan
    plain = replace(
        draw_acquisition(np.random.default_rng(0), thick_slices=0.0),
        shift_mm=np.zeros(3),
        turn_degrees=np.zeros(3),
        bias=np.zeros((4, 4, 4)),
        noise=0.0,
        ghost=0.0,
        texture_gain=0.0,
        gamma=1.0,
    )
    body = Body(swollen(), water=water_content(swollen(), 1.0, seed=0))
    t1, t2 = (
        acquire(body, tissue_signal(scan, s), plain, rng=np.random.default_rng(seed))
        for seed, s in enumerate((MRSequence.T1, MRSequence.T2))
    )
    inside = (slice(16, 44),) * 3
    assert np.corrcoef(t1[inside].ravel(), t2[inside].ravel())[0, 1] < -0.9
