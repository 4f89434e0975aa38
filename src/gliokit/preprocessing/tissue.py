"""Tissue of a brain, whether it has a tumor or not; its midline and lobes.

A stripped study of any sequences is registered affinely to the MNI152 brain, whose tissue maps
are the priors of a mixture of Gaussians (`tissue_mixture`); neighbors smooth its answer. Fluid is
parted into ventricles and the rest by what hangs together (`tissue_ventricles`), the halves by the
plane of best symmetry (`tissue_midline`), lobes by landmarks of the template (`tissue_lobes`).

Limits: lesions that nobody outlined are found as ATYPICAL only in part, and edema may pass for
gray matter; deep gray rests on its place as much as on its look. With FLAIR alone, gray and white
can hardly be told apart. Adults only. `docs/tissue.md` has the figures.

Source: see the modules named; smoothing: Zhang et al., IEEE Trans Med Imaging 2001;20:45-57,
doi:10.1109/42.906424 (Markov random field), here two rounds of its mean field.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from threadpoolctl import threadpool_limits

from gliokit.core.errors import GeometryError, ImageError, NotAssessableError
from gliokit.core.geometry import Affine, Grid, bounding_box, spacing_mm, to_world
from gliokit.core.image import Image
from gliokit.core.study import REFERENCE_ORDER, Study, shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import check_brain, stripped_brain
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras
from gliokit.preprocessing.registration import register_affine
from gliokit.preprocessing.tissue_lobes import lobe_at
from gliokit.preprocessing.tissue_midline import (
    Midline,
    fit_midline,
    right_of_midline_mm,
    template_midline,
)
from gliokit.preprocessing.tissue_mixture import Part, classify, fit_mixture, part_priors
from gliokit.preprocessing.tissue_priors import NORMAL, Tissue, tissue_priors
from gliokit.preprocessing.tissue_ventricles import find_ventricles

LEARNT_FROM = 40_000  # voxels of the brain
PIECE = 200_000  # voxels classified at a time, to spare memory
RIM_MM = 4.0  # of the brain, where stripping leaves dura and vessels
REST_AT_RIM, REST_INSIDE = 0.15, 0.01  # assumed: share of what is no normal tissue
REST_UNKNOWN = 0.1  # inside, where nobody outlined the tumor
LIKE_NEIGHBORS, SMOOTHED = 0.4, 2  # weight of a neighbor of the same tissue; rounds
LEAST = 1e-6  # probability
LABELS = {
    Part.WHITE: Tissue.WHITE,
    Part.GRAY: Tissue.GRAY,
    Part.FLUID: Tissue.CSF,
    Part.REST: Tissue.ATYPICAL,
    Part.DEEP: Tissue.DEEP_GRAY,
}


@dataclass(frozen=True, slots=True)
class TissueAnatomy:
    """The tissue of a study.

    Attributes
    ----------
    labels : (X, Y, Z)
        `Tissue` per voxel of the study's grid.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    to_template : (4, 4)
        RAS+ mm of the study to MNI152 RAS+ mm.
    midline : Midline
        Between left and right, in RAS+ mm of the study.
    """

    labels: NDArray[np.uint8] = field(repr=False)
    affine: Affine
    to_template: Affine
    midline: Midline


@dataclass(frozen=True, slots=True)
class _Voxels:
    """The brain of a study, cut to its box, axes running to R, A and S."""

    values: Sequence[NDArray[np.float32]]  # (X, Y, Z) each, about 1
    inside: NDArray[np.bool_]  # brain without tumor
    brain: NDArray[np.bool_]
    affine: Affine
    to_template: Affine

    def where(self, chosen: slice) -> tuple[NDArray[np.intp], ...]:
        """Index some voxels of the inside, in the order of a mask."""
        found = np.flatnonzero(self.inside)[chosen]
        return np.unravel_index(found, self.inside.shape)


def find_tissues(
    study: Study,
    *,
    brain: NDArray[np.bool_] | None = None,
    tumor: NDArray[np.bool_] | None = None,
    to_template: Affine | None = None,
) -> TissueAnatomy:
    """Find the tissues of a study's brain.

    Parameters
    ----------
    study : Study
        Any sequences, on one grid.
    brain : (X, Y, Z), optional
        The brain; needed where the images are not stripped.
    tumor : (X, Y, Z), optional
        Tumor, edema and cavity, which are then NONE and have no say.
    to_template : (4, 4), optional
        RAS+ mm of the study to MNI152 RAS+ mm; registered when not given.

    Raises
    ------
    GeometryError
        If images or masks lie on different grids.
    NotAssessableError
        If there is no whole brain, or the template does not fit it.
    ImageError
        If an image is dark in most of the brain.
    BundleError
        If the template is not installed.
    """
    grid = shared_grid(study)
    images = [study.images[sequence] for sequence in MRSequence if sequence in study.images]
    if brain is None:
        brain = stripped_brain(image.array for image in images)
    rest = REST_UNKNOWN if tumor is None else REST_INSIDE
    if tumor is None:
        tumor = np.zeros_like(brain)
    _check_masks(grid, brain, tumor)
    check_brain(brain, grid.affine, study_id=study.study_id)
    with threadpool_limits(1):
        if to_template is None:
            to_template = _registered(study, brain)
        voxels, box = _voxels(images, brain, tumor, to_template)
        labels = _labeled(voxels, rest)
        start = template_midline(to_template)
        midline = fit_midline(labels, voxels.affine, start, tumor=voxels.brain & ~voxels.inside)
    whole = np.zeros(grid_in_ras(grid).shape, dtype=np.uint8)
    whole[box] = labels
    turned = np.ascontiguousarray(turn_from_ras(whole, grid.affine))
    return TissueAnatomy(turned, grid.affine, to_template, midline)


def right_side(anatomy: TissueAnatomy) -> NDArray[np.bool_]:
    """Tell which voxels lie right of the midline, (X, Y, Z)."""
    return right_of_midline_mm(_places(anatomy), anatomy.midline) > 0


def lobes(anatomy: TissueAnatomy) -> NDArray[np.uint8]:
    """Give the approximate `Lobe` of each voxel, (X, Y, Z): by its place, whatever lies there.

    Voxels outside the brain have one too.
    """
    return lobe_at(to_world(anatomy.to_template, _places(anatomy)))


def _places(anatomy: TissueAnatomy) -> NDArray[np.float64]:
    """Where voxels lie, (X, Y, Z, 3) in RAS+ mm."""
    indices = np.moveaxis(np.indices(anatomy.labels.shape, dtype=np.int32), 0, -1)
    return to_world(anatomy.affine, indices)


def _check_masks(grid: Grid, *masks: NDArray[np.bool_]) -> None:
    for mask in masks:
        if mask.shape != grid.shape:
            raise GeometryError(
                f"a mask has {mask.shape} voxels, the images have {grid.shape}; bring it to the "
                "grid of the images"
            )


def _registered(study: Study, brain: NDArray[np.bool_]) -> Affine:
    """Register the template: RAS+ mm of the study to MNI RAS+ mm.

    The first sequence that it fits without doubt decides: some show little but a tumor.
    """
    doubts = []
    for sequence in REFERENCE_ORDER:
        if image := study.images.get(sequence):
            stripped = np.where(brain, image.array, np.float32(0))
            found = register_affine(tissue_priors().t1, Image(stripped, image.affine, image.source))
            if not found.doubt:
                return found.to_moving
            doubts.append(f"{sequence}: {found.doubt}")
    raise NotAssessableError(
        f"study {study.study_id}: its brain does not fit the MNI152 brain; {'; '.join(doubts)}"
    )


def _voxels(
    images: Sequence[Image], brain: NDArray[np.bool_], tumor: NDArray[np.bool_], to_template: Affine
) -> tuple[_Voxels, tuple[slice, ...]]:
    """Turn to R, A, S, cut to the brain, and scale; also where the box lies."""
    grid = grid_in_ras(images[0].grid)
    turned = turn_to_ras(brain, images[0].affine)
    box = bounding_box(turned)
    affine = grid.affine.copy()
    affine[:3, 3] = to_world(grid.affine, [part.start for part in box])
    within = np.ascontiguousarray(turned[box])
    inside = within & ~turn_to_ras(tumor, images[0].affine)[box]
    values = []
    for image in images:
        array = turn_to_ras(image.array, image.affine)[box]
        middle = np.median(array[inside]) if inside.any() else 0.0
        if not middle > 0:
            raise ImageError(
                f"{image.source}: half of the brain is not above 0; needed is an image of the "
                "whole brain, background 0: check the image and the masks of brain and tumor"
            )
        values.append(array / np.float32(middle))
    return _Voxels(values, inside, within, affine, to_template), box


def _labeled(voxels: _Voxels, abnormal: float) -> NDArray[np.uint8]:
    """Give `Tissue` per voxel, (X, Y, Z), by the share of abnormal tissue that is expected."""
    step = spacing_mm(voxels.affine)
    depth = distance_transform_edt(np.pad(voxels.brain, 1), sampling=step)[1:-1, 1:-1, 1:-1]
    rest = np.where(depth <= RIM_MM, np.float32(REST_AT_RIM), np.float32(abnormal))
    number = np.count_nonzero(voxels.inside)
    every = slice(None, None, max(1, number // LEARNT_FROM))
    values, places, priors, _ = _seen(voxels, rest, every)
    mixture = fit_mixture(values, places, priors)
    parts = np.empty((len(LABELS), number), dtype=np.float32)
    chance = np.zeros(voxels.inside.shape, dtype=np.float32)
    for first in range(0, number, PIECE):
        piece = slice(first, first + PIECE)
        values, places, priors, ventricular = _seen(voxels, rest, piece)
        parts[:, piece] = classify(mixture, mixture.corrected(values, places), priors)
        chance[voxels.where(piece)] = ventricular
    found = _smoothed(parts, voxels.inside).argmax(axis=0)
    labels = np.zeros(voxels.inside.shape, dtype=np.uint8)
    labels[voxels.inside] = np.array([LABELS[part] for part in sorted(LABELS)], np.uint8)[found]
    ventricles = find_ventricles(
        labels == Tissue.CSF, chance, step, inner=labels == Tissue.ATYPICAL
    )
    labels[ventricles] = Tissue.VENTRICLE
    return labels


def _seen(
    voxels: _Voxels, rest: NDArray[np.float32], chosen: slice
) -> tuple[NDArray[np.float32], ...]:
    """Look at some voxels of the inside.

    Returns
    -------
    tuple
        Intensities (n, C), places from -1 to 1 in the box (n, 3), priors of each `Part` (7, n),
        and the chance (n,) that fluid there is in a ventricle.
    """
    where = voxels.where(chosen)
    indices = np.stack(where, axis=1)
    points = to_world(voxels.to_template, to_world(voxels.affine, indices))
    tissues = tissue_priors().at(points)
    csf, ventricle = (tissues[NORMAL.index(t)] for t in (Tissue.CSF, Tissue.VENTRICLE))
    last = np.maximum(np.array(voxels.inside.shape) - 1, 1)
    return (
        np.stack([array[where] for array in voxels.values], axis=1),
        (2 * indices / last - 1).astype(np.float32),
        part_priors(tissues, rest[where]),
        ventricle / (csf + ventricle),
    )


def _smoothed(parts: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Let neighbors agree: probabilities (K, n) of the voxels inside (X, Y, Z), to a factor."""
    logs = np.log(parts + np.float32(LEAST))
    shares = parts
    for _ in range(SMOOTHED):
        beliefs = np.stack([_neighbors(share, inside) for share in shares])
        sums = logs + np.float32(LIKE_NEIGHBORS) * beliefs
        shares = np.exp(sums - sums.max(axis=0))
        shares /= shares.sum(axis=0)
    return shares


def _neighbors(share: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Sum a share (n,) over the six neighbors of each voxel inside, (n,)."""
    volume = np.zeros(np.array(inside.shape) + 2, dtype=np.float32)
    middle = volume[1:-1, 1:-1, 1:-1]
    middle[inside] = share
    total = np.zeros_like(middle)
    for axis in range(3):
        for end in (slice(None, -2), slice(2, None)):
            part = [slice(1, -1)] * 3
            part[axis] = end
            total += volume[tuple(part)]
    return total[inside]
