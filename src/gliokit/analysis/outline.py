"""A study as it was scanned: outlined on the grid it was prepared on, answered on its own.

A study that is co-registered and stripped goes to the segmenter as it is. Any other is prepared
(`gliokit.preprocessing.prepare`) and outlined on the working grid; labels, brain and
probabilities are carried from there, once each, to the grid of the reference image, on which all
is measured and shown, and labels also to the grid of every other image. Labels that a person drew
lie on the reference already: for them the images are only registered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from gliokit.core.findings import Model, Notice
from gliokit.core.geometry import Affine, Grid
from gliokit.core.image import Image, LabelMap
from gliokit.core.study import Study
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.bias_field import BiasField, corrected_study
from gliokit.preprocessing.carry import carry_image, carry_labels
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.preprocessing.prepare import (
    UNMOVED,
    Registered,
    is_prepared,
    on_one_grid,
    prepare,
    register,
)
from gliokit.preprocessing.view import brain_of
from gliokit.segmentation.default import Segmentation
from gliokit.segmentation.probabilities import Probabilities

OnStage = Callable[[str], None]
BIAS_CORRECTED = Notice(
    "bias-field-corrected",
    "The coil's brightness was divided out of the images (N4) before the tumor was outlined, as "
    "asked for. The model was neither trained nor evaluated on such images.",
)


class Segmenter(Protocol):
    """Outlines the tumor of a study."""

    @property
    def model(self) -> Model | None:
        """What made the labels; None where nothing of ours did."""

    @property
    def threads(self) -> int | None:
        """Most threads that may work on a study; None for one per core."""

    def predict(self, study: Study) -> Segmentation:
        """Give labels and brain on the grid of `study.reference`."""


@dataclass(frozen=True, slots=True)
class Outlined:
    """What is shown and measured of a study.

    Attributes
    ----------
    study : Study
        Every used image on the grid of the reference, which is as it was read.
    segmentation : Segmentation
        On that grid.
    scanned : mapping of MRSequence to Image
        Images as they were scanned, lying where registration puts them; none of a study that came
        prepared.
    native : mapping of MRSequence to LabelMap
        Labels on the grid of each image that has another one.
    """

    study: Study
    segmentation: Segmentation
    scanned: Mapping[MRSequence, Image] = field(default_factory=dict, repr=False)
    native: Mapping[MRSequence, LabelMap] = field(default_factory=dict, repr=False)


def outline(
    study: Study,
    segmenter: Segmenter,
    *,
    probabilities: bool,
    on_stage: OnStage,
    bias_field: BiasField = BiasField.NONE,
) -> Outlined:
    """Outline the tumor of a study, prepared or not.

    Parameters
    ----------
    probabilities : bool
        Carry these too, where the segmenter gives any.
    on_stage : callable
        Told the name of each stage as it begins.
    bias_field : BiasField
        What is done about the coil's brightness in the images that a model sees; those that are
        shown and checked stay as they are.

    Raises
    ------
    NotAssessableError
        If the images show no brain.
    BundleError
        If this installation lacks the mean head that finds the brain.
    """
    given = segmenter.model is None
    if given and on_one_grid(study):
        on_stage("outlining the tumor")
        return Outlined(study, segmenter.predict(study))
    n4 = bias_field is BiasField.N4
    if is_prepared(study):
        seen = _corrected(study, brain_of(study), on_stage) if n4 else study
        on_stage("outlining the tumor")
        return Outlined(study, _corrected_notice(segmenter.predict(seen), n4))
    on_stage("registering the images")
    registered = register(study)
    shown = replace(registered.study, images=registered.carried(study.reference.grid))
    scanned = registered.scanned_in_place()
    if given:
        return Outlined(shown, _noted(segmenter.predict(shown), registered), scanned)
    on_stage("finding the brain")
    prepared = prepare(registered)
    seen = _corrected(prepared.study, prepared.brain, on_stage) if n4 else prepared.study
    on_stage("outlining the tumor")
    found = _noted(_corrected_notice(segmenter.predict(seen), n4), registered)
    back = brought_back(found, shown.reference.grid, probabilities=probabilities)
    return Outlined(shown, back, scanned, native_labels(found.labels, registered))


def brought_back(found: Segmentation, grid: Grid, *, probabilities: bool) -> Segmentation:
    """Carry what was found on the working grid to that of the reference."""
    inside = replace(found.labels, array=found.brain.astype(np.uint8))
    asked = found.probabilities if probabilities else None
    return replace(
        found,
        labels=carry_labels(found.labels, UNMOVED, grid),
        brain=carry_labels(inside, UNMOVED, grid).array.astype(bool),
        probabilities=_probabilities_on(grid, asked) if asked else None,
    )


def native_labels(labels: LabelMap, registered: Registered) -> dict[MRSequence, LabelMap]:
    """Carry labels from the working grid to each image that has not the reference's grid."""
    reference = registered.study.reference.grid
    return {
        sequence: carry_labels(labels, back_from(registered.to_native[sequence]), image.grid)
        for sequence, image in registered.study.images.items()
        if reference.difference(image.grid)
    }


def back_from(to_native: Affine) -> Affine:
    """Turn a motion round."""
    return np.linalg.inv(to_native).astype(np.float64)


def _corrected(study: Study, brain: NDArray[np.bool_], on_stage: OnStage) -> Study:
    on_stage("correcting the coil's brightness")
    return corrected_study(study, brain)


def _corrected_notice(found: Segmentation, corrected: bool) -> Segmentation:
    return replace(found, notices=(*found.notices, BIAS_CORRECTED)) if corrected else found


def _noted(found: Segmentation, registered: Registered) -> Segmentation:
    return replace(found, notices=(*registered.notices, *found.notices))


def _probabilities_on(grid: Grid, found: Probabilities) -> Probabilities:
    turned = grid_in_ras(grid)
    carried = []
    for region in found.regions:
        image = carry_image(Image(found.of(region), found.affine), UNMOVED, grid)
        with np.errstate(divide="ignore"):  # a probability of 0 is a logit of minus infinity
            carried.append(logit(turn_to_ras(image.array, grid.affine)))
    whole = tuple(slice(n) for n in turned.shape)
    return Probabilities(found.regions, np.stack(carried), whole, turned.shape, grid.affine)
