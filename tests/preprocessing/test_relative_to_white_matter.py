"""Maps against white matter: scale, gaps, bad input."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.preprocessing.relative_to_white_matter import relative_to_white_matter

WHITE = np.zeros((8, 6, 5), dtype=bool)
WHITE[:3] = True


@pytest.fixture
def image():
    return np.random.default_rng(0).gamma(4.0, 2.0, WHITE.shape).astype(np.float32)


def test_median_of_white_matter_becomes_one_and_scale_does_not_matter(image):
    relative = relative_to_white_matter(image, WHITE)
    assert np.median(relative[WHITE]) == pytest.approx(1)
    np.testing.assert_allclose(relative_to_white_matter(7 * image, WHITE), relative, rtol=1e-5)


def test_one_vessel_in_white_matter_does_not_matter(image):
    vessel = image.copy()
    vessel[np.unravel_index(np.where(WHITE, image, 0).argmax(), image.shape)] = 1e4
    relative = relative_to_white_matter(vessel, WHITE)[~WHITE]
    np.testing.assert_allclose(relative, relative_to_white_matter(image, WHITE)[~WHITE])


def test_voxels_without_a_value_do_not_count_and_stay_without(image):
    gaps = image.copy()
    gaps[1] = np.nan
    relative = relative_to_white_matter(gaps, WHITE)
    assert np.array_equal(np.isnan(relative), np.isnan(gaps))
    assert np.nanmedian(relative[WHITE]) == pytest.approx(1)


def test_too_little_white_matter_is_refused(image):
    few = np.zeros_like(WHITE)
    few[0, 0] = True
    with pytest.raises(NotAssessableError, match="5 voxels with a value; needed 20"):
        relative_to_white_matter(image, few)


def test_white_matter_without_blood_or_on_another_grid_is_refused(image):
    with pytest.raises(NotAssessableError, match="median of white matter"):
        relative_to_white_matter(-image, WHITE)
    with pytest.raises(GeometryError, match="resample the mask"):
        relative_to_white_matter(image, WHITE[1:])
