"""Labels from probabilities: they nest, and a cavity is believed only after surgery."""

import numpy as np
import pytest

from gliokit.core.vocabulary import Label, Phase
from gliokit.segmentation.regions import cavity_mask, drop_small_parts, labels_of_regions

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
    labels = labels_of_regions(logits, cavity=np.zeros(logits.shape[1:], dtype=bool))
    assert labels.ravel().tolist() == [
        Label.ENHANCING,
        Label.NECROTIC_CORE,
        Label.EDEMA,
        Label.BACKGROUND,
    ]


@pytest.mark.parametrize("phase", list(Phase))
def test_a_sure_cavity_is_labelled_but_never_before_surgery(phase):
    logits = logits_with_cavity(SIDE, logit=5)
    cavity, notices = cavity_mask(logits, phase, 1.0)
    labels = labels_of_regions(logits, cavity=cavity)
    expected = 0 if phase is Phase.PREOPERATIVE else SIDE**3
    assert np.count_nonzero(labels == Label.CAVITY) == expected
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
    cavity, _ = cavity_mask(logits, Phase.POSTOPERATIVE, 1.0)
    assert not cavity.any()


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
