"""Intensities relative to the brain."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.radiomics.normalization import IntensityScale, Normalization, linear_scale


def cube(array):
    return Image(np.asarray(array, dtype=np.float32), np.eye(4), source="cube")


def noise():
    return np.random.default_rng(0).normal(100, 20, (12, 12, 12))


def scaled(image, brain):
    factor, offset = linear_scale(image, Normalization(), brain=brain)
    return image.array * factor + offset


def test_brain_has_the_mean_and_deviation_asked_for():
    brain = np.zeros((12, 12, 12), dtype=bool)
    brain[2:, 2:, 2:] = True
    values = scaled(cube(noise()), brain=brain)[brain]
    values = values.clip(*np.percentile(values, (0.5, 99.5)))
    assert (values.mean(), values.std()) == (pytest.approx(300), pytest.approx(100))


def test_scale_and_shift_of_the_scanner_do_not_matter():
    brain = np.ones((12, 12, 12), dtype=bool)
    first, second = (scaled(cube(array), brain=brain) for array in (noise(), 7 * noise() + 40))
    np.testing.assert_allclose(first, second, rtol=1e-4)


def test_intensities_with_a_unit_stay_as_they_are():
    assert linear_scale(cube(noise()), Normalization(IntensityScale.NONE)) == (1.0, 0.0)


def test_brain_of_a_stripped_image_is_found(bright_study):
    image = bright_study.images[MRSequence.FLAIR]
    found = linear_scale(image, Normalization())
    assert found == linear_scale(image, Normalization(), brain=image.array != 0)


def test_image_with_skull_needs_a_mask_of_the_brain():
    with pytest.raises(NotAssessableError, match="or give a mask of the brain"):
        linear_scale(cube(noise()), Normalization())


def test_flat_brain_is_refused():
    with pytest.raises(ImageError, match="the value 5 everywhere"):
        scaled(cube(np.full((4, 4, 4), 5)), brain=np.ones((4, 4, 4), dtype=bool))


def test_brain_that_is_not_finite_is_refused(bright_study):
    image = bright_study.images[MRSequence.FLAIR]
    array = image.array.copy()
    array[24, 28, 22] = np.nan
    with pytest.raises(ImageError, match="1 of 118272 voxels of the brain are not finite"):
        linear_scale(replace(image, array=array), Normalization())


def test_what_is_described_can_be_left_out_of_mean_and_deviation():
    brain = np.ones((12, 12, 12), dtype=bool)
    region = np.zeros_like(brain)
    region[:4, :4, :4] = True
    spoiled = np.where(region, 500, noise())
    how = Normalization(IntensityScale.REST)
    found = linear_scale(cube(spoiled), how, brain=brain, region=region)
    assert found == linear_scale(cube(noise()), how, brain=brain, region=region)
    assert found != linear_scale(cube(spoiled), Normalization(), brain=brain, region=region)


def test_the_mode_becomes_the_scale():
    factor, offset = linear_scale(
        cube(noise()), Normalization(IntensityScale.MODE), brain=np.ones((12, 12, 12), dtype=bool)
    )
    assert offset == 0
    assert 100 * factor == pytest.approx(100, abs=10)


def test_a_mode_below_zero_is_refused():
    with pytest.raises(ImageError, match="needed one above 0"):
        linear_scale(
            cube(noise() - 100.5 - 20),
            Normalization(IntensityScale.MODE),
            brain=np.ones((12, 12, 12), dtype=bool),
        )
