"""What every filter must do, and what is refused before filtering."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.core.settings import as_mapping
from gliokit.radiomics.filters.boundary import Boundary
from gliokit.radiomics.filters.catalogue import FILTERS, apply, filter_settings, part_needed
from gliokit.radiomics.filters.gabor import Gabor
from gliokit.radiomics.filters.laplacian_of_gaussian import LaplacianOfGaussian
from gliokit.radiomics.filters.laws import Laws
from gliokit.radiomics.filters.mean import Mean
from gliokit.radiomics.filters.rotation import Pooling
from gliokit.radiomics.filters.simoncelli import Simoncelli
from gliokit.radiomics.filters.wavelets import SeparableWavelet, Wavelet

ISOTROPIC = (1.0, 1.0, 1.0)
THICK = (1.0, 1.0, 5.0)
IMAGE = np.random.default_rng(12).normal(100, 20, size=(40, 44, 36))
SMALL = [  # their reach is shorter than the image
    Mean(5),
    Mean(5, in_slices=True),
    LaplacianOfGaussian(1.0),
    Laws("L5E5S5", energy_distance_voxels=2),
    Laws("L5E5", energy_distance_voxels=2),
    Gabor(1.0, 2.0, 1.5),
    Gabor(1.0, 2.0, 1.5, in_slices=True),
    SeparableWavelet(),
    SeparableWavelet(Wavelet.HAAR, "HH", 2),
]


@pytest.fixture(params=FILTERS)
def settings(request):
    return FILTERS[request.param].settings()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_response_has_shape_and_precision_of_the_image(settings, dtype):
    response = apply(IMAGE.astype(dtype), ISOTROPIC, settings)
    assert response.shape == IMAGE.shape
    assert response.dtype == dtype
    assert np.isfinite(response).all()


def test_whole_numbers_are_filtered_as_numbers(settings):
    whole = np.rint(IMAGE).astype(np.int16)
    expected = apply(whole.astype(np.float64), ISOTROPIC, settings)
    np.testing.assert_array_equal(apply(whole, ISOTROPIC, settings), expected)


def test_image_is_left_as_it_was(settings):
    image = IMAGE.copy()
    apply(image, ISOTROPIC, settings)
    np.testing.assert_array_equal(image, IMAGE)


def test_twice_the_image_gives_twice_the_response(settings):
    once, twice = (apply(factor * IMAGE, ISOTROPIC, settings) for factor in (1.0, 2.0))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-9, atol=1e-9)


def test_settings_come_back_from_a_file(settings):
    name = next(name for name, kind in FILTERS.items() if isinstance(settings, kind.settings))
    assert filter_settings(name, as_mapping(settings)) == settings


def test_settings_of_a_file_are_the_defaults_but_for_what_it_says():
    found = filter_settings("wavelet", {"family": "coif1", "bands": "HH", "pooling": "max"})
    expected = SeparableWavelet(Wavelet.COIFLET_1, "HH", pooling=Pooling.MAX)
    assert found == expected


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("log", {}, "found filter 'log'; known are mean, laplacian_of_gaussian"),
        ("mean", {"width": 3}, "unknown settings width"),
        ("mean", {"boundary": "mirror"}, "setting boundary: found 'mirror'"),
        ("mean", {"support_voxels": 4}, "found support_voxels 4"),
    ],
)
def test_unknown_filters_and_settings_are_refused(name, changes, message):
    with pytest.raises(SettingsError, match=message):
        filter_settings(name, changes)


def test_identifiers_have_four_characters():
    assert all(len(kind.code) == 4 for kind in FILTERS.values())


def test_image_that_is_not_finite_is_refused(settings):
    image = IMAGE.copy()
    image[3, 4, 5] = np.nan
    with pytest.raises(ImageError, match=r"1 voxels without a finite intensity.*fill the gaps"):
        apply(image, ISOTROPIC, settings)


def test_one_slice_without_a_third_axis_is_refused():
    with pytest.raises(ImageError, match="image with 2 axes"):
        apply(IMAGE[:, :, 0], ISOTROPIC, Mean())


def test_thick_slices_are_refused_in_space(settings):
    with pytest.raises(GeometryError, match=r"spacing 1 × 1 × 5 mm.*resample the image"):
        apply(IMAGE, THICK, settings)


@pytest.mark.parametrize(
    "settings",
    [Mean(in_slices=True), Laws("L5E5"), SeparableWavelet(bands="LH"), Simoncelli(1, True)],
)
def test_thick_slices_are_filtered_one_by_one(settings):
    response = apply(IMAGE, THICK, settings)
    alone = apply(IMAGE[:, :, 7:8], THICK, settings)
    np.testing.assert_allclose(response[:, :, 7:8], alone, atol=1e-9)


@pytest.mark.parametrize("boundary", Boundary)
@pytest.mark.parametrize("settings", SMALL, ids=lambda settings: type(settings).__name__)
@pytest.mark.parametrize("corner", [(20, 22, 18), (1, 2, 0), (38, 41, 33)])
def test_part_that_is_needed_gives_the_response_of_the_whole_image(settings, boundary, corner):
    settings = replace(settings, boundary=boundary)
    mask = np.zeros(IMAGE.shape, dtype=bool)
    mask[tuple(slice(start, start + 2) for start in corner)] = True
    near = part_needed(mask, ISOTROPIC, settings)
    expected = apply(IMAGE, ISOTROPIC, settings)[mask]
    found = apply(IMAGE[near], ISOTROPIC, settings)[mask[near]]
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert (IMAGE[near].size < IMAGE.size / 2) == (boundary is not Boundary.WRAP)


def test_filters_of_frequencies_need_the_whole_image():
    mask = np.zeros((5, 6, 7), dtype=bool)
    mask[2, 2, 2] = True
    assert part_needed(mask, ISOTROPIC, Simoncelli()) == (slice(0, 5), slice(0, 6), slice(0, 7))
