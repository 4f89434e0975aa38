"""Whether brain or tumor is cut off where the image ends.

Three figures. The flat end: area of the largest face at which the brain ends all at once, along
one axis of the voxel grid; a brain that is whole ends in a small cap, or in the brainstem. The
tumor on it, or on the border of the image. And for every image the share of the brain that
lies outside what it shows.

Limits: a cut that is oblique to the voxels of a study that was resampled leaves no flat end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.geometry import (
    Affine,
    Grid,
    bounding_box,
    canonical_axes,
    spacing_mm,
    to_voxel,
    to_world,
)
from gliokit.core.image import Image, LabelMap, region_mask
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.preprocessing.brain import background_value
from gliokit.preprocessing.quality.judgment import MEASURED, Question

CAP_MM = 1.5  # below the outermost voxel of the brain, where the area is taken
FACES = (("left", "right"), ("back", "front"), ("bottom", "top"))
SAMPLED = 7  # every seventh voxel of the brain is looked up
MM2_PER_CM2 = 100

FLAT_END = Question("brain-cut-off", Limit(None, 3000.0, "mm2", MEASURED))
TUMOR_AT_END = Question("tumor-cut-off", Limit(None, 25.0, "mm2", MEASURED))
UNSEEN = Question("field-of-view", Limit(None, 0.02, "1", MEASURED))


@dataclass(frozen=True, slots=True)
class End:
    """Where the brain ends along one axis.

    Attributes
    ----------
    name : str
        Side of the patient.
    area_mm2 : float
        Of the brain just below its outermost voxels.
    border : bool
        Whether these lie on the border of the image.
    place : tuple of int or slice
        The outermost slice, as an index of an array (X, Y, Z).
    """

    name: str
    area_mm2: float
    border: bool
    place: tuple[int | slice, ...]

    @property
    def cut(self) -> bool:
        """Whether the image or the brain ends too soon here."""
        return self.border or not FLAT_END.limit.holds(self.area_mm2)


def check_ends(
    brain: NDArray[np.bool_], affine: Affine, labels: LabelMap | None
) -> tuple[QualityCheck, QualityCheck]:
    """Check the ends of the brain (X, Y, Z), and the tumor there.

    Parameters
    ----------
    labels : LabelMap or None
        On the grid of the brain; None where the tumor was not outlined.
    """
    ends = ends_of(brain, affine)
    flattest = max(ends, key=lambda end: end.area_mm2)
    cm2 = flattest.area_mm2 / MM2_PER_CM2
    whole = FLAT_END.judge(
        flattest.area_mm2,
        fine=f"The brain ends nowhere flatter than by {cm2:.0f} cm² (at the {flattest.name}).",
        doubtful=f"The brain ends at the {flattest.name} by a flat face of {cm2:.0f} cm²: a part "
        "of it was not scanned, and tumor there is not seen.",
    )
    if labels is None:
        return whole, TUMOR_AT_END.unanswered("The tumor was not outlined.")
    tumor = region_mask(labels.array, Region.WHOLE_TUMOR)
    cut = {
        end.name: np.count_nonzero(tumor[end.place]) * _face_mm2(affine, end.place)
        for end in ends
        if end.cut
    }
    where = max(cut, key=lambda name: cut[name], default="")
    area = cut.get(where, 0.0)
    return whole, TUMOR_AT_END.judge(
        area,
        fine="The tumor ends before the image does.",
        doubtful=f"The tumor reaches the {where} end of what was scanned, with {area:.0f} mm²: "
        "its size is that of the scanned part.",
    )


def check_field_of_view(
    sequence: MRSequence, image: Image, brain: NDArray[np.bool_], affine: Affine
) -> QualityCheck:
    """Check how much of the brain (X, Y, Z) an image shows.

    Parameters
    ----------
    image : Image
        On any grid in the same patient space; where it is that of the brain, voxels with the
        background's value are not shown.
    affine : (4, 4)
        Of the brain's grid.
    """
    if Grid(brain.shape, affine).difference(image.grid):
        share = _share_outside(image, brain, affine)
    else:
        share = float(np.mean(image.array[brain] == background_value(image.array)))
    return UNSEEN.judge(
        share,
        sequence=sequence,
        fine=f"It shows {1 - share:.1%} of the brain.",
        doubtful=f"It does not show {share:.1%} of the brain, which was judged without it there.",
    )


def ends_of(brain: NDArray[np.bool_], affine: Affine) -> tuple[End, ...]:
    """Measure the six ends of a brain (X, Y, Z), not empty."""
    box, spacing = bounding_box(brain), spacing_mm(affine)
    axes, flipped = canonical_axes(affine)
    ends = []
    for names, axis, turned in zip(FACES, axes, flipped, strict=True):
        for name, upper in zip(names, (turned, not turned), strict=True):
            outermost = box[axis].stop - 1 if upper else box[axis].start
            below = int(CAP_MM // spacing[axis]) * (-1 if upper else 1)
            place = _slice_at(axis, outermost)
            area = np.count_nonzero(brain[_slice_at(axis, outermost + below)])
            border = outermost in (0, brain.shape[axis] - 1)
            ends.append(End(name, float(area * _face_mm2(affine, place)), border, place))
    return tuple(ends)


def _slice_at(axis: int, index: int) -> tuple[int | slice, ...]:
    return tuple(index if a == axis else slice(None) for a in range(3))


def _face_mm2(affine: Affine, place: tuple[int | slice, ...]) -> float:
    """Area of a voxel in a slice."""
    in_plane = [spacing_mm(affine)[a] for a in range(3) if isinstance(place[a], slice)]
    return float(np.prod(in_plane))


def _share_outside(image: Image, brain: NDArray[np.bool_], affine: Affine) -> float:
    points = to_world(affine, np.argwhere(brain)[::SAMPLED])
    voxels = to_voxel(image.affine, points)
    last = np.array(image.array.shape) - 0.5
    return float(np.mean(((voxels < -0.5) | (voxels > last)).any(axis=1)))
