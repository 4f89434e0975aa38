"""Ghosts of a moving head in the air beside it.

A head that moves, pulses or flows throws copies of itself along the phase axis, and these are
bright where there should be nothing. The air to the left and right of the upper half of the
brain is compared with that behind and in front of it: noise is alike in both, a ghost is not.
The figure is their difference over the brightness of the brain.

Limits: needs the air, so a stripped image tells nothing; motion that only blurs, and a ghost
along head and foot, are not seen.

Source: after the ghost-to-signal ratio of Giannelli et al., J Appl Clin Med Phys 2010;11:3237,
doi:10.1120/jacmp.v11i4.3237
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.image import Image
from gliokit.core.vocabulary import MRSequence
from gliokit.preprocessing.brain import background_value
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.preprocessing.quality.judgment import Question

RIM_MM = 15.0  # skull and skin around the brain
SKIN_SHARE = 0.5  # of the brain's brightness, above which it is skin that reaches further
EMPTY = 0.5  # share of the air with one value; a stripped or masked image
FEWEST = 500  # voxels of air on each side

GHOST = Question("ghosting", Limit(None, 0.015, "1", "assumed"))


def check_ghosting(sequence: MRSequence, image: Image, brain: NDArray[np.bool_]) -> QualityCheck:
    """Check the air beside the brain (X, Y, Z), on the grid of the image."""
    if not brain.any():
        return GHOST.unanswered("The image shows no brain.", sequence=sequence)
    bright = float(np.median(image.array[brain]))
    both = [air[air < SKIN_SHARE * bright] for air in air_beside(image, brain)]
    if min(air.size for air in both) < FEWEST:
        return GHOST.unanswered("There is too little air around the head.", sequence=sequence)
    background = background_value(image.array)
    if np.mean(np.concatenate(both) == background) > EMPTY:
        return GHOST.unanswered("The air around the head was cut away.", sequence=sequence)
    across, along = (float(air.mean()) for air in both)
    figure = abs(across - along) / bright
    return GHOST.judge(
        figure,
        sequence=sequence,
        fine=f"Ghosts in the air have {figure:.3f} of the brain's brightness.",
        doubtful=f"Ghosts in the air have {figure:.2f} of the brain's brightness: the head "
        "moved, and fine detail is not to be trusted.",
    )


def air_beside(
    image: Image, brain: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Intensities beside the upper half of the brain (X, Y, Z): left and right, back and front."""
    turned = turn_to_ras(image.array, image.affine)
    box = bounding_box(turn_to_ras(brain, image.affine))
    spacing = spacing_mm(grid_in_ras(image.grid).affine)
    upper = slice((box[2].start + box[2].stop) // 2, box[2].stop)
    sides = []
    for axis in (0, 1):
        rim = int(RIM_MM // spacing[axis])
        beside = [slice(0, max(0, box[axis].start - rim)), slice(box[axis].stop + rim, None)]
        parts = (
            turned[part, box[1], upper] if axis == 0 else turned[box[0], part, upper]
            for part in beside
        )
        sides.append(np.concatenate([part.ravel() for part in parts]))
    return sides[0], sides[1]
