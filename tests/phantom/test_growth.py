"""Reaction and diffusion: where a tumor goes and where it cannot."""

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.phantom.growth import FRONT, INFILTRATION, diffusivity, grow
from gliokit.phantom.tissue import Tissue

SHAPE = (41, 41, 41)


def seed() -> np.ndarray:
    density = np.zeros(SHAPE, dtype=np.float32)
    density[19:22, 19:22, 19:22] = 1
    return density


def test_a_tumor_in_even_tissue_is_a_ball():
    grown = grow(seed(), np.ones(SHAPE, np.float32), target_voxels=4000) > FRONT
    extents = [np.ptp(np.flatnonzero(grown.any(axis=axes))) for axes in [(1, 2), (0, 2), (0, 1)]]
    assert max(extents) - min(extents) == 0
    ball = 4 / 3 * np.pi * ((extents[0] + 1) / 2) ** 3
    assert grown.sum() == pytest.approx(ball, rel=0.15)


def test_density_stays_between_zero_and_one():
    grown = grow(seed(), np.ones(SHAPE, np.float32), target_voxels=4000)
    assert grown.min() >= 0
    assert grown.max() <= 1 + 1e-5


def test_cells_never_enter_tissue_of_zero_diffusivity():
    diffusion = np.ones(SHAPE, np.float32)
    diffusion[25:] = 0
    grown = grow(seed(), diffusion, target_voxels=4000)
    assert not grown[25:].any()


def test_white_matter_is_taken_sooner_than_gray():
    tissues = np.full(SHAPE, Tissue.WHITE_MATTER, dtype=np.uint8)
    tissues[:20] = Tissue.CORTEX
    flat = np.zeros(SHAPE, dtype=np.float32)
    diffusion = diffusivity(tissues, INFILTRATION, roughness=flat)
    grown = grow(seed(), diffusion, target_voxels=3000) > FRONT
    assert grown[21:].sum() > 2 * grown[:20].sum()


def test_growth_ends_close_to_the_target():
    grown = grow(seed(), np.ones(SHAPE, np.float32), target_voxels=5000) > FRONT
    assert 5000 <= grown.sum() < 5600


def test_a_target_larger_than_the_tissue_is_refused():
    diffusion = np.zeros(SHAPE, dtype=np.float32)
    diffusion[15:25, 15:25, 15:25] = 1
    with pytest.raises(SimulationError, match="1000 voxels of 5000; choose a smaller volume"):
        grow(seed(), diffusion, target_voxels=5000)
