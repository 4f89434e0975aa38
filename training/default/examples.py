"""Training examples: a simulated patient, scanned anew each time it is drawn, or a real case.

Example number `index` is drawn from (seed, index) alone: the same on one and on many worker
processes, and after a restart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from gliokit.core.vocabulary import MRSequence
from gliokit.learning.augmentation import mirrored
from gliokit.phantom.scan.acquisition import Body
from gliokit.phantom.scan.scanner import draw_session
from gliokit.phantom.scan.water import water_content
from gliokit.phantom.study import scan_body, strip
from gliokit.preprocessing.normalization import brain_statistics
from gliokit.preprocessing.view import channels, on_canvas
from gliokit.segmentation.examples import covering, left_out, regions_of

COARSE_MM = 2  # statistics come from the coarse image in training as in use

Images = Mapping[MRSequence, NDArray[np.float32]]


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
    crop = recipe.crops.draw(labels, rng)
    images = strip(scan_body(body, session, rng, crop=crop), body, session, crop=crop)
    return Scan(images, whole, labels[crop])


def real_scan(case: RealCase, recipe: Recipe, rng: np.random.Generator) -> Scan:
    """Give a real case, a little changed: the whole brain, or a crop of it."""
    whole, turned = real_images(case, rng, factor=COARSE_MM)
    if recipe.network == "coarse":
        return Scan(whole, whole, turned.labels)
    crop = recipe.crops.draw(turned.labels, rng)
    images = {sequence: image[crop] for sequence, image in turned.images.items()}
    return Scan(images, whole, turned.labels[crop])


def as_example(
    scan: Scan, recipe: Recipe, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Leave sequences out, standardize as in use, average regions to the grid, mirror some."""
    brain_whole = np.any([image > 0 for image in scan.whole.values()], axis=0)
    brain = np.any([image > 0 for image in scan.images.values()], axis=0)
    statistics = {s: brain_statistics(image, brain_whole) for s, image in scan.whole.items()}
    x = left_out(channels(scan.images, brain, statistics), rng, probability=recipe.dropout)
    y = covering(regions_of(scan.labels), brain.shape, recipe.spacing_mm)
    if recipe.network == "coarse":
        box = (slice(None), *bounding_box(brain))
        x, y = on_canvas(x[box]), on_canvas(y[box])
    if rng.random() < 0.5:
        x, y = mirrored(x, space=3), mirrored(y, space=3)
    return x, y
