"""The parts of a brain that features of VASARI ask for.

Source: gliokit's own tissues (`gliokit.preprocessing.tissue`), or any atlas brought to the study.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, Box
from gliokit.preprocessing.tissue import TissueAnatomy, lobes
from gliokit.preprocessing.tissue_midline import Midline
from gliokit.preprocessing.tissue_priors import Tissue


@dataclass(frozen=True, slots=True)
class Anatomy:
    """Where the parts of the brain lie, on the grid of the label map.

    Attributes
    ----------
    ventricles, white, cortex : (X, Y, Z)
        Voxels of each, without the tumor.
    lobes : (X, Y, Z)
        `gliokit.preprocessing.tissue_lobes.Lobe` of each voxel, also in the tumor.
    midline : Midline
        Between left and right, RAS+ mm.
    to_template : (4, 4)
        RAS+ mm to MNI152 RAS+ mm.
    """

    ventricles: NDArray[np.bool_] = field(repr=False)
    white: NDArray[np.bool_] = field(repr=False)
    cortex: NDArray[np.bool_] = field(repr=False)
    lobes: NDArray[np.uint8] = field(repr=False)
    midline: Midline
    to_template: Affine

    def cut(self, box: Box) -> "Anatomy":
        """Give the same anatomy within a box of voxels."""
        return Anatomy(
            self.ventricles[box],
            self.white[box],
            self.cortex[box],
            self.lobes[box],
            self.midline,
            self.to_template,
        )


def anatomy_of(tissues: TissueAnatomy) -> Anatomy:
    """Take the parts from the tissues that were found in a study."""
    labels = tissues.labels
    return Anatomy(
        ventricles=labels == Tissue.VENTRICLE,
        white=labels == Tissue.WHITE,
        cortex=labels == Tissue.GRAY,
        lobes=lobes(tissues),
        midline=tissues.midline,
        to_template=tissues.to_template,
    )
