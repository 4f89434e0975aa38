"""Coarse histogram: shares or counts, scale of the image, bad input."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.radiomics.histogram_bins import DEFINITIONS, describe_histogram_bins

IMAGE = np.arange(1000.0).reshape(10, 10, 10)
BRIGHT = IMAGE >= 750


def test_shares_stand_in_the_bins_of_the_whole_image():
    described = describe_histogram_bins(IMAGE, BRIGHT)
    assert list(described) == [definition.name for definition in DEFINITIONS]
    np.testing.assert_allclose(
        list(described.values()), [0, 0, 0, 0, 0, 0, 0, 0.2, 0.4, 0.4], atol=0.01
    )
    assert sum(described.values()) == pytest.approx(1)


def test_counts_grow_with_the_region_and_shares_do_not():
    image, mask = np.concatenate([IMAGE] * 3), np.concatenate([BRIGHT] * 3)
    once, thrice = (
        np.array(list(describe_histogram_bins(*pair, counts=True).values()))
        for pair in ((IMAGE, BRIGHT), (image, mask))
    )
    assert once.sum() == 250
    assert np.array_equal(thrice, 3 * once)
    assert describe_histogram_bins(image, mask) == describe_histogram_bins(IMAGE, BRIGHT)


def test_gain_and_offset_of_the_image_do_not_matter():
    described = describe_histogram_bins(4 * IMAGE + 64, BRIGHT)
    assert described == describe_histogram_bins(IMAGE, BRIGHT)


def test_scale_can_be_that_of_the_brain():
    brain = IMAGE >= 500
    described = describe_histogram_bins(IMAGE, BRIGHT, within=brain, bins=2)
    assert list(described.values()) == [0, 1]


@pytest.mark.parametrize(("image", "mask"), [(IMAGE, IMAGE < 0), (np.ones((4, 4, 4)), None)])
def test_empty_region_and_flat_image_have_no_histogram(image, mask):
    mask = np.ones(image.shape, dtype=bool) if mask is None else mask
    assert np.isnan(list(describe_histogram_bins(image, mask).values())).all()


def test_bad_input_is_refused():
    with pytest.raises(GeometryError, match="resample the mask"):
        describe_histogram_bins(IMAGE, BRIGHT[1:])
    with pytest.raises(GeometryError, match="resample the mask"):
        describe_histogram_bins(IMAGE, BRIGHT, within=BRIGHT[1:])
    with pytest.raises(SettingsError, match="at least 1"):
        describe_histogram_bins(IMAGE, BRIGHT, bins=0)
    with pytest.raises(ImageError, match="not finite"):
        describe_histogram_bins(np.where(IMAGE == 800, np.nan, IMAGE), BRIGHT)
