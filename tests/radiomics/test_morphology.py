"""Shape against closed forms, invariances, small and bad regions."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.radiomics.morphology import DEFINITIONS, describe_morphology
from gliokit.radiomics.roi import RegionOfInterest

OF_INTENSITY = ("morph_com", "morph_integ_int", "morph_moran_i", "morph_geary_c")


def region(mask, spacing=(1.0, 1.0, 1.0), image=None, intensity_mask=None):
    if image is None:
        image = np.random.default_rng(0).normal(100, 10, size=mask.shape)
    intensity_mask = mask if intensity_mask is None else intensity_mask
    return RegionOfInterest(image, intensity_mask, mask, np.array(spacing))


def ellipsoid_mask(semi_axes, spacing):
    """Give an ellipsoid in the middle of a grid that it fits in."""
    half = [int(a / mm) + 2 for a, mm in zip(semi_axes, spacing, strict=True)]
    grid = np.meshgrid(
        *(np.arange(-n, n + 1) * mm / a for n, mm, a in zip(half, spacing, semi_axes, strict=True)),
        indexing="ij",
    )
    return sum(axis**2 for axis in grid) <= 1


def only(*voxels, shape=(7, 8, 9)):
    mask = np.zeros(shape, dtype=bool)
    for voxel in voxels:
        mask[voxel] = True
    return mask


def test_features_come_in_the_order_of_their_definitions():
    described = describe_morphology(region(ellipsoid_mask((5, 4, 3), (1, 1, 1))))
    assert list(described) == [each.name for each in DEFINITIONS]
    assert len(described) == 29


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 1.0, 1.5), (1.2, 1.2, 1.2)])
def test_a_sphere_has_the_shape_of_a_sphere(spacing):
    described = describe_morphology(region(ellipsoid_mask((20, 20, 20), spacing), spacing))
    volume = 4 / 3 * math.pi * 20**3
    assert described["morph_volume"] == pytest.approx(volume, rel=0.01)
    assert described["morph_vol_approx"] == pytest.approx(volume, rel=0.01)
    assert described["morph_diam"] == pytest.approx(40, abs=max(spacing))
    for name in ("maj", "min", "least"):  # second moments of a sphere: radius² / 5
        expected = 4 * 20 / math.sqrt(5)
        assert described[f"morph_pca_{name}_axis"] == pytest.approx(expected, rel=0.01)
    assert described["morph_pca_elongation"] == pytest.approx(1, abs=0.01)
    assert described["morph_pca_flatness"] == pytest.approx(1, abs=0.01)
    box = np.prod([(2 * (20 // mm) + 1) * mm for mm in spacing])
    assert described["morph_vol_dens_aabb"] == pytest.approx(described["morph_volume"] / box)
    assert described["morph_vol_dens_aee"] == pytest.approx((5**0.5 / 2) ** 3, rel=0.02)
    assert 0.9 < described["morph_vol_dens_mvee"] < 1
    assert 0.95 < described["morph_vol_dens_conv_hull"] < 1
    assert 0.85 < described["morph_sphericity"] < 1  # steps between voxels add to the area


def test_measures_of_compactness_are_functions_of_one_another():
    described = describe_morphology(region(ellipsoid_mask((9, 6, 4), (1, 1, 1))))
    sphericity = described["morph_sphericity"]
    assert described["morph_sph_dispr"] == pytest.approx(1 / sphericity)
    assert described["morph_asphericity"] == pytest.approx(1 / sphericity - 1)
    assert described["morph_comp_2"] == pytest.approx(sphericity**3)
    assert described["morph_comp_1"] == pytest.approx(sphericity**1.5 / (6 * math.pi))
    ratio = described["morph_area_mesh"] / described["morph_volume"]
    assert described["morph_av"] == pytest.approx(ratio)


def test_an_ellipsoid_has_its_axes():
    described = describe_morphology(region(ellipsoid_mask((24, 15, 9), (1, 1, 1))))
    scale = 4 / math.sqrt(5)
    assert described["morph_pca_maj_axis"] == pytest.approx(24 * scale, rel=0.01)
    assert described["morph_pca_min_axis"] == pytest.approx(15 * scale, rel=0.01)
    assert described["morph_pca_least_axis"] == pytest.approx(9 * scale, rel=0.02)


def test_a_box_fills_its_boxes_but_for_edges_and_corners():
    described = describe_morphology(region(np.ones((12, 9, 6), dtype=bool), (1.0, 2.0, 3.0)))
    expected = described["morph_volume"] / (12 * 18 * 18)
    assert described["morph_vol_dens_aabb"] == pytest.approx(expected)
    assert described["morph_vol_dens_ombb"] == pytest.approx(expected, rel=1e-6)
    assert described["morph_vol_dens_conv_hull"] == pytest.approx(1)
    assert described["morph_area_dens_conv_hull"] == pytest.approx(1)
    assert 0.9 < expected < 1


def test_center_of_mass_moves_towards_bright_voxels():
    mask = only((1, 1, 1), (5, 1, 1))
    image = np.zeros(mask.shape)
    image[1, 1, 1], image[5, 1, 1] = 1, 3  # the center lies at 4, not at 3
    described = describe_morphology(region(mask, (2.0, 1.0, 1.0), image))
    assert described["morph_com"] == pytest.approx(2)
    assert described["morph_integ_int"] == pytest.approx(2 * described["morph_volume"])


def test_intensities_count_in_the_intensity_mask_only():
    mask = ellipsoid_mask((6, 5, 4), (1, 1, 1))
    kept = mask & (np.indices(mask.shape)[0] > 6)
    image = np.random.default_rng(0).normal(size=mask.shape)
    other = np.where(kept, image, 1e6)
    before = describe_morphology(region(mask, image=image, intensity_mask=kept))
    assert describe_morphology(region(mask, image=other, intensity_mask=kept)) == before


@pytest.mark.parametrize("order", list(permutations(range(3)))[1:])
def test_the_order_of_axes_changes_nothing(order):
    roi = region(ellipsoid_mask((9, 7, 5), (0.9, 1, 1.5)), (0.9, 1, 1.5))
    mask = np.transpose(roi.morphological_mask, order)
    other = RegionOfInterest(np.transpose(roi.image, order), mask, mask, roi.spacing_mm[[*order]])
    assert describe_morphology(other) == pytest.approx(describe_morphology(roi), rel=1e-6)


@pytest.mark.parametrize("axis", range(3))
def test_flips_change_nothing(axis):
    bitten = ellipsoid_mask((9, 7, 5), (0.9, 1, 1.5))
    bitten[:9, :8, :5] = False
    roi = region(bitten, (0.9, 1, 1.5))
    mask = np.flip(bitten, axis)
    other = RegionOfInterest(np.flip(roi.image, axis), mask, mask, roi.spacing_mm)
    assert describe_morphology(other) == pytest.approx(describe_morphology(roi), rel=1e-6)


def test_padding_changes_nothing():
    roi = region(ellipsoid_mask((9, 7, 5), (1, 1, 1)))
    mask = np.pad(roi.morphological_mask, 4)
    padded = RegionOfInterest(np.pad(roi.image, 4), mask, mask, roi.spacing_mm)
    assert describe_morphology(padded) == pytest.approx(describe_morphology(roi), rel=1e-9)


def test_a_shift_of_intensities_changes_neither_shape_nor_autocorrelation():
    roi = region(ellipsoid_mask((9, 7, 5), (1, 1, 1)))
    before = describe_morphology(roi)
    after = describe_morphology(replace(roi, image=roi.image + 50))
    for name in before:
        if name not in ("morph_com", "morph_integ_int"):
            assert after[name] == pytest.approx(before[name], rel=1e-9)


def test_one_voxel_has_a_mesh_and_no_axes():
    described = describe_morphology(region(only((3, 4, 5))))
    assert described["morph_volume"] == pytest.approx(1 / 6)
    assert described["morph_diam"] == pytest.approx(1)
    assert described["morph_com"] == pytest.approx(0)
    undefined = {name for name, value in described.items() if math.isnan(value)}
    assert undefined == {
        *(name for name in described if "_pca_" in name or name.endswith("_aee")),
        "morph_moran_i",
        "morph_geary_c",
    }


def test_voxels_in_a_plane_have_no_thickness():
    described = describe_morphology(region(np.ones((6, 5, 1), dtype=bool)))
    assert described["morph_pca_least_axis"] == 0
    assert described["morph_pca_flatness"] == 0
    assert described["morph_pca_elongation"] == pytest.approx(math.sqrt(24 / 35))
    assert math.isnan(described["morph_vol_dens_aee"])
    assert math.isnan(described["morph_area_dens_aee"])


def test_voxels_in_an_oblique_line_have_length_only():
    mask = only(*((n, n, n) for n in range(6)))
    described = describe_morphology(region(mask, (0.7, 1.1, 1.3)))
    assert described["morph_pca_maj_axis"] > 0
    assert described["morph_pca_min_axis"] == 0
    assert described["morph_pca_least_axis"] == 0


def test_slices_of_five_millimeters_are_measured_in_millimeters():
    thick = region(ellipsoid_mask((20, 20, 20), (1, 1, 5)), (1.0, 1.0, 5.0))
    described = describe_morphology(thick)
    assert described["morph_volume"] == pytest.approx(4 / 3 * math.pi * 20**3, rel=0.03)
    assert described["morph_pca_flatness"] == pytest.approx(1, abs=0.05)


def test_flat_intensities_have_no_autocorrelation():
    mask = ellipsoid_mask((5, 4, 3), (1, 1, 1))
    described = describe_morphology(region(mask, image=np.full(mask.shape, 7.0)))
    assert math.isnan(described["morph_moran_i"])
    assert math.isnan(described["morph_geary_c"])
    assert described["morph_com"] == pytest.approx(0, abs=1e-9)


def test_intensities_that_sum_to_nothing_have_no_center():
    mask = only((1, 1, 1), (2, 1, 1))
    image = np.zeros(mask.shape)
    image[1, 1, 1], image[2, 1, 1] = -1, 1
    assert math.isnan(describe_morphology(region(mask, image=image))["morph_com"])


def test_an_empty_intensity_mask_leaves_the_shape():
    mask = ellipsoid_mask((5, 4, 3), (1, 1, 1))
    whole = describe_morphology(region(mask))
    described = describe_morphology(region(mask, intensity_mask=np.zeros_like(mask)))
    for name, value in described.items():
        assert math.isnan(value) if name in OF_INTENSITY else value == whole[name]


def test_an_empty_mask_is_refused():
    with pytest.raises(NotAssessableError, match="no voxels"):
        describe_morphology(region(np.zeros((4, 4, 4), dtype=bool)))


def test_nan_is_refused_in_the_region_and_ignored_outside():
    mask = ellipsoid_mask((5, 4, 3), (1, 1, 1))
    image = np.where(mask, 1.0 + np.indices(mask.shape)[0], math.nan)
    assert math.isfinite(describe_morphology(region(mask, image=image))["morph_moran_i"])
    image[7, 6, 5] = math.nan
    with pytest.raises(ImageError, match="not finite"):
        describe_morphology(region(mask, image=image))
