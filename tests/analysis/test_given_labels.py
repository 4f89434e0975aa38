"""Labels of the user in the place of a segmenter."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.assess import midline_mm
from gliokit.analysis.given_labels import GivenLabels
from gliokit.core.errors import GeometryError
from gliokit.core.image import LabelMap


@pytest.fixture
def labels(bright_study):
    reference = bright_study.reference
    array = np.zeros(reference.array.shape, np.uint8)
    return LabelMap(array, reference.affine, source="edited.nii.gz")


def test_labels_are_passed_on_as_they_are(bright_study, labels):
    assert GivenLabels(labels).predict(bright_study).labels is labels


def test_result_says_that_no_model_made_them(bright_study, labels):
    segmenter = GivenLabels(labels)
    assert segmenter.model is None
    assert [n.code for n in segmenter.predict(bright_study).notices] == ["given-labels"]


def test_doubtful_reading_of_the_numbers_is_said(bright_study, labels):
    notices = GivenLabels(replace(labels, note="label 4 was read so")).predict(bright_study).notices
    assert notices[-1].text == "Label 4 was read so."


def test_brain_of_a_stripped_image_is_found_well_enough_for_its_midline(bright_study, labels):
    brain = GivenLabels(labels).predict(bright_study).brain
    assert midline_mm(brain, labels.affine) == pytest.approx(0, abs=1)


def test_labels_on_another_grid_are_refused_by_name(bright_study, labels):
    shifted = labels.affine.copy()
    shifted[2, 3] += 1
    with pytest.raises(GeometryError, match=r"bright t1c and edited\.nii\.gz differ: corners"):
        GivenLabels(replace(labels, affine=shifted)).predict(bright_study)
