"""What semi-automatic volumetry found: the mask, its volume, and its lesions with diameters."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError
from gliokit.core.findings import Lesion, Quantity
from gliokit.core.geometry import Affine, to_world
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import Label, Region
from gliokit.measurement.lesions import measure_lesions
from gliokit.measurement.volume import volume_ml
from gliokit.measurement.volumetry.canvas import Canvas
from gliokit.measurement.volumetry.edit_log import Edit, apply_edit

MINIMUM_LESION_ML = 0.05  # lesions below get no diameters


@dataclass(frozen=True, slots=True)
class VolumetryResult:
    """Enhancing tumor as outlined.

    Attributes
    ----------
    labels : LabelMap
        The mask, with the label of enhancing tumor.
    volume : Quantity
        mL; without an interval, since no probability was estimated.
    volume_when_shifted : tuple of float or None
        mL if all enhancement read one noise less and one noise more: how firmly the images bound
        the tumor. No confidence interval; None for a side on which nothing would be found.
    lesions : tuple of Lesion
        By falling volume, with diameters. Sides are not meant: no midline was looked for.
    """

    labels: LabelMap = field(repr=False)
    volume: Quantity
    volume_when_shifted: tuple[float | None, float | None]
    lesions: tuple[Lesion, ...]

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The outlined voxels, (X, Y, Z)."""
        return self.labels.array > 0


def measure_outline(
    canvas: Canvas, mask: NDArray[np.bool_], edits: Sequence[Edit]
) -> VolumetryResult:
    """Measure an outline.

    Parameters
    ----------
    mask : (X, Y, Z)
        What the edits gave.
    edits : sequence of Edit
        All that were made, from the first; made again on shifted enhancement.
    """
    labels = LabelMap(np.where(mask, np.uint8(Label.ENHANCING), np.uint8(0)), canvas.affine)
    return VolumetryResult(
        labels=labels,
        volume=Quantity(volume_ml(mask, canvas.affine), "mL"),
        volume_when_shifted=(_shifted_ml(canvas, edits, -1), _shifted_ml(canvas, edits, 1)),
        lesions=measure_lesions(
            labels,
            Region.ENHANCING_TUMOR,
            minimum_ml=MINIMUM_LESION_ML,
            midline_x_mm=_middle_x_mm(canvas.affine, mask.shape),
        ),
    )


def _shifted_ml(canvas: Canvas, edits: Sequence[Edit], noises: float) -> float | None:
    shifted = replace(canvas, enhancement=canvas.enhancement + np.float32(noises))
    mask = np.zeros(canvas.allowed.shape, dtype=bool)
    try:
        for edit in edits:
            mask = apply_edit(shifted, mask, edit)
    except NotAssessableError:
        return None
    return volume_ml(mask, canvas.affine)


def _middle_x_mm(affine: Affine, shape: tuple[int, ...]) -> float:
    return float(to_world(affine, (np.array(shape) - 1) / 2)[0])
