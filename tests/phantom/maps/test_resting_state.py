"""Power per band: order of tissues and bands."""

from itertools import pairwise

import numpy as np
import pytest

from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.maps.biology import TumorBiology
from gliokit.phantom.maps.resting_state import (
    BAND_HZ,
    GRAY,
    Band,
    RestingStateParameters,
    band_power,
    draw_resting_state,
)

PLAIN = RestingStateParameters(blur_mm=0.1)


def slabs(*tissues: Tissue) -> np.ndarray:
    """Give slabs of 36 mm along the first axis, of 1 mm voxels."""
    column = np.repeat(np.array(tissues, dtype=np.uint8), 36)
    return np.broadcast_to(column[:, None, None], (len(column), 72, 72)).copy()


def power(
    tissues: np.ndarray,
    density: float = 0.0,
    *,
    parameters: RestingStateParameters = PLAIN,
    biology: TumorBiology | None = None,
) -> np.ndarray:
    return band_power(
        tissues,
        np.full(tissues.shape, density, dtype=np.float32),
        parameters=parameters,
        biology=biology or TumorBiology(),
        spacing_mm=1.0,
    ).power


def test_bands_join_without_gap_or_overlap():
    edges = [BAND_HZ[band] for band in Band]
    assert all(left[1] == right[0] for left, right in pairwise(edges))
    assert (edges[0][0], edges[-1][1]) == (0.010, 0.250)


def test_map_has_one_volume_per_band_on_voxels_of_three_millimeters():
    assert power(slabs(Tissue.CORTEX)).shape == (12, 24, 24, len(Band))


def test_power_of_gray_matter_falls_with_frequency():
    mean = power(slabs(Tissue.CORTEX)).mean(axis=(0, 1, 2))
    assert (np.diff(mean) < 0).all()
    assert mean == pytest.approx(GRAY, rel=0.15)


def test_gray_matter_has_most_power_and_necrosis_least():
    tissues = slabs(Tissue.CORTEX, Tissue.WHITE_MATTER, Tissue.NECROSIS)
    slow = power(tissues)[..., Band.SLOW_4]
    gray, white, dead = (slow[12 * i + 3 : 12 * i + 9].mean() for i in range(3))
    assert gray > 2 * white > 4 * dead


def test_cells_silence_tumor_by_the_dial():
    tissues = slabs(Tissue.ENHANCING_TUMOR)
    falls = [
        power(tissues, 0.9, biology=TumorBiology(cellularity=dial)).mean()
        / power(tissues, 0.55, biology=TumorBiology(cellularity=dial)).mean()
        for dial in (0.0, 1.0)
    ]
    assert falls[0] == pytest.approx(1)
    assert falls[1] == pytest.approx((1 - 0.7 * 0.9) / (1 - 0.7 * 0.55), rel=1e-3)


def test_networks_are_smooth_and_only_in_gray_matter():
    tissues = slabs(Tissue.CORTEX, Tissue.WHITE_MATTER)
    slow = power(tissues)[..., Band.SLOW_5]
    gray, white = slow[3:9], slow[15:21]
    assert white.std() < 1e-3
    assert gray.std() > 0.05
    assert np.abs(np.diff(gray, axis=1)).mean() < 0.35 * gray.std()


def test_outside_the_brain_there_is_no_power():
    assert not power(slabs(Tissue.BACKGROUND, Tissue.CORTEX))[:12].any()


def test_drawn_maps_repeat_with_their_seed():
    tissues = slabs(Tissue.CORTEX, Tissue.ENHANCING_TUMOR)
    first, again, other = (
        power(tissues, parameters=draw_resting_state(np.random.default_rng(seed)))
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
