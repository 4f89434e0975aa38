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
from gliokit.preprocessing import tissue as module
from gliokit.preprocessing.tissue import find_tissues, lobes, right_side
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.preprocessing.tissue_network import ANSWERS, Answer
from gliokit.preprocessing.tissue_priors import Tissue

SMALL = Voxels(3.0, (56, 72, 60))
TRUTH = {
    Tissue.WHITE: (Simulated.WHITE_MATTER, Simulated.CEREBELLAR_WHITE, Simulated.BRAINSTEM),
    Tissue.GRAY: (Simulated.CORTEX, Simulated.CEREBELLAR_CORTEX),
    Tissue.VENTRICLE: (Simulated.VENTRICLE, Simulated.CHOROID_PLEXUS),
}
BLOCK = (slice(30, 40), slice(30, 42), slice(24, 34))
TUMOR = (slice(12, 22), slice(30, 42), slice(30, 40))  # in the left half
T2 = 2  # channel of the network


@pytest.fixture(scope="module")
def person():
    """Make a healthy brain with voxels of 3 mm."""
    return make_individual(mni_anatomy(), np.random.default_rng(5), age=60, voxels=SMALL)[0]


@pytest.fixture(scope="module")
def study(person):
    return scanned(person)


@pytest.fixture(scope="module")
def tumor(person):
    mask = np.zeros(person.tissues.shape, bool)
    mask[TUMOR] = True
    return mask & (person.tissues > 0)


@pytest.fixture(scope="module")
def anatomy(study):
    return find_tissues(study, tumor=np.zeros(study.reference.array.shape, bool))


@pytest.fixture(scope="module")
def block(study):
    """Show a bright block in an even brain, on T2."""
    image = study.images[MRSequence.T2]
    array = (image.array > 0).astype(np.float32)
    array[BLOCK] = 3
    return replace(study, images={MRSequence.T2: Image(array, image.affine)})


@pytest.fixture
def by_brightness(monkeypatch):
    """Put a network in place that calls fluid what is bright on T2, and all else white matter."""

    def evidence(seen):
        found = np.zeros((len(ANSWERS), *seen.shape[1:]), np.float32)
        bright = seen[T2] > 3
        found[ANSWERS.index(Answer(Tissue.CSF))] = 9 * bright
        found[ANSWERS.index(Answer(Tissue.WHITE))] = 9 * ~bright
        return found

    monkeypatch.setattr(module, "tissue_evidence", evidence)
    monkeypatch.setattr(module, "NETWORK_MM", 3.0)


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
    ("tissue", "least"), [(Tissue.WHITE, 0.9), (Tissue.GRAY, 0.9), (Tissue.VENTRICLE, 0.8)]
)
def test_tissues_of_a_healthy_brain_are_found(person, anatomy, tissue, least):
    assert overlap(person, anatomy.labels, tissue) > least


def test_only_the_brain_has_tissue(person, anatomy):
    assert np.array_equal(anatomy.labels > 0, person.tissues > 0)


@pytest.mark.usefixtures("by_brightness")
def test_a_tumor_has_no_tissue_and_the_rest_has(block, tumor, anatomy):
    found = find_tissues(block, tumor=tumor, to_template=anatomy.to_template).labels
    brain = block.reference.array > 0
    assert np.array_equal(found > 0, brain & ~tumor)


@pytest.mark.usefixtures("by_brightness")
def test_the_unit_of_intensity_changes_nothing(block, anatomy):
    other = changed(block, lambda array: array * np.float32(256))
    one, two = (find_tissues(s, to_template=anatomy.to_template) for s in (block, other))
    assert np.array_equal(one.labels, two.labels)


@pytest.mark.usefixtures("by_brightness")
def test_the_order_in_which_voxels_are_stored_changes_nothing(block, anatomy):
    last = block.reference.array.shape[1] - 1
    old_of_new = np.array([[0, 1, 0, 0], [0, 0, -1, last], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    images = {
        sequence: Image(
            np.ascontiguousarray(image.array.transpose(2, 0, 1)[:, :, ::-1]),
            image.affine @ old_of_new,
        )
        for sequence, image in block.images.items()
    }
    turned, straight = (
        find_tissues(s, to_template=anatomy.to_template) for s in (Study("turned", images), block)
    )
    assert np.array_equal(turned.labels, straight.labels.transpose(2, 0, 1)[:, :, ::-1])
    assert turned.midline == straight.midline


@pytest.mark.usefixtures("by_brightness")
def test_tissue_lies_where_it_is_whatever_the_voxels(block, anatomy):
    image = block.images[MRSequence.T2]
    pairs = image.array.reshape(*image.array.shape[:2], -1, 2).mean(axis=3)
    affine = image.affine @ np.diag([1, 1, 2, 1.0])
    affine[:3, 3] = to_world(image.affine, [0, 0, 0.5])
    thick = Study("thick", {MRSequence.T2: Image(pairs, affine)})
    found = find_tissues(thick, to_template=anatomy.to_template)
    place = to_world(affine, np.argwhere(found.labels == Tissue.CSF))
    truth = to_world(image.affine, np.argwhere(image.array == 3))
    assert np.allclose(place.mean(axis=0), truth.mean(axis=0), atol=0.1)
    assert len(place) == len(truth) / 2


def test_right_and_left_are_those_of_the_patient(person, anatomy):
    right = right_side(anatomy)
    white = person.tissues == Simulated.WHITE_MATTER
    assert right[white & (person.compartments == 2)].mean() > 0.99
    assert right[white & (person.compartments == 1)].mean() < 0.01


def test_every_place_of_the_brain_has_a_lobe(person, anatomy):
    assert set(np.unique(lobes(anatomy)[person.tissues > 0])) == set(Lobe)


@pytest.mark.parametrize(
    ("part", "simulated", "least"),
    [
        (Lobe.CEREBELLUM, (Simulated.CEREBELLAR_CORTEX, Simulated.CEREBELLAR_WHITE), 0.8),
        (Lobe.BRAINSTEM, (Simulated.BRAINSTEM,), 0.7),
    ],
)
def test_cerebellum_and_brainstem_are_found(person, anatomy, part, simulated, least):
    assert dice(np.isin(person.tissues, simulated), anatomy.hindbrain == part) > least


def test_where_the_network_tells_the_hindbrain_lobes_agree(anatomy):
    found = lobes(anatomy)
    told = np.isin(anatomy.labels, (Tissue.WHITE, Tissue.GRAY, Tissue.DEEP_GRAY))
    hindbrain = np.where(np.isin(found, (Lobe.CEREBELLUM, Lobe.BRAINSTEM)), found, 0)
    assert np.array_equal(hindbrain[told], anatomy.hindbrain[told])
    assert not anatomy.hindbrain[~told].any()


@pytest.mark.usefixtures("by_brightness")
def test_answers_of_one_tissue_add_up(block, anatomy, monkeypatch):
    def torn(seen):
        found = np.zeros((len(ANSWERS), *seen.shape[1:]), np.float32)
        for answer in ANSWERS:  # white: .2 + .2 + .2 against .4
            share = {Tissue.WHITE: 0.2, Tissue.CSF: 0.4}.get(answer.tissue, 1e-6)
            found[ANSWERS.index(answer)] = np.log(share)
        return found

    monkeypatch.setattr(module, "tissue_evidence", torn)
    found = find_tissues(block, to_template=anatomy.to_template)
    assert set(np.unique(found.labels)) == {Tissue.NONE, Tissue.WHITE}


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
    ball = np.where(away < 70, 1 + (x // 30) % 2, 0).astype(np.float32)
    image = Image(ball, study.reference.affine)
    with pytest.raises(NotAssessableError, match="does not fit the MNI152 brain"):
        find_tissues(Study("ball", {MRSequence.T1: image}))


def test_an_image_that_is_dark_in_the_brain_is_refused(study, anatomy):
    dark = Image(np.zeros_like(study.reference.array), study.reference.affine, "dark t2")
    dark.array[:2] = 1
    images = {**study.images, MRSequence.T2: dark}
    brain = study.reference.array > 0
    dark_study = replace(study, images=images)
    with pytest.raises(ImageError, match="dark t2: half of the brain is not above 0"):
        find_tissues(dark_study, brain=brain, to_template=anatomy.to_template)
