"""Two images of one head are brought together, and two heads are not believed to be one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import to_world
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.io.nifti import read_image
from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.individual import Voxels, make_individual
from gliokit.phantom.body.tissue import FIRST_OUTSIDE
from gliokit.phantom.dicom.series import AXIAL, CORONAL, covering_grid
from gliokit.phantom.scan.acquisition import Body, acquire_on_grid
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.registration import register_affine, register_rigid
from gliokit.preprocessing.registration_levels import Reference

SMALL = Voxels(3.0, (80, 92, 80))


@pytest.fixture(scope="module")
def anatomy():
    return mni_anatomy()


@pytest.fixture(scope="module")
def person(anatomy):
    return head_of(anatomy, seed=1)


@pytest.fixture(scope="module")
def fixed(person):
    """Give T1 with voxels of 2.5 mm."""
    return scanned(person, MRSequence.T1, np.eye(4), slices_mm=2.5)


def head_of(anatomy, *, seed):
    rng = np.random.default_rng(seed)
    return make_individual(anatomy, rng, age=50, voxels=SMALL, head=True)[0]


def scanned(person, sequence, motion, *, slices_mm, axes=AXIAL, seed=3):
    """Scan a head that has moved."""
    rng = np.random.default_rng(seed)
    session = draw_session(rng)
    acquisition = replace(
        session.acquisitions[sequence],
        slice_axis=2,
        thickness_mm=slices_mm,
        shift_mm=np.zeros(3),
        turn_degrees=np.zeros(3),
    )
    affine = motion @ person.affine
    corners = to_world(affine, np.argwhere(person.tissues > 0)[::50])
    extent = np.array([corners.min(axis=0), corners.max(axis=0)])
    grid = covering_grid(extent, axes=axes, spacing_mm=[2.5, 2.5, slices_mm])
    body = Body(person.tissues, person.spacing_mm)
    signal = tissue_signal(session.scan, sequence)
    return Image(acquire_on_grid(body, affine, grid, signal, acquisition, rng), grid.affine)


def motion_of(turn_degrees, shift_mm):
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", turn_degrees, degrees=True).as_matrix()
    motion[:3, 3] = shift_mm
    return motion


def brain_mm(person):
    inside = (person.tissues > 0) & (person.tissues < FIRST_OUTSIDE)
    return to_world(person.affine, np.argwhere(inside)[::20])


def error_mm(found, truth, points_mm):
    apart = to_world(found.to_moving, points_mm) - to_world(truth, points_mm)
    return np.linalg.norm(apart, axis=1).mean()


@pytest.mark.parametrize(
    ("turn_degrees", "shift_mm"), [((0, 0, 0), (0, 0, 0)), ((12, -9, 10), (14, -20, 12))]
)
def test_a_known_motion_is_found_from_thick_slices_of_other_contrast(
    person, fixed, turn_degrees, shift_mm
):
    truth = motion_of(turn_degrees, shift_mm)
    moving = scanned(person, MRSequence.T2, truth, slices_mm=5, axes=CORONAL)
    found = register_rigid(moving, fixed)
    assert error_mm(found, truth, brain_mm(person)) < 0.7
    assert found.doubt is None


def test_a_field_of_view_that_ends_in_the_head_is_no_obstacle(person, fixed):
    truth = motion_of((5, 8, -6), (10, 5, -15))
    whole = scanned(person, MRSequence.FLAIR, truth, slices_mm=3)
    affine = whole.affine.copy()
    affine[:3, 3] = to_world(affine, [0, 12, 15])
    part = Image(np.ascontiguousarray(whole.array[:-8, 12:, 15:-6]), affine)
    found = register_rigid(part, fixed)
    assert error_mm(found, truth, brain_mm(person)) < 1
    assert found.doubt is None
    assert found.overlap < 0.95


def test_stripped_brains_of_other_contrast_are_brought_together(person, fixed):
    truth = motion_of((-10, 6, 8), (-12, 6, 9))
    moving = scanned(person, MRSequence.T2, truth, slices_mm=4)
    stripped = [
        replace(image, array=image.array * in_brain(person, motion, image))
        for image, motion in ((moving, truth), (fixed, np.eye(4)))
    ]
    found = register_rigid(*stripped)
    assert error_mm(found, truth, brain_mm(person)) < 1
    assert found.doubt is None


def in_brain(person, motion, image):
    """Look up which voxels of an image show the brain, (X, Y, Z)."""
    places = to_world(image.affine, np.moveaxis(np.indices(image.array.shape), 0, -1))
    voxels = np.rint(to_world(np.linalg.inv(motion @ person.affine), places)).astype(int)
    voxels = voxels.clip(0, np.array(person.tissues.shape) - 1)
    tissues = person.tissues[tuple(np.moveaxis(voxels, -1, 0))]
    return (tissues > 0) & (tissues < FIRST_OUTSIDE)


def test_another_head_is_noticed(anatomy, fixed):
    other = head_of(anatomy, seed=8)
    found = register_rigid(scanned(other, MRSequence.T2, np.eye(4), slices_mm=4), fixed)
    assert found.local_shift_mm > 3
    assert "same patient" in found.doubt
    assert f"{found.local_shift_mm:.1f} mm" in found.doubt


def test_the_order_in_which_voxels_are_stored_does_not_matter(person, fixed):
    moving = scanned(person, MRSequence.T2, motion_of((4, 0, 3), (5, 0, 0)), slices_mm=5)
    turned = Image(moving.array.transpose(2, 0, 1)[:, ::-1], moving.affine.copy())
    n = moving.array.shape[0]
    turned.affine[:3, :3] = moving.affine[:3, [2, 0, 1]] * [1, -1, 1]
    turned.affine[:3, 3] = to_world(moving.affine, [n - 1, 0, 0])
    one, other = register_rigid(moving, fixed), register_rigid(turned, fixed)
    np.testing.assert_allclose(one.to_moving, other.to_moving, atol=1e-3)


def test_the_same_images_give_the_same_bytes_as_one_of_several_too(person, fixed):
    moving = scanned(person, MRSequence.T2, np.eye(4), slices_mm=5)
    reference = Reference(fixed)
    assert reference.samples[0].points_mm.size  # looked at before, as for another image
    one, other = register_rigid(moving, fixed), register_rigid(moving, reference)
    assert one.to_moving.tobytes() == other.to_moving.tobytes()
    assert one.local_shift_mm == other.local_shift_mm


def test_change_of_size_and_shear_is_found(person, fixed):
    truth = motion_of((6, -5, 4), (5, -8, 6)) @ np.diag([1.08, 0.93, 1.05, 1])
    truth[0, 1] += 0.04
    moving = scanned(person, MRSequence.T1, np.eye(4), slices_mm=2.5)
    moving = replace(moving, affine=truth @ moving.affine)
    found = register_affine(moving, fixed)
    assert error_mm(found, truth, brain_mm(person)) < 0.7
    assert found.doubt is None


def test_an_image_without_a_head_is_refused(fixed):
    empty = Image(np.zeros((40, 40, 40), np.float32), np.diag([4.0, 4, 4, 1]), source="nothing")
    with pytest.raises(NotAssessableError, match="nothing shows 0 mL"):
        register_rigid(empty, fixed)


def test_real_sequences_of_one_study_are_trusted_and_agree_around_a_circle(shared_data):
    folder = shared_data / "studies" / "raw_head" / "TCGA-FG-6692"
    t1c, t2, flair = (read_image(folder / f"{name}.nii.gz") for name in ("t1c", "t2", "flair"))
    there = [register_rigid(t2, t1c), register_rigid(flair, t2), register_rigid(t1c, flair)]
    assert [one.doubt for one in there] == [None] * 3
    circle = there[2].to_moving @ there[1].to_moving @ there[0].to_moving
    mask = read_image(folder / "brain_mask_t1c.nii.gz")
    brain = to_world(mask.affine, np.argwhere(mask.array > 0)[::50])
    assert np.linalg.norm(to_world(circle, brain) - brain, axis=1).mean() < 1.5


def test_real_images_of_two_patients_are_not_trusted(shared_data):
    folder = shared_data / "studies" / "labelled"
    one = read_image(folder / "TCIA01_378" / "t2.nii.gz")
    other = read_image(folder / "TCIA01_425" / "t1c.nii.gz")
    assert register_rigid(one, other).doubt
