"""Ghosts of a moving head in the air beside it.

A head that moves, pulses or flows throws copies of itself along the phase axis, and these are
bright where there should be nothing. The air to the left and right of the upper part of the head
is compared with that behind and in front of it: noise is alike in both, a ghost is not. The
figure is the root of the difference of their mean squares over the brightness of the brain: what
noise adds to a mean square does not depend on the ghost, so that noise hides none.

Of the air, the brightest voxels are left out (skin, ghosts of single vessels), and those with the
background's value (padding). Where most of it has that value it was cut away, and nothing is said.

Limits: blood and pulse make ghosts of still heads too, as strong as a head that moves by a
millimeter. Not seen: motion that only blurs, and ghosts along head and foot. No measure inside the
brain was found that tells motion from anatomy (docs/quality.md): a stripped image is not judged.

Source: after the ghost-to-signal ratio of Giannelli et al., J Appl Clin Med Phys 2010;11:3237,
doi:10.1120/jacmp.v11i4.3237; the limit from `benchmarks/motion.py`
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import background_value, filled_largest
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.preprocessing.quality.judgment import Question
from gliokit.preprocessing.quality.noise import block_means

RIM_MM = 15.0  # skull and skin around the brain
OUTLINE_MM = 3.0  # by which the outline of a head is rough
SKIN_SHARE = 0.5  # of the brain's brightness, above which it is skin that reaches further
KEPT = 97  # percent of the air, the darkest
EMPTY = 0.5  # share of the air with one value; a stripped or masked image
FEWEST = 500  # voxels of air on each side
BLOCK_MM, HEAD_SHARE = 4.0, 0.25  # voxels of the outline; of the 98th percentile, above air
CROWN_MM = 60.0  # of the head, from its top: no nose
SKULL_BLOCKS = 3  # of the outline, below which is brain
SPUR_BLOCKS = 2  # half the width of what is no part of the outline: ears, bright ghosts
PLANE = np.ones((3, 3, 1), dtype=bool)

SOURCE = "measured: a tenth above the most of 8 images of real heads, docs/quality.md"
GHOST = Question("ghosting", Limit(None, 0.055, "1", SOURCE))
CUT_AWAY = "Motion is not judged: the air around the head was set to one value."
TOO_LITTLE = "Motion is not judged: there is too little air around the head."


def check_ghosting(sequence: MRSequence, image: Image, brain: NDArray[np.bool_]) -> QualityCheck:
    """Check the air beside the brain (X, Y, Z), on the grid of the image."""
    if not brain.any():
        return GHOST.unanswered("The image shows no brain.", sequence=sequence)
    bright = float(np.median(image.array[brain]))
    left_right, back_front, height = bounding_box(turn_to_ras(brain, image.affine))
    upper = slice((height.start + height.stop) // 2, height.stop)
    figure, why = _ghosts(image, (left_right, back_front, upper), bright, RIM_MM)
    if why:
        return GHOST.unanswered(why, sequence=sequence)
    return GHOST.judge(
        figure,
        sequence=sequence,
        fine=f"Ghosts in the air have {figure:.3f} of the brain's brightness.",
        doubtful=f"Ghosts in the air have {figure:.2f} of the brain's brightness: the head "
        "moved, and fine detail is not to be trusted.",
    )


def ghosts_of(image: Image) -> float:
    """Measure ghosts around a head whose brain is not known; nan where nothing can be told.

    The outline of the head is rough, and bright tissue deep in it stands for the brain.
    """
    turned = turn_to_ras(image.array, image.affine)
    spacing = spacing_mm(grid_in_ras(image.grid).affine)
    size = [max(1, round(BLOCK_MM / mm)) for mm in spacing]
    blocks = block_means(turned, size)
    if not blocks.size:  # thinner than one of them
        return float("nan")
    head = filled_largest(blocks > HEAD_SHARE * np.percentile(blocks, 98))
    slices = np.flatnonzero(head.any(axis=(0, 1)))
    if not slices.size:
        return float("nan")
    lowest = max(slices[-1] + 1 - round(CROWN_MM / (spacing[2] * size[2])), 0)
    head[:, :, :lowest] = False
    closed = ndimage.binary_erosion(ndimage.binary_dilation(head, PLANE), PLANE, border_value=1)
    head = _filled_slices(closed)
    deep = ndimage.binary_erosion(head, PLANE, iterations=SKULL_BLOCKS)
    if not deep.any():
        return float("nan")
    head = ndimage.binary_opening(head, PLANE, iterations=SPUR_BLOCKS)
    box = tuple(
        slice(part.start * step, part.stop * step)
        for part, step in zip(bounding_box(head), size, strict=True)
    )
    return _ghosts(image, box, float(np.median(blocks[deep])), OUTLINE_MM)[0]


def _filled_slices(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what is enclosed in each slice across the third axis: heads are open below."""
    return np.stack([ndimage.binary_fill_holes(part) for part in np.moveaxis(mask, 2, 0)], axis=2)


def _ghosts(
    image: Image, box: tuple[slice, ...], bright: float, rim_mm: float
) -> tuple[float, str]:
    """Compare the air beside a box, in voxels of RAS axes; nan and why where there is none."""
    background = background_value(image.array)
    sides = _air_beside(image, box, rim_mm)
    everything = np.concatenate(sides)
    if everything.size and np.mean(everything == background) > EMPTY:
        return float("nan"), CUT_AWAY
    dark = [air[(air < SKIN_SHARE * bright) & (air != background)] for air in sides]
    if min(air.size for air in dark) < FEWEST:
        return float("nan"), TOO_LITTLE
    across, along = (
        float(np.mean(air[air <= np.percentile(air, KEPT)].astype(np.float64) ** 2)) for air in dark
    )
    return float(np.sqrt(abs(across - along))) / bright, ""


def _air_beside(image: Image, box: tuple[slice, ...], rim_mm: float) -> list[NDArray[np.float32]]:
    """Intensities to the left and right of a box, and behind and in front of it."""
    turned = turn_to_ras(image.array, image.affine)
    spacing = spacing_mm(grid_in_ras(image.grid).affine)
    sides = []
    for axis in (0, 1):
        rim = int(rim_mm // spacing[axis])
        beside = [slice(0, max(0, box[axis].start - rim)), slice(box[axis].stop + rim, None)]
        parts = (
            turned[part, box[1], box[2]] if axis == 0 else turned[box[0], part, box[2]]
            for part in beside
        )
        sides.append(np.concatenate([part.ravel() for part in parts]))
    return sides
