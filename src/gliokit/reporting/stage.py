"""A study and its labels turned to RAS+, ready to be cut into figures.

Whatever is shown is cut from these volumes, so the way a study is stored cannot be seen in
its report.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError
from gliokit.core.findings import Point
from gliokit.core.geometry import Grid, bounding_box, canonical_axes, spacing_mm, to_voxel
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.reporting.drawing import intensity_window
from gliokit.reporting.views import Voxel

SEQUENCE_ORDER = (MRSequence.T1C, MRSequence.FLAIR, MRSequence.T1, MRSequence.T2)


@dataclass(frozen=True, slots=True)
class Stage:
    """A study turned to RAS+.

    Attributes
    ----------
    stored, grid : Grid
        As stored, and as turned.
    images, labels : (X, Y, Z) each
        On `grid`; images in the order in which they are shown.
    windows : mapping
        Intensities shown black and white, by sequence.
    head : (2, 3)
        First and last voxel of the head along each axis.
    """

    stored: Grid
    grid: Grid
    images: Mapping[MRSequence, NDArray[np.float32]] = field(repr=False)
    labels: NDArray[np.uint8] = field(repr=False)
    windows: Mapping[MRSequence, tuple[float, float]]
    head: NDArray[np.intp]


def set_stage(study: Study, labels: LabelMap) -> Stage:
    """Turn a study and its labels to RAS+.

    Raises
    ------
    GeometryError
        If the images and the labels do not lie on one grid.
    """
    stored = shared_grid(study)
    if difference := stored.difference(labels.grid):
        raise GeometryError(
            f"grids of study {study.study_id} and its labels differ: {difference}; "
            "resample the labels to the study first"
        )
    images = {
        sequence: turn_to_ras(study.images[sequence].array, stored.affine)
        for sequence in SEQUENCE_ORDER
        if sequence in study.images
    }
    return Stage(
        stored=stored,
        grid=grid_in_ras(stored),
        images=images,
        labels=turn_to_ras(labels.array, stored.affine),
        windows={sequence: intensity_window(array) for sequence, array in images.items()},
        head=_head(next(iter(images.values()))),
    )


def focus(stage: Stage, center_mm: Point | None) -> Voxel:
    """Choose the voxel through which the three planes run.

    It is the labelled voxel nearest to `center_mm`, or to the mean of all labelled voxels
    where that is None; the middle of the head where nothing is labelled.
    """
    found = np.argwhere(stage.labels)
    if not len(found):
        x, y, z = (int(middle) for middle in stage.head.mean(axis=0))
        return x, y, z
    target = to_voxel(stage.grid.affine, center_mm) if center_mm else found.mean(axis=0)
    apart = ((found - target) * spacing_mm(stage.grid.affine)) ** 2
    x, y, z = (int(index) for index in found[apart.sum(axis=1).argmin()])
    return x, y, z


def axial_index(stage: Stage, stored_index: int) -> int:
    """Find a slice across the stored head-foot axis on the turned grid."""
    axes, flipped = canonical_axes(stage.stored.affine)
    return stage.stored.shape[axes[2]] - 1 - stored_index if flipped[2] else stored_index


def _head(volume: NDArray[np.float32]) -> NDArray[np.intp]:
    box = bounding_box(volume)
    if not volume[box].size:
        return np.array([(0, 0, 0), np.array(volume.shape) - 1])
    return np.array([[side.start for side in box], [side.stop - 1 for side in box]])
