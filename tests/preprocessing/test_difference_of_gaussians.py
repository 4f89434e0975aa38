"""Fixed bank of filters."""

import numpy as np
import pytest
from scipy import ndimage

from gliokit.preprocessing.difference_of_gaussians import (
    Filter,
    FilterBank,
    filter_kernels,
    filter_responses,
    voxel_features,
)

MILLIMETER = np.ones(3)
SLICES = np.array([1.0, 0.8, 3.0])
TRAINED_ON_NOTHING = [Filter.DOG, Filter.LOG, Filter.RANDOM]


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((21, 18, 16)).astype(np.float32)


@pytest.fixture
def sphere() -> np.ndarray:
    grid = np.indices((41, 41, 41)) - 20
    return (np.linalg.norm(grid, axis=0) <= 8).astype(np.float32)


@pytest.mark.parametrize("kind", TRAINED_ON_NOTHING)
@pytest.mark.parametrize("spacing", [MILLIMETER, SLICES], ids=["1 mm", "slices"])
def test_each_kernel_sums_to_zero(kind, spacing):
    kernels = list(filter_kernels(FilterBank(kind), spacing))
    assert len(kernels) == 8
    assert max(abs(kernel.sum()) for kernel in kernels) < 1e-6


@pytest.mark.parametrize("kind", TRAINED_ON_NOTHING)
def test_a_constant_volume_gives_no_response(kind):
    kernels = list(filter_kernels(FilterBank(kind, number=5), MILLIMETER))
    constant = np.full((20, 15, 12), 7, np.float32)
    for response in filter_responses(constant, kernels):
        assert np.abs(response).max() < 1e-4


@pytest.mark.parametrize("kind", TRAINED_ON_NOTHING)
def test_fourier_space_gives_the_spatial_convolution(kind, image):
    kernels = list(filter_kernels(FilterBank(kind, number=4), SLICES))
    responses = list(filter_responses(image, kernels))
    assert len(responses) == 4
    for kernel, response in zip(kernels, responses, strict=True):
        wanted = ndimage.convolve(image, kernel, mode="nearest")
        assert response.dtype == np.float32
        np.testing.assert_allclose(response, wanted, atol=2e-5)


def test_difference_is_that_of_two_gaussian_filters(image):
    (kernel,) = filter_kernels(FilterBank(number=1, smallest_mm=1.2, truncate=6), SLICES)
    (response,) = filter_responses(image, [kernel])
    narrow, wide = (
        ndimage.gaussian_filter(image, sigma / SLICES, mode="nearest", truncate=9)
        for sigma in (1.2, 1.2 * 2**0.5)
    )
    np.testing.assert_allclose(response, narrow - wide, atol=1e-4)


def test_laplacian_is_the_limit_of_the_difference():
    bank = {"number": 1, "smallest_mm": 3.0, "ratio": 1.02, "truncate": 5.0}
    (difference,) = filter_kernels(FilterBank(Filter.DOG, **bank), MILLIMETER)
    (laplacian,) = filter_kernels(FilterBank(Filter.LOG, **bank), MILLIMETER)
    assert np.abs(difference - laplacian).max() < 0.05 * np.abs(difference).max()


@pytest.mark.parametrize("kind", [Filter.DOG, Filter.LOG])
def test_rotation_of_a_sphere_leaves_the_response(kind, sphere):
    kernels = list(filter_kernels(FilterBank(kind, number=6), MILLIMETER))
    for response in filter_responses(sphere, kernels):
        for axes in [(0, 1), (1, 2), (0, 2)]:
            np.testing.assert_allclose(np.rot90(response, axes=axes), response, atol=1e-5)


@pytest.mark.parametrize("kind", [Filter.DOG, Filter.LOG])
def test_wide_filters_see_no_direction(kind, sphere):
    (kernel,) = filter_kernels(FilterBank(kind, number=1, smallest_mm=2.8), MILLIMETER)
    (response,) = filter_responses(sphere, [kernel])
    distance_3 = [response[23, 20, 20], response[22, 22, 21], response[21, 18, 22]]
    distance_9 = [response[29, 20, 20], response[26, 26, 23], response[24, 12, 21]]
    largest = np.abs(response).max()
    assert np.ptp(distance_3) < 0.05 * largest
    assert np.ptp(distance_9) < 0.05 * largest  # the sphere itself has steps


def test_a_random_kernel_has_energy_and_size_of_the_difference():
    pairs = zip(
        filter_kernels(FilterBank(Filter.RANDOM), MILLIMETER),
        filter_kernels(FilterBank(), MILLIMETER),
        strict=True,
    )
    for noise, difference in pairs:
        assert noise.shape == difference.shape
        assert (noise**2).sum() == pytest.approx((difference**2).sum())


def test_random_kernels_follow_the_seed():
    first, again, other = (
        next(filter_kernels(FilterBank(Filter.RANDOM, seed=seed), MILLIMETER)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_scales_are_in_millimeters():
    """A blob looks the same at 1 and at 2 mm."""
    responses = []
    for step in (1.0, 2.0):
        grid = (np.indices((int(48 / step),) * 3) + 0.5) * step - 24
        blob = np.exp(-0.5 * (np.linalg.norm(grid, axis=0) / 5) ** 2).astype(np.float32)
        kernels = filter_kernels(FilterBank(number=1, smallest_mm=4.0), np.full(3, step))
        (response,) = filter_responses(blob, list(kernels))
        responses.append(response.max())
    assert responses[1] == pytest.approx(responses[0], rel=0.05)


def test_features_are_the_image_and_its_responses_sequence_by_sequence(image):
    bank = FilterBank(number=3)
    other = np.flip(image, axis=0)
    mask = image > 0.5
    features = voxel_features([image, other], mask, SLICES, bank=bank)
    kernels = list(filter_kernels(bank, SLICES))
    wanted = [
        volume[mask]
        for whole in (image, other)
        for volume in (whole, *filter_responses(whole, kernels))
    ]
    assert features.shape == (mask.sum(), 2 * bank.features)
    np.testing.assert_allclose(features, np.stack(wanted, axis=1), atol=1e-5)


def test_what_is_left_out_far_from_the_mask_does_not_matter():
    bank = FilterBank(number=2)
    image = np.random.default_rng(0).standard_normal((40, 36, 32)).astype(np.float32)
    mask = np.zeros(image.shape, dtype=bool)
    mask[18:21, 2:4, 15:17] = True
    changed = image.copy()
    changed[:10], changed[30:] = 100, -100
    ours = voxel_features([image], mask, MILLIMETER, bank=bank)
    theirs = voxel_features([changed], mask, MILLIMETER, bank=bank)
    assert np.array_equal(ours, theirs)
    responses = filter_responses(image, list(filter_kernels(bank, MILLIMETER)))
    whole = np.stack([image[mask], *(response[mask] for response in responses)], axis=1)
    np.testing.assert_allclose(ours, whole, atol=1e-5)


def test_raw_features_are_the_images(image):
    mask = image > 0
    features = voxel_features([image, 2 * image], mask, MILLIMETER, bank=FilterBank(Filter.RAW))
    assert np.array_equal(features, np.stack([image[mask], 2 * image[mask]], axis=1))


def test_no_voxels_have_no_features(image):
    mask = np.zeros(image.shape, dtype=bool)
    assert voxel_features([image] * 2, mask, MILLIMETER, bank=FilterBank()).shape == (0, 18)


def test_default_bank_makes_36_features_of_four_sequences(image):
    mask = np.zeros(image.shape, dtype=bool)
    mask[10, 9, 8] = True
    assert voxel_features([image] * 4, mask, MILLIMETER, bank=FilterBank()).shape == (1, 36)
