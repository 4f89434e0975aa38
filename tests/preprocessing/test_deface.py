"""The face goes, and the brain stays bit by bit, however the voxels are stored."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Grid
from gliokit.core.image import Image
from gliokit.phantom.body.anatomy import read_anatomy
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue
from gliokit.preprocessing.deface import deface, face_region
from gliokit.preprocessing.orientation import turn_from_ras

HALF_AXES_MM = np.array([60.0, 75, 55])  # of the brain, to the right, the front and the top
DROOP = Rotation.from_euler("x", 25, degrees=True)  # its long axis rises to the front


def ellipsoid(affine, shape):
    """Give a brain around the origin, and the world places of all voxels."""
    places = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    own = places @ DROOP.as_matrix()
    return np.linalg.norm(own / HALF_AXES_MM, axis=-1) < 1, places


def head(affine, shape):
    brain, places = ellipsoid(affine, shape)
    array = np.random.default_rng(2).uniform(10, 90, shape).astype(np.float32)
    return Image(array, affine), brain, places


def upright(spacing=(4.0, 4.0, 4.0), shape=(56, 64, 60)):
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -np.array(spacing) * (np.array(shape) - 1) / 2
    return affine, shape


def test_brain_and_margin_keep_their_bits():
    image, brain, places = head(*upright())
    after = deface(image, brain)
    near = np.linalg.norm(places @ DROOP.as_matrix() / (HALF_AXES_MM + 4), axis=-1) < 1
    np.testing.assert_array_equal(after.array[near], image.array[near])


@pytest.mark.parametrize(
    ("what", "place_mm", "gone"),
    [
        ("eye", (30, 85, -20), True),
        ("nose", (0, 110, -45), True),
        ("mouth", (0, 90, -80), True),
        ("air before the nose", (0, 120, -45), True),
        ("forehead above the brows", (0, 78, 60), False),
        ("crown", (0, 0, 80), False),
        ("ear", (80, -10, -30), False),
        ("neck", (0, -60, -100), False),
    ],
)
def test_what_lies_before_the_brain_goes_and_all_else_stays(what, place_mm, gone):
    image, brain, places = head(*upright())
    there = np.linalg.norm(places - np.array(place_mm), axis=-1) < 6
    after = deface(image, brain).array[there]
    assert there.any()
    if gone:
        assert np.all(after == image.array.min())
    else:
        np.testing.assert_array_equal(after, image.array[there])


def test_voxel_order_and_direction_do_not_matter():
    affine, shape = upright((3.0, 4.0, 6.0), (70, 64, 40))
    _, brain, _ = head(affine, shape)
    face = face_region(Image(brain.astype(np.float32), affine).grid, brain)
    turned = affine[:, [2, 0, 1, 3]] @ np.diag([1.0, -1, -1, 1])  # stored as S, L, P
    turned[:3, 3] = (affine @ [shape[0] - 1, shape[1] - 1, 0, 1])[:3]
    other = turn_from_ras(brain, turned)
    again = face_region(Image(other.astype(np.float32), turned).grid, other)
    np.testing.assert_array_equal(again, turn_from_ras(face, turned))


def test_a_brain_that_stands_on_end_is_refused():
    affine, shape = upright()
    _, brain, _ = head(affine, shape)
    stand = np.eye(4)
    stand[:3, :3] = Rotation.from_euler("x", 60, degrees=True).as_matrix()
    with pytest.raises(NotAssessableError, match="stands at 85°"):
        face_region(Grid(shape, stand @ affine), brain)


@pytest.mark.parametrize("degrees", [-30, 30])
def test_a_nodding_head_loses_the_same_voxels(degrees):
    affine, shape = upright()
    _, brain, _ = head(affine, shape)
    nod = np.eye(4)
    nod[:3, :3] = Rotation.from_euler("x", degrees, degrees=True).as_matrix()
    level, nodding = (face_region(Grid(shape, a), brain) for a in (affine, nod @ affine))
    np.testing.assert_array_equal(level, nodding)


@pytest.mark.parametrize("number", [8, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 16))])
def test_eyes_and_skin_of_simulated_heads_go(shared_data, number):
    path = shared_data / "anatomy" / f"training_seg_{number:02d}.nii.gz"
    if not path.is_file():
        pytest.skip(f"needs the label map {path}")
    anatomy = read_anatomy(path, head=True)
    coarse = anatomy.affine @ np.diag([2.0, 2, 2, 1])
    tissues = anatomy.tissues[::2, ::2, ::2]
    brain = (tissues > 0) & (tissues < FIRST_OUTSIDE)
    face = face_region(Image(tissues, coarse).grid, brain)
    assert not (face & brain).any()
    eyes = tissues == Tissue.EYE
    assert face[eyes].mean() > 0.95
    skin = front(tissues > 0, below=int(np.argwhere(eyes)[:, 2].max()), brain=brain)
    assert face[skin].mean() > 0.98


def front(head, *, below, brain):
    """Mark what is seen of a head from the front, below a height, before the brain's center."""
    seen = head & (np.cumsum(head[:, ::-1], axis=1)[:, ::-1] == 1)
    seen[:, :, below:] = False
    seen[:, : int(np.argwhere(brain)[:, 1].mean())] = False
    return seen
