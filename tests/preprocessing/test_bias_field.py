"""N4: a known field comes out, a tumor and the background stay."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.image import Image
from gliokit.preprocessing.bias_field import N4, bias_field, correct_bias

AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])


@pytest.fixture(scope="module")
def place():
    """Give coordinates from -1 to 1, (3, 60, 60, 60)."""
    return np.indices((60, 60, 60)) / 29.5 - 1


@pytest.fixture(scope="module")
def brain(place):
    return np.linalg.norm(place / np.array([0.8, 0.95, 0.75])[:, None, None, None], axis=0) < 1


@pytest.fixture(scope="module")
def white(brain):
    blobs = gaussian_filter(np.random.default_rng(0).normal(size=brain.shape), 3)
    return brain & (blobs > 0.2 * blobs[brain].std())


@pytest.fixture(scope="module")
def tissue(brain, white):
    """Give white matter of 100, gray of 70, noise of 2."""
    noise = np.random.default_rng(1).normal(0, 2, brain.shape)
    return np.where(brain, np.where(white, 100, 70) + noise, 0)


@pytest.fixture(scope="module")
def brightness(place):
    x, y, z = place
    return np.exp(0.35 * x - 0.25 * y**2 + 0.2 * z + 0.15 * x * y)


def image_of(array):
    return Image(array.astype(np.float32), AFFINE)


def variation(values):
    return values.std() / values.mean()


def test_a_known_field_comes_out(tissue, brightness, brain, white):
    shaded = image_of(tissue * brightness)
    assert variation(shaded.array[white]) > 0.12
    corrected = correct_bias(shaded, brain).array
    assert variation(corrected[white]) < 0.03
    log_ratio = np.log(corrected[brain] / tissue[brain])
    assert log_ratio.std() < 0.02


def test_an_even_image_stays(tissue, brain, white):
    field = bias_field(image_of(tissue), brain)
    assert np.abs(field - 1).max() < 0.05


def test_the_scale_stays_and_the_background_too(tissue, brightness, brain):
    field = bias_field(image_of(tissue * brightness), brain)
    assert np.log(field[brain]).mean() == pytest.approx(0, abs=1e-5)
    assert (field[~brain] == 1).all()


def test_gain_does_not_matter(tissue, brightness, brain):
    shaded = tissue * brightness
    one, other = (bias_field(image_of(gain * shaded), brain) for gain in (1, 1000))
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_a_bright_tumor_of_150_ml_is_hardly_taken_for_the_coil(tissue, place, brain):
    center = np.array([0.3, 0, 0.1])[:, None, None, None]
    distance = np.linalg.norm(place - center, axis=0) / 0.25
    image = image_of(tissue * (1 + np.exp(-(distance**2) / 2)))  # twice as bright, fading out
    tumor = brain & (distance < 1.5)

    def rise(**how):
        field = bias_field(image, brain, **how)
        return np.median(field[tumor]) / np.median(field[brain & ~tumor])

    assert rise(settings=N4(meshes=(1, 2, 4, 8))) > 1.35  # what ITK's mesh does
    assert rise() < 1.2
    assert rise(exclude=distance < 2.5) < 1.05


def test_voxels_of_other_sizes_give_the_same_field(tissue, brightness, brain):
    shaded = image_of(tissue * brightness)
    thick = Image(shaded.array.reshape(60, 60, 30, 2).mean(axis=3), np.diag([3.0, 3.0, 6.0, 1.0]))
    inside = brain.reshape(60, 60, 30, 2).all(axis=3)
    ours = bias_field(shaded, brain).reshape(60, 60, 30, 2).mean(axis=3)
    theirs = bias_field(thick, inside)
    assert np.abs(np.log(ours[inside] / theirs[inside])).mean() < 0.02


def test_too_little_brain_is_refused():
    image = image_of(np.ones((20, 20, 20)))
    with pytest.raises(NotAssessableError, match="only 0 voxels"):
        bias_field(image, np.zeros((20, 20, 20), bool))


def test_a_mask_of_another_shape_is_refused():
    with pytest.raises(GeometryError, match="resample it"):
        bias_field(image_of(np.ones((20, 20, 20))), np.ones((4, 4, 4), bool))


def test_intensities_that_were_shifted_are_refused(tissue, brain):
    with pytest.raises(NotAssessableError, match=r"% of the brain is below 0.*before it was stand"):
        bias_field(image_of(tissue - 85), brain)
