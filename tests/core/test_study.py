"""One session: what it holds, what it lacks, and whether its images lie on one grid."""

import numpy as np
import pytest

from gliokit.core.errors import GeometryError, MissingSequenceError
from gliokit.core.image import Image
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import MRSequence, Phase

T1, T1C, T2, FLAIR = MRSequence


def image(source="image", shift_mm=0):
    affine = np.eye(4)
    affine[2, 3] = shift_mm
    return Image(np.zeros((2, 3, 4), np.float32), affine, source)


def study_of(*sequences):
    return Study("P-007", {sequence: image(sequence) for sequence in sequences})


def test_image_is_found_by_its_sequence():
    assert study_of(T1, FLAIR)[FLAIR].source == "flair"


def test_sequence_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(
        MissingSequenceError, match="study P-007 has no flair image, only t1, t2; add it, or choose"
    ):
        study_of(T2, T1)[FLAIR]


def test_study_without_images_says_none():
    with pytest.raises(MissingSequenceError, match="has no t1 image, only none"):
        study_of()[T1]


def test_missing_sequences_come_in_order():
    assert study_of(T1C).missing == [T1, T2, FLAIR]
    assert study_of(*MRSequence).missing == []


@pytest.mark.parametrize(
    ("present", "reference"),
    [((T1, T1C, T2, FLAIR), T1C), ((T2, FLAIR, T1), T1), ((T2, FLAIR), FLAIR), ((T2,), T2)],
)
def test_reference_is_t1c_then_t1_flair_t2(present, reference):
    assert study_of(*present).reference.source == reference


def test_study_without_images_has_no_reference():
    with pytest.raises(MissingSequenceError, match="has no t1c, t1, flair or t2 image"):
        _ = study_of().reference


def test_day_and_phase_are_unknown_unless_said():
    study = study_of(T1)
    assert study.day is None
    assert study.phase is Phase.UNKNOWN


def test_images_on_one_grid_share_it():
    study = study_of(T1, T1C)
    assert shared_grid(study).difference(study[T1].grid) is None


def test_grids_that_differ_are_refused_with_both_names_and_the_difference():
    study = Study("P-007", {T1C: image("a/t1c.nii"), FLAIR: image("a/flair.nii", shift_mm=3)})
    with pytest.raises(
        GeometryError,
        match=r"a/t1c\.nii and a/flair\.nii differ: corners up to 3 mm apart; co-register",
    ):
        shared_grid(study)
