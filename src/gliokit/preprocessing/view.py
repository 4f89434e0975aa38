"""A study as the networks of the default model are shown it.

RAS axes, cut to the brain, z-scores of the brain, on a canvas whose sides are whole strides of
the networks. A missing sequence is a channel of zeros, as in training.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, Box, bounding_box, spacing_mm
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import stripped_brain
from gliokit.preprocessing.normalization import brain_statistics, standardize
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.preprocessing.resampling import resample_all_inside

INPUTS = (MRSequence.T1, MRSequence.T1C, MRSequence.T2, MRSequence.FLAIR)
COARSE_MM = np.full(3, 2.0)
STRIDE = 16  # sides of what the networks see; they halve their input 4 and 3 times
CANVAS = (80, 96, 80)  # 2 mm voxels: most brains fit, so one compiled network serves them all

MM3_PER_ML = 1000

Array: TypeAlias = NDArray[np.float32]
Images: TypeAlias = Mapping[MRSequence, Array]


@dataclass(frozen=True, slots=True)
class View:
    """A study as the networks are shown it: RAS axes, cut to the brain, and at 2 mm.

    Attributes
    ----------
    images, brain : (X, Y, Z)
        Of the study's own voxels, and where the brain is in them.
    spacing : (3,)
        Of their voxels, mm.
    whole, inside_whole : (x, y, z)
        The same at 2 mm.
    statistics : mapping of MRSequence to (float, float)
        Mean and standard deviation of each image in the brain at 2 mm: those of its z-scores.
    box, shape : tuple
        Where they lie in the study's grid turned to RAS, and its voxels.
    stored_brain, affine
        The brain on the study's grid as it is stored, and that grid's affine.
    """

    images: Images = field(repr=False)
    brain: NDArray[np.bool_] = field(repr=False)
    spacing: NDArray[np.float64]
    whole: Images = field(repr=False)
    inside_whole: NDArray[np.bool_] = field(repr=False)
    statistics: Mapping[MRSequence, tuple[float, float]]
    box: Box
    shape: tuple[int, ...]
    stored_brain: NDArray[np.bool_] = field(repr=False)
    affine: Affine

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel of `images`."""
        return float(np.prod(self.spacing)) / MM3_PER_ML


def brain_of(study: Study) -> NDArray[np.bool_]:
    """Find the brain on the study's grid as it is stored, (X, Y, Z)."""
    return stripped_brain(image.array for image in study.images.values())


def view_of(study: Study, brain: NDArray[np.bool_] | None = None) -> View:
    """Show a study to the networks.

    Parameters
    ----------
    brain : (X, Y, Z), optional
        Of `brain_of`, where it has been found already.

    Raises
    ------
    GeometryError
        If its images lie on different grids.
    """
    grid = shared_grid(study)
    stored_brain = brain_of(study) if brain is None else brain
    inside = turn_to_ras(stored_brain, grid.affine)
    box = bounding_box(inside)
    images = {
        sequence: np.ascontiguousarray(turn_to_ras(image.array, grid.affine)[box])
        for sequence, image in study.images.items()
    }
    spacing = spacing_mm(grid_in_ras(grid).affine)
    whole, inside_whole = resampled(images, inside[box], spacing, COARSE_MM)
    return View(
        images=images,
        brain=inside[box],
        spacing=spacing,
        whole=whole,
        inside_whole=inside_whole,
        statistics={s: brain_statistics(image, inside_whole) for s, image in whole.items()},
        box=box,
        shape=inside.shape,
        stored_brain=stored_brain,
        affine=grid.affine,
    )


def resampled(
    images: Images,
    brain: NDArray[np.bool_],
    from_mm: NDArray[np.float64],
    to_mm: NDArray[np.float64],
) -> tuple[Images, NDArray[np.bool_]]:
    """Bring images and brain (X, Y, Z) to another spacing."""
    found, inside = resample_all_inside(images.values(), brain, from_mm, to_mm)
    return dict(zip(images, found, strict=True)), inside


def channels(
    images: Images,
    inside: NDArray[np.bool_],
    statistics: Mapping[MRSequence, tuple[float, float]],
) -> Array:
    """Stack z-scores in the order of the networks, (4, X, Y, Z); zeros for what is missing."""
    stack = np.zeros((len(INPUTS), *inside.shape), dtype=np.float32)
    for channel, sequence in enumerate(INPUTS):
        if sequence in images:
            stack[channel] = standardize(images[sequence], inside, statistics[sequence])
    return stack


def on_canvas(array: Array, least: tuple[int, ...] = CANVAS) -> Array:
    """Center a stack (C, X, Y, Z) in zeros: at least so many voxels, in whole strides."""
    pads = [
        (part.start, size - part.stop)
        for part, size in zip(
            placed(array.shape[1:], least), canvas_shape(array.shape[1:], least), strict=True
        )
    ]
    return np.pad(array, [(0, 0), *pads])


def canvas_shape(shape: tuple[int, ...], least: tuple[int, ...]) -> tuple[int, ...]:
    """Voxels of the canvas for an array of `shape`."""
    return tuple(max(m, -(-n // STRIDE) * STRIDE) for n, m in zip(shape, least, strict=True))


def placed(shape: tuple[int, ...], least: tuple[int, ...]) -> Box:
    """Where an array of `shape` lies on its canvas."""
    starts = [(size - n) // 2 for n, size in zip(shape, canvas_shape(shape, least), strict=True)]
    return tuple(slice(start, start + n) for start, n in zip(starts, shape, strict=True))
