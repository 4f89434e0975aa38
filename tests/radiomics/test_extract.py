"""The whole way: contracts, invariances, and input that is small, flat or wrong."""

import math
from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, NotAssessableError, SettingsError
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.radiomics.aggregation import Aggregation, Dimension
from gliokit.radiomics.discretization import Binning, Discretization
from gliokit.radiomics.extract import definitions, describe_region, extract
from gliokit.radiomics.normalization import IntensityScale, Normalization
from gliokit.radiomics.region import region_of_interest
from gliokit.radiomics.settings import (
    MR_GLIOMA,
    Family,
    Interpolation,
    RadiomicsSettings,
    Resegmentation,
    Texture,
)

PLAIN = RadiomicsSettings(
    normalization=Normalization(IntensityScale.NONE), interpolation=Interpolation(spacing_mm=())
)
EVERY_WAY = replace(PLAIN, texture=Texture(tuple(Aggregation), tuple(Dimension)))
BY_SIZE = replace(
    PLAIN,
    discretization=Discretization(Binning.SIZE, size=10.0),
    intensity_volume=Discretization(Binning.SIZE, size=2.5),
)
SHAPE = (22, 20, 18)


def noisy(shape=SHAPE, spacing_mm=(1.0, 1.0, 1.0), shift=0.0):
    array = np.random.default_rng(0).normal(100, 20, shape) + shift
    return Image(array.astype(np.float32), np.diag([*spacing_mm, 1.0]), source="noise")


def flat(value=7.3):
    return Image(np.full(SHAPE, value, dtype=np.float32), np.eye(4), source="flat")


def ball(shape=SHAPE, radius=5.0, spacing_mm=(1.0, 1.0, 1.0)):
    middle = (np.array(shape) - 1) / 2
    offset = (np.moveaxis(np.indices(shape), 0, -1) - middle) * spacing_mm
    return np.linalg.norm(offset, axis=-1) < radius


def one_voxel():
    mask = np.zeros(SHAPE, dtype=bool)
    mask[8, 9, 10] = True
    return mask


def undefined(features):
    return {name for name, value in features.items() if math.isnan(value)}


def assert_same(first, second, rtol=1e-7):
    assert list(first) == list(second)
    np.testing.assert_allclose(list(first.values()), list(second.values()), rtol=rtol, atol=1e-9)


def test_features_of_a_region_of_a_stripped_image_are_defined(bright_study):
    image = bright_study.images[MRSequence.FLAIR]
    mask = np.zeros(image.array.shape, dtype=bool)
    mask[8:20, 24:34, 18:26] = True
    features = extract(image, mask)
    assert len(features) == len(definitions())
    assert not undefined(features)


def test_names_are_those_of_the_definitions_with_the_aggregation():
    expected = [each.name for each in definitions()]
    features = extract(noisy(), ball(), settings=PLAIN)
    stems = [name.removesuffix("_3D").removesuffix("_3D_avg") for name in features]
    assert stems == expected


def test_every_definition_has_a_name_of_its_own():
    names = [each.name for each in definitions()]
    assert len(set(names)) == len(names) == 174


def test_only_the_families_asked_for_are_computed():
    settings = replace(PLAIN, families=(Family.STATISTICS, Family.LOCAL_INTENSITY))
    features = extract(noisy(), ball(), settings=settings)
    assert {name.split("_")[0] for name in features} == {"loc", "stat"}


def test_families_come_in_the_order_of_the_tables_however_they_are_asked_for():
    backwards = replace(PLAIN, families=tuple(reversed(Family)))
    assert list(extract(noisy(), ball(), settings=backwards)) == list(
        extract(noisy(), ball(), settings=PLAIN)
    )


@pytest.mark.parametrize("settings", [EVERY_WAY, BY_SIZE])
def test_flips_change_nothing(settings):
    image, mask = noisy(), ball() & (np.random.default_rng(1).random(SHAPE) < 0.9)
    flipped = replace(image, array=image.array[::-1, :, ::-1])
    assert_same(
        extract(image, mask, settings=settings),
        extract(flipped, mask[::-1, :, ::-1], settings=settings),
        rtol=1e-5,
    )


def test_order_of_axes_changes_nothing_in_three_dimensions():
    image, mask = noisy(), ball() & (np.random.default_rng(1).random(SHAPE) < 0.9)
    turned = replace(image, array=image.array.transpose(2, 0, 1))
    assert_same(
        extract(image, mask, settings=PLAIN),
        extract(turned, mask.transpose(2, 0, 1), settings=PLAIN),
        rtol=1e-5,
    )


def test_slices_turned_in_their_plane_change_nothing():
    image, mask = noisy(), ball() & (np.random.default_rng(1).random(SHAPE) < 0.9)
    turned = replace(image, array=image.array.transpose(1, 0, 2))
    assert_same(
        extract(image, mask, settings=EVERY_WAY),
        extract(turned, mask.transpose(1, 0, 2), settings=EVERY_WAY),
        rtol=1e-5,
    )


def test_padding_changes_nothing():
    image, mask = noisy((30, 30, 30)), ball((30, 30, 30))
    inner = (slice(2, 28),) * 3  # as far as the local peak looks, and one voxel more
    assert_same(
        extract(image, mask, settings=EVERY_WAY),
        extract(replace(image, array=image.array[inner]), mask[inner], settings=EVERY_WAY),
    )


@pytest.mark.parametrize("order", [1, 3])
def test_surroundings_of_the_mask_are_all_that_interpolation_needs(order):
    image, mask = noisy((60, 30, 30)), ball((60, 30, 30))
    settings = replace(PLAIN, interpolation=Interpolation((1.4, 1.4, 1.4), order=order))
    whole = region_of_interest(image, mask, settings=settings, margin_mm=np.inf)
    near = region_of_interest(image, mask, settings=settings)
    assert near.image.size < whole.image.size
    assert_same(describe_region(near, settings), describe_region(whole, settings))


def test_texture_of_a_fixed_number_of_bins_does_not_depend_on_scale_and_shift():
    image = noisy()
    scaled = replace(image, array=image.array * 4 + 100)
    first, second = (extract(each, ball(), settings=PLAIN) for each in (image, scaled))
    texture = ("ih", "cm", "rlm", "szm", "dzm", "ngt", "ngl")
    names = [name for name in first if name.split("_")[0] in texture]
    assert_same({n: first[n] for n in names}, {n: second[n] for n in names})


def test_default_settings_do_not_depend_on_the_scale_of_the_scanner():
    brain, mask = ball(radius=8), ball(radius=4)
    first = extract(noisy(), mask, brain=brain)
    scaled = replace(noisy(), array=noisy().array * 4 + 100)
    assert_same(first, extract(scaled, mask, brain=brain), rtol=1e-3)


def test_resegmentation_leaves_the_shape():
    narrow = replace(PLAIN, resegmentation=Resegmentation(lower=90))
    first, second = (extract(noisy(), ball(), settings=each) for each in (PLAIN, narrow))
    assert second["stat_min"] >= 90 > first["stat_min"]
    assert second["morph_volume"] == first["morph_volume"]


def test_thick_slices_give_the_volume_of_the_region():
    spacing, shape = (0.9, 0.9, 5.0), (40, 40, 8)
    mask = ball(shape, 12.0, spacing)
    settings = replace(PLAIN, interpolation=MR_GLIOMA.interpolation)
    features = extract(noisy(shape, spacing), mask, settings=settings)
    assert features["morph_vol_approx"] == pytest.approx(mask.sum() * 0.9 * 0.9 * 5, rel=0.05)


def test_in_slice_interpolation_leaves_the_slices():
    settings = replace(PLAIN, interpolation=Interpolation((0.5, 0.5)))
    roi = region_of_interest(noisy(spacing_mm=(1, 1, 5)), ball(), settings=settings)
    assert roi.spacing_mm.tolist() == [0.5, 0.5, 5.0]
    assert np.unique(np.argwhere(roi.morphological_mask)[:, 2]).size == 10


@pytest.mark.parametrize("settings", [EVERY_WAY, BY_SIZE])
def test_one_voxel_has_what_its_definition_allows(settings):
    features = extract(noisy(), one_voxel(), settings=settings)
    assert features["stat_mean"] == pytest.approx(float(noisy().array[8, 9, 10]))
    assert features["morph_vol_approx"] == 1
    assert {"stat_skew", "morph_moran_i", "ivh_v10", "cm_contrast_3D_avg"} <= undefined(features)


@pytest.mark.parametrize("spacing", [(), (0.7, 0.7, 0.7)])
def test_flat_region_has_what_its_definition_allows(spacing):
    settings = replace(EVERY_WAY, interpolation=Interpolation(spacing))
    features = extract(flat(), ball(), settings=settings)
    assert (features["stat_var"], features["ih_entropy"], features["cm_contrast_3D_avg"]) == (
        0,
    ) * 3
    assert {"stat_kurt", "cm_corr_3D_avg", "morph_geary_c"} <= undefined(features)


def test_no_feature_is_infinite_for_flat_or_tiny_regions():
    for image, mask in ((flat(), ball()), (noisy(), one_voxel()), (flat(), one_voxel())):
        features = extract(image, mask, settings=EVERY_WAY)
        assert not [name for name, value in features.items() if math.isinf(value)]


def test_empty_mask_is_refused():
    with pytest.raises(NotAssessableError, match="the mask of noise is empty"):
        extract(noisy(), np.zeros(SHAPE, dtype=bool), settings=PLAIN)


@pytest.mark.parametrize("given", ["mask", "brain"])
def test_mask_of_another_grid_is_refused(given):
    masks = {"mask": ball(), "brain": ball()} | {given: np.ones((3, 4, 5), dtype=bool)}
    with pytest.raises(GeometryError, match="has 3 × 4 × 5 voxels, noise has 22 × 20 × 18"):
        extract(noisy(), masks["mask"], brain=masks["brain"])


def test_labels_are_no_mask():
    with pytest.raises(ImageError, match="holds uint8; needed are booleans"):
        extract(noisy(), ball().astype(np.uint8), settings=PLAIN)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("spacing", [(), (1.5, 1.5, 1.5)])
def test_intensity_that_is_not_finite_is_refused(value, spacing):
    image = noisy()
    image.array[11, 10, 9] = value
    settings = replace(PLAIN, interpolation=Interpolation(spacing))
    with pytest.raises(ImageError, match="1 voxels in the mask and 0 elsewhere are not finite"):
        extract(image, ball(), settings=settings)


def test_region_that_vanishes_on_the_new_grid_is_refused():
    coarse = replace(PLAIN, interpolation=Interpolation((4.0, 4.0, 4.0)))
    with pytest.raises(NotAssessableError, match="nothing is left of 1 voxels"):
        extract(noisy(), one_voxel(), settings=coarse)


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(SettingsError, match="order"):
        extract(noisy(), ball(), settings=replace(PLAIN, interpolation=Interpolation(order=9)))
