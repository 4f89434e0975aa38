"""A study and its labels, made ready to be described: one grid, and where the brain is.

Features are computed on the grid of the labels, which is that of the reference image. Images on
grids of their own are registered and carried there by one interpolation; whole heads are not
stripped, since the brain is a mask.
"""

from dataclasses import dataclass, replace

from gliokit.core.findings import Notice
from gliokit.core.study import Study
from gliokit.preprocessing.brain import check_brain, is_stripped, stripped_brain
from gliokit.preprocessing.brain_extraction import brain_on
from gliokit.preprocessing.head_template import template_to
from gliokit.preprocessing.prepare import on_one_grid, register
from gliokit.radiomics.location import Anatomy


@dataclass(frozen=True, slots=True)
class Described:
    """What is described.

    Attributes
    ----------
    study : Study
        On the grid of its reference image.
    anatomy : Anatomy
        The brain there.
    notices : tuple of Notice
        What was left out, and why.
    """

    study: Study
    anatomy: Anatomy
    notices: tuple[Notice, ...] = ()


def ready_to_describe(study: Study) -> Described:
    """Bring a study to the grid of its reference, and find its brain.

    Raises
    ------
    NotAssessableError
        If an image shows no head, or what it shows cannot be a brain.
    BundleError
        If a whole head is given and this installation lacks the mean head.
    """
    notices: tuple[Notice, ...] = ()
    if not on_one_grid(study):
        registered = register(study)
        carried = registered.carried(study.reference.grid)
        study, notices = replace(registered.study, images=carried), registered.notices
    grid, arrays = study.reference.grid, [image.array for image in study.images.values()]
    if is_stripped(arrays, grid.affine):
        brain = stripped_brain(arrays)
    else:
        brain = brain_on(grid, template_to(study.reference, study_id=study.study_id))
    check_brain(brain, grid.affine, study_id=study.study_id)
    return Described(study, Anatomy(grid.affine, brain), notices)
