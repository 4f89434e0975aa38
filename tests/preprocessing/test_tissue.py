"""Tissue of simulated brains, from what scanners would show of them."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, ImageError, NotAssessableError
from gliokit.core.geometry import to_world
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.evaluation.overlap import dice
from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.individual import Voxels, make_individual
from gliokit.phantom.body.tissue import Tissue as Simulated
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.tissue import find_tissues, lobes, right_side
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.preprocessing.tissue_priors import Tissue

SMALL = Voxels(3.0, (56, 72, 60))
TRUTH = {
    Tissue.WHITE: (Simulated.WHITE_MATTER, Simulated.CEREBELLAR_WHITE, Simulated.BRAINSTEM),
    Tissue.GRAY: (Simulated.CORTEX, Simulated.CEREBELLAR_CORTEX),
    Tissue.VENTRICLE: (Simulated.VENTRICLE, Simulated.CHOROID_PLEXUS),
}
TUMOR = (slice(12, 22), slice(30, 42), slice(30, 40))  # in the left half


@pytest.fixture(scope="module")
def person():
    """Make a healthy brain with voxels of 2.5 mm."""
    return make_individual(mni_anatomy(), np.random.default_rng(5), age=60, voxels=SMALL)[0]


@pytest.fixture(scope="module")
def study(person):
    return scanned(person)


@pytest.fixture(scope="module")
def no_tumor(person):
    return np.zeros(person.tissues.shape, bool)


@pytest.fixture(scope="module")
def tumor(person):
    mask = np.zeros(person.tissues.shape, bool)
    mask[TUMOR] = True
    return mask & (person.tissues > 0)


@pytest.fixture(scope="module")
def anatomy(study, no_tumor):
    return find_tissues(study, tumor=no_tumor)


def scanned(person, *, noise=0.05):
    """Give each tissue its signal in four sequences, with noise, on a background of 0."""
    rng = np.random.default_rng(6)
    scan = draw_session(rng).scan
    images = {}
    for sequence in MRSequence:
        level = np.abs(tissue_signal(scan, sequence).level)
        array = (level / level[Simulated.CORTEX])[person.tissues]
        array = array + rng.normal(0, noise, array.shape)
        array = np.where(person.tissues > 0, array.clip(0.001), 0).astype(np.float32)
        images[sequence] = Image(array, person.affine, f"simulated {sequence}")
    return Study("simulated", images)


def changed(study, change):
    """Change the array of every image."""
    images = {s: Image(change(i.array), i.affine, i.source) for s, i in study.images.items()}
    return replace(study, images=images)


def overlap(person, labels, tissue, where=...):
    truth = np.isin(person.tissues, TRUTH[tissue])
    return dice(truth[where], (labels == tissue)[where])


@pytest.mark.parametrize(
    ("tissue", "least"), [(Tissue.WHITE, 0.95), (Tissue.GRAY, 0.95), (Tissue.VENTRICLE, 0.85)]
)
def test_tissues_of_a_healthy_brain_are_found(person, anatomy, tissue, least):
    assert overlap(person, anatomy.labels, tissue) > least


def test_only_the_brain_has_tissue(person, anatomy):
    assert np.array_equal(anatomy.labels > 0, person.tissues > 0)


def test_a_tumor_has_no_tissue_and_changes_little_elsewhere(person, study, tumor, anatomy):
    sick = changed(study, lambda array: np.where(tumor, np.float32(3), array))
    found = find_tissues(sick, tumor=tumor, to_template=anatomy.to_template)
    assert not found.labels[tumor].any()
    healthy = (person.tissues > 0) & ~tumor
    assert (found.labels == anatomy.labels)[healthy].mean() > 0.98


def test_a_tumor_that_nobody_outlined_is_atypical(person, study, tumor, anatomy):
    sick = changed(study, lambda array: np.where(tumor, array + np.float32(1.5), array))
    found = find_tissues(sick, to_template=anatomy.to_template)
    assert (found.labels[tumor] == Tissue.ATYPICAL).mean() > 0.95
    assert overlap(person, found.labels, Tissue.WHITE, ~tumor) > 0.95


def test_brightness_of_a_coil_changes_little(person, study, no_tumor, anatomy):
    x, y, z = (np.linspace(-1, 1, n) for n in person.tissues.shape)
    field = np.exp(0.3 * x[:, None, None] - 0.3 * y[None, :, None] * z).astype(np.float32)
    bright = changed(study, lambda array: array * field)
    found = find_tissues(bright, tumor=no_tumor, to_template=anatomy.to_template)
    assert (found.labels == anatomy.labels)[person.tissues > 0].mean() > 0.96


def test_the_unit_of_intensity_changes_nothing(study, no_tumor, anatomy):
    other = changed(study, lambda array: array * np.float32(256))
    found = find_tissues(other, tumor=no_tumor, to_template=anatomy.to_template)
    assert (found.labels == anatomy.labels).mean() > 0.999


def test_the_order_in_which_voxels_are_stored_changes_nothing(study, no_tumor, anatomy):
    last = study.reference.array.shape[1] - 1
    old_of_new = np.array([[0, 1, 0, 0], [0, 0, -1, last], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    images = {
        sequence: Image(
            np.ascontiguousarray(image.array.transpose(2, 0, 1)[:, :, ::-1]),
            image.affine @ old_of_new,
        )
        for sequence, image in study.images.items()
    }
    nothing = no_tumor.transpose(2, 0, 1)
    turned = Study("turned", images)
    found = find_tissues(turned, tumor=nothing, to_template=anatomy.to_template)
    assert np.array_equal(found.labels, anatomy.labels.transpose(2, 0, 1)[:, :, ::-1])
    assert found.midline == anatomy.midline


def test_thick_slices_are_taken(person, study):
    thin = study.images
    images = {}
    for sequence, image in thin.items():
        pairs = image.array[:, :, : image.array.shape[2] // 2 * 2]
        array = pairs.reshape(*pairs.shape[:2], -1, 2).mean(axis=3)
        affine = image.affine @ np.diag([1, 1, 2, 1.0])
        affine[:3, 3] = to_world(image.affine, [0, 0, 0.5])
        images[sequence] = Image(array, affine)
    found = find_tissues(Study("thick", images))
    thick = replace(person, tissues=person.tissues[:, :, : 2 * found.labels.shape[2] : 2])
    assert overlap(thick, found.labels, Tissue.WHITE) > 0.8
    assert overlap(thick, found.labels, Tissue.VENTRICLE) > 0.6


@pytest.mark.parametrize("sequence", MRSequence)
def test_one_sequence_shows_the_ventricles(person, study, anatomy, sequence):
    alone = replace(study, images={sequence: study.images[sequence]})
    found = find_tissues(alone, to_template=anatomy.to_template)
    assert overlap(person, found.labels, Tissue.VENTRICLE) > 0.7


def test_right_and_left_are_those_of_the_patient(person, anatomy):
    right = right_side(anatomy)
    white = person.tissues == Simulated.WHITE_MATTER
    assert right[white & (person.compartments == 2)].mean() > 0.99
    assert right[white & (person.compartments == 1)].mean() < 0.01


def test_every_place_of_the_brain_has_a_lobe(person, anatomy):
    found = lobes(anatomy)
    cerebellum = np.isin(person.tissues, (Simulated.CEREBELLAR_CORTEX, Simulated.CEREBELLAR_WHITE))
    assert set(np.unique(found[person.tissues > 0])) == set(Lobe)
    assert (found[cerebellum] == Lobe.CEREBELLUM).mean() > 0.75


def test_a_mask_of_another_grid_is_refused(study):
    with pytest.raises(GeometryError, match="bring it to the grid of the images"):
        find_tissues(study, tumor=np.zeros((3, 3, 3), bool))


def test_images_of_two_grids_are_refused(study):
    image = study.images[MRSequence.T2]
    images = {**study.images, MRSequence.T2: Image(image.array[1:], image.affine)}
    with pytest.raises(GeometryError, match="co-register"):
        find_tissues(replace(study, images=images))


def test_a_brain_that_is_cut_off_is_not_assessable(study):
    cut = changed(study, lambda array: np.where(np.indices(array.shape)[2] > 40, array, 0))
    with pytest.raises(NotAssessableError, match="L of tissue, too little brain"):
        find_tissues(cut)


def test_what_is_no_brain_is_not_assessable(study):
    x, y, z = np.indices(study.reference.array.shape) * 3.0
    away = np.sqrt((x - 84) ** 2 + (y - 108) ** 2 + (z - 90) ** 2)
    ball = changed(study, lambda _: np.where(away < 70, 1 + (x // 30) % 2, 0).astype(np.float32))
    with pytest.raises(NotAssessableError, match="does not fit the MNI152 brain"):
        find_tissues(ball)


def test_an_image_that_is_dark_in_the_brain_is_refused(study, anatomy):
    dark = Image(np.zeros_like(study.reference.array), study.reference.affine, "dark t2")
    dark.array[:2] = 1
    images = {**study.images, MRSequence.T2: dark}
    brain = study.reference.array > 0
    dark_study = replace(study, images=images)
    with pytest.raises(ImageError, match="dark t2: half of the brain is not above 0"):
        find_tissues(dark_study, brain=brain, to_template=anatomy.to_template)
