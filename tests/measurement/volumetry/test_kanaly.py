"""Enhancement relative to a reference tissue."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.measurement.volumetry.kanaly import (
    enhancing_tissue,
    relative_enhancement,
    vessel_reference,
    volumes_by_threshold,
)
from gliokit.measurement.volumetry.subtraction import subtract


@pytest.fixture
def mucosa(scan):
    """Half of the tumor stands for a tissue that enhances as strongly."""
    return scan.tumor & (np.arange(scan.tumor.shape[2]) < 20)


def test_reference_tissue_enhances_by_one(scan, mucosa):
    relative = relative_enhancement(scan.subtraction, mucosa)
    assert np.median(relative[mucosa]) == pytest.approx(1)
    assert np.median(relative[scan.tumor & ~mucosa]) == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(("on_t1", "on_t1c"), [(3.0, 1.0), (1.0, 0.2), (0.5, 8.0)])
def test_gain_of_the_scanner_cancels_out(scan, mucosa, on_t1, on_t1c):
    expected = relative_enhancement(scan.subtraction, mucosa)
    gained = subtract(scan.t1 * np.float32(on_t1), scan.t1c * np.float32(on_t1c), scan.brain)
    found = relative_enhancement(gained, mucosa)
    np.testing.assert_allclose(found[scan.brain], expected[scan.brain], rtol=1e-3, atol=1e-3)


def test_dose_cancels_out_where_the_reference_takes_it_up_too(scan, mucosa):
    twice = scan.t1c + np.float32(90) * scan.tumor  # enhancement of 90 becomes 180
    relative = relative_enhancement(subtract(scan.t1, twice, scan.brain), mucosa)
    assert np.median(relative[scan.tumor & ~mucosa]) == pytest.approx(1, abs=0.05)


def test_volume_falls_as_the_threshold_rises_and_is_that_of_the_tumor(scan, mucosa):
    relative = relative_enhancement(scan.subtraction, mucosa)
    allowed = scan.brain & ~scan.subtraction.blood
    volumes = volumes_by_threshold(relative, allowed, scan.affine, (0.4, 0.5, 0.6))
    assert volumes == tuple(sorted(volumes, reverse=True))
    assert volumes[1] == pytest.approx(scan.tumor.sum() / 1000, rel=0.05)


def test_blood_and_what_lies_outside_the_outline_are_not_counted(scan, mucosa):
    relative = relative_enhancement(scan.subtraction, mucosa)
    allowed = ~scan.subtraction.blood & (np.arange(scan.brain.shape[0]) < 30)[:, None, None]
    assert not (enhancing_tissue(relative, allowed, threshold=0.5) & ~allowed).any()


def test_vessels_away_from_the_tumor_stand_in_for_the_mucosa(scan):
    vessel = np.zeros_like(scan.brain)
    vessel[10:14, 15:29, 18:21] = True
    t1c = scan.t1c + np.float32(150) * vessel
    found = subtract(scan.t1, t1c, scan.brain)
    reference = vessel_reference(found, scan.tumor)
    assert (reference & vessel).sum() > 0.9 * reference.sum()
    assert not (reference & scan.tumor).any()


def test_outline_around_the_whole_brain_leaves_no_reference(scan):
    with pytest.raises(NotAssessableError, match="holds the whole brain"):
        vessel_reference(scan.subtraction, scan.brain)


def test_small_reference_is_refused(scan):
    with pytest.raises(NotAssessableError, match="has 0 voxels; needed 20"):
        relative_enhancement(scan.subtraction, np.zeros_like(scan.brain))


def test_reference_that_does_not_enhance_is_refused(scan):
    with pytest.raises(NotAssessableError, match="needed more than 1"):
        relative_enhancement(scan.subtraction, scan.brain & ~scan.tumor)
