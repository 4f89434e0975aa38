"""Local binary patterns: known patterns, invariances, agreement with scikit-image, bad input."""

import numpy as np
import pytest
from skimage.feature import local_binary_pattern

from gliokit.core.errors import GeometryError, ImageError, SettingsError
from gliokit.radiomics.local_binary_patterns import (
    DEFINITIONS,
    PLANES,
    definitions,
    describe_local_binary_patterns,
    pattern_numbers,
)


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 200, (14, 13, 12)).astype(float)


@pytest.fixture(scope="module")
def mask(image):
    inside = np.zeros(image.shape, dtype=bool)
    inside[3:10, 2:11, 4:9] = True
    return inside


def shares(described, plane):
    return np.array([value for name, value in described.items() if f"_{plane}_" in name])


def test_features_come_in_the_order_of_their_definitions(image, mask):
    described = describe_local_binary_patterns(image, mask)
    assert list(described) == [definition.name for definition in DEFINITIONS]
    assert len(described) == 30


def test_shares_of_each_plane_sum_to_one(image, mask):
    described = describe_local_binary_patterns(image, mask)
    for plane in PLANES:
        assert shares(described, plane).sum() == pytest.approx(1)


@pytest.mark.parametrize(("points", "radius"), [(8, 1.0), (16, 2.0), (12, 1.5)])
def test_patterns_are_those_of_scikit_image(image, points, radius):
    ours = pattern_numbers(image, (0, 1), points=points, radius=radius)[..., 4]
    margin = int(np.ceil(radius))
    theirs = local_binary_pattern(
        image[..., 4 + margin].astype(np.int64), points, radius, method="uniform"
    )
    assert np.array_equal(ours, theirs[margin:-margin, margin:-margin])


def test_bright_voxel_has_no_ones_and_dark_voxel_only_ones():
    for value, number in ((9.0, 0), (-9.0, 8)):
        image = np.zeros((5, 5, 5))
        image[2, 2, 2] = value
        described = describe_local_binary_patterns(image, image != 0)
        for plane in PLANES:
            assert shares(described, plane)[number] == 1


def test_edge_has_half_the_points():
    image = np.zeros((9, 9, 9))
    image[5:] = 10
    mask = np.zeros(image.shape, dtype=bool)
    mask[5, 3:6, 3:6] = True  # bright, beside the dark half: 5 points as bright
    described = describe_local_binary_patterns(image, mask)
    assert described["lbp_xy_5"] == described["lbp_xz_5"] == 1
    assert described["lbp_yz_8"] == 1


def test_checkerboard_is_not_uniform_on_a_wide_circle():
    image = (np.indices((15, 15, 3)).sum(axis=0) % 2).astype(float)
    mask = np.zeros(image.shape, dtype=bool)
    mask[7, 7, 1] = True
    described = describe_local_binary_patterns(image, mask, points=16, radius=2.0)
    assert described["lbp_xy_17"] == 1


def test_flat_region_has_ones_only(mask):
    described = describe_local_binary_patterns(np.full(mask.shape, 0.1), mask)
    for plane in PLANES:
        assert shares(described, plane)[8] == 1


def test_gain_and_offset_do_not_matter(image, mask):
    described = describe_local_binary_patterns(image, mask)
    assert describe_local_binary_patterns(4 * image + 32, mask) == described


@pytest.mark.parametrize("turn", [np.rot90, np.flipud, np.fliplr])
def test_turns_and_flips_of_slices_do_not_change_the_patterns_in_them(image, mask, turn):
    here = shares(describe_local_binary_patterns(image, mask), "xy")
    turned = describe_local_binary_patterns(turn(image), turn(mask))
    np.testing.assert_allclose(shares(turned, "xy"), here)


def test_exchanged_axes_exchange_the_planes(image, mask):
    here = describe_local_binary_patterns(image, mask)
    moved = describe_local_binary_patterns(image.swapaxes(1, 2), mask.swapaxes(1, 2))
    np.testing.assert_allclose(shares(moved, "xz"), shares(here, "xy"))
    np.testing.assert_allclose(shares(moved, "yz"), shares(here, "yz"))


def test_what_lies_far_from_the_region_does_not_matter(image, mask):
    changed = image.copy()
    changed[11:], changed[:, :, 10:] = -1, 1000
    described = describe_local_binary_patterns(image, mask)
    assert describe_local_binary_patterns(changed, mask) == described


def test_region_at_the_border_sees_its_own_voxels_repeated(image):
    whole = np.ones(image.shape, dtype=bool)
    padded = np.pad(image, 1, mode="edge")
    inner = np.pad(whole, 1)
    described = describe_local_binary_patterns(image, whole)
    assert describe_local_binary_patterns(padded, inner) == described


def test_empty_region_has_no_patterns(image, mask):
    described = describe_local_binary_patterns(image, mask & False, points=12, radius=2.0)
    assert list(described) == [definition.name for definition in definitions(12)]
    assert np.isnan(list(described.values())).all()


def test_bad_input_is_refused(image, mask):
    with pytest.raises(GeometryError, match="resample the mask"):
        describe_local_binary_patterns(image, mask[1:])
    for points, radius in ((2, 1.0), (8, 0.0), (8, np.nan)):
        with pytest.raises(SettingsError, match="are no circle"):
            describe_local_binary_patterns(image, mask, points=points, radius=radius)
    with pytest.raises(ImageError, match="not finite"):
        describe_local_binary_patterns(np.where(mask, np.nan, image), mask)
