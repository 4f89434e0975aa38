"""Small brains: quick to deform, large enough for a tumor."""

import numpy as np
import pytest

from gliokit.phantom.body.anatomy import Anatomy
from gliokit.phantom.body.compartments import compartments_of
from gliokit.phantom.body.tissue import Tissue


@pytest.fixture(scope="session")
def small_brain() -> Anatomy:
    """Give nested shells of CSF, cortex and white matter around a ventricle, 72 mm wide.

    Two halves with a falx of CSF between them, but for a callosum in the middle.
    """
    grid = np.moveaxis(np.indices((96, 96, 96)), 0, -1) - 47.5
    r = np.linalg.norm(grid / [1.0, 1.1, 0.95], axis=-1)
    tissues = np.zeros(r.shape, dtype=np.uint8)
    for radius, tissue in [
        (38, Tissue.CSF),
        (36, Tissue.CORTEX),
        (32, Tissue.WHITE_MATTER),
        (6, Tissue.VENTRICLE),
    ]:
        tissues[r < radius] = tissue
    right = np.broadcast_to(np.arange(96)[:, None, None] >= 48, tissues.shape)
    falx = (np.abs(grid[..., 0]) < 1) & (r < 36) & (np.abs(grid[..., 2] - 10) > 6)
    tissues[falx & (tissues != Tissue.VENTRICLE)] = Tissue.CSF
    return Anatomy(tissues, compartments_of(tissues, right), np.eye(4))
