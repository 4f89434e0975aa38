"""Labels from probabilities: they nest, and a cavity is believed only after surgery."""

import numpy as np
import pytest

from gliokit.core.vocabulary import Label, Phase
from gliokit.segmentation.regions import (
    BELIEVED,
    SEEN,
    UNDOUBTED,
    cavity_mask,
    drop_small_parts,
    drop_unsure_parts,
    labels_of_regions,
)

SIDE = 20  # voxels of 1 mm: a block of it is 8 mL


def logits_with_cavity(side: int, logit: float) -> np.ndarray:
    """Give edema with a block that is likely a cavity in it, (4, X, Y, Z)."""
    logits = np.full((4, 40, 40, 40), -5, dtype=np.float32)
    logits[0, 4:36, 4:36, 4:36] = 2
    hole = (slice(8, 8 + side),) * 3
    logits[0][hole] = -3
    logits[3][hole] = logit
    return logits


def test_labels_nest_whatever_the_logits_say():
    logits = np.array(
        [[1, 1, 1, -1], [1, 1, -1, 1], [1, -1, 1, 1], [-1, -1, -1, -1]], dtype=np.float32
    )[:, :, None, None]
    labels = labels_of_regions(logits)
    assert labels.ravel().tolist() == [
        Label.ENHANCING,
        Label.NECROTIC_CORE,
        Label.EDEMA,
        Label.BACKGROUND,
    ]


@pytest.mark.parametrize("phase", list(Phase))
def test_a_sure_cavity_is_believed_but_never_before_surgery(phase):
    logits = logits_with_cavity(SIDE, logit=5)
    cavity, notices = cavity_mask(logits, phase, 1.0)
    expected = 0 if phase is Phase.PREOPERATIVE else SIDE**3
    assert np.count_nonzero(cavity) == expected
    assert [notice.code for notice in notices] == (
        ["cavity-seen"] if phase is Phase.UNKNOWN else []
    )


@pytest.mark.parametrize(("side", "logit"), [(SIDE, 1.0), (6, 5.0)])
def test_an_unsure_or_small_cavity_needs_to_be_told_that_it_is_after_surgery(side, logit):
    logits = logits_with_cavity(side, logit)
    unknown, _ = cavity_mask(logits, Phase.UNKNOWN, 1.0)
    told, _ = cavity_mask(logits, Phase.POSTOPERATIVE, 1.0)
    assert not unknown.any()
    assert np.count_nonzero(told) == side**3


def test_what_is_likelier_tumor_is_no_cavity():
    logits = logits_with_cavity(SIDE, logit=5)
    logits[0] = 6
    cavity, notices = cavity_mask(logits, Phase.POSTOPERATIVE, 1.0)
    assert not cavity.any()
    assert [notice.code for notice in notices] == ["no-cavity-seen"]


@pytest.mark.parametrize("phase", list(Phase))
def test_a_learnt_cavity_needs_not_be_likelier_than_tumor_but_needs_surgery(phase):
    logits = logits_with_cavity(SIDE, logit=0.5)
    logits[0] = 6
    logits[3, 32:35, 32:35, 32:35] = 0.5  # less than a tenth of the largest part
    cavity, _ = cavity_mask(logits, phase, 1.0, learnt=True)
    assert np.count_nonzero(cavity) == (SIDE**3 if phase is Phase.POSTOPERATIVE else 0)


def test_specks_of_tumor_are_dropped_and_said_so_and_cavities_stay():
    labels = np.zeros((20, 20, 20), dtype=np.uint8)
    labels[2:9, 2:9, 2:9] = Label.EDEMA
    labels[15, 15, 15] = Label.ENHANCING
    labels[15, 2, 15] = Label.CAVITY
    notices = drop_small_parts(labels, 1.0)
    assert labels[15, 15, 15] == Label.BACKGROUND
    assert labels[15, 2, 15] == Label.CAVITY
    assert labels[5, 5, 5] == Label.EDEMA
    assert [notice.code for notice in notices] == ["small-parts-dropped"]


@pytest.mark.parametrize(
    ("highest", "left", "codes"),
    [
        (UNDOUBTED + 1, 343, ["unsure-parts-dropped"]),
        (BELIEVED + 0.1, 343, ["unsure-parts-dropped", "tumor-unsure"]),
        (BELIEVED - 0.1, 0, ["unsure-parts-dropped"]),
    ],
)
def test_tumor_is_kept_where_the_coarse_look_believes_in_it(highest, left, codes):
    labels = np.zeros((20, 20, 20), dtype=np.uint8)
    labels[2:9, 2:9, 2:9] = Label.EDEMA
    labels[12:16, 12:16, 12:16] = Label.ENHANCING
    coarse = np.full(labels.shape, SEEN - 1, dtype=np.float32)
    coarse[5, 5, 5] = highest
    notices = drop_unsure_parts(labels, coarse, 1.0, complete=True)
    assert np.count_nonzero(labels) == left
    assert [notice.code for notice in notices] == codes


def test_a_brain_without_tumor_needs_no_words_about_what_is_unsure():
    labels = np.zeros((5, 5, 5), dtype=np.uint8)
    assert drop_unsure_parts(labels, np.zeros(labels.shape, np.float32), 1.0, complete=True) == ()


def test_with_a_sequence_missing_an_unsure_tumor_is_kept_and_doubted():
    labels = np.full((9, 9, 9), Label.EDEMA, dtype=np.uint8)
    coarse = np.full(labels.shape, BELIEVED - 0.1, dtype=np.float32)
    notices = drop_unsure_parts(labels, coarse, 1.0, complete=False)
    assert labels.all()
    assert [notice.code for notice in notices] == ["tumor-unsure"]
