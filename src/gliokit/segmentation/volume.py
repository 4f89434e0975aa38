"""A study as the published systems see it: RAS axes, cut to the brain, one stack of images.

Input: one grid, co-registered and skull-stripped. The grid is worked on along its own axes, so
oblique grids keep their tilt; a spacing far from that of the training cohort is the caller's to
mend first.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, Box, bounding_box, spacing_mm
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, check_labels_grid, shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import check_brain, stripped_brain
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras

ALL_FOUR = (MRSequence.T1, MRSequence.T1C, MRSequence.T2, MRSequence.FLAIR)


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """The images of a study on RAS axes, cut to its brain.

    Attributes
    ----------
    images : (C, X, Y, Z)
        In the order that was asked for.
    brain : (X, Y, Z)
        Where the brain is.
    spacing : (3,)
        mm.
    box, shape : tuple
        Where they lie in the study's grid turned to RAS, and its voxels.
    affine : (4, 4)
        Of the study's grid as it is stored.
    """

    images: NDArray[np.float32] = field(repr=False)
    brain: NDArray[np.bool_] = field(repr=False)
    spacing: NDArray[np.float64]
    box: Box
    shape: tuple[int, ...]
    affine: Affine

    def cut(self, labels: LabelMap) -> NDArray[np.uint8]:
        """Turn a label map of the study's grid to RAS and cut it to the brain, (X, Y, Z)."""
        return np.ascontiguousarray(turn_to_ras(labels.array, self.affine)[self.box])

    def back(self, labels: NDArray[np.uint8]) -> LabelMap:
        """Put labels (X, Y, Z) back on the study's grid; nothing outside the brain."""
        whole = np.zeros(self.shape, dtype=np.uint8)
        whole[self.box] = np.where(self.brain, labels, 0)
        stored = np.ascontiguousarray(turn_from_ras(whole, self.affine))
        return LabelMap(stored, self.affine, "segmentation")


def volume_of(study: Study, sequences: Sequence[MRSequence] = ALL_FOUR) -> Volume:
    """Stack the images of a study.

    Raises
    ------
    MissingSequenceError
        If one of the sequences is not there.
    GeometryError
        If the images lie on different grids.
    NotAssessableError
        If they do not show a skull-stripped brain.
    """
    images = [study[sequence] for sequence in sequences]
    grid = shared_grid(study)
    brain = stripped_brain(image.array for image in images)
    check_brain(brain, grid.affine, study_id=study.study_id)
    inside = turn_to_ras(brain, grid.affine)
    box = bounding_box(inside)
    stack = [turn_to_ras(image.array, grid.affine)[box] for image in images]
    return Volume(
        images=np.stack(stack),
        brain=np.ascontiguousarray(inside[box]),
        spacing=spacing_mm(grid_in_ras(grid).affine),
        box=box,
        shape=inside.shape,
        affine=grid.affine,
    )


def labels_of(volume: Volume, labels: LabelMap, study: Study) -> NDArray[np.uint8]:
    """Bring reference labels to the volume, (X, Y, Z).

    Raises
    ------
    GeometryError
        If they lie on another grid than the study.
    """
    check_labels_grid(study, labels)
    return volume.cut(labels)


def normalized(
    volume: Volume,
    statistics: Callable[[NDArray[np.float32], NDArray[np.bool_]], tuple[float, float]],
) -> NDArray[np.float32]:
    """Subtract an offset from each image and divide by a scale; 0 outside the brain, (C, X, Y, Z).

    `statistics` gives offset and scale of an image (X, Y, Z) in the brain (X, Y, Z).
    """
    scaled = np.zeros_like(volume.images)
    for own, image in zip(scaled, volume.images, strict=True):
        offset, scale = statistics(image, volume.brain)
        own[volume.brain] = (image[volume.brain] - offset) / (scale or 1.0)
    return scaled
