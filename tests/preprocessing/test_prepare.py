"""From heads as they were scanned to one grid, and back."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Grid, spacing_mm, to_voxel, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.evaluation.overlap import dice
from gliokit.io.layouts import read_study
from gliokit.io.nifti import read_image
from gliokit.preprocessing.carry import carry_labels
from gliokit.preprocessing.grids import grid_of_spacing
from gliokit.preprocessing.prepare import (
    UNMOVED,
    Registered,
    is_prepared,
    on_one_grid,
    prepare,
    register,
)

OBLIQUE = Rotation.from_euler("xyz", (12, -8, 20), degrees=True).as_matrix()


def ball(shape=(96, 96, 80), spacing=2.0, radius_mm=68.0) -> Image:
    """Make a brain-sized ball on a background of 0."""
    affine = np.diag([spacing, spacing, spacing, 1.0])
    center = (np.array(shape) - 1) / 2
    away = np.linalg.norm((np.indices(shape).T - center).T * spacing, axis=0)
    return Image(np.where(away < radius_mm, np.float32(100), np.float32(0)), affine)


def test_a_stripped_study_on_one_grid_is_left_alone():
    image = ball()
    other = replace(image, array=image.array * 2)
    assert is_prepared(Study("s", {MRSequence.T1C: image, MRSequence.FLAIR: other}))


def test_a_study_on_two_grids_is_not_prepared():
    image = ball()
    moved = image.affine.copy()
    moved[0, 3] += 1
    study = Study("s", {MRSequence.T1C: image, MRSequence.FLAIR: replace(image, affine=moved)})
    assert not on_one_grid(study)
    assert not is_prepared(study)


def test_a_head_with_air_around_it_is_not_prepared():
    image = ball()
    noise = np.random.default_rng(0).rayleigh(2, image.array.shape).astype(np.float32)
    assert not is_prepared(Study("s", {MRSequence.T1C: replace(image, array=image.array + noise)}))


def test_the_working_grid_has_1_mm_and_starts_at_the_same_outer_face():
    affine = np.eye(4)
    affine[:3, :3] = OBLIQUE * [0.9, 0.9, -5.5]
    grid = Grid((256, 224, 26), affine)
    working = grid_of_spacing(grid, 1.0)
    assert np.allclose(spacing_mm(working.affine), 1)
    corners = to_world(working.affine, [[-0.5] * 3, np.array(working.shape) - 0.5])
    inside = to_voxel(affine, corners)
    assert np.allclose(np.sort(inside, axis=0)[0], -0.5, atol=1 / 0.9 + 1e-6)
    assert np.isclose(inside[0, 2], 25.5)  # the last slice, since the axis runs down


def test_an_ellipsoid_comes_through_the_chain_and_back_to_its_oblique_grid():
    affine = np.eye(4)
    affine[:3, :3] = OBLIQUE * [0.9, 0.9, 5.0]
    affine[:3, 3] = (-90, -80, -60)
    grid = Grid((200, 200, 28), affine)
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", (7, 11, -9), degrees=True).as_matrix()
    motion[:3, 3] = (6, -9, 4)
    center = to_world(affine, [100, 100, 14])
    places = to_world(affine, np.moveaxis(np.indices(grid.shape), 0, -1)) - center
    painted = LabelMap(
        (np.linalg.norm(places / (25, 18, 21), axis=-1) < 1).astype(np.uint8), affine
    )
    reference = Grid(
        (180, 220, 180),
        np.array([[1, 0, 0, -90.0], [0, 1, 0, -100.0], [0, 0, 1, -90.0], [0, 0, 0, 1.0]]),
    )
    there = carry_labels(painted, motion, reference)
    back = carry_labels(there, np.linalg.inv(motion), grid)
    assert dice(painted.array > 0, back.array > 0) > 0.95


def test_an_image_whose_registration_is_doubtful_is_left_out_and_said(monkeypatch):
    image = ball()
    study = Study("s", {MRSequence.T1C: image, MRSequence.FLAIR: replace(image)})
    found = replace_doubt("blocks fit better 9 mm away (limit 3)")
    monkeypatch.setattr("gliokit.preprocessing.prepare.register_rigid", found)
    registered = register(study)
    assert list(registered.study.images) == [MRSequence.T1C]
    assert "flair was left out" in registered.notices[0].text
    assert "9 mm away" in registered.notices[0].text


def replace_doubt(doubt: str):
    from gliokit.preprocessing.registration import Registration

    return lambda moving, fixed: Registration(np.eye(4), 0.1, 1.0, 9.0, doubt)


def test_an_image_without_a_brain_is_not_assessable():
    noise = np.random.default_rng(1).rayleigh(20, (80, 80, 60)).astype(np.float32)
    study = Study("s", {MRSequence.T1C: Image(noise, np.diag([2.0, 2, 2, 1]))})
    with pytest.raises(NotAssessableError, match="study s shows no head"):
        prepare(Registered(study, {MRSequence.T1C: UNMOVED}))


@pytest.fixture(scope="module")
def raw(shared_data):
    folder = shared_data / "studies/raw_head/TCGA-FG-6692"
    registered = register(read_study(folder))
    return folder, registered, prepare(registered)


@pytest.mark.slow
@pytest.mark.parametrize("sequence", MRSequence)
def test_the_brain_of_a_raw_head_is_that_of_hd_bet(raw, sequence):
    folder, registered, prepared = raw
    peer = read_image(folder / f"brain_mask_{sequence}.nii.gz").array > 0
    brain = LabelMap(prepared.brain.astype(np.uint8), prepared.study.reference.affine)
    back = np.linalg.inv(registered.to_native[sequence])
    found = carry_labels(brain, back, registered.study[sequence].grid).array > 0
    assert dice(peer, found) >= 0.95


@pytest.mark.slow
def test_a_raw_head_becomes_a_prepared_study(raw):
    assert is_prepared(raw[2].study)


def test_stripped_images_on_two_grids_keep_the_brain_they_were_stripped_to():
    image = ball((60, 60, 58), radius_mm=55.0)
    moved = image.affine.copy()
    moved[0, 3] += 5
    study = Study("s", {MRSequence.T1C: image, MRSequence.FLAIR: replace(image, affine=moved)})
    to_native = np.eye(4)
    to_native[0, 3] = 5
    motions = {MRSequence.T1C: UNMOVED, MRSequence.FLAIR: to_native}
    prepared = prepare(Registered(study, motions))
    liters = prepared.brain.sum() / 1e6
    assert abs(liters / (4 / 3 * np.pi * 0.55**3) - 1) < 0.03


def waves(places_mm, seed):
    """Give a smooth texture of the world, -1 to 1, at places (..., 3)."""
    rng = np.random.default_rng(seed)
    ways, starts = rng.normal(0, 0.12, (12, 3)), rng.uniform(0, 2 * np.pi, 12)  # per mm
    return np.cos(places_mm @ ways.T + starts).mean(axis=-1)


def stripped_scan(axes, spacing_mm, motion, *, bright) -> Image:
    """Scan a stripped brain of some structure that has moved, on a grid of its own."""
    affine = np.eye(4)
    affine[:3, :3] = axes * spacing_mm
    shape = np.ceil(136 / np.asarray(spacing_mm)).astype(int)
    affine[:3, 3] = -affine[:3, :3] @ (shape - 1) / 2 + (0.317, -0.652, 0.118)
    places = to_world(affine, np.moveaxis(np.indices(shape), 0, -1))
    at_rest = to_world(np.linalg.inv(motion), places)
    inside = np.linalg.norm(at_rest / (56, 60, 52), axis=-1) < 1
    array = np.where(inside, 300 + bright * waves(at_rest, 3), 0).astype(np.float32)
    return Image(np.asfortranarray(array), affine.astype(np.float32).astype(np.float64))


def test_how_images_are_stored_changes_nothing_from_registration_to_labels_on_their_grids(stored):
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_euler("xyz", (4, -3, 5), degrees=True).as_matrix()
    motion[:3, 3] = (5, -4, 3)
    lps = np.diag([-1.0, -1, 1])
    t1c = stripped_scan(OBLIQUE @ lps, (2.0, 2.0, 4.0), np.eye(4), bright=200)
    flair = stripped_scan(lps, (2.5, 2.5, 3.0), motion, bright=-200)
    order = (0, 1, 2)
    as_scanned = dict.fromkeys((MRSequence.T1C, MRSequence.FLAIR), (order, (1, 1, 1)))
    in_ras = dict.fromkeys(as_scanned, (order, (-1, -1, 1)))
    mixed = {MRSequence.T1C: ((2, 0, 1), (1, -1, 1)), MRSequence.FLAIR: ((1, 0, 2), (-1, 1, -1))}
    images = {MRSequence.T1C: t1c, MRSequence.FLAIR: flair}
    found = []
    for ways in (as_scanned, in_ras, mixed):
        study = Study("stored", {s: stored(image, *ways[s]) for s, image in images.items()})
        registered = register(study)
        assert not registered.notices
        prepared = prepare(registered)
        bright = prepared.brain & (prepared.study.reference.array > 340)
        bright[:, :, 30:] = False  # fewer are sooner carried
        labels = LabelMap(bright.astype(np.uint8), prepared.study.reference.affine)
        back = {
            s: carry_labels(labels, np.linalg.inv(registered.to_native[s]), image.grid)
            for s, image in study.images.items()
        }
        found.append((ways, prepared.study, back))
    (_, one, labels), *others = found
    for (ways, other, turned), s in product(others, images):
        assert one[s].affine.tobytes() == other[s].affine.tobytes()
        assert np.array_equal(one[s].array, other[s].array)
        assert np.array_equal(stored(labels[s], *ways[s]).array, turned[s].array)
        assert labels[s].array.any()
