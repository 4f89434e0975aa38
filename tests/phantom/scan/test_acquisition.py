"""Scanning a body."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.geometry import Grid
from gliokit.phantom.body.deformation import rotation
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.scan.acquisition import (
    Acquisition,
    Body,
    acquire,
    acquire_on_grid,
    coil_bias,
    draw_acquisition,
)
from gliokit.phantom.scan.signal import TissueSignal


def clean() -> Acquisition:
    return replace(
        draw_acquisition(np.random.default_rng(0)),
        blur_mm=np.full(3, 0.3),
        thickness_mm=1.0,
        shift_mm=np.zeros(3),
        turn_degrees=np.zeros(3),
        bias=np.zeros((4, 4, 4)),
        noise=0.0,
        ghost=0.0,
        gamma=1.0,
    )


def signal(**levels: float) -> TissueSignal:
    level = np.zeros(len(Tissue), dtype=np.float32)
    for name, value in levels.items():
        level[Tissue[name]] = value
    return TissueSignal(level, np.zeros(len(Tissue), dtype=np.float32))


def block() -> Body:
    tissues = np.zeros((40, 44, 36), dtype=np.uint8)
    tissues[10:30, 10:34, 8:28] = Tissue.WHITE_MATTER
    return Body(tissues)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_clean_scan_of_one_tissue_is_even():
    body = Body(np.full((20, 20, 20), Tissue.WHITE_MATTER, dtype=np.uint8))
    image = acquire(body, signal(WHITE_MATTER=0.5), clean(), rng=rng())
    assert np.allclose(image, 1.0, atol=1e-4)  # in units of the brightest tissue


def test_a_shift_moves_the_image_by_that_much():
    still, moved = (
        acquire(
            block(),
            signal(WHITE_MATTER=1.0),
            replace(clean(), shift_mm=np.array([2.0, 0, 0]) * n),
            rng=rng(),
        )
        for n in (0, 1)
    )
    x = np.arange(40)[:, None, None]
    assert (x * still).sum() / still.sum() - (x * moved).sum() / moved.sum() == pytest.approx(2)


def test_thick_slices_smear_a_thin_structure():
    body = Body(np.zeros((20, 20, 40), dtype=np.uint8))
    body.tissues[:, :, 20] = Tissue.WHITE_MATTER
    thin, thick = (
        acquire(
            body,
            signal(WHITE_MATTER=1.0),
            replace(clean(), slice_axis=2, thickness_mm=t),
            rng=rng(),
        )
        for t in (1.0, 6.0)
    )
    assert thick.max() < 0.4 * thin.max()


def test_opposite_signals_cancel_in_a_voxel_before_the_magnitude_is_taken():
    tissues = np.zeros((16, 16, 16), dtype=np.uint8)
    tissues[::2] = Tissue.WHITE_MATTER
    tissues[1::2] = Tissue.CSF
    image = acquire(Body(tissues), signal(WHITE_MATTER=1.0, CSF=-1.0), clean(), rng=rng(), factor=2)
    assert image.max() < 0.05


def test_the_background_of_a_noisy_scan_is_rayleigh_distributed():
    body = Body(np.zeros((40, 40, 40), dtype=np.uint8))
    body.tissues[0, 0, 0] = Tissue.WHITE_MATTER
    image = acquire(
        body,
        signal(WHITE_MATTER=1.0),
        replace(clean(), noise=0.1, blur_mm=np.full(3, 0.3)),
        rng=rng(),
    )
    assert image[5:].mean() == pytest.approx(0.1 * np.sqrt(np.pi / 2), rel=0.02)


def test_noise_is_drawn_in_the_slices_and_interpolated_with_them():
    body = Body(np.full((30, 30, 60), Tissue.WHITE_MATTER, dtype=np.uint8))
    image = acquire(
        body,
        signal(WHITE_MATTER=1.0),
        replace(clean(), noise=0.05, slice_axis=2, thickness_mm=6.0),
        rng=rng(),
    )
    along_z, along_x = (
        np.corrcoef(a.ravel(), b.ravel())[0, 1]
        for a, b in ((image[:, :, 1:], image[:, :, :-1]), (image[1:], image[:-1]))
    )
    assert along_z > 0.8
    assert along_x < 0.2


def test_a_ghost_repeats_the_head_along_the_phase_axis():
    image = acquire(
        block(),
        signal(WHITE_MATTER=1.0),
        replace(clean(), ghost=0.1, ghost_shift=0.5, slice_axis=2),
        rng=rng(),
    )
    assert image[20, 0, 18] == pytest.approx(0.1, abs=0.01)  # 22 voxels beside the middle
    assert image[2, 22, 18] == pytest.approx(0, abs=0.01)


def test_tumor_cells_outside_the_core_change_the_signal_by_their_share():
    body = replace(block(), infiltration=np.full((40, 44, 36), 0.25, dtype=np.float32))
    image = acquire(body, signal(WHITE_MATTER=0.4, NON_ENHANCING_TUMOR=0.8), clean(), rng=rng())
    assert image[20, 22, 18] == pytest.approx(0.5 / 0.8, abs=1e-3)


def test_a_crop_has_the_coil_bias_of_its_place():
    drawn = draw_acquisition(np.random.default_rng(2))
    whole = coil_bias(drawn, (40, 50, 60), (slice(None),) * 3)
    crop = (slice(5, 20), slice(10, 30), slice(40, 60))
    assert np.allclose(coil_bias(drawn, (40, 50, 60), crop), whole[crop], atol=1e-5)


@pytest.mark.parametrize("angle", [0.0, 25.0])
def test_a_scan_on_an_oblique_grid_finds_the_body_where_it_lies(angle):
    body, affine = block(), np.diag([-1.0, 1, 1, 1])
    affine[:3, 3] = 20, -22, -18
    turned = np.eye(4)
    turned[:3, :3] = rotation(0, np.radians(angle)) @ np.diag([0.8, 0.8, 3.0])
    turned[:3, 3] = turned[:3, :3] @ [-31.5, -31.5, -9.5]
    grid = Grid((64, 64, 20), turned)
    image = acquire_on_grid(
        body, affine, grid, signal(WHITE_MATTER=1.0), replace(clean(), thickness_mm=3.0), rng()
    )
    index = np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3)
    world = index @ turned[:3, :3].T + turned[:3, 3]
    center = (world * image.reshape(-1, 1)).sum(0) / image.sum()
    expected = affine[:3, :3] @ np.argwhere(body.tissues).mean(0) + affine[:3, 3]
    assert np.allclose(center, expected, atol=0.15)
    volume = image.sum() * 0.8 * 0.8 * 3
    assert volume == pytest.approx(np.count_nonzero(body.tissues), rel=0.03)
