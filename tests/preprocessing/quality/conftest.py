"""A small brain with gyri, ventricles and a tumor that enhances, seen by four sequences."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import Label, MRSequence

SHAPE, MM = (84, 96, 60), 2.5
MIDDLE = np.array([42, 48, 30])
RADII = np.array([26, 32, 26])
# brightness of fluid, gray matter, white matter, tumor, vessel
BRIGHTNESS = {
    MRSequence.T1: (30, 80, 110, 70, 80),
    MRSequence.T1C: (30, 80, 110, 190, 200),
    MRSequence.T2: (220, 110, 80, 180, 110),
    MRSequence.FLAIR: (30, 120, 95, 190, 120),
}


@dataclass(frozen=True)
class Head:
    """A study, its brain and its tumor, and the same images with a skin and air around them."""

    study: Study
    brain: NDArray[np.bool_]
    labels: LabelMap
    scanned: dict[MRSequence, Image]


@pytest.fixture(scope="session")
def head() -> Head:
    """Give a brain in which nothing is wrong."""
    rng = np.random.default_rng(5)
    place = np.moveaxis(np.indices(SHAPE), 0, -1)
    radius = np.linalg.norm((place - MIDDLE) / RADII, axis=-1)
    brain = radius < 1
    folds = ndimage.gaussian_filter(rng.normal(size=SHAPE), 2)
    vessels = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1)
    tumor = np.linalg.norm(place - [54, 54, 36], axis=-1) < 6
    tissue = np.digitize(folds, np.quantile(folds[brain], (0.15, 0.55)))
    tissue[vessels > np.quantile(vessels[brain], 0.99)] = 4
    tissue[tumor] = 3
    affine = np.diag([MM, MM, MM, 1.0])
    affine[:3, 3] = -MIDDLE * MM
    skin = (radius > 1.1) & (radius < 1.15)
    images, scanned = {}, {}
    for sequence, levels in BRIGHTNESS.items():
        clean = ndimage.gaussian_filter(np.array(levels, dtype=float)[tissue], 0.5)
        clean[~brain] = 0
        noise = rng.normal(0, 2, (2, *SHAPE))
        whole = np.hypot(np.where(skin, 100, clean) + noise[0], noise[1]).astype(np.float32)
        scanned[sequence] = Image(whole, affine, f"raw {sequence}")
        images[sequence] = Image(np.where(brain, whole, 0).astype(np.float32), affine, sequence)
    labels = LabelMap(np.where(tumor, Label.ENHANCING, 0).astype(np.uint8), affine)
    return Head(Study("head", images), brain, labels, scanned)
