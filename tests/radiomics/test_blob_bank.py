"""DoG bank: which scale answers to a blob, invariances, bad input."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.preprocessing.difference_of_gaussians import Filter, FilterBank
from gliokit.radiomics.blob_bank import DEFINITIONS, definitions, describe_blob_bank

MILLIMETER = np.ones(3)
BANK = FilterBank(number=4)


def blob(sigma_mm, spacing_mm=MILLIMETER, shape=(40, 40, 40)):
    """Give a bright Gaussian in the middle."""
    grid = np.moveaxis(np.indices(shape), 0, -1) - (np.array(shape) - 1) / 2
    return 100 * np.exp(-0.5 * ((grid * spacing_mm) ** 2).sum(axis=-1) / sigma_mm**2)


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).normal(300, 40, (20, 18, 16))


@pytest.fixture(scope="module")
def mask(image):
    inside = np.zeros(image.shape, dtype=bool)
    inside[6:14, 5:12, 4:11] = True
    return inside


def test_features_come_in_the_order_of_their_definitions(image, mask):
    described = describe_blob_bank(image, mask, MILLIMETER)
    assert list(described) == [definition.name for definition in DEFINITIONS]
    assert len(described) == 56
    assert np.isfinite(list(described.values())).all()


@pytest.mark.parametrize("sigma_mm", [1.0, 2.0, 4.0])
def test_filter_of_the_size_of_a_blob_answers_most_for_its_scale(sigma_mm):
    image = blob(sigma_mm)
    middle = image > 99 * np.exp(-0.5 * 0.75 / sigma_mm**2)
    described = describe_blob_bank(image, middle, MILLIMETER)
    answers = [described[f"dog_{k}_mean"] for k in range(1, 9)]
    # a blob of width s in a Gaussian of width t has height (s² / (s² + t²))^1.5 in the middle
    scales = 0.7 * 2 ** (np.arange(9) / 2)
    heights = (sigma_mm**2 / (sigma_mm**2 + scales**2)) ** 1.5
    assert np.argmax(answers) == np.argmax(heights[:-1] - heights[1:])
    assert min(answers) > 0


def test_dark_blobs_answer_negatively():
    image, middle = blob(2.0), blob(2.0) > 80
    bright = describe_blob_bank(image, middle, MILLIMETER, bank=BANK)
    dark = describe_blob_bank(-image, middle, MILLIMETER, bank=BANK)
    assert dark["dog_3_mean"] == pytest.approx(-bright["dog_3_mean"], rel=1e-4)
    assert dark["dog_3_energy"] == pytest.approx(bright["dog_3_energy"], rel=1e-4)


def test_scales_are_in_millimeters():
    bank, half = FilterBank(number=5), np.full(3, 0.5)
    coarse, fine = blob(2.5, shape=(24, 24, 24)), blob(2.5, half, shape=(48, 48, 48))
    cube, finer_cube = np.zeros(coarse.shape, dtype=bool), np.zeros(fine.shape, dtype=bool)
    cube[10:14, 10:14, 10:14] = finer_cube[20:28, 20:28, 20:28] = True
    here = describe_blob_bank(coarse, cube, MILLIMETER, bank=bank)
    there = describe_blob_bank(fine, finer_cube, half, bank=bank)
    for k in (3, 4, 5):
        assert there[f"dog_{k}_mean"] == pytest.approx(here[f"dog_{k}_mean"], rel=0.05)


def test_offset_does_not_matter_and_gain_scales(image, mask):
    here = describe_blob_bank(image, mask, MILLIMETER, bank=BANK)
    there = describe_blob_bank(3 * image - 500, mask, MILLIMETER, bank=BANK)
    powers = {"intensity": 1, "1": 0, "intensity²": 2}
    for definition in definitions(BANK):
        scaled = here[definition.name] * 3.0 ** powers[definition.unit]
        assert there[definition.name] == pytest.approx(scaled, rel=1e-3, abs=1e-3)


def test_exchanged_axes_do_not_matter(image, mask):
    spacing = np.array([1.0, 1.5, 2.0])
    here = describe_blob_bank(image, mask, spacing, bank=BANK)
    there = describe_blob_bank(image.T, mask.T, spacing[::-1], bank=BANK)
    np.testing.assert_allclose(list(there.values()), list(here.values()), rtol=1e-3, atol=1e-4)


def test_flat_image_answers_nothing_and_has_no_shape(mask):
    described = describe_blob_bank(np.full(mask.shape, 512.0), mask, MILLIMETER, bank=BANK)
    for name, value in described.items():
        if "skewness" in name or "kurtosis" in name:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(0, abs=1e-6)


def test_empty_region_has_no_features(image, mask):
    described = describe_blob_bank(image, mask & False, MILLIMETER)
    assert np.isnan(list(described.values())).all()


def test_bad_input_is_refused(image, mask):
    with pytest.raises(GeometryError, match="resample the mask"):
        describe_blob_bank(image, mask[1:], MILLIMETER)
    with pytest.raises(SettingsError, match="no filter"):
        describe_blob_bank(image, mask, MILLIMETER, bank=FilterBank(Filter.RAW))
    with pytest.raises(ImageError, match="not finite"):
        describe_blob_bank(np.where(mask, np.inf, image), mask, MILLIMETER)
