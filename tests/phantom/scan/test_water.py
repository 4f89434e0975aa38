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


def test_the_same_tissue_has_the_same_water():
    assert np.array_equal(water_content(swollen(), 1.0), water_content(swollen(), 1.0))


def test_water_of_healthy_tissue_is_a_field_of_mean_zero_and_unit_spread():
    field = water_content(np.full((80, 80, 80), Tissue.WHITE_MATTER, dtype=np.uint8), 1.0)
    assert abs(field.mean()) < 0.1
    assert 0.8 < field.std() < 1.1


def test_edema_is_drier_at_its_border():
    field = water_content(swollen(), 1.0)
    face = np.concatenate([field[10:12, 15:45, 15:45].ravel(), field[48:50, 15:45, 15:45].ravel()])
    assert field[20:40, 20:40, 20:40].mean() - face.mean() > 0.5 * BORDER


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
    t1, t2 = (
        acquire(Body(swollen()), tissue_signal(scan, s), plain, rng=np.random.default_rng(seed))
        for seed, s in enumerate((MRSequence.T1, MRSequence.T2))
    )
    inside = (slice(16, 44),) * 3
    assert np.corrcoef(t1[inside].ravel(), t2[inside].ravel())[0, 1] < -0.9
