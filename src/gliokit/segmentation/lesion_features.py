"""What tells a part of an outline that is tumor from one that is not: its description.

The networks' outlines fall into connected parts. Each is described by its size, by what both
networks say inside it, by its intensities in every sequence against the rest of the brain, and
by how it differs from its mirror image on the other side. A sequence that is missing is
described by zeros and by being missing.

Axes are RAS and the view is cut to the brain, so mirroring it about its middle is near to
mirroring the brain about the midline.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.view import INPUTS, View
from gliokit.segmentation.regions import Components

REGIONS = ("WT", "TC", "ET")  # of the first three outputs
FEATURES = (
    "log10 mL",
    *(f"{look} {region} {how}" for look in ("coarse", "fine") for region in REGIONS
      for how in ("highest", "mean")),
    "share seen by coarse",
    "mirrored coarse WT mean",
    *(f"{sequence} {what}" for sequence in INPUTS
      for what in ("mean", "deviation", "against mirrored", "present")),
)  # fmt: skip

Array = NDArray[np.float32]
Vector = NDArray[np.float64]
Voxels = tuple[NDArray[np.intp], ...]


def describe_parts(parts: Components, fine: Array, coarse: Array, view: View) -> Vector:
    """Describe every part of an outline.

    Parameters
    ----------
    parts : Components
        Of the outline, on the view's voxels.
    fine, coarse : (4, X, Y, Z)
        Logits, uncalibrated: joined, and of the coarse network alone.

    Returns
    -------
    (n_parts, len(FEATURES))
        Part 1 first.
    """
    inside = np.nonzero(parts.number)
    part = parts.number[inside].astype(np.intp) - 1
    mirrored = (view.brain.shape[0] - 1 - inside[0], *inside[1:])
    own = _Parts(part, len(parts.milliliters) - 1)
    columns = [*_belief(own, coarse, inside), *_belief(own, fine, inside)]
    columns += [own.mean(coarse[0][inside] > 0), own.mean(coarse[0][mirrored])]
    for sequence in INPUTS:
        columns += _intensity(own, view, sequence, inside, mirrored)
    return np.stack([np.log10(parts.milliliters[1:]), *columns], axis=1)


class _Parts:
    """Sums over parts.

    Parameters
    ----------
    part : (n,)
        Number of the part of each voxel, from 0; no part is empty.
    """

    def __init__(self, part: NDArray[np.intp], number: int) -> None:
        self.part, self.number = part, number
        self.voxels = np.bincount(part, minlength=number).astype(float)
        self._order = np.argsort(part, kind="stable")
        self._starts = np.searchsorted(part[self._order], np.arange(number))

    def mean(self, values: NDArray[np.generic]) -> Vector:
        """Average values (n,) over each part."""
        return np.bincount(self.part, values, self.number) / self.voxels

    def highest(self, values: NDArray[np.generic]) -> Vector:
        """Give the highest of values (n,) in each part."""
        return np.maximum.reduceat(values[self._order], self._starts).astype(np.float64)


def _belief(own: _Parts, logits: Array, inside: Voxels) -> list[Vector]:
    """Highest and mean of the logits of each region of tumor."""
    regions = (region[inside] for region in logits[: len(REGIONS)])
    return [how(region) for region in regions for how in (own.highest, own.mean)]


def _intensity(
    own: _Parts,
    view: View,
    sequence: MRSequence,
    inside: Voxels,
    mirrored: Voxels,
) -> list[Vector]:
    """Mean and deviation of z-scores, and the mean less that of the mirrored part."""
    if sequence not in view.images:
        return [np.zeros(own.number)] * 4
    mean, deviation = view.statistics[sequence]
    image = view.images[sequence]
    deviation = deviation or 1.0  # a constant image
    here = (image[inside] - mean) / deviation
    there = np.where(view.brain[mirrored], (image[mirrored] - mean) / deviation, 0)
    average = own.mean(here)
    spread = np.sqrt(np.maximum(own.mean(here * here) - average**2, 0))
    return [average, spread, average - own.mean(there), np.ones(own.number)]
