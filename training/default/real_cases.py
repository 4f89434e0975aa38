"""Real labelled cases for fine-tuning, and how each is changed a little every time it is drawn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.interpolation import at_places
from gliokit.core.vocabulary import MRSequence
from gliokit.io.layouts import find_labels, read_study
from gliokit.io.nifti import read_label_map
from gliokit.learning.augmentation import (
    nearest_voxels,
    scaled_places,
    with_gamma,
    with_smooth_gain,
    within,
)
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.orientation import turn_to_ras
from gliokit.preprocessing.resampling import resample_inside

WELL_SPACED = 0.01  # mm off 1 mm
ZOOM = 0.08  # standard deviation of the log of the scale along each axis
GAMMA = 0.12  # of the log of an exponent on the intensities
BIAS = 0.08  # of the log of a smooth gain
NOISE = 0.02  # largest, of the 99th percentile
THICK, THICKEST = 0.25, 5  # chance of slices averaged over 2 to so many mm


@dataclass(frozen=True, slots=True)
class RealCase:
    """A case at 1 mm, cut to its brain, RAS axes.

    Attributes
    ----------
    name : str
        Of its folder.
    images : mapping of MRSequence to (X, Y, Z)
        Non-negative; 0 outside the brain and only there.
    labels : (X, Y, Z)
        The reference.
    """

    name: str
    images: Mapping[MRSequence, NDArray[np.float32]] = field(repr=False)
    labels: NDArray[np.uint8] = field(repr=False)


def read_cases(folder: Path) -> list[RealCase]:
    """Read every labelled study below a folder, by name."""
    return [read_case(path) for path in sorted(folder.iterdir()) if path.is_dir()]


def read_case(folder: Path) -> RealCase:
    """Read one labelled study."""
    study = read_study(folder, study_id=folder.name)
    path = find_labels(folder)
    if path is None:
        raise FileNotFoundError(f"{folder} holds no label map; add one called seg.nii.gz")
    reference, affine = read_label_map(path), study.reference.affine
    if difference := study.reference.grid.difference(reference.grid):
        raise GeometryError(f"grids of {folder} and its labels differ: {difference}")
    if np.abs(spacing_mm(affine) - 1).max() > WELL_SPACED:
        raise GeometryError(f"{folder}: found {spacing_mm(affine)} mm; needed 1 mm: resample it")
    brain = stripped_brain(image.array for image in study.images.values())
    box = bounding_box(turn_to_ras(brain, affine))
    inside = turn_to_ras(brain, affine)[box]
    images = {}
    for sequence, image in study.images.items():
        values = turn_to_ras(image.array, affine)[box]
        least = max(float(values[inside].max()) * 1e-3, 1e-6)
        images[sequence] = np.where(inside, values.clip(least), np.float32(0))
    labels = turn_to_ras(reference.array, affine)[box]
    return RealCase(folder.name, images, np.ascontiguousarray(labels))


def real_images(
    case: RealCase, rng: np.random.Generator, *, factor: int
) -> tuple[dict[MRSequence, NDArray[np.float32]], RealCase]:
    """Change a case: scale, contrast, gain, noise, slices.

    Returns
    -------
    tuple
        Its images with voxels `factor` times larger, and the changed case at 1 mm.
    """
    shape = case.labels.shape
    places = scaled_places(shape, np.exp(rng.normal(0, ZOOM, 3)))
    nearest = nearest_voxels(places, shape)
    field = within(places, shape)  # beyond it nothing was cut out to show
    brain = np.any([image > 0 for image in case.images.values()], axis=0)[np.ix_(*nearest)] & field
    images = {
        sequence: np.where(brain, changed(at_places(image, places), rng), np.float32(0))
        for sequence, image in case.images.items()
    }
    labels = np.where(field, case.labels[np.ix_(*nearest)], 0).astype(np.uint8)
    turned = RealCase(case.name, images, labels)
    large = np.full(3, float(factor))
    whole = {s: resample_inside(i, brain, np.ones(3), large) for s, i in images.items()}
    return {s: np.where(inside, image, 0) for s, (image, inside) in whole.items()}, turned


def changed(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Give an image (X, Y, Z) another contrast, gain, noise and slice thickness."""
    bright = float(np.percentile(image[image > 0], 99))
    image = with_gamma(image / bright, np.exp(rng.normal(0, GAMMA)))
    image = with_smooth_gain(image, rng.normal(0, BIAS, (4, 4, 4)).astype(np.float32))
    if rng.random() < THICK:
        image = thickened(image, int(rng.integers(2, THICKEST + 1)))
    return noisy(image, rng).clip(1e-4)


def noisy(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Add white noise of a strength that is drawn."""
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return image + np.float32(rng.uniform(0, NOISE)) * noise


def thickened(image: NDArray[np.float32], slices: int) -> NDArray[np.float32]:
    """Average neighboring axial slices and interpolate back, (X, Y, Z)."""
    n = image.shape[2] // slices * slices
    thick = image[..., :n].reshape(*image.shape[:2], -1, slices).mean(axis=-1)
    place = (np.arange(image.shape[2]) - (slices - 1) / 2) / slices
    everywhere = [np.arange(m, dtype=float) for m in image.shape[:2]]
    return at_places(thick.astype(np.float32), [*everywhere, place])


def without(cases: Iterable[RealCase], names: Iterable[str]) -> list[RealCase]:
    """Leave out the cases of some patients."""
    out = set(names)
    return [case for case in cases if case.name not in out]
