"""Blood volume recovered from the series by integrals of its own, and what changes it."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TumorBiology
from gliokit.phantom.maps.blood import VESSEL_CBV, tissue_blood
from gliokit.phantom.maps.bolus import Bolus, DSCProtocol
from gliokit.phantom.maps.perfusion import DSCStudy, PerfusionParameters, draw_perfusion, dsc_study
from gliokit.phantom.maps.thick_grid import tissue_shares

BIOLOGY = TumorBiology(grade=4)
LOW_FLIP = DSCProtocol(tr_s=1.2, flip_degrees=30.0, points=70)


@pytest.fixture(scope="module")
def brain() -> np.ndarray:
    """Give shells of CSF, cortex and white matter, 84 mm wide, with a tumor of three parts."""
    grid = np.moveaxis(np.indices((90, 90, 90)), 0, -1) - 44.5
    r = np.linalg.norm(grid, axis=-1)
    tissues = np.zeros(r.shape, dtype=np.uint8)
    for radius, tissue in [(42, Tissue.CSF), (39, Tissue.CORTEX), (33, Tissue.WHITE_MATTER)]:
        tissues[r < radius] = tissue
    apart = np.linalg.norm(grid - [12, 0, 0], axis=-1)
    for radius, tissue in [(19, Tissue.EDEMA), (14, Tissue.ENHANCING_TUMOR)]:
        tissues[apart < radius] = tissue
    treated = np.linalg.norm(grid - [-15, 0, 0], axis=-1) < 10
    tissues[treated] = Tissue.TREATMENT_EFFECT
    return tissues


def pure(brain: np.ndarray, study: DSCStudy, tissue: Tissue) -> np.ndarray:
    """Give the thick voxels that hold one tissue only."""
    return (tissue_shares(brain, study.factors)[..., tissue] > 0.999) & ~study.arteries


def rate_change(study: DSCStudy, mask: np.ndarray) -> np.ndarray:
    """Compute the change of R2* over time, (n, T) in 1/s."""
    signal = study.series[mask].astype(float)
    before = signal[:, 1:8].mean(axis=1)
    return -np.log(signal / before[:, None]) / (study.protocol.te_ms / 1000)


def running_integral(curve: np.ndarray, step: float) -> np.ndarray:
    return np.concatenate([[0], np.cumsum((curve[1:] + curve[:-1]) / 2) * step])


def washed_in(aif: np.ndarray, step: float, mtt: float, delay: float) -> np.ndarray:
    """Convolve with an exponential by the exact solution for input that is linear in steps."""
    fine = step / 12
    time = np.arange(12 * (len(aif) - 1) + 1) * fine
    arrived = np.interp(time - delay, np.arange(len(aif)) * step, aif)
    held, state = np.zeros(len(time)), 0.0
    keep = np.exp(-fine / mtt)
    for i in range(1, len(time)):
        state = state * keep + (arrived[i] + arrived[i - 1]) / 2 * (1 - keep)
        held[i] = state
    return held[::12]


def without_leakage(curves: np.ndarray, aif: np.ndarray, step: float) -> np.ndarray:
    """Take off what has leaked: curve = a x residue(MTT, delay) + k x integral of the input."""
    leaked = running_integral(aif, step)
    best, kept = np.full(len(curves), np.inf), np.zeros(len(curves))
    for mtt in np.arange(4.0, 8.1, 0.25):
        for delay in (0.6, 0.9, 1.2, 1.5, 1.8):
            design = np.stack([washed_in(aif, step, mtt, delay), leaked], axis=1)
            fit = np.linalg.lstsq(design, curves.T, rcond=None)[0]
            misfit = ((design @ fit - curves.T) ** 2).sum(axis=0)
            kept = np.where(misfit < best, fit[1], kept)
            best = np.minimum(best, misfit)
    return curves - kept[:, None] * leaked


def recovered_rcbv(brain: np.ndarray, study: DSCStudy) -> tuple[float, float, float]:
    """Give rCBV of enhancing tumor against white matter: corrected, uncorrected and true."""
    step = study.protocol.tr_s
    white = pure(brain, study, Tissue.WHITE_MATTER)
    tumor = pure(brain, study, Tissue.ENHANCING_TUMOR)
    aif = rate_change(study, study.arteries).mean(axis=0)
    reference = np.trapezoid(rate_change(study, white), dx=step, axis=1).mean()
    curves = rate_change(study, tumor)
    corrected = np.trapezoid(without_leakage(curves, aif, step), dx=step, axis=1).mean()
    plain = np.trapezoid(curves, dx=step, axis=1).mean()
    true = study.cbv[tumor].mean() / study.cbv[white].mean()
    return corrected / reference, plain / reference, float(true)


@pytest.mark.parametrize("recirculation", [0.0, 0.9])
@pytest.mark.parametrize(
    ("flip", "leaked_r2s", "ktrans"), [(30.0, 20.0, 1.0), (30.0, 80.0, 1.0), (60.0, 20.0, 0.5)]
)
def test_blood_volume_is_recovered_within_five_percent(
    brain, recirculation, flip, leaked_r2s, ktrans
):
    protocol = replace(LOW_FLIP, flip_degrees=flip, leaked_r2s_l_per_s_mmol=leaked_r2s)
    bolus = Bolus(recirculation=recirculation)
    parameters = PerfusionParameters(bolus, protocol, ktrans=ktrans)
    study = dsc_study(brain, parameters, biology=BIOLOGY, spacing_mm=1.0)
    corrected, _, true = recovered_rcbv(brain, study)
    assert corrected == pytest.approx(true, rel=0.05)


def boxerman(curves: np.ndarray, brain_curve: np.ndarray, step: float) -> np.ndarray:
    """Correct as Boxerman-Weisskoff do, with the mean curve of tissue that does not leak."""
    design = np.stack([brain_curve, -running_integral(brain_curve, step)], axis=1)
    fit = np.linalg.lstsq(design, curves.T, rcond=None)[0]
    return curves - fit[1][:, None] * design[:, 1]


@pytest.mark.parametrize("leaked_r2s", [20.0, 80.0])
def test_common_correction_stays_within_what_the_module_states(brain, leaked_r2s):
    protocol = replace(LOW_FLIP, leaked_r2s_l_per_s_mmol=leaked_r2s)
    study = dsc_study(
        brain, PerfusionParameters(protocol=protocol), biology=BIOLOGY, spacing_mm=1.0
    )
    white = pure(brain, study, Tissue.WHITE_MATTER)
    tumor = pure(brain, study, Tissue.ENHANCING_TUMOR)
    healthy = white | pure(brain, study, Tissue.CORTEX)
    step = study.protocol.tr_s
    curves = boxerman(rate_change(study, tumor), rate_change(study, healthy).mean(axis=0), step)
    reference = np.trapezoid(rate_change(study, white), dx=step, axis=1).mean()
    measured = np.trapezoid(curves, dx=step, axis=1).mean() / reference
    assert measured == pytest.approx(study.cbv[tumor].mean() / study.cbv[white].mean(), rel=0.05)


def test_leakage_left_uncorrected_hides_a_third_of_the_blood(brain):
    protocol = replace(LOW_FLIP, flip_degrees=60.0)
    study = dsc_study(
        brain, PerfusionParameters(protocol=protocol), biology=BIOLOGY, spacing_mm=1.0
    )
    _, plain, true = recovered_rcbv(brain, study)
    assert plain < 0.75 * true


def test_without_leakage_plain_integration_is_enough(brain):
    study = dsc_study(
        brain, PerfusionParameters(protocol=LOW_FLIP, ktrans=0.0), biology=BIOLOGY, spacing_mm=1.0
    )
    _, plain, true = recovered_rcbv(brain, study)
    assert plain == pytest.approx(true, rel=0.01)


def test_mean_transit_time_is_volume_over_flow(brain):
    study = dsc_study(brain, PerfusionParameters(), biology=BIOLOGY, spacing_mm=1.0)
    perfused = study.cbf > 0
    ratio = 60 * study.cbv[perfused] / study.cbf[perfused]
    assert study.mtt[perfused] == pytest.approx(ratio, rel=1e-4)


def test_mixed_voxels_hold_the_mean_of_their_tissues(brain):
    parameters = PerfusionParameters(grain=0.0, patches=0.0)
    coarse = brain[::3, ::3, ::3]
    study = dsc_study(coarse, parameters, biology=BIOLOGY, spacing_mm=3.0)
    expected = tissue_shares(coarse, study.factors) @ tissue_blood(BIOLOGY).cbv
    assert study.factors == (1, 1, 2)
    assert study.cbv[~study.arteries] == pytest.approx(expected[~study.arteries], rel=1e-4)


def test_arterial_voxels_show_the_arterial_input(brain):
    study = dsc_study(brain, PerfusionParameters(), biology=BIOLOGY, spacing_mm=1.0)
    assert np.count_nonzero(study.arteries) >= 10
    assert study.cbv[study.arteries] == pytest.approx(VESSEL_CBV)
    measured = rate_change(study, study.arteries).mean(axis=0)
    assert measured / measured.max() == pytest.approx(
        study.aif_mmol_l / study.aif_mmol_l.max(), abs=0.01
    )


def test_gain_of_the_scanner_does_not_change_recovered_volume(brain):
    study = dsc_study(
        brain, PerfusionParameters(protocol=LOW_FLIP), biology=BIOLOGY, spacing_mm=1.0
    )
    louder = replace(study, series=2.5 * study.series)
    assert recovered_rcbv(brain, louder)[0] == pytest.approx(recovered_rcbv(brain, study)[0])


@pytest.mark.parametrize(("low", "high"), [(2, 3), (3, 4)])
def test_blood_volume_of_tumor_rises_with_grade(low, high):
    volume = [
        tissue_blood(TumorBiology(grade=grade)).cbv[Tissue.ENHANCING_TUMOR] for grade in (low, high)
    ]
    assert volume[0] < volume[1]


def test_vascularity_scales_the_blood_of_tumor_alone():
    plain, rich = (tissue_blood(TumorBiology(vascularity=v)).cbv for v in (1.0, 1.5))
    assert rich[Tissue.ENHANCING_TUMOR] == pytest.approx(1.5 * plain[Tissue.ENHANCING_TUMOR])
    assert rich[Tissue.CORTEX] == plain[Tissue.CORTEX]


def test_treatment_effect_has_little_blood_at_dial_one_and_that_of_tumor_at_zero():
    apart, alike = (tissue_blood(TumorBiology(treatment_effect=d)).cbv for d in (1.0, 0.0))
    assert apart[Tissue.TREATMENT_EFFECT] < 0.5 * apart[Tissue.ENHANCING_TUMOR]
    assert alike[Tissue.TREATMENT_EFFECT] == alike[Tissue.ENHANCING_TUMOR]


def test_noise_is_as_large_as_asked(brain):
    study = dsc_study(brain, PerfusionParameters(snr=50.0), biology=BIOLOGY, spacing_mm=1.0)
    before = study.series[pure(brain, study, Tissue.WHITE_MATTER)][:, :8]
    assert before.mean() / before.std(axis=1, ddof=1).mean() == pytest.approx(50, rel=0.1)


def test_drawn_studies_differ_by_seed_and_are_the_same_for_the_same(brain):
    first, again, other = (
        dsc_study(
            brain[::3, ::3, ::3],
            draw_perfusion(np.random.default_rng(seed)),
            biology=BIOLOGY,
            spacing_mm=3.0,
        ).series
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_map_without_brain_is_refused():
    with pytest.raises(SimulationError, match="found no brain"):
        dsc_study(
            np.zeros((8, 8, 8), dtype=np.uint8),
            PerfusionParameters(),
            biology=BIOLOGY,
            spacing_mm=1.0,
        )
