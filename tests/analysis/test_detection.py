"""The detection limit of a study: by its own images, and by what was measured of the model."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.detection import enhancement_limit
from gliokit.bundles.bundle import read_bundle, shipped_bundle
from gliokit.core.findings import Quantity, Verdict
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.quality.noise import CONTRAST_TO_NOISE
from gliokit.segmentation.calibration import CALIBRATION, read_calibration
from gliokit.segmentation.default import DEFAULT, DefaultSegmenter

T1C = MRSequence.T1C


class NoNetwork:
    """Stands in for networks that are not run."""

    device, precision = "cpu", "f32"

    def run(self, network, x):
        """Refuse."""
        raise AssertionError(network)


@pytest.fixture(scope="module")
def shipped():
    """Give the shipped model with its calibration, and no networks."""
    bundle = read_bundle(shipped_bundle(DEFAULT))
    return DefaultSegmenter(bundle, NoNetwork(), read_calibration(bundle.folder / CALIBRATION))


@pytest.fixture
def quality():
    """Give a T1c image whose tissues differ by 30 times its noise."""
    figures = {"fine": "Tissues differ.", "doubtful": "Tissues hardly differ."}
    return (CONTRAST_TO_NOISE.judge(30.0, sequence=T1C, **figures),)


def test_limit_of_the_shipped_model_is_no_smaller_than_what_was_measured(
    shipped, quality, bright_study
):
    limit = enhancement_limit(bright_study, quality, shipped)
    known = (limit.images, limit.model, limit.blank)
    assert all(isinstance(own, Quantity) for own in known)
    assert limit.volume.value == max(own.value for own in known)
    assert limit.model.value >= 0.1  # smaller parts are dropped
    assert limit.model.interval[0] <= limit.model.value <= limit.model.interval[1]


def test_thick_slices_of_the_study_raise_the_limit_of_its_images(shipped, quality, bright_study):
    slices = replace(bright_study[T1C], affine=np.diag([3.0, 3, 30, 1]))
    images = {**bright_study.images, T1C: slices}
    thin, thick = (
        enhancement_limit(study, quality, shipped).images.value
        for study in (bright_study, Study("thick", images))
    )
    assert thick > 10 * thin  # as much as the voxel, and more: the ball reaches past its sides


def test_nothing_is_said_of_a_model_where_a_sequence_is_missing(shipped, quality, bright_study):
    images = {s: bright_study[s] for s in (T1C, MRSequence.FLAIR)}
    limit = enhancement_limit(Study("two", images), quality, shipped)
    assert (limit.volume, limit.model, limit.blank) == (None, None, None)
    assert limit.images is not None


def test_noise_that_was_not_measured_leaves_no_limit(shipped, quality, bright_study):
    unknown = replace(quality[0], figure=None, verdict=Verdict.NOT_ASSESSABLE)
    for checks in ((), (unknown,)):
        limit = enhancement_limit(bright_study, checks, shipped)
        assert (limit.volume, limit.images) == (None, None)


def test_nothing_is_said_without_a_t1c_image(shipped, quality, bright_study):
    images = {s: i for s, i in bright_study.images.items() if s is not T1C}
    assert enhancement_limit(Study("s", images), quality, shipped) is None
