"""Training examples: a simulated patient, scanned anew each time it is drawn, or a real case.

Example number `index` is drawn from (seed, index) alone: the same on one and on many worker
processes, and after a restart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from patients import TrainingPatient, read_patient
from real_cases import RealCase, real_images
from recipe import Recipe
from torch import Tensor
from torch.utils.data import Dataset

from gliokit.core.geometry import bounding_box
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import MRSequence
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.sampling import mean_blocks
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import scan_body, strip
from gliokit.preprocessing.normalization import brain_statistics
from gliokit.segmentation.default import OUTPUTS
from gliokit.segmentation.view import channels, on_canvas

SUBSETS = [set(kept) for n in (1, 2, 3) for kept in combinations(MRSequence, n)]
CROP_STEP = 8  # voxels; the fine network halves its input three times
COARSE_MM = 2  # statistics come from the coarse image in training as in use

Images = Mapping[MRSequence, NDArray[np.float32]]
Box = tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """Images of one scan, 0 outside the brain, and the truth.

    Attributes
    ----------
    images : mapping of MRSequence to (X, Y, Z)
        What the network sees part of: the whole brain at 2 mm, or a crop at 1 mm.
    whole : mapping of MRSequence to (X, Y, Z)
        The whole brain at 2 mm.
    labels : (X, Y, Z)
        At 1 mm, where `images` are.
    """

    images: Images
    whole: Images
    labels: NDArray[np.uint8]


class Examples(Dataset[tuple[Tensor, Tensor]]):
    """Pairs of images (4, X, Y, Z) and regions (4, X, Y, Z).

    A scan serves `recipe.reuse` examples in a row, with other sequences left out.
    """

    def __init__(self, patients: list[Path], recipe: Recipe, real: Sequence[RealCase] = ()) -> None:
        self.patients = patients
        self.recipe = recipe
        self.real = real
        self._last: tuple[int, Scan] | None = None

    def __len__(self) -> int:
        return self.recipe.steps * self.recipe.batch

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        number = index // self.recipe.reuse
        if self._last is None or self._last[0] != number:
            self._last = number, self._scan(number)
        x, y = as_example(
            self._last[1], self.recipe, np.random.default_rng([self.recipe.seed, index, 1])
        )
        return torch.from_numpy(x), torch.from_numpy(y)

    def _scan(self, number: int) -> Scan:
        rng = np.random.default_rng([self.recipe.seed, number])
        if self.real and rng.random() < self.recipe.real:
            return real_scan(self.real[rng.integers(len(self.real))], self.recipe, rng)
        patient = read_patient(self.patients[rng.integers(len(self.patients))])
        return simulated_scan(patient, self.recipe, rng)


def simulated_scan(patient: TrainingPatient, recipe: Recipe, rng: np.random.Generator) -> Scan:
    """Scan a patient: the whole brain for `coarse`, a crop of it for `fine`."""
    session = draw_session(rng)
    labels = patient.labels
    water = water_content(patient.tissues, 1.0, seed=int(rng.integers(2**31)))
    body = Body(patient.tissues, 1.0, patient.infiltration, water=water)
    whole = strip(scan_body(body, session, rng, factor=COARSE_MM), body, session, factor=COARSE_MM)
    if recipe.network == "coarse":
        return Scan(whole, whole, labels)
    crop = draw_crop(labels, recipe, rng)
    images = strip(scan_body(body, session, rng, crop=crop), body, session, crop=crop)
    return Scan(images, whole, labels[crop])


def real_scan(case: RealCase, recipe: Recipe, rng: np.random.Generator) -> Scan:
    """Give a real case, a little changed: the whole brain, or a crop of it."""
    whole, turned = real_images(case, rng, factor=COARSE_MM)
    if recipe.network == "coarse":
        return Scan(whole, whole, turned.labels)
    crop = draw_crop(turned.labels, recipe, rng)
    images = {sequence: image[crop] for sequence, image in turned.images.items()}
    return Scan(images, whole, turned.labels[crop])


def as_example(
    scan: Scan, recipe: Recipe, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Leave sequences out, standardize as in use, average regions to the grid, mirror some."""
    kept = SUBSETS[rng.integers(len(SUBSETS))] if rng.random() < recipe.dropout else MRSequence
    brain_whole = np.any([image > 0 for image in scan.whole.values()], axis=0)
    brain = np.any([image > 0 for image in scan.images.values()], axis=0)
    statistics = {
        sequence: brain_statistics(scan.whole[sequence], brain_whole) for sequence in kept
    }
    x = channels({sequence: scan.images[sequence] for sequence in kept}, brain, statistics)
    regions = [region_mask(scan.labels, region).astype(np.float32) for region in OUTPUTS]
    y = np.stack([covering(mask, brain.shape, recipe.spacing_mm) for mask in regions])
    if recipe.network == "coarse":
        box = (slice(None), *bounding_box(brain))
        x, y = on_canvas(x[box]), on_canvas(y[box])
    if rng.random() < 0.5:
        x, y = x[:, ::-1], y[:, ::-1]
    return x.copy(), y.copy()


def covering(mask: NDArray[np.float32], shape: tuple[int, ...], factor: int) -> NDArray[np.float32]:
    """Average a mask over blocks; what a partial block at the far side lacks is empty."""
    missing = [(0, n * factor - m) for n, m in zip(shape, mask.shape, strict=True)]
    if any(after > 0 for _, after in missing):
        mask = np.pad(mask, [(0, max(after, 0)) for _, after in missing])
    return mean_blocks(mask, factor)


def draw_crop(labels: NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator) -> Box:
    """Choose a crop in 1 mm voxels, mostly around the tumor."""
    size = np.array(recipe.crop)
    if recipe.crop_spread:
        size += CROP_STEP * rng.integers(-recipe.crop_spread, recipe.crop_spread + 1, 3)
    size = np.minimum(size, np.array(labels.shape) // CROP_STEP * CROP_STEP)
    room = np.array(labels.shape) - size
    low = rng.integers(0, np.maximum(room, 0) + 1)
    tumor = np.argwhere(labels[::4, ::4, ::4] > 0) * 4
    if len(tumor) and rng.random() < recipe.on_tumor:
        center = tumor[rng.integers(len(tumor))] + rng.integers(-size // 6, size // 6 + 1)
        low = np.clip(center - size // 2, 0, np.maximum(room, 0))
    low = low // COARSE_MM * COARSE_MM
    return tuple(slice(int(a), int(a + n)) for a, n in zip(low, size, strict=True))
