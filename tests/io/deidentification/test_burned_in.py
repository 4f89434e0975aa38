"""Letters in pixels are suspected, a head alone is not."""

import numpy as np

from gliokit.io.deidentification.burned_in import has_burned_in_text
from gliokit.phantom.dicom.identifiers import burn_in


def head():
    rng = np.random.default_rng(1)
    rows, columns = np.indices((160, 160)) - 80
    inside = (rows / 60) ** 2 + (columns / 50) ** 2 < 1
    return (inside * rng.uniform(300, 900, inside.shape) + rng.random(inside.shape)).astype("f4")


def test_letters_beside_the_head_are_suspected():
    picture, _ = burn_in(head(), ("QUILLORY", "12-3456789"), level=1000)
    assert has_burned_in_text(picture.T)


def test_a_head_alone_is_not():
    assert not has_burned_in_text(head())
    assert not has_burned_in_text(np.zeros((9, 9)))
