"""What the reader is told of each shortcoming of a study."""

from dataclasses import replace

import numpy as np
import pytest

from gliokit.analysis.notices import doubts, not_judged
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import MRSequence


@pytest.fixture
def tumor(bright_study):
    labels = np.zeros(bright_study.reference.array.shape, np.uint8)
    labels[10:16, 26:31, 20:24] = 3
    return LabelMap(labels, bright_study.reference.affine)


def codes(notices):
    return [notice.code for notice in notices]


def without(study, *sequences):
    return replace(study, images={s: i for s, i in study.images.items() if s not in sequences})


def test_complete_study_raises_no_doubt(bright_study, tumor):
    assert doubts(bright_study, tumor) == ()
    assert not_judged(bright_study) == ()


@pytest.mark.parametrize("sequence", MRSequence)
def test_missing_sequence_is_named_with_what_follows(bright_study, tumor, sequence):
    (notice,) = doubts(without(bright_study, sequence), tumor)
    assert notice.code == "missing-sequence"
    assert notice.text.lower().startswith(f"no {sequence} image: ")


def test_enhancement_is_not_judged_without_t1c(bright_study):
    assert codes(not_judged(without(bright_study, MRSequence.T1C))) == ["enhancement"]


def test_edema_is_judged_from_either_fluid_sensitive_image(bright_study):
    assert codes(not_judged(without(bright_study, MRSequence.FLAIR))) == []
    assert codes(not_judged(without(bright_study, MRSequence.T2))) == []


def test_edema_is_not_judged_without_flair_and_t2(bright_study):
    study = without(bright_study, MRSequence.FLAIR, MRSequence.T2)
    assert codes(not_judged(study)) == ["edema"]


def test_empty_label_map_says_that_no_tumor_was_outlined(bright_study, tumor):
    nothing = replace(tumor, array=np.zeros_like(tumor.array))
    assert codes(doubts(bright_study, nothing)) == ["no-tumor-seen"]


def test_resection_cavity_alone_is_no_tumor(bright_study, tumor):
    cavity = replace(tumor, array=np.where(tumor.array, 4, 0).astype(np.uint8))
    assert codes(doubts(bright_study, cavity)) == ["no-tumor-seen"]


@pytest.mark.parametrize(("degrees", "expected"), [(29, []), (31, ["oblique-slices"])])
def test_slices_are_oblique_beyond_thirty_degrees(bright_study, tumor, degrees, expected):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    tilt = np.array([[1, 0, 0, 0], [0, cosine, -sine, 0], [0, sine, cosine, 0], [0, 0, 0, 1]])
    assert codes(doubts(bright_study, replace(tumor, affine=tilt))) == expected


@pytest.mark.parametrize(("thickness", "expected"), [(5.0, []), (5.5, ["coarse-spacing"])])
def test_slices_are_coarse_beyond_five_millimeters(bright_study, tumor, thickness, expected):
    affine = np.diag([1, 1, thickness, 1])
    assert codes(doubts(bright_study, replace(tumor, affine=affine))) == expected
