"""The network that tells the tissue of each voxel, as OpenVINO runs it.

A U-Net that looks at voxels of 1 mm, works at 2, 4 and 8 mm and answers at 1 mm: the tissue, of
cerebellum and brainstem apart from that of the cerebrum. It sees z-scores of the four sequences,
zeros where one is missing; what the place makes likely (`tissue_priors`); the brain, and the tumor
where it is known. `training/anatomy/tissue_network.py` is its shape in torch; it learned from
simulated patients only.

Source: Ronneberger et al., MICCAI 2015, doi:10.1007/978-3-319-24574-4_28 (U-Net)
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gliokit.bundles.bundle import read_bundle, shipped_bundle
from gliokit.bundles.session import Session
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.preprocessing.tissue_priors import NORMAL, Tissue
from gliokit.preprocessing.view import INPUTS

BUNDLE, NETWORK = "anatomy", "tissue"
CHANNELS = len(INPUTS) + len(NORMAL) + 2
STRIDE = 8  # sides are whole multiples of it
NETWORK_MM = 1.0

Array = NDArray[np.float32]


class Answer(NamedTuple):
    """A tissue, and the part of the hindbrain that it belongs to, if to any."""

    tissue: Tissue
    hindbrain: Lobe | None = None


TISSUES = (*NORMAL, Tissue.ATYPICAL)
ANSWERS = (  # numbers from 1, in order
    *(Answer(tissue) for tissue in TISSUES),
    Answer(Tissue.WHITE, Lobe.CEREBELLUM),
    Answer(Tissue.GRAY, Lobe.CEREBELLUM),
    Answer(Tissue.WHITE, Lobe.BRAINSTEM),
)


def network_input(
    scores: Array, priors: Array, brain: NDArray[np.bool_], tumor: NDArray[np.bool_]
) -> Array:
    """Stack what the network sees, (`CHANNELS`, X, Y, Z).

    Parameters
    ----------
    scores : (4, X, Y, Z)
        Z-scores in the brain, in the order of `INPUTS`; 0 elsewhere and where one is missing.
    priors : (5, X, Y, Z)
        Probability of each of `NORMAL` by the place alone.
    brain, tumor : (X, Y, Z)
        Tumor is empty where it is not known.
    """
    masks = np.stack([brain, tumor]).astype(np.float32)
    return np.concatenate([scores, priors * brain, masks])


def tissue_evidence(seen: Array) -> Array:
    """Give the evidence for each of `ANSWERS`, log odds to a constant, (9, X, Y, Z).

    The mean of two looks: as it is, and mirrored and a voxel further, so that the blocks that
    the network works in do not show.

    Raises
    ------
    BundleError
        If this installation lacks the network.
    """
    evidence = _looked(seen, 0)
    evidence += _looked(seen[:, ::-1], 1)[:, ::-1]
    evidence /= 2
    return evidence


def _looked(seen: Array, start: int) -> Array:
    """Look once, so many voxels from the corner of the canvas."""
    sides = seen.shape[1:]
    ends = [-(side + 1) % STRIDE + 1 - start for side in sides]  # room for either start
    padded = np.pad(seen, [(0, 0), *((start, end) for end in ends)])
    found = _session().run(NETWORK, padded[None])[0]
    return found[(slice(None), *(slice(start, start + side) for side in sides))]


@cache
def _session() -> Session:
    return Session(read_bundle(shipped_bundle(BUNDLE)))
