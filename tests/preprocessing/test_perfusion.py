"""Blood volume recovered from series made by a forward model, and what it may not depend on."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, NotAssessableError, SettingsError
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TumorBiology
from gliokit.phantom.maps.bolus import DSCProtocol
from gliokit.phantom.maps.perfusion import PerfusionParameters, dsc_study
from gliokit.phantom.maps.thick_grid import tissue_shares
from gliokit.preprocessing.perfusion import (
    PerfusionSettings,
    correct_leakage,
    find_bolus,
    process_dsc,
)
from gliokit.preprocessing.relative_to_white_matter import relative_to_white_matter

TR_S, TE_MS = 1.5, 30.0
TIMES = np.arange(60) * TR_S
UNCORRECTED = PerfusionSettings(correct_leakage=False)
SHAPE = (12, 10, 6)
BRAIN = np.ones(SHAPE, dtype=bool)
WHITE = np.zeros(SHAPE, dtype=bool)
WHITE[:4] = True
TUMOR = np.zeros(SHAPE, dtype=bool)
TUMOR[9:] = True


def gamma_variate(times):
    """Give a curve in blood, 1/s of R2* per unit of blood volume, with highest value 1."""
    since = np.maximum(times - 15, 0)
    return (since / 6) ** 3 * np.exp(3 - since / 2)


def blood_volume():
    """White matter 2, gray matter 4, tumor from 4 to 10."""
    cbv = np.full(SHAPE, 4.0)
    cbv[WHITE] = 2.0
    cbv[TUMOR] = np.linspace(4, 10, np.count_nonzero(TUMOR))
    return cbv


def make_series(*, flip=60.0, te_ms=TE_MS, gain=300.0, leaked_mmol=0.0, leaked_r2s=20.0):
    """Give S = gain E(T1) exp(-TE ΔR2*), agent leaking in tumor up to `leaked_mmol` at the end."""
    curve = gamma_variate(TIMES)
    share = np.cumsum(curve) / curve.sum()
    leaked = np.where(TUMOR, leaked_mmol, 0.0)[..., None] * share
    change = 3 * blood_volume()[..., None] * curve + leaked_r2s * leaked
    recovery = np.exp(-TR_S * (1 / 1.2 + 4.2 * leaked))
    saturation = (1 - recovery) / (1 - np.cos(np.radians(flip)) * recovery)
    return gain * saturation * np.exp(-te_ms / 1000 * change)


def tumor_rcbv(series, *, te_ms=TE_MS, settings=None):
    maps = process_dsc(series, BRAIN, tr_s=TR_S, te_ms=te_ms, tumor=TUMOR, settings=settings)
    return relative_to_white_matter(maps.cbv, WHITE)[TUMOR]


def test_blood_volume_without_leakage_is_exact():
    true = blood_volume()[TUMOR] / 2
    np.testing.assert_allclose(tumor_rcbv(make_series()), true, rtol=1e-3)
    np.testing.assert_allclose(tumor_rcbv(make_series(), settings=UNCORRECTED), true, rtol=1e-3)


@pytest.mark.parametrize(
    ("flip", "leaked_mmol", "leaked_r2s"), [(60.0, 0.03, 10.0), (30.0, 0.06, 80.0)]
)
def test_leakage_of_either_sign_is_corrected_within_five_percent(flip, leaked_mmol, leaked_r2s):
    series = make_series(flip=flip, leaked_mmol=leaked_mmol, leaked_r2s=leaked_r2s)
    true = blood_volume()[TUMOR] / 2
    np.testing.assert_allclose(tumor_rcbv(series), true, rtol=0.05)
    uncorrected = tumor_rcbv(series, settings=UNCORRECTED)
    assert np.abs(uncorrected / true - 1).max() > 0.15


def test_healthy_brain_is_found_without_a_tumor_mask_where_leakage_enhances():
    series = make_series(leaked_mmol=0.03, leaked_r2s=10.0)
    maps = process_dsc(series, BRAIN, tr_s=TR_S, te_ms=TE_MS)
    rcbv = relative_to_white_matter(maps.cbv, WHITE)[TUMOR]
    np.testing.assert_allclose(rcbv, tumor_rcbv(series), rtol=1e-5)


def test_leakage_is_positive_where_signal_rises_and_negative_where_it_falls():
    for flip, leaked_r2s, sign in [(70.0, 0.0, 1), (10.0, 200.0, -1)]:
        series = make_series(flip=flip, leaked_mmol=0.05, leaked_r2s=leaked_r2s)
        maps = process_dsc(series, BRAIN, tr_s=TR_S, te_ms=TE_MS, tumor=TUMOR)
        assert (sign * maps.leakage[TUMOR] > 0.005).all()
        assert np.abs(maps.leakage[WHITE]).max() < 1e-4


def test_correction_takes_off_exactly_what_the_model_adds():
    healthy = gamma_variate(TIMES)
    total = np.concatenate([[0], np.cumsum((healthy[1:] + healthy[:-1]) / 2) * TR_S])
    factors = np.array([0.02, 0.0, -0.01])
    leaky = 2.5 * healthy - factors[:, None] * total
    corrected, leakage = correct_leakage(leaky, healthy, tr_s=TR_S)
    np.testing.assert_allclose(leakage, factors, atol=1e-7)
    np.testing.assert_allclose(corrected, np.tile(2.5 * healthy, (3, 1)), atol=1e-5)


def test_gain_of_the_scanner_does_not_matter():
    weak, strong = (tumor_rcbv(make_series(gain=gain, leaked_mmol=0.03)) for gain in (50.0, 4000.0))
    np.testing.assert_allclose(weak, strong, rtol=1e-4)


def test_echo_time_does_not_matter():
    short, long = (tumor_rcbv(make_series(te_ms=te_ms), te_ms=te_ms) for te_ms in (20.0, 40.0))
    np.testing.assert_allclose(short, long, rtol=1e-3)


def test_peak_height_is_the_highest_change_of_relaxation():
    maps = process_dsc(make_series(), BRAIN, tr_s=TR_S, te_ms=TE_MS)
    highest = 3 * blood_volume() * gamma_variate(TIMES).max()
    np.testing.assert_allclose(maps.peak_height, highest, rtol=1e-3)


def test_signal_recovers_wholly_without_leakage_and_beyond_with_t1_shortening():
    whole = process_dsc(make_series(), BRAIN, tr_s=TR_S, te_ms=TE_MS).signal_recovery
    np.testing.assert_allclose(whole, 1, atol=1e-3)
    series = make_series(flip=70.0, leaked_mmol=0.05, leaked_r2s=0.0)
    beyond = process_dsc(series, BRAIN, tr_s=TR_S, te_ms=TE_MS).signal_recovery
    assert beyond[TUMOR].min() > 1.05


def test_signal_recovery_is_a_share_of_the_drop():
    series = make_series()
    lowest = series.min(axis=-1)
    series[..., -20:] = (lowest + 0.75 * (series[..., 0] - lowest))[..., None]
    recovery = process_dsc(series, BRAIN, tr_s=TR_S, te_ms=TE_MS).signal_recovery
    np.testing.assert_allclose(recovery, 0.75, atol=1e-3)


def test_first_volumes_before_steady_state_are_left_out():
    series = make_series()
    brighter = series.copy()
    brighter[..., :2] *= 1.6
    np.testing.assert_allclose(tumor_rcbv(brighter), tumor_rcbv(series), rtol=1e-3)


def test_baseline_ends_when_the_bolus_arrives():
    bolus = find_bolus(make_series().mean(axis=(0, 1, 2)), tr_s=TR_S, settings=PerfusionSettings())
    assert bolus.start == 2
    assert bolus.arrival in (10, 11)  # the bolus comes at 15 s
    assert bolus.peak == 14  # and peaks at 21 s


def test_voxels_outside_the_brain_or_without_signal_are_nan():
    series, brain = make_series(), BRAIN.copy()
    brain[:, 0] = False
    series[5, 5, 5, 30] = 0
    maps = process_dsc(series, brain, tr_s=TR_S, te_ms=TE_MS)
    unknown = ~brain
    unknown[5, 5, 5] = True
    for image in (maps.cbv, maps.leakage, maps.peak_height, maps.signal_recovery):
        assert np.array_equal(np.isnan(image), unknown)


def shells():
    """Give shells of CSF, cortex and white matter with a tumor, 1 mm."""
    grid = np.moveaxis(np.indices((90, 90, 90)), 0, -1) - 44.5
    r = np.linalg.norm(grid, axis=-1)
    tissues = np.zeros(r.shape, dtype=np.uint8)
    for radius, tissue in [(42, Tissue.CSF), (39, Tissue.CORTEX), (33, Tissue.WHITE_MATTER)]:
        tissues[r < radius] = tissue
    tissues[np.linalg.norm(grid - [12, 0, 0], axis=-1) < 14] = Tissue.ENHANCING_TUMOR
    return tissues


@pytest.mark.parametrize("snr", [np.inf, 60.0])
@pytest.mark.parametrize(("flip", "leaked_r2s"), [(30.0, 20.0), (30.0, 80.0), (60.0, 20.0)])
def test_blood_volume_of_the_simulated_tumor_is_recovered_within_five_percent(
    flip, leaked_r2s, snr
):
    protocol = DSCProtocol(flip_degrees=flip, leaked_r2s_l_per_s_mmol=leaked_r2s)
    tissues = shells()
    study = dsc_study(
        tissues,
        PerfusionParameters(protocol=protocol, snr=snr),
        biology=TumorBiology(grade=4),
        spacing_mm=1.0,
    )
    shares = tissue_shares(tissues, study.factors)
    brain = (study.series[..., 0] > 0) & (shares[..., Tissue.CSF] < 0.5)
    white, tumor = (
        (shares[..., tissue] > 0.999) & ~study.arteries
        for tissue in (Tissue.WHITE_MATTER, Tissue.ENHANCING_TUMOR)
    )
    maps = process_dsc(study.series, brain, tr_s=protocol.tr_s, te_ms=protocol.te_ms)
    measured = relative_to_white_matter(maps.cbv, white)[tumor].mean()
    assert measured == pytest.approx(
        study.cbv[tumor].mean() / np.median(study.cbv[white]), rel=0.05
    )


def test_series_that_is_too_short_is_refused():
    with pytest.raises(NotAssessableError, match="has 30 volumes; needed 35"):
        process_dsc(make_series()[..., :30], BRAIN, tr_s=TR_S, te_ms=TE_MS)


def test_series_without_a_bolus_is_refused():
    noise = np.random.default_rng(0).normal(300, 3, (*SHAPE, 60))
    with pytest.raises(NotAssessableError, match="a bolus needs"):
        process_dsc(noise, BRAIN, tr_s=TR_S, te_ms=TE_MS)


def test_bolus_before_a_baseline_is_refused():
    with pytest.raises(NotAssessableError, match="before the bolus"):
        process_dsc(make_series()[..., 8:], BRAIN, tr_s=TR_S, te_ms=TE_MS)


@pytest.mark.parametrize("value", [-1.0, np.nan])
def test_signal_that_is_no_magnitude_is_refused(value):
    series = make_series()
    series[3, 3, 3, 3] = value
    with pytest.raises(ImageError, match="1 signals of the brain are negative or not finite"):
        process_dsc(series, BRAIN, tr_s=TR_S, te_ms=TE_MS)


def test_brain_that_is_mostly_void_is_refused():
    series = make_series()
    series[:7, ..., 5] = 0
    with pytest.raises(ImageError, match="only 300 of 720 brain voxels have a signal"):
        process_dsc(series, BRAIN, tr_s=TR_S, te_ms=TE_MS)


def test_empty_brain_and_other_grid_are_refused():
    with pytest.raises(ImageError, match="mask is empty"):
        process_dsc(make_series(), ~BRAIN, tr_s=TR_S, te_ms=TE_MS)
    with pytest.raises(GeometryError, match="resample the mask"):
        process_dsc(make_series(), BRAIN[1:], tr_s=TR_S, te_ms=TE_MS)


@pytest.mark.parametrize(("tr_s", "te_ms"), [(0.0, 30.0), (1.5, -30.0), (np.nan, 30.0)])
def test_times_must_be_positive(tr_s, te_ms):
    with pytest.raises(SettingsError, match="needed a positive time"):
        process_dsc(make_series(), BRAIN, tr_s=tr_s, te_ms=te_ms)


def test_brain_that_is_all_tumor_has_no_healthy_curve():
    with pytest.raises(NotAssessableError, match="free of enhancement and tumor"):
        process_dsc(make_series(), BRAIN, tr_s=TR_S, te_ms=TE_MS, tumor=BRAIN)
    settings = replace(PerfusionSettings(), correct_leakage=False)
    maps = process_dsc(make_series(), BRAIN, tr_s=TR_S, te_ms=TE_MS, tumor=BRAIN, settings=settings)
    assert not maps.leakage.any()
