"""Pictures to files."""

import numpy as np
import pytest
from PIL import Image as Picture

from gliokit.core.errors import OutputError
from gliokit.io.pictures import write_png


def test_a_picture_reads_back_as_it_was(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", pixels)
    assert np.array_equal(np.asarray(Picture.open(tmp_path / "a.png")), pixels)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_png(tmp_path / "nowhere" / "a.png", np.zeros((2, 2), np.uint8))
