"""The brain in any MR image of a head: any sequence, tumors and cavities included.

A mean head is registered affinely to the image (`gliokit.preprocessing.head_template`) and brings
its brain along: tissue and all fluid inside the skull, as HD-BET draws it. So a tumor at the
surface or a cavity is brain, whatever it looks like.

Limits: no more than an affine change of shape, so the outline is off by some millimeters where a
head is of another shape; whole heads of adults only.

Source: gliokit's own; the model card of the bundle tells how it was made and tested.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, Grid
from gliokit.core.image import Image
from gliokit.preprocessing.brain import filled_largest, is_stripped, stripped_brain
from gliokit.preprocessing.head_template import likely_brain, template_to

HALF = 0.5  # share of the heads that the mean head was made of


def extract_brain(image: Image) -> NDArray[np.bool_]:
    """Find the brain in an image of a head, (X, Y, Z); a stripped one keeps what it has.

    Parameters
    ----------
    image : Image
        In any orientation and resolution.

    Raises
    ------
    NotAssessableError
        If it shows no head.
    BundleError
        If this installation lacks the mean head.
    """
    if is_stripped([image.array], image.affine):
        return stripped_brain([image.array])
    return brain_on(image.grid, template_to(image))


def brain_on(grid: Grid, to_template: Affine) -> NDArray[np.bool_]:
    """Give the brain on a grid (X, Y, Z), by the motion from there to the mean head."""
    return filled_largest(likely_brain(to_template, grid) > HALF)
