"""Training examples of the default model: what its networks see in use, and the regions there.

The coarse network sees the whole brain at 2 mm, the fine one crops at 1 mm, both in z-scores of
the brain at 2 mm. Sequences are left out at random, so that any subset can be asked later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Box
from gliokit.core.image import LabelMap, region_mask
from gliokit.core.interpolation import at_places
from gliokit.core.study import Study, check_labels_grid
from gliokit.core.vocabulary import Label
from gliokit.learning.augmentation import augment, nearest_voxels, scaled_places, within
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.resampling import resample
from gliokit.preprocessing.view import INPUTS, View, channels, on_canvas, resampled, view_of
from gliokit.segmentation.default import FINE_MM, OUTPUTS

Example: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
Rng: TypeAlias = np.random.Generator
Prepared: TypeAlias = Mapping[str, NDArray[np.generic]]

# numbers of the sequences that are kept, in the order of the channels
SUBSETS = [list(kept) for n in (1, 2, 3) for kept in combinations(range(len(INPUTS)), n)]
CROP_STEP = 8  # voxels; the fine network halves its input three times
COARSE_FACTOR = 2  # fine voxels along the side of a coarse one


@dataclass(frozen=True, slots=True)
class Crops:
    """Which crops a network sees.

    Attributes
    ----------
    side : tuple of int
        Voxels, multiples of 8; a side longer than the brain is cut to it.
    spread : int
        Each side is larger or smaller by up to so many times 8 voxels.
    on_tumor : float
        Probability that a crop is centered near the tumor.
    """

    side: tuple[int, int, int] = (96, 96, 96)
    spread: int = 0
    on_tumor: float = 0.85

    def draw(self, labels: NDArray[np.generic], rng: Rng) -> Box:
        """Choose a crop of labels, or of a mask of the tumor, (X, Y, Z)."""
        size = np.array(self.side)
        if self.spread:
            size += CROP_STEP * rng.integers(-self.spread, self.spread + 1, 3)
        size = np.minimum(size, np.array(labels.shape) // CROP_STEP * CROP_STEP)
        room = np.array(labels.shape) - size
        low = rng.integers(0, np.maximum(room, 0) + 1)
        tumor = np.argwhere(labels[::4, ::4, ::4]) * 4
        if len(tumor) and rng.random() < self.on_tumor:
            center = tumor[rng.integers(len(tumor))] + rng.integers(-size // 6, size // 6 + 1)
            low = np.clip(center - size // 2, 0, np.maximum(room, 0))
        low = low // COARSE_FACTOR * COARSE_FACTOR
        return tuple(slice(int(a), int(a + n)) for a, n in zip(low, size, strict=True))


@dataclass(frozen=True, slots=True)
class Changes:
    """How an example is changed each time it is drawn; by default not at all.

    Attributes
    ----------
    left_out : float
        Probability that only a random proper subset of the sequences stays.
    scale : float
        Standard deviation of the logarithm of the scale along each axis.
    augmentation : float
        Probability that it is mirrored, brightened and given noise.
    """

    left_out: float = 0.0
    scale: float = 0.0
    augmentation: float = 0.0

    def draw(self, x: NDArray[np.float32], y: NDArray[np.float32], rng: Rng) -> Example:
        """Change images and regions (4, X, Y, Z)."""
        x = left_out(x, rng, probability=self.left_out)
        x, y = augment(x, y, rng, probability=self.augmentation)
        if self.scale:
            x, y = scaled(x, y, np.exp(rng.normal(0, self.scale, 3)))
        return x, y


def coarse_example(case: Prepared, rng: Rng, changes: Changes, *, crops: Crops) -> Example:
    """Show the brain of a case that `prepared` made, or a crop of it, (4, x, y, z) each."""
    x, y = (on_canvas(case[name].astype(np.float32)) for name in ("coarse", "regions"))
    crop = (slice(None), *crops.draw(y[0] > 0, rng))
    return changes.draw(x[crop], y[crop], rng)


def fine_example(case: Prepared, rng: Rng, changes: Changes, *, crops: Crops) -> Example:
    """Show a crop of a case that `prepared` made, (4, X, Y, Z) each."""
    crop = crops.draw(case["labels"], rng)
    x = case["fine"][(slice(None), *crop)].astype(np.float32)
    return changes.draw(x, regions_of(case["labels"][crop].astype(np.uint8)), rng)


def prepared(study: Study, labels: LabelMap) -> dict[str, NDArray[np.generic]]:
    """Show a study to both networks, with its reference.

    Returns
    -------
    dict
        `coarse` (4, x, y, z) and `fine` (4, X, Y, Z): z-scores, half precision; zeros for what is
        missing. `regions` (4, x, y, z): share of each region in the voxels of `coarse`.
        `labels` (X, Y, Z): on the grid of `fine`.

    Raises
    ------
    GeometryError
        If the grids of images and labels differ.
    """
    check_labels_grid(study, labels)
    view = view_of(study)
    coarse = channels(view.whole, view.inside_whole, view.statistics)
    images, brain = resampled(view.images, view.brain, view.spacing, FINE_MM)
    reference = fine_labels(view, turn_to_ras(labels.array, labels.affine)[view.box])
    return {
        "coarse": coarse.astype(np.float16),
        "fine": channels(images, brain, view.statistics).astype(np.float16),
        "regions": covering(regions_of(reference), coarse.shape[1:], COARSE_FACTOR).astype(
            np.float16
        ),
        "labels": reference,
    }


def fine_labels(view: View, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring labels (X, Y, Z) of a view's own voxels to 1 mm: the commonest of each voxel."""
    most = resample((labels == Label.BACKGROUND).astype(np.float32), view.spacing, FINE_MM)
    commonest = np.zeros(most.shape, dtype=np.uint8)
    for label in np.unique(labels[labels != Label.BACKGROUND]):
        share = resample((labels == label).astype(np.float32), view.spacing, FINE_MM)
        commonest[share > most] = label
        np.maximum(most, share, out=most)
    return commonest


def regions_of(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn labels (X, Y, Z) to the regions that the networks answer with, (4, X, Y, Z)."""
    return np.stack([region_mask(labels, region) for region in OUTPUTS]).astype(np.float32)


def covering(
    masks: NDArray[np.float32], shape: tuple[int, ...], factor: int
) -> NDArray[np.float32]:
    """Average masks (C, X, Y, Z) over blocks of `factor`³ voxels, (C, *shape).

    What a partial block at the far side lacks is empty; what lies beyond `shape` is cut.
    """
    x, y, z = shape
    masks = masks[:, : x * factor, : y * factor, : z * factor]
    missing = [(0, n * factor - m) for n, m in zip(shape, masks.shape[1:], strict=True)]
    whole = np.pad(masks, [(0, 0), *missing])
    return whole.reshape(-1, x, factor, y, factor, z, factor).mean(axis=(2, 4, 6))


def left_out(x: NDArray[np.float32], rng: Rng, *, probability: float) -> NDArray[np.float32]:
    """Leave all but a random proper subset of the sequences out of (4, X, Y, Z), or none.

    Where the subset holds nothing that is there, everything that is there stays.
    """
    if rng.random() >= probability:
        return x
    kept = SUBSETS[rng.integers(len(SUBSETS))]
    only = np.zeros_like(x)
    only[kept] = x[kept]
    return only if only.any() else x


def scaled(x: NDArray[np.float32], y: NDArray[np.float32], scales: NDArray[np.float64]) -> Example:
    """Make an example `1 / scales` times as large around its middle, in the same voxels.

    Parameters
    ----------
    x, y : (C, X, Y, Z)
        Images, 0 outside the brain, and shares of regions; 0 where nothing was there to show.
    scales : (3,)
        Along each axis.
    """
    places = scaled_places(x.shape[1:], scales)
    field = within(places, x.shape[1:])
    nearest = nearest_voxels(places, x.shape[1:])
    inside = (x != 0)[(slice(None), *np.ix_(*nearest))] & field
    nothing = np.float32(0)
    return np.where(inside, at_places(x, places), nothing), np.where(
        field, at_places(y, places), nothing
    )
