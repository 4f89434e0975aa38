"""Plans of DICOM studies: what they hold, where their voxels lie, what their headers tell."""

import numpy as np
import pytest

from gliokit.core.geometry import axial_tilt_degrees, axis_codes, spacing_mm, to_voxel
from gliokit.core.vocabulary import Map, MRSequence
from gliokit.io.dicom_writer import SliceOrder
from gliokit.phantom.dicom.series import (
    AXIAL,
    SAGITTAL,
    Role,
    covering_grid,
    draw_plan,
    scale_to_peak,
)
from gliokit.phantom.dicom.vendor_headers import TELLS_CONTRAST
from gliokit.phantom.scan.scanner import Vendor
from gliokit.phantom.scan.signal import longitudinal

EXTENT = np.array([[-80.0, -115, -90], [80, 90, 95]])
SEEDS = range(25)


def plans(vendor):
    return [draw_plan(np.random.default_rng(s), vendor=vendor, extent_mm=EXTENT) for s in SEEDS]


def images(plan):
    return [series for series in plan.series if series.role is Role.IMAGE]


@pytest.mark.parametrize("vendor", Vendor)
def test_every_study_holds_the_protocol(vendor):
    for plan in plans(vendor):
        assert [series.sequence for series in images(plan)] == [
            MRSequence.T1,
            MRSequence.T2,
            MRSequence.FLAIR,
            MRSequence.T1C,
            MRSequence.T1C,
        ]
        assert [series.role for series in plan.series].count(Role.LOCALIZER) == 3
        (derived,) = (series for series in plan.series if series.role is Role.DERIVED)
        assert derived.sequence is Map.ADC
        assert derived.facts.image_type[0] == "DERIVED"
        assert derived.peak is None


def test_planes_of_the_localizer_share_one_series_and_count_on():
    (plan, *_) = plans(Vendor.GE)
    planes = [series for series in plan.series if series.role is Role.LOCALIZER]
    assert {plane.facts.number for plane in planes} == {1}
    assert [plane.facts.first_instance for plane in planes] == [1, 4, 7]
    assert [axis_codes(plane.grid.affine)[2] for plane in planes] == ["R", "A", "S"]


@pytest.mark.parametrize("vendor", Vendor)
def test_images_are_axial_sagittal_and_oblique_within_usual_sizes(vendor):
    for plan in plans(vendor):
        _, t2, _, thick, volume = images(plan)
        assert 4 < axial_tilt_degrees(t2.grid.affine) < 30
        assert axial_tilt_degrees(thick.grid.affine) == 0
        assert axis_codes(volume.grid.affine)[:2] == "PI"
        for series in images(plan):
            *in_plane, distance = spacing_mm(series.grid.affine)
            assert all(0.49 < step < 1.01 for step in in_plane)
            assert series.facts.thickness_mm <= distance + 1e-9 <= 6.001


def test_some_series_have_gaps_and_some_have_none():
    distances = [
        spacing_mm(series.grid.affine)[2] / series.facts.thickness_mm
        for plan in plans(Vendor.GE)
        for series in images(plan)
    ]
    assert min(distances) == pytest.approx(1)
    assert max(distances) > 1.15


def test_every_study_has_interleaved_instances_and_some_are_reversed():
    orders = [{series.facts.order for series in plan.series} for plan in plans(Vendor.SIEMENS)]
    assert all(SliceOrder.INTERLEAVED in order for order in orders)
    assert any(SliceOrder.DESCENDING in order for order in orders)


def test_each_image_covers_the_head():
    directions = np.random.default_rng(0).normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    surface = EXTENT.mean(axis=0) + directions * np.ptp(EXTENT, axis=0) / 2
    for plan in plans(Vendor.PHILIPS):
        for series in images(plan):
            voxels = to_voxel(series.grid.affine, surface)
            assert (voxels > 0).all()
            assert (voxels < np.array(series.grid.shape) - 1).all()


def test_grid_is_centered_on_the_box_with_the_margin_around_it():
    grid = covering_grid(EXTENT, axes=SAGITTAL, spacing_mm=(1, 1, 2))
    center = grid.affine @ [*(np.array(grid.shape) - 1) / 2, 1]
    np.testing.assert_allclose(center[:3], EXTENT.mean(axis=0))
    assert grid.shape == (224, 200, 86)  # 217 and 197 mm in multiples of 8; 172 mm in 2 mm


def test_grid_of_few_slices_keeps_its_plane():
    grid = covering_grid(EXTENT, axes=AXIAL, spacing_mm=(1, 1, 16), slices=3)
    assert grid.shape == (176, 224, 3)


def test_coarse_studies_have_voxels_three_times_as_large():
    fine, coarse = (
        draw_plan(
            np.random.default_rng(4), vendor=Vendor.GE, extent_mm=EXTENT, coarseness=coarseness
        )
        for coarseness in (1, 3)
    )
    for one, other in zip(fine.series, coarse.series, strict=True):
        np.testing.assert_allclose(
            3 * spacing_mm(one.grid.affine), spacing_mm(other.grid.affine), rtol=1e-9
        )
        assert other.facts.thickness_mm == pytest.approx(3 * one.facts.thickness_mm)


@pytest.mark.parametrize("vendor", Vendor)
def test_contrast_is_told_by_agent_or_description_and_only_after_it_was_given(vendor):
    unstated = 0
    for plan in plans(vendor):
        for series in plan.series:
            description = series.facts.description.upper()
            tells = any(part in description for part in TELLS_CONTRAST)
            given = series.sequence is MRSequence.T1C
            assert (tells or series.facts.contrast_agent != "") == given
            unstated += given and not series.facts.contrast_agent
    assert unstated > 0


@pytest.mark.parametrize("vendor", Vendor)
def test_series_follow_each_other_in_number_and_time(vendor):
    for plan in plans(vendor):
        for key in ("number", "delay_s"):
            values = [getattr(series.facts, key) for series in plan.series[2:]]
            assert values == sorted(set(values))
        assert plan.named_series in {series.facts.number for series in images(plan)}


def test_flair_inverts_where_fluid_is_nearly_null():
    for plan in plans(Vendor.SIEMENS):
        protocol = images(plan)[2].protocol
        fluid, white_matter = longitudinal(protocol, np.array([4300.0, 850.0]))
        assert abs(fluid) < 0.05 < white_matter


def test_vendors_state_their_own_times_of_the_volume_after_contrast():
    stated = {
        vendor: {images(plan)[4].facts.inversion_ms for plan in plans(vendor)} for vendor in Vendor
    }
    assert stated[Vendor.GE] == {450}
    assert stated[Vendor.PHILIPS] == {None}
    assert min(stated[Vendor.SIEMENS]) >= 850


def test_same_seed_gives_the_same_plan():
    first, second = (
        draw_plan(np.random.default_rng(9), vendor=Vendor.GE, extent_mm=EXTENT) for _ in range(2)
    )
    assert repr(first) == repr(second)


def test_brightest_tissue_of_an_image_gets_the_peak_and_a_map_keeps_its_values():
    (plan, *_) = plans(Vendor.SIEMENS)
    image = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(10, 10, 100)
    t1 = images(plan)[0]
    scaled = scale_to_peak(image, t1)
    assert np.percentile(scaled, 99.9) == pytest.approx(t1.peak, rel=1e-3)
    (adc,) = (series for series in plan.series if series.role is Role.DERIVED)
    np.testing.assert_array_equal(scale_to_peak(image * 3000, adc), image * 3000)
    assert scale_to_peak(image * 9000, adc).max() == 4095
