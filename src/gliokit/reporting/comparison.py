"""A reference and a prediction of one study, side by side in the slice where they differ most."""

from dataclasses import dataclass, field

import numpy as np

from gliokit.core.image import LabelMap
from gliokit.core.study import Study
from gliokit.reporting.figures import Figure, three_planes
from gliokit.reporting.stage import Stage, set_stage
from gliokit.reporting.views import Voxel

SEQUENCES_SHOWN = 2  # the first that are there, in the order in which they are usually looked at


@dataclass(frozen=True, slots=True)
class Comparison:
    """The pictures of one study: of each sequence, with the reference and with the prediction."""

    system: str
    study_id: str
    caption: str
    figures: tuple[tuple[str, Figure], ...] = field(repr=False)


def compare(
    study: Study, reference: LabelMap, prediction: LabelMap
) -> tuple[tuple[str, Figure], ...]:
    """Picture both label maps in one axial slice.

    Returns
    -------
    tuple of (title, Figure)
        Of each of the first sequences: the reference, then the prediction.

    Raises
    ------
    GeometryError
        If images and labels do not lie on one grid.
    """
    stages = {
        "reference": set_stage(study, reference),
        "prediction": set_stage(study, prediction),
    }
    voxel = _most_different(*stages.values())
    sequences = list(stages["reference"].images)[:SEQUENCES_SHOWN]
    return tuple(
        (title, three_planes(stage, sequence, voxel)[0])
        for sequence in sequences
        for title, stage in stages.items()
    )


def _most_different(reference: Stage, prediction: Stage) -> Voxel:
    """Choose the axial slice with most voxels that differ, and the middle of these in it."""
    differs = reference.labels != prediction.labels
    if not differs.any():
        differs = reference.labels > 0
    if not differs.any():
        x, y, z = (size // 2 for size in reference.labels.shape)
        return x, y, z
    level = int(differs.sum(axis=(0, 1)).argmax())
    x, y = (int(v) for v in np.argwhere(differs[:, :, level]).mean(axis=0).round())
    return x, y, level
