"""Where specimens come from, and how many are adequate."""

import numpy as np
import pytest

from gliokit.core.errors import SimulationError
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TumorBiology
from gliokit.phantom.maps.biopsy import (
    APART_MM,
    ERROR_MM,
    TYPICAL_OF_SITES,
    Biopsy,
    Target,
    adequacy,
    draw_biopsies,
    sample,
    targets,
)

# turned and shifted, 1 mm
AFFINE = np.array([[-1.0, 0, 0, 30], [0, 0, 1.0, -20], [0, 1.0, 0, 5], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def tumor() -> tuple[np.ndarray, np.ndarray]:
    """Give necrosis in enhancing tumor in edema, and a density that falls outward."""
    grid = np.moveaxis(np.indices((64, 64, 64)), 0, -1) - 31.5
    r = np.linalg.norm(grid, axis=-1)
    tissues = np.full(r.shape, Tissue.WHITE_MATTER, dtype=np.uint8)
    for radius, tissue in [
        (26, Tissue.EDEMA),
        (20, Tissue.ENHANCING_TUMOR),
        (10, Tissue.NECROSIS),
    ]:
        tissues[r < radius] = tissue
    return tissues, (1 / (1 + np.exp((r - 20) / 3))).astype(np.float32)


def drawn(tumor, seed: int, count: int = 12) -> tuple[Biopsy, ...]:
    return draw_biopsies(
        *tumor,
        affine=AFFINE,
        biology=TumorBiology(),
        count=count,
        rng=np.random.default_rng(seed),
    )


def test_tissue_and_density_are_those_of_the_true_place(tumor):
    for biopsy in drawn(tumor, 0):
        assert tumor[0][biopsy.index] == biopsy.tissue
        if biopsy.tissue is not Tissue.NECROSIS:
            assert biopsy.density == pytest.approx(float(tumor[1][biopsy.index]), abs=1e-6)


def test_true_place_is_the_planned_one_plus_the_error(tumor):
    for biopsy in drawn(tumor, 1):
        planned = AFFINE[:3, :3] @ biopsy.planned_index + AFFINE[:3, 3]
        true = AFFINE[:3, :3] @ biopsy.index + AFFINE[:3, 3]
        assert planned == pytest.approx(biopsy.planned_mm)
        assert np.abs(true - planned - biopsy.error_mm).max() <= 0.5 + 1e-6


def test_errors_are_as_large_as_stated(tumor):
    errors = np.array([b.error_mm for seed in range(40) for b in drawn(tumor, seed)])
    assert errors.std() == pytest.approx(ERROR_MM, rel=0.1)
    assert errors.mean() == pytest.approx(0, abs=0.2)


def test_planned_voxel_holds_the_target(tumor):
    expected = {
        Target.ENHANCING: Tissue.ENHANCING_TUMOR,
        Target.RIM: Tissue.ENHANCING_TUMOR,
        Target.EDEMA: Tissue.EDEMA,
    }
    biopsies = drawn(tumor, 2, count=20)
    assert {biopsy.target for biopsy in biopsies} == set(expected)
    for biopsy in biopsies:
        assert tumor[0][biopsy.planned_index] == expected[biopsy.target]


def test_rim_is_the_outer_layer_not_the_border_of_necrosis(tumor):
    masks = targets(tumor[0], spacing=1.0)
    grid = np.linalg.norm(np.moveaxis(np.indices((64, 64, 64)), 0, -1) - 31.5, axis=-1)
    assert grid[masks[Target.RIM]].min() > 16
    assert not (masks[Target.RIM] & masks[Target.ENHANCING]).any()


def test_sites_lie_apart(tumor):
    places = np.array([biopsy.planned_mm for biopsy in drawn(tumor, 3, count=20)])
    distance = np.linalg.norm(places[:, None] - places[None], axis=-1)
    assert distance[~np.eye(len(places), dtype=bool)].min() >= APART_MM


def test_a_third_of_specimens_are_adequate_at_the_usual_density():
    assert adequacy(TYPICAL_OF_SITES) == pytest.approx(0.35)
    assert adequacy(0.0) == 0


def test_adequate_specimens_hold_more_cells(tumor):
    biopsies = [b for seed in range(60) for b in drawn(tumor, seed)]
    good, poor = (np.mean([b.density for b in biopsies if b.adequate is a]) for a in (True, False))
    assert good > poor + 0.05
    share = np.mean([b.adequate for b in biopsies])
    expected = np.mean([adequacy(b.density) for b in biopsies])
    assert share == pytest.approx(expected, abs=0.05)


def test_needle_outside_the_image_takes_its_edge(tumor):
    specimen = sample(
        *tumor, affine=AFFINE, planned=np.array([0, 0, 0]), error_mm=np.array([50.0, 0, 0])
    )
    assert specimen.index == (0, 0, 0)


def test_brain_without_tumor_is_refused():
    tissues = np.full((8, 8, 8), Tissue.WHITE_MATTER, dtype=np.uint8)
    with pytest.raises(SimulationError, match="a biopsy needs one of them"):
        drawn((tissues, np.zeros(tissues.shape, dtype=np.float32)), 0)
