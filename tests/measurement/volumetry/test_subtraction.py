"""Subtraction of T1 from T1c against images whose enhancement is known."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.measurement.volumetry.subtraction import match, subtract


def test_line_is_found_although_a_quarter_of_the_voxels_enhances():
    rng = np.random.default_rng(0)
    before = rng.normal(100, 20, 4000)
    after = 1.7 * before + 30 + rng.normal(0, 2, 4000)
    after[:1000] += 150
    line = match(before, after)
    assert line.slope == pytest.approx(1.7, rel=0.01)
    assert line.intercept == pytest.approx(30, abs=2)


def test_tumor_enhances_and_healthy_brain_does_not(scan):
    enhancement = scan.subtraction.enhancement
    healthy = scan.brain & ~scan.tumor & ~scan.clot
    assert np.median(enhancement[scan.tumor]) > 6
    assert abs(np.median(enhancement[healthy])) < 0.2
    assert np.mean(enhancement[healthy] > 2) < 0.05


def test_noise_is_that_of_both_images(scan):
    assert scan.subtraction.noise == pytest.approx(np.hypot(6, 1.5 * 4), rel=0.1)


def test_blood_is_bright_before_contrast_and_tumor_is_not(scan):
    blood = scan.subtraction.blood
    assert blood[scan.clot].all()
    assert not blood[scan.tumor].any()


def test_blood_that_brightens_with_the_gain_is_no_enhancement(scan):
    assert np.median(scan.subtraction.enhancement[scan.clot]) < 2


@pytest.mark.parametrize(("gain", "offset"), [(0.01, 0), (40, 500)])
def test_scale_of_either_image_does_not_matter(scan, gain, offset):
    expected = scan.subtraction.enhancement[scan.brain]
    for t1, t1c in ((scan.t1 * gain + offset, scan.t1c), (scan.t1, scan.t1c * gain + offset)):
        found = subtract(t1, t1c, scan.brain).enhancement[scan.brain]
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-3)


def test_same_image_twice_is_refused(scan):
    with pytest.raises(NotAssessableError, match="one image but for their scale"):
        subtract(scan.t1, scan.t1 * np.float32(2), scan.brain)


def test_inverted_image_is_refused(scan):
    with pytest.raises(NotAssessableError, match="falls where t1 rises"):
        subtract(scan.t1, -scan.t1c, scan.brain)


def test_constant_image_is_refused(scan):
    with pytest.raises(NotAssessableError, match="all but constant"):
        subtract(np.ones_like(scan.t1), scan.t1c, scan.brain)


def test_small_brain_is_refused(scan):
    with pytest.raises(NotAssessableError, match="needed 1000"):
        subtract(scan.t1, scan.t1c, np.zeros_like(scan.brain))


def test_images_of_two_shapes_are_refused(scan):
    with pytest.raises(GeometryError, match="resample them to one grid"):
        subtract(scan.t1[1:], scan.t1c, scan.brain)
