"""Training examples: a simulated patient, scanned anew each time it is drawn.

Example number `index` is drawn from (seed, index) alone: the same on one and on many worker
processes, and after a restart.
"""

from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from recipe import Recipe
from torch import Tensor
from torch.utils.data import Dataset

from gliokit.core.image import region_mask
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.body.tissue import labels_of
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.sampling import mean_blocks
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import scan_body, strip
from gliokit.preprocessing.normalization import brain_statistics
from gliokit.segmentation.default import OUTPUTS, channels

SUBSETS = [set(kept) for n in (1, 2, 3) for kept in combinations(MRSequence, n)]
CROP_STEP = 8  # voxels; the fine network halves its input three times
COARSE_MM = 2  # statistics come from the coarse image in training as in use


class SimulatedExamples(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of images (4, X, Y, Z) and regions (3, X, Y, Z)."""

    def __init__(self, patients: list[Path], recipe: Recipe) -> None:
        self.patients = patients
        self.recipe = recipe

    def __len__(self) -> int:
        return self.recipe.steps * self.recipe.batch

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        rng = np.random.default_rng([self.recipe.seed, index])
        tissues = np.load(self.patients[rng.integers(len(self.patients))])
        if rng.random() < 0.5:
            tissues = np.ascontiguousarray(tissues[::-1])
        x, y = draw_example(tissues, self.recipe, rng)
        return torch.from_numpy(x), torch.from_numpy(y)


def draw_example(
    tissues: NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scan a patient and cut one crop from it."""
    session = draw_session(rng)
    labels = labels_of(tissues)
    crop = draw_crop(labels, recipe, rng)
    body = Body(tissues, water=water_content(tissues, 1.0, seed=int(rng.integers(2**31))))
    whole = strip(scan_body(body, session, rng, factor=COARSE_MM), body, session, factor=COARSE_MM)
    if recipe.spacing_mm == COARSE_MM:
        part = tuple(slice(s.start // COARSE_MM, s.stop // COARSE_MM) for s in crop)
        images = {sequence: image[part] for sequence, image in whole.items()}
    else:
        images = strip(scan_body(body, session, rng, crop=crop), body, session, crop=crop)
    kept = SUBSETS[rng.integers(len(SUBSETS))] if rng.random() < recipe.dropout else MRSequence
    brain_whole = np.any([image > 0 for image in whole.values()], axis=0)
    brain = np.any([image > 0 for image in images.values()], axis=0)
    statistics = {sequence: brain_statistics(whole[sequence], brain_whole) for sequence in kept}
    x = channels({sequence: images[sequence] for sequence in kept}, brain, statistics)
    regions = [region_mask(labels[crop], region).astype(np.float32) for region in OUTPUTS]
    y = np.stack([mean_blocks(mask, recipe.spacing_mm) for mask in regions])
    return x, y


def draw_crop(
    labels: NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator
) -> tuple[slice, ...]:
    """Choose a crop in 1 mm voxels, mostly around the tumor."""
    size = np.array(recipe.crop)
    if recipe.crop_spread:
        size += CROP_STEP * rng.integers(-recipe.crop_spread, recipe.crop_spread + 1, 3)
    size = np.minimum(size * recipe.spacing_mm, np.array(labels.shape) // CROP_STEP * CROP_STEP)
    room = np.array(labels.shape) - size
    low = rng.integers(0, np.maximum(room, 0) + 1)
    tumor = np.argwhere(labels[::4, ::4, ::4] > 0) * 4
    if len(tumor) and rng.random() < recipe.on_tumor:
        center = tumor[rng.integers(len(tumor))] + rng.integers(-size // 6, size // 6 + 1)
        low = np.clip(center - size // 2, 0, np.maximum(room, 0))
    low = low // COARSE_MM * COARSE_MM
    return tuple(slice(int(a), int(a + n)) for a, n in zip(low, size, strict=True))
