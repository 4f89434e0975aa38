"""The brain of a head, found by the mean head that ships."""

import numpy as np
import pytest

from gliokit.core.errors import NotAssessableError
from gliokit.core.image import Image
from gliokit.evaluation.overlap import dice
from gliokit.io.nifti import read_image
from gliokit.phantom.body.anatomy import mni_anatomy
from gliokit.phantom.body.head import with_head
from gliokit.phantom.body.tissue import FIRST_OUTSIDE
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.signal import tissue_signal
from gliokit.preprocessing.brain import filled
from gliokit.preprocessing.brain_extraction import extract_brain


@pytest.fixture(scope="module")
def head():
    """Make a head of the MNI152 brain, skull and scalp; it has no face."""
    return with_head(mni_anatomy(), np.random.default_rng(3))


def scanned(head, sequence):
    rng = np.random.default_rng(4)
    level = np.abs(tissue_signal(draw_session(rng).scan, sequence).level)
    noise = rng.rayleigh(0.01, head.tissues.shape)
    return Image(((level / level.max())[head.tissues] + noise).astype(np.float32), head.affine)


@pytest.mark.parametrize("sequence", ["t1", "t1c", "t2", "flair"])
def test_the_brain_is_found_inside_skull_and_scalp(head, sequence):
    brain = filled((head.tissues > 0) & (head.tissues < FIRST_OUTSIDE))
    assert dice(brain, extract_brain(scanned(head, sequence))) > 0.9


def test_the_order_in_which_voxels_are_stored_changes_nothing(head):
    image = scanned(head, "t1")
    last = image.array.shape[1] - 1
    stored = np.ascontiguousarray(image.array.transpose(2, 0, 1)[:, :, ::-1])
    old_of_new = np.array([[0, 1, 0, 0], [0, 0, -1, last], [1, 0, 0, 0], [0, 0, 0, 1.0]])
    found, again = extract_brain(image), extract_brain(Image(stored, image.affine @ old_of_new))
    assert dice(again, found.transpose(2, 0, 1)[:, :, ::-1]) > 0.99


def test_a_stripped_image_keeps_the_brain_that_it_was_stripped_to(head):
    brain = filled((head.tissues > 0) & (head.tissues < FIRST_OUTSIDE))
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
