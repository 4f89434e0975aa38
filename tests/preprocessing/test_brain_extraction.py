"""The brain of a head, found by the mean head and the network that ship."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.core.image import Image
from gliokit.evaluation.overlap import dice
from gliokit.io.nifti import read_image
from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.head import with_head
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.brain import filled
from gliokit.preprocessing.brain_extraction import BULGE_MM, agreed_odds, brain_on, extract_brain
from gliokit.preprocessing.brain_shell import DEPTH, STEP_MM, brain_shell
from gliokit.preprocessing.head_template import HALF, likely_brain, template_to


@pytest.fixture(scope="module")
def head():
    """Make a head of the MNI152 brain, skull and scalp; it has no face."""
    return with_head(mni_anatomy(), np.random.default_rng(3))


def scanned(head, sequence):
    rng = np.random.default_rng(4)
    level = np.abs(tissue_signal(draw_session(rng).scan, sequence).level)
    noise = rng.rayleigh(0.01, head.tissues.shape)
    return Image(((level / level.max())[head.tissues] + noise).astype(np.float32), head.affine)


@pytest.fixture(scope="module")
def to_template(head):
    return template_to(scanned(head, "t1"))


def brain_of(head):
    return filled((head.tissues > 0) & (head.tissues < FIRST_OUTSIDE))


def test_without_images_the_mean_head_brings_its_brain(head, to_template):
    grid = scanned(head, "t1").grid
    brought = likely_brain(to_template, grid) > HALF
    assert dice(brought, brain_on(grid, to_template)) > 0.999


def test_a_mean_head_that_lies_askew_is_put_right_by_what_the_image_shows(head, to_template):
    image = scanned(head, "t1")
    askew = to_template.copy()
    askew[:3, 3] += 5, -4, 6
    truth = brain_of(head)
    assert dice(truth, brain_on(image.grid, askew, [image])) > 0.95
    assert dice(truth, brain_on(image.grid, askew)) < 0.92


def test_the_order_of_the_images_that_vote_does_not_matter(head, to_template):
    one, other = scanned(head, "t1"), scanned(head, "flair")
    first = brain_on(one.grid, to_template, [one, other])
    assert dice(first, brain_on(one.grid, to_template, [other, one])) > 0.9999


@pytest.fixture
def two_looks():
    """Two images, of even noise beneath the edge, that find it at places 20 and 30 of 48."""
    places = np.arange(DEPTH, dtype=np.float32)
    shape = len(brain_shell().directions), DEPTH
    odds = np.stack([np.broadcast_to(edge + 0.5 - places, shape) for edge in (20, 30)])
    looks = np.ones((2, *shape, 4), dtype=np.float32)
    looks[..., 0] += np.random.default_rng(5).normal(0, 0.1, (2, shape[0], 1))
    return odds, looks


def left_patch():
    """Rays (V,) that run far to the left."""
    return brain_shell().directions[:, 0] < -0.9


def test_images_that_show_nothing_unusual_are_averaged(two_looks):
    odds, looks = two_looks
    assert np.array_equal(agreed_odds(odds, looks), odds.mean(axis=0))


def test_over_what_looks_unlike_the_rest_the_surest_image_decides_but_for_a_bulge(two_looks):
    odds, looks = two_looks
    looks[0, left_patch(), :, 0] += 2
    agreed, last = agreed_odds(odds, looks), (odds.mean(axis=0) > 0).sum(axis=1) - 1
    bulge = last + round(BULGE_MM / STEP_MM)
    ends, right = (agreed > 0).sum(axis=1) - 1, brain_shell().directions[:, 0] > 0
    assert np.array_equal(ends[left_patch()], bulge[left_patch()])
    assert np.array_equal(ends[right], last[right])


def test_what_looks_unlike_the_rest_on_both_sides_is_no_tumor(two_looks):
    odds, looks = two_looks
    looks[0, left_patch() | left_patch()[brain_shell().opposite], :, 0] += 2
    assert np.array_equal(agreed_odds(odds, looks), odds.mean(axis=0))


def test_beneath_what_an_image_does_not_show_nothing_is_unusual(two_looks):
    odds, looks = two_looks
    looks[0, left_patch(), :, :2] = 0
    assert np.array_equal(agreed_odds(odds, looks), odds.mean(axis=0))


def test_one_image_has_no_others_to_ask(two_looks):
    odds, looks = two_looks
    looks[0, left_patch(), :, 0] += 2
    assert np.array_equal(agreed_odds(odds[:1], looks[:1]), odds[0])


@pytest.mark.parametrize("sequence", ["t1c", "flair"])
def test_a_cavity_at_the_surface_is_brain(head, to_template, sequence):
    solid = np.isin(head.tissues, (Tissue.CORTEX, Tissue.WHITE_MATTER))
    middle = np.argwhere(solid)[-2000]  # far right
    away = np.linalg.norm(np.moveaxis(np.indices(solid.shape), 0, -1) - middle, axis=-1)
    cavity = brain_of(head) & (away < 20)
    operated = replace(head, tissues=np.where(cavity, np.uint8(Tissue.CAVITY_FLUID), head.tissues))
    image = scanned(operated, sequence)
    assert brain_on(image.grid, to_template, [image])[cavity].mean() > 0.99


@pytest.mark.parametrize("sequence", ["t1", "t1c", "t2", "flair"])
def test_the_brain_is_found_inside_skull_and_scalp(head, sequence):
    brain = brain_of(head)
    assert dice(brain, extract_brain(scanned(head, sequence))) > 0.9


def test_the_order_in_which_voxels_are_stored_changes_nothing(head):
    image = scanned(head, "t1")
    last = image.array.shape[1] - 1
    stored = np.ascontiguousarray(image.array.transpose(2, 0, 1)[:, :, ::-1])
    old_of_new = np.array([[0, 1, 0, 0], [0, 0, -1, last], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    found, again = extract_brain(image), extract_brain(Image(stored, image.affine @ old_of_new))
    assert dice(again, found.transpose(2, 0, 1)[:, :, ::-1]) > 0.99


def test_a_stripped_image_keeps_the_brain_that_it_was_stripped_to(head):
    brain = brain_of(head)
    image = scanned(head, "t1")
    stripped = Image(np.where(brain, image.array, np.float32(0)), image.affine)
    assert np.array_equal(extract_brain(stripped), brain)


def test_what_is_no_head_is_not_assessable(shared_data):
    chest = shared_data / "ibsi/ibsi_1_ct_radiomics_phantom/nifti/image/phantom.nii.gz"
    with pytest.raises(NotAssessableError, match="shows no head that can be recognized"):
        extract_brain(read_image(chest))


def test_noise_is_not_assessable():
    noise = np.random.default_rng(1).rayleigh(20, (80, 80, 60)).astype(np.float32)
    with pytest.raises(NotAssessableError, match="nats"):
        extract_brain(Image(noise, np.diag([2.0, 2, 2, 1])))
