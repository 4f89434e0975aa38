"""Heads as they were scanned to one grid, co-registered and stripped, and the way back.

In order: every image is registered rigidly to the reference (`Study.reference`); raw voxels are
carried once, to a grid of 1 mm along the reference's axes, in the patient's own space; the brain
is found in the reference, where the images are not stripped already, and the rest set to 0. Labels
go back through the same matrices, turned round. A study that is co-registered and stripped already
is left alone. An image whose registration is doubtful is left out, and said.

All that is computed is computed of images turned to RAS order, so it does not follow the order in
which they were stored (`gliokit.preprocessing.orientation` has the limit).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Notice
from gliokit.core.geometry import Affine, Grid, bounding_box, to_world
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import check_brain, is_stripped, stripped_brain
from gliokit.preprocessing.brain_extraction import brain_on
from gliokit.preprocessing.carry import carry_image, carry_labels
from gliokit.preprocessing.grids import grid_of_spacing
from gliokit.preprocessing.head_template import template_to
from gliokit.preprocessing.orientation import grid_in_ras, stored_in_ras, turn_to_ras
from gliokit.preprocessing.registration import register_rigid
from gliokit.preprocessing.registration_levels import Reference

WORKING_MM = 1.0  # as the networks that outline tumors were trained
MARGIN = 4  # voxels around the brain
UNMOVED = np.eye(4)
UNMOVED.setflags(write=False)


@dataclass(frozen=True, slots=True)
class Registered:
    """A study as it was scanned, and where each image lies.

    Attributes
    ----------
    study : Study
        Without the images whose registration is doubtful.
    to_native : mapping of MRSequence to (4, 4)
        RAS+ mm of the reference to RAS+ mm of each of its images.
    notices : tuple of Notice
        What was left out and why.
    """

    study: Study
    to_native: Mapping[MRSequence, Affine] = field(repr=False)
    notices: tuple[Notice, ...] = ()

    def scanned_in_place(self) -> dict[MRSequence, Image]:
        """Give every image on its own voxels, laid where it belongs in the reference's space."""
        return {
            sequence: replace(image, affine=np.linalg.inv(self.to_native[sequence]) @ image.affine)
            for sequence, image in self.study.images.items()
        }

    def carried(self, grid: Grid) -> dict[MRSequence, Image]:
        """Carry every image to a grid in the space of the reference, by one interpolation.

        The reference stays as it is where that grid is its own.
        """
        return {
            sequence: image
            if image is self.study.reference and not grid.difference(image.grid)
            else replace(carry_image(image, self.to_native[sequence], grid), sha256=image.sha256)
            for sequence, image in self.study.images.items()
        }


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study on one grid of its own space, and its brain.

    Attributes
    ----------
    study : Study
        Co-registered and stripped.
    brain : (X, Y, Z)
        On its grid.
    """

    study: Study
    brain: NDArray[np.bool_] = field(repr=False)


def on_one_grid(study: Study) -> bool:
    """Tell whether all images lie on the grid of the reference."""
    grid = study.reference.grid
    return not any(grid.difference(image.grid) for image in study.images.values())


def is_prepared(study: Study) -> bool:
    """Tell whether the images lie on one grid and show a brain on a constant background."""
    return on_one_grid(study) and is_stripped(
        [turn_to_ras(image.array, image.affine) for image in study.images.values()],
        grid_in_ras(study.reference.grid).affine,
    )


def register(study: Study) -> Registered:
    """Register every other image of a study to its reference.

    Raises
    ------
    NotAssessableError
        If an image shows no head.
    """
    reference = Reference(study.reference)
    found = {
        sequence: register_rigid(image, reference)
        for sequence, image in study.images.items()
        if image is not study.reference
    }
    doubts = {sequence: one.doubt for sequence, one in found.items() if one.doubt}
    kept = {s: image for s, image in study.images.items() if s not in doubts}
    return Registered(
        replace(study, images=kept),
        {s: found[s].to_moving if s in found else UNMOVED for s in kept},
        tuple(_left_out(sequence, doubt) for sequence, doubt in doubts.items()),
    )


def prepare(registered: Registered) -> Prepared:
    """Carry the images of a study to the working grid and strip them.

    Raises
    ------
    NotAssessableError
        If the reference shows no head.
    BundleError
        If this installation lacks the mean head.
    """
    turned = {s: stored_in_ras(image) for s, image in registered.study.images.items()}
    study = replace(registered.study, images=turned)
    registered = replace(registered, study=study)
    grid = grid_of_spacing(study.reference.grid, WORKING_MM)
    carried = registered.carried(grid)
    reference = study.reference
    if all(is_stripped([image.array], image.affine) for image in study.images.values()):
        inside = stripped_brain([reference.array]).astype(np.uint8)
        brain = carry_labels(LabelMap(inside, reference.affine), UNMOVED, grid).array > 0
    else:
        scanned = registered.scanned_in_place().values()
        brain = brain_on(grid, template_to(reference, study_id=study.study_id), scanned)
    check_brain(brain, grid.affine, study_id=study.study_id)
    box = _with_margin(bounding_box(brain), grid.shape)
    images = {s: _stripped(image, brain, box) for s, image in carried.items()}
    return Prepared(replace(study, images=images), brain[box])


def _stripped(image: Image, brain: NDArray[np.bool_], box: tuple[slice, ...]) -> Image:
    affine = image.affine.copy()
    affine[:3, 3] = to_world(affine, [part.start for part in box])
    inside = np.where(brain[box], image.array[box], np.float32(0))
    return Image(inside, affine, image.source, image.sha256)


def _with_margin(box: tuple[slice, ...], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(max(part.start - MARGIN, 0), min(part.stop + MARGIN, n))
        for part, n in zip(box, shape, strict=True)
    )


def _left_out(sequence: MRSequence, doubt: str) -> Notice:
    text = f"{sequence} was left out, since its registration to the reference failed: {doubt}"
    return Notice("registration-failed", text)
