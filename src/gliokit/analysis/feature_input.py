"""A study and its labels, made ready to be described: one grid, the brain and its tissue.

Features are computed on the grid of the labels, which is that of the reference image. Images on
grids of their own are registered and carried there by one interpolation; whole heads are not
stripped, since the brain is a mask.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import ImageError, NotAssessableError
from gliokit.core.image import LabelMap
from gliokit.core.study import Study, check_labels_grid
from gliokit.preprocessing.brain import check_brain, is_stripped, stripped_brain
from gliokit.preprocessing.brain_extraction import brain_on
from gliokit.preprocessing.head_template import template_to
from gliokit.preprocessing.prepare import on_one_grid, register
from gliokit.preprocessing.tissue import TissueAnatomy, find_tissues, lobes, right_side
from gliokit.preprocessing.tissue_priors import Tissue
from gliokit.radiomics.location import Anatomy


@dataclass(frozen=True, slots=True)
class Described:
    """What is described.

    Attributes
    ----------
    study : Study
        On the grid of its reference image.
    anatomy : Anatomy
        The brain there, with ventricles, halves and lobes if they were found.
    white : (X, Y, Z) or None
        White matter on the side away from the tumor; None if it was not found.
    notices : tuple of str
        What is not known, or was left out, and why.
    """

    study: Study
    anatomy: Anatomy
    white: NDArray[np.bool_] | None = field(repr=False, default=None)
    notices: tuple[str, ...] = ()


def ready_to_describe(study: Study, labels: LabelMap, *, tissue: bool) -> Described:
    """Bring a study to the grid of its reference, and find its brain and tissue.

    Parameters
    ----------
    study : Study
        As it was read.
    labels : LabelMap
        On the grid of the reference image.
    tissue : bool
        Whether ventricles, halves, lobes and white matter are looked for.

    Raises
    ------
    GeometryError
        If the labels do not lie there.
    NotAssessableError
        If an image shows no head, or what it shows cannot be a brain.
    BundleError
        If a whole head is given and this installation lacks the mean head.
    """
    check_labels_grid(study, labels)
    study, brain, notices = brain_on_labels(study, labels)
    if not tissue:
        return Described(study, Anatomy(labels.affine, brain), None, notices)
    try:
        found = find_tissues(study, brain=brain, tumor=labels.array > 0)
    except (NotAssessableError, ImageError) as error:
        unknown = f"ventricles, halves and lobes are not known: {error}"
        return Described(study, Anatomy(labels.affine, brain), None, (*notices, unknown))
    right = right_side(found)
    anatomy = Anatomy(
        labels.affine, brain, found.labels == Tissue.VENTRICLE, right & brain, lobes(found)
    )
    return Described(study, anatomy, _white_across(found, labels, right), notices)


def brain_on_labels(
    study: Study, labels: LabelMap
) -> tuple[Study, NDArray[np.bool_], tuple[str, ...]]:
    """Bring a study to the grid of its labels; give the brain there, and what was left out.

    Raises
    ------
    NotAssessableError
        If an image shows no head, or what it shows cannot be a brain.
    """
    notices: tuple[str, ...] = ()
    if not on_one_grid(study):
        registered = register(study)
        carried = registered.carried(study.reference.grid)
        study = replace(registered.study, images=carried)
        notices = tuple(notice.text for notice in registered.notices)
    # a tumor at the surface belongs to the brain
    return study, _brain_of(study) | (labels.array > 0), notices


def _brain_of(study: Study) -> NDArray[np.bool_]:
    grid, arrays = study.reference.grid, [image.array for image in study.images.values()]
    if is_stripped(arrays, grid.affine):
        brain = stripped_brain(arrays)
    else:
        to_template = template_to(study.reference, study_id=study.study_id)
        brain = brain_on(grid, to_template, study.images.values())
    check_brain(brain, grid.affine, study_id=study.study_id)
    return brain


def _white_across(
    tissue: TissueAnatomy, labels: LabelMap, right: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Give white matter of the half that holds less of the tumor."""
    tumor = labels.array > 0
    mostly_right = 2 * np.count_nonzero(tumor & right) > np.count_nonzero(tumor)
    return (tissue.labels == Tissue.WHITE) & (right != mostly_right)
