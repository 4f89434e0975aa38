"""What every family of texture must do: invariances, order, small regions, bad input."""

import math

import numpy as np
import pytest

from gliokit.core.errors import ImageError
from gliokit.radiomics import glcm, gldzm, glrlm, glszm, ngldm, ngtdm
from gliokit.radiomics.aggregation import Aggregation, Dimension

FAMILIES = {
    "cm": (glcm.DEFINITIONS, glcm.describe_cooccurrence, Aggregation),
    "rlm": (glrlm.DEFINITIONS, glrlm.describe_run_lengths, Aggregation),
    "szm": (glszm.DEFINITIONS, glszm.describe_size_zones, Dimension),
    "dzm": (
        gldzm.DEFINITIONS,
        lambda levels, n, ways: gldzm.describe_distance_zones(levels, n, levels > 0, ways),
        Dimension,
    ),
    "ngt": (ngtdm.DEFINITIONS, ngtdm.describe_gray_tone_differences, Dimension),
    "ngl": (ngldm.DEFINITIONS, ngldm.describe_dependence, Dimension),
}
NUMBER = {"cm": 25, "rlm": 16, "szm": 16, "dzm": 16, "ngt": 5, "ngl": 17}


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


def describe(family, levels, n_levels=6, ways=None):
    _, describe_it, all_ways = FAMILIES[family]
    return describe_it(levels, n_levels, tuple(all_ways) if ways is None else ways)


def textured(shape=(8, 7, 6)):
    rng = np.random.default_rng(8)
    levels = np.where(rng.random(shape) < 0.6, 2, rng.integers(1, 7, size=shape))
    return (levels * (rng.random(shape) < 0.85)).astype(np.int32)


def in_volume(features):
    return {name: value for name, value in features.items() if "_3D" in name}


def test_names_follow_aggregations_then_the_tables(family):
    definitions, _, ways = FAMILIES[family]
    assert len(definitions) == NUMBER[family]
    expected = [f"{definition.name}_{way}" for way in ways for definition in definitions]
    assert list(describe(family, textured())) == expected


def test_codes_are_four_characters_and_none_is_given_twice():
    codes = [one.code for definitions, *_ in FAMILIES.values() for one in definitions]
    assert all(len(code) == 4 for code in codes)
    assert len(set(codes)) == len(codes) == 95


def test_one_way_alone_has_the_values_it_has_among_all(family):
    every = describe(family, textured())
    for way in FAMILIES[family][2]:
        alone = describe(family, textured(), ways=[way])
        assert alone == {name: every[name] for name in alone}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirror_changes_nothing(family, axis):
    mirrored = np.flip(textured(), axis=axis)
    assert describe(family, mirrored) == pytest.approx(describe(family, textured()))


@pytest.mark.parametrize("axes", [(1, 2, 0), (2, 1, 0), (1, 0, 2)])
def test_order_of_axes_changes_nothing_in_the_volume(family, axes):
    turned = describe(family, textured().transpose(axes))
    assert in_volume(turned) == pytest.approx(in_volume(describe(family, textured())))


def test_order_of_axes_within_slices_changes_nothing(family):
    turned = describe(family, textured().transpose(1, 0, 2))
    assert turned == pytest.approx(describe(family, textured()))


def test_empty_space_around_the_region_changes_nothing(family):
    padded = np.pad(textured(), ((1, 3), (0, 2), (2, 1)))
    assert describe(family, padded) == pytest.approx(describe(family, textured()))


def test_slices_in_another_order_change_nothing_by_slice(family):
    shuffled = describe(family, textured()[:, :, [3, 0, 5, 1, 4, 2]])
    for name, value in describe(family, textured()).items():
        if "_3D" not in name:
            assert shuffled[name] == pytest.approx(value), name


def test_order_of_memory_and_type_of_integer_change_nothing(family):
    other = np.asfortranarray(textured().astype(np.uint8))
    assert describe(family, other) == describe(family, textured())


def test_one_voxel_has_what_needs_no_neighbor(family):
    found = describe(family, np.full((1, 1, 1), 3, dtype=np.int32))
    undefined = family in ("cm", "ngt")
    assert {math.isnan(value) for value in found.values()} == {undefined}


def test_flat_region_has_every_value_but_the_correlations(family):
    found = describe(family, np.full((5, 4, 3), 2, dtype=np.int32))
    undefined = {name for name, value in found.items() if not math.isfinite(value)}
    correlations = {name for name in found if name.startswith(("cm_corr", "cm_info_corr1"))}
    assert undefined == correlations


def test_no_way_asked_gives_nothing(family):
    assert describe(family, textured(), ways=()) == {}


def test_empty_region_is_refused(family):
    with pytest.raises(ImageError, match="no voxel has a level"):
        describe(family, np.zeros((3, 3, 3), dtype=np.int32))
