"""Nuclei that a plain threshold can count."""

import numpy as np
import pytest
from scipy.ndimage import label

from gliokit.core.errors import SimulationError
from gliokit.phantom.maps.histology import (
    BRAIN_PER_MM2,
    CAPACITY_PER_MM2,
    Nuclei,
    draw_nuclei,
    draw_tile,
    expected_per_mm2,
    render,
)


def counted(image: np.ndarray) -> int:
    """Count connected dark patches of red: hematoxylin takes red away, eosin does not."""
    return int(label(image[..., 0] < 140)[1])


@pytest.mark.parametrize("density", [0.0, 0.2, 0.5, 1.0])
def test_threshold_and_components_find_the_number_of_nuclei(density):
    tiles = [draw_tile(density, np.random.default_rng(seed)) for seed in range(6)]
    true = sum(len(tile.centers_px) for tile in tiles)
    found = sum(counted(tile.image) for tile in tiles)
    assert found == pytest.approx(true, rel=0.03)


def test_centers_lie_on_nuclei():
    tile = draw_tile(0.6, np.random.default_rng(1))
    rows, columns = np.round(tile.centers_px).astype(int).T
    assert (tile.image[rows, columns, 0] < 140).all()


def test_counts_rise_with_density_as_stated():
    means = []
    for density in (0.1, 0.5, 0.9):
        tiles = [draw_tile(density, np.random.default_rng(seed)) for seed in range(12)]
        means.append(np.mean([tile.cells_per_mm2 for tile in tiles]))
        assert means[-1] == pytest.approx(expected_per_mm2(density), rel=0.12)
    assert means[0] < means[1] < means[2]


def test_empty_and_full_tissue_hold_what_is_stated():
    assert expected_per_mm2(0.0) == BRAIN_PER_MM2
    assert expected_per_mm2(1.0) == CAPACITY_PER_MM2


def test_nuclei_do_not_touch():
    nuclei = draw_nuclei(90, np.random.default_rng(2), side_um=128.0)
    distance = np.linalg.norm(nuclei.centers_um[:, None] - nuclei.centers_um[None], axis=-1)
    reach = nuclei.radii_um[:, 0]
    apart = distance - (reach[:, None] + reach[None])
    assert apart[~np.eye(90, dtype=bool)].min() > 0


def test_area_of_a_nucleus_is_that_of_its_ellipse():
    one = Nuclei(np.array([[64.0, 60.0]]), np.array([[4.0, 3.0]]), np.array([0.7]), np.array([0.9]))
    image = render(one, np.random.default_rng(0), side_px=256, um_per_px=0.5)
    area_um2 = np.count_nonzero(image[..., 0] < 140) * 0.25
    assert area_um2 == pytest.approx(np.pi * 12, rel=0.1)


def test_background_is_pink_and_nuclei_are_blue():
    tile = draw_tile(0.5, np.random.default_rng(3))
    nuclei = tile.image[..., 0] < 140
    red, green, blue = tile.image[~nuclei].mean(axis=0)
    assert red > blue > green
    assert tile.image[nuclei].mean(axis=0)[2] > tile.image[nuclei].mean(axis=0)[0]


def test_tile_has_the_size_asked_for_and_repeats_with_its_seed():
    first, again = (draw_tile(0.3, np.random.default_rng(4), side_px=128) for _ in range(2))
    assert first.image.shape == (128, 128, 3)
    assert first.image.dtype == np.uint8
    assert np.array_equal(first.image, again.image)


def test_impossible_density_is_refused():
    with pytest.raises(SimulationError, match="needed 0 to 1"):
        draw_tile(1.2, np.random.default_rng(0))


def test_more_nuclei_than_fit_are_refused():
    with pytest.raises(SimulationError, match="ask for fewer nuclei"):
        draw_nuclei(60, np.random.default_rng(0), side_um=40.0)
