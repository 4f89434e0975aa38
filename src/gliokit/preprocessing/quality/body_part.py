"""Whether what the images show can be a brain: its volume.

Source: the bounds are wide; an adult brain with its CSF has 1.1-1.8 L (Courchesne et al.,
Radiology 2000;216:672-82, doi:10.1148/radiology.216.3.r00au37672)
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import Limit, QualityCheck
from gliokit.core.geometry import Affine, voxel_volume_mm3
from gliokit.preprocessing.brain import LARGEST_L, MM3_PER_L, SMALLEST_L, extent_mm
from gliokit.preprocessing.quality.judgment import Question

BRAIN_VOLUME = Question(
    "brain-volume",
    Limit(SMALLEST_L, LARGEST_L, "L", "wide of doi:10.1148/radiology.216.3.r00au37672"),
)


def check_body_part(brain: NDArray[np.bool_], affine: Affine) -> QualityCheck:
    """Check the volume of what is taken for the brain (X, Y, Z); its extent stands beside it."""
    liters = np.count_nonzero(brain) * voxel_volume_mm3(affine) / MM3_PER_L
    extent = extent_mm(brain, affine) if brain.any() else (0.0, 0.0, 0.0)
    size = " × ".join(f"{length:.0f}" for length in extent)
    return BRAIN_VOLUME.judge(
        liters,
        fine=f"The brain has {liters:.2f} L and measures {size} mm.",
        doubtful=f"What is taken for the brain has {liters:.2f} L and measures {size} mm: it is "
        "another body part, a whole head, or a part of a brain.",
    )
