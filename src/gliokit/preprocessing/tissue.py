"""Tissue of a brain, whether it has a tumor or not; its midline and lobes.

A stripped study of any sequences is registered affinely to the MNI152 brain. A small network sees
the images at 1 mm and what each place makes likely (`tissue_network`, `tissue_priors`), and tells
tissue, cerebellum and brainstem. The halves are parted by the plane of best symmetry
(`tissue_midline`), lobes of the cerebrum by landmarks of the template (`tissue_lobes`).

Limits: learned from simulated patients only; lesions that nobody outlined are found as ATYPICAL
only in part. Adults only. `docs/tissue.md` has the figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gliokit.core.errors import GeometryError, ImageError, NotAssessableError
from gliokit.core.geometry import Affine, Grid, bounding_box, spacing_mm, to_world
from gliokit.core.image import Image
from gliokit.core.study import REFERENCE_ORDER, Study, shared_grid
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import check_brain, stripped_brain
from gliokit.preprocessing.normalization import brain_statistics
from gliokit.preprocessing.orientation import grid_in_ras, turn_from_ras, turn_to_ras
from gliokit.preprocessing.registration import register_affine
from gliokit.preprocessing.resampling import HALF, SAME, resample, resample_inside
from gliokit.preprocessing.tissue_lobes import HINDBRAIN, lobe_at
from gliokit.preprocessing.tissue_midline import (
    Midline,
    fit_midline,
    right_of_midline_mm,
    template_midline,
)
from gliokit.preprocessing.tissue_network import (
    ANSWERS,
    NETWORK_MM,
    Answer,
    network_input,
    tissue_evidence,
)
from gliokit.preprocessing.tissue_priors import NORMAL, Tissue, tissue_priors
from gliokit.preprocessing.view import channels

SOLID = (Tissue.WHITE, Tissue.GRAY, Tissue.DEEP_GRAY)


@dataclass(frozen=True, slots=True)
class TissueAnatomy:
    """The tissue of a study.

    Attributes
    ----------
    labels : (X, Y, Z)
        `Tissue` per voxel of the study's grid.
    hindbrain : (X, Y, Z)
        `Lobe.CEREBELLUM` or `BRAINSTEM` of white and gray matter there, else 0.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    to_template : (4, 4)
        RAS+ mm of the study to MNI152 RAS+ mm.
    midline : Midline
        Between left and right, in RAS+ mm of the study.
    """

    labels: NDArray[np.uint8] = field(repr=False)
    hindbrain: NDArray[np.uint8] = field(repr=False)
    affine: Affine
    to_template: Affine
    midline: Midline


@dataclass(frozen=True, slots=True)
class _Voxels:
    """The brain of a study, cut to its box, axes running to R, A and S."""

    images: Mapping[MRSequence, NDArray[np.float32]]  # (X, Y, Z) each
    brain: NDArray[np.bool_]
    tumor: NDArray[np.bool_]
    affine: Affine


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
        If template or network are not installed.
    """
    grid = shared_grid(study)
    if brain is None:
        brain = stripped_brain(image.array for image in study.images.values())
    if tumor is None:
        tumor = np.zeros_like(brain)
    _check_masks(grid, brain, tumor)
    check_brain(brain, grid.affine, study_id=study.study_id)
    with threadpool_limits(1):
        if to_template is None:
            to_template = register_template(study, brain)
        voxels, box = _voxels(study, brain, tumor)
        labels, hindbrain = _labeled(voxels, to_template)
        start = template_midline(to_template)
        midline = fit_midline(labels, voxels.affine, start, tumor=voxels.tumor)
    return TissueAnatomy(
        _on_whole_grid(labels, box, grid),
        _on_whole_grid(hindbrain, box, grid),
        grid.affine,
        to_template,
        midline,
    )


def right_side(anatomy: TissueAnatomy) -> NDArray[np.bool_]:
    """Tell which voxels lie right of the midline, (X, Y, Z)."""
    return right_of_midline_mm(_places(anatomy), anatomy.midline) > 0


def lobes(anatomy: TissueAnatomy) -> NDArray[np.uint8]:
    """Give the approximate `Lobe` of each voxel, (X, Y, Z), also outside the brain.

    Cerebellum and brainstem are what the network told of white and gray matter; lobes of the
    cerebrum, and what is neither, go by the place alone.
    """
    places = to_world(anatomy.to_template, _places(anatomy))
    found = np.where(anatomy.hindbrain > 0, anatomy.hindbrain, lobe_at(places))
    cerebral = np.isin(anatomy.labels, SOLID) & (anatomy.hindbrain == 0)
    cerebral &= np.isin(found, HINDBRAIN)
    found[cerebral] = lobe_at(places[cerebral], cerebral=True)
    return found


def _on_whole_grid(
    array: NDArray[np.uint8], box: tuple[slice, ...], grid: Grid
) -> NDArray[np.uint8]:
    """Put what was found in a box, axes running to R, A and S, on the grid of the study."""
    whole = np.zeros(grid_in_ras(grid).shape, dtype=np.uint8)
    whole[box] = array
    return np.ascontiguousarray(turn_from_ras(whole, grid.affine))


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


def register_template(study: Study, brain: NDArray[np.bool_]) -> Affine:
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
    study: Study, brain: NDArray[np.bool_], tumor: NDArray[np.bool_]
) -> tuple[_Voxels, tuple[slice, ...]]:
    """Turn to R, A, S and cut to the brain; also where the box lies."""
    stored = shared_grid(study)
    grid = grid_in_ras(stored)
    turned = turn_to_ras(brain, stored.affine)
    box = bounding_box(turned)
    affine = grid.affine.copy()
    affine[:3, 3] = to_world(grid.affine, [part.start for part in box])
    within = np.ascontiguousarray(turned[box])
    sick = within & turn_to_ras(tumor, stored.affine)[box]
    images = {}
    for sequence, image in study.images.items():
        array = np.ascontiguousarray(turn_to_ras(image.array, stored.affine)[box])
        inside = array[within & ~sick]
        if not (len(inside) and np.median(inside) > 0):
            raise ImageError(
                f"{image.source}: half of the brain is not above 0; needed is an image of the "
                "whole brain, background 0: check the image and the masks of brain and tumor"
            )
        images[sequence] = array
    return _Voxels(images, within, sick, affine), box


def _labeled(voxels: _Voxels, to_template: Affine) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give `Tissue` and hindbrain per voxel, (X, Y, Z): the network answers at 1 mm."""
    own, fine = spacing_mm(voxels.affine), np.full(3, NETWORK_MM)
    pairs = {s: resample_inside(a, voxels.brain, own, fine) for s, a in voxels.images.items()}
    _, brain = next(iter(pairs.values()))
    images = {sequence: image for sequence, (image, _) in pairs.items()}
    statistics = {s: brain_statistics(image, brain) for s, image in images.items()}
    tumor = resample(voxels.tumor.astype(np.float32), own, fine) >= HALF
    affine = voxels.affine @ _finer(fine / own)
    shares = tissue_evidence(
        network_input(
            channels(images, brain, statistics), _priors(brain, to_template @ affine), brain, tumor
        )
    )
    _softmax_in_place(shares)
    if shares.shape[1:] != voxels.brain.shape or not np.allclose(own, fine, rtol=SAME):
        x, y, z = voxels.brain.shape
        shares = resample(shares, fine, own, shape=(x, y, z))
    hindbrain = _likeliest(shares, {a: a.hindbrain or 0 for a in ANSWERS if a.tissue in SOLID})
    labels = _likeliest(shares, {a: a.tissue for a in ANSWERS})
    labels[~voxels.brain | voxels.tumor] = Tissue.NONE
    hindbrain[~np.isin(labels, (Tissue.WHITE, Tissue.GRAY))] = 0
    return labels, hindbrain


def _softmax_in_place(evidence: NDArray[np.float32]) -> None:
    """Turn evidence (answers, X, Y, Z) into probability."""
    evidence -= evidence.max(axis=0)
    np.exp(evidence, out=evidence)
    evidence /= evidence.sum(axis=0)


def _likeliest(shares: NDArray[np.float32], meanings: Mapping[Answer, int]) -> NDArray[np.uint8]:
    """Give the likeliest meaning per voxel, (X, Y, Z): answers that mean the same add up."""
    sums: dict[int, NDArray[np.float32]] = {}
    for answer, meaning in meanings.items():
        share = shares[ANSWERS.index(answer)]
        sums[meaning] = sums[meaning] + share if meaning in sums else share
    best = np.zeros(shares.shape[1:], dtype=np.uint8)
    most = np.full(shares.shape[1:], -np.inf, dtype=np.float32)
    for meaning, total in sums.items():
        best[total > most] = meaning
        np.maximum(most, total, out=most)
    return best


def _finer(ratio: NDArray[np.float64]) -> Affine:
    """Voxels of a grid whose voxels are `ratio` times as large, in voxels of this one, (4, 4)."""
    matrix = np.diag([*ratio, 1.0])
    matrix[:3, 3] = (ratio - 1) / 2  # outer faces are shared
    return matrix


def _priors(brain: NDArray[np.bool_], to_template: Affine) -> NDArray[np.float32]:
    """Look up what places of the brain make likely, (5, X, Y, Z), by voxel to MNI RAS+ mm."""
    priors = np.zeros((len(NORMAL), *brain.shape), dtype=np.float32)
    priors[:, brain] = tissue_priors().at(to_world(to_template, np.argwhere(brain)))
    return priors
