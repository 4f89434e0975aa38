"""Which slices a lesion is measured on, and that tilted grids give the same size."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.core.geometry import to_world
from gliokit.measurement.axial import Plane, axial_view
from gliokit.measurement.diameters import measure_lesion
from gliokit.measurement.volume import volume_ml


def tilted(degrees, spacing=(1.0, 1.0, 1.0), axis="x"):
    """Turn a grid of 60 voxels a side about its center."""
    affine = np.eye(4)
    turn = Rotation.from_euler(axis, degrees, degrees=True).as_matrix()
    affine[:3, :3] = turn @ np.diag(spacing)
    affine[:3, 3] = -affine[:3, :3] @ [30, 30, 30]
    return affine


def ellipsoid(affine, axes=(15.0, 9.0, 6.0)):
    places = to_world(affine, np.moveaxis(np.indices((61, 61, 61)), 0, -1))
    return np.linalg.norm(places / axes, axis=-1) <= 1


@pytest.mark.parametrize(
    ("degrees", "plane"),
    [
        (0, Plane.ACQUIRED),
        (12, Plane.ACQUIRED),
        (30, Plane.ACQUIRED),
        (30.1, Plane.REFORMATTED),
        (44, Plane.REFORMATTED),
        (60.1, Plane.ACQUIRED),  # now another voxel axis is nearest to head-foot
    ],
)
def test_slices_within_thirty_degrees_are_measured_as_acquired(degrees, plane):
    affine = tilted(degrees)
    mask = ellipsoid(affine)
    view = axial_view(mask, affine)
    assert view.plane is plane
    assert view.tilt_degrees == pytest.approx(min(degrees, 90 - degrees), abs=1e-6)
    assert (view.mask is mask) == (plane is Plane.ACQUIRED)
    assert plane in view.sentence


def test_reformat_measures_the_axial_ellipse_of_a_tilted_grid():
    affine = tilted(40)
    mask = ellipsoid(affine)
    view = axial_view(mask, affine)
    found = measure_lesion(view.mask, view.affine).diameters
    assert found.longest.length_mm == pytest.approx(30, abs=1.5)
    assert found.perpendicular.length_mm == pytest.approx(18, abs=1.5)
    assert volume_ml(view.mask, view.affine) == pytest.approx(volume_ml(mask, affine), rel=0.03)


def test_reformat_is_as_fine_as_the_finest_spacing_and_knows_the_coarsest():
    affine = tilted(40, spacing=(0.8, 0.8, 4.0))
    view = axial_view(ellipsoid(affine), affine)
    assert np.abs(view.affine[:3, :3]) == pytest.approx(np.diag([0.8] * 3))
    assert view.slice_mm == 4


def test_axial_slices_across_thick_coronal_ones_are_said_to_be():
    affine = tilted(0, spacing=(1.0, 5.0, 1.0))
    view = axial_view(ellipsoid(affine), affine)
    assert (view.plane, view.slice_mm) == (Plane.ACROSS, 5)
    assert "across the acquired ones, 5 mm apart" in view.sentence


def test_distance_of_the_slices_is_taken_along_their_axis():
    affine = tilted(0, spacing=(1.0, 1.0, 6.5))
    assert axial_view(ellipsoid(affine), affine).slice_mm == 6.5


def test_single_voxel_survives_the_reformat_and_nothing_stays_nothing():
    affine = tilted(40, spacing=(1.0, 1.0, 5.0))
    mask = np.zeros((9, 9, 9), dtype=bool)
    assert not axial_view(mask, affine).mask.any()
    mask[4, 4, 4] = True
    assert axial_view(mask, affine).mask.any()
