"""Reaction and diffusion against theory: where a tumor goes, how fast, and where it cannot."""

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.tumor.growth import FRONT, INFILTRATION, Growth, Medium, diffusivity, grow

SHAPE = (41, 41, 41)


def seed() -> np.ndarray:
    density = np.zeros(SHAPE, dtype=np.float32)
    density[19:22, 19:22, 19:22] = 1
    return density


def even(diffusion: np.ndarray | None = None) -> Medium:
    diffusion = np.ones(SHAPE, np.float32) if diffusion is None else diffusion
    return Medium(diffusion.astype(np.float32), np.ones(diffusion.shape, np.uint8), 1.0)


def grown(medium: Medium, target_ml: float = 4.0) -> Growth:
    return grow(seed(), medium, rate_per_day=0.44, target_ml=target_ml)


@pytest.mark.parametrize("rho_t", [20.0, 30.0, 45.0])
def test_a_plane_wave_runs_at_the_speed_of_fisher_and_bramson(rho_t):
    rho, d, h = 0.02, 0.13, 0.5  # per day, mm² per day, mm: the front is five voxels wide
    start = np.zeros((560, 1, 1), dtype=np.float32)
    start[:40] = 1
    medium = Medium(np.full(start.shape, d, np.float32), np.ones(start.shape, np.uint8), h)

    def front_mm(days: float) -> tuple[float, float]:
        run = grow(start, medium, rate_per_day=rho, days=days)
        u = run.density[:, 0, 0]
        i = int(np.flatnonzero(u > FRONT)[-1])
        return run.days, h * (i + (u[i] - FRONT) / (u[i] - u[i + 1]))

    (t0, x0), (t1, x1) = front_mm((rho_t - 1) / rho), front_mm((rho_t + 1) / rho)
    middle = rho * (t0 + t1) / 2
    expected = 2 * np.sqrt(d * rho) * (1 - 3 / (4 * middle))
    assert (x1 - x0) / (t1 - t0) == pytest.approx(expected, rel=0.02)


def test_without_reaction_no_cell_is_made_or_lost():
    run = grow(seed(), even(), rate_per_day=0.0, days=10)
    assert run.density.sum() == pytest.approx(27, rel=1e-4)
    assert run.density.max() < 1


def test_density_stays_between_zero_and_one():
    density = grown(even()).density
    assert density.min() >= 0
    assert density.max() <= 1 + 1e-5


def test_a_tumor_in_even_tissue_is_a_ball():
    taken = grown(even()).density > FRONT
    extents = [np.ptp(np.flatnonzero(taken.any(axis=axes))) for axes in [(1, 2), (0, 2), (0, 1)]]
    assert max(extents) - min(extents) == 0
    ball = 4 / 3 * np.pi * ((extents[0] + 1) / 2) ** 3
    assert taken.sum() == pytest.approx(ball, rel=0.15)


def test_cells_never_enter_tissue_of_zero_diffusivity():
    diffusion = np.ones(SHAPE, np.float32)
    diffusion[25:] = 0
    assert not grown(even(diffusion)).density[25:].any()


def test_white_matter_is_taken_sooner_than_gray():
    tissues = np.full(SHAPE, Tissue.WHITE_MATTER, dtype=np.uint8)
    tissues[:20] = Tissue.CORTEX
    flat = np.zeros(SHAPE, dtype=np.float32)
    taken = grown(even(diffusivity(tissues, INFILTRATION, roughness=flat)), 3.0).density > FRONT
    assert taken[21:].sum() > 2 * taken[:20].sum()


def test_what_lies_farther_is_taken_later():
    run = grown(even())
    ray = run.arrival_days[20, 20, 21:]
    ray = ray[np.isfinite(ray)]
    assert len(ray) > 5
    assert np.all(np.diff(ray) >= 0)
    assert ray[-1] <= run.days


def test_growth_ends_close_to_the_target():
    assert 5000 <= (grown(even(), 5.0).density > FRONT).sum() < 5700


def test_growth_can_end_at_a_time():
    early, late = (grow(seed(), even(), rate_per_day=0.44, days=days) for days in (4, 8))
    assert early.days == pytest.approx(4, abs=0.2)
    assert late.density.sum() > early.density.sum()


def test_a_target_larger_than_the_tissue_is_refused():
    diffusion = np.zeros(SHAPE, dtype=np.float32)
    diffusion[15:25, 15:25, 15:25] = 1
    with pytest.raises(SimulationError, match=r"1\.0 mL of 5\.0 mL; choose a smaller volume"):
        grown(even(diffusion), 5.0)
