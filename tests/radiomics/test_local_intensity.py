"""Peaks against averages over lists of voxels, ties, edges, bad input."""

import math

import numpy as np
import pytest

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.radiomics.local_intensity import DEFINITIONS, RADIUS_MM, describe_local_intensity
from gliokit.radiomics.roi import RegionOfInterest


def region(image, mask, spacing=(1.0, 1.0, 1.0)):
    return RegionOfInterest(np.asarray(image, dtype=np.float64), mask, mask, np.array(spacing))


def mean_around(roi, voxel):
    """Average what is at most a radius away, voxel by voxel."""
    grid = np.moveaxis(np.indices(roi.image.shape), 0, -1)
    apart = np.linalg.norm((grid - voxel) * roi.spacing_mm, axis=-1)
    return roi.image[apart <= RADIUS_MM].mean()


def test_the_sphere_holds_one_milliliter():
    assert 4 / 3 * math.pi * RADIUS_MM**3 == pytest.approx(1000)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.9, 1.3, 5.0), (2.0, 7.0, 2.0)])
def test_peaks_are_averages_of_what_is_near(spacing):
    rng = np.random.default_rng(0)
    image, mask = rng.normal(1000, 20, size=(18, 15, 12)), rng.random((18, 15, 12)) > 0.97
    roi = region(image, mask, spacing)
    voxels = np.argwhere(mask)
    means = [mean_around(roi, voxel) for voxel in voxels]
    brightest = np.argmax(image[mask])
    described = describe_local_intensity(roi)
    assert list(described) == [each.name for each in DEFINITIONS]
    assert described["loc_peak_loc"] == pytest.approx(means[brightest], abs=1e-9)
    assert described["loc_peak_glob"] == pytest.approx(max(means), abs=1e-9)


def test_of_equally_bright_voxels_the_one_in_bright_surroundings_counts():
    image = np.zeros((40, 9, 9))
    image[30:, :, :] = 5
    image[[8, 34], 4, 4] = 100
    mask = np.zeros(image.shape, dtype=bool)
    mask[[8, 34], 4, 4] = True
    roi = region(image, mask)
    assert describe_local_intensity(roi)["loc_peak_loc"] == pytest.approx(
        mean_around(roi, [34, 4, 4])
    )


def test_beyond_the_edge_nothing_counts():
    mask = np.ones((3, 3, 3), dtype=bool)
    described = describe_local_intensity(region(np.full(mask.shape, 8.0), mask))
    assert described == pytest.approx({"loc_peak_loc": 8, "loc_peak_glob": 8})


def test_an_empty_mask_is_refused():
    with pytest.raises(NotAssessableError, match="no voxels"):
        describe_local_intensity(region(np.zeros((3, 3, 3)), np.zeros((3, 3, 3), dtype=bool)))


def test_nan_counts_only_if_it_is_near():
    image, mask = np.ones((40, 5, 5)), np.zeros((40, 5, 5), dtype=bool)
    mask[5, 2, 2] = True
    image[30, 2, 2] = math.nan
    assert describe_local_intensity(region(image, mask))["loc_peak_loc"] == pytest.approx(1)
    image[9, 2, 2] = math.nan
    with pytest.raises(ImageError, match="not finite"):
        describe_local_intensity(region(image, mask))


def test_a_margin_as_wide_as_the_sphere_is_enough():
    rng = np.random.default_rng(1)
    image, mask = rng.normal(size=(40, 36, 38)), np.zeros((40, 36, 38), dtype=bool)
    mask[15:20, 16:19, 14:22] = True
    near = np.s_[9:26, 10:25, 8:28]
    cropped = describe_local_intensity(region(image[near], mask[near]))
    assert cropped == pytest.approx(describe_local_intensity(region(image, mask)))
    assert cropped["loc_peak_glob"] == pytest.approx(
        max(mean_around(region(image, mask), voxel) for voxel in np.argwhere(mask))
    )
