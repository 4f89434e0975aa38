"""Whole heads whose tissue is known, and what is brain in them.

Gaps inside the brain of the label maps (vessels, falx) are closed: brain is tissue and all that
lies inside the skull down to the end of the brainstem, as HD-BET draws it. The layer of dura that
`gliokit.phantom.body.details` adds outside of what label maps have inside the skull is not.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_erosion

from gliokit.phantom.body.anatomy import Anatomy, find_anatomies, read_anatomy
from gliokit.phantom.body.tissue import FIRST_OUTSIDE
from gliokit.phantom.body.tissue import Tissue as Simulated
from gliokit.preprocessing.brain import filled
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.preprocessing.tissue_priors import Tissue

HELD_OUT = 4  # the last label maps by name serve as tests only
CLOSED_MM = 3
TRUTH = {  # what of the simulated tissues is each that is told
    Tissue.WHITE: (Simulated.WHITE_MATTER, Simulated.CEREBELLAR_WHITE, Simulated.BRAINSTEM),
    Tissue.GRAY: (Simulated.CORTEX, Simulated.CEREBELLAR_CORTEX),
    Tissue.DEEP_GRAY: (Simulated.DEEP_GRAY,),
    Tissue.CSF: (Simulated.CSF,),
    Tissue.VENTRICLE: (Simulated.VENTRICLE, Simulated.CHOROID_PLEXUS),
}
HINDBRAIN_OF = {  # and which of them are of the hindbrain
    Simulated.CEREBELLAR_WHITE: Lobe.CEREBELLUM,
    Simulated.CEREBELLAR_CORTEX: Lobe.CEREBELLUM,
    Simulated.BRAINSTEM: Lobe.BRAINSTEM,
}


def read_heads(folder: Path) -> Iterator[Anatomy]:
    """Read the label maps of a folder but for those that serve as tests."""
    for path in find_anatomies(folder)[:-HELD_OUT]:
        yield read_anatomy(path, head=True)


def brain_of(tissues: NDArray[np.uint8], spacing_mm: float = 1.0) -> NDArray[np.bool_]:
    """Tell what is brain among tissues (X, Y, Z), axes running to R, A and S."""
    inside = (tissues > 0) & (tissues < FIRST_OUTSIDE)
    if (tissues == Simulated.DURA).any():
        inside = binary_erosion(inside)
    lowest = np.flatnonzero((tissues == Simulated.BRAINSTEM).any(axis=(0, 1)))[0]
    inside[:, :, :lowest] = False  # fluid around the spinal cord
    closed = binary_closing(inside, iterations=max(1, round(CLOSED_MM / spacing_mm)))
    return filled(closed) | inside
