"""Where the brain is likely to be in a head: by a mean head that is registered to it.

The mean head was made of simulated T1 of healthy heads, in MNI space; mutual information makes
it fit any sequence. `training/anatomy/template.py` makes it.

Source: gliokit's own; MNI152 2009a: Fonov et al., NeuroImage 2011;54:313-27,
doi:10.1016/j.neuroimage.2010.07.033
"""

import bz2
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from gliokit.bundles.bundle import read_bundle, shipped_bundle
from gliokit.core.errors import NotAssessableError
from gliokit.core.geometry import Affine, Grid
from gliokit.core.image import Image
from gliokit.preprocessing.carry import carry_image
from gliokit.preprocessing.registration import register_affine

BUNDLE, TEMPLATE = "anatomy", "template.safetensors"
LEVELS = 63  # of 1.0
HALF = 0.5  # share of the heads: the surface of the mean brain
# assumed; four real sequences lie at 4 to 6 mm and share 0.45 to 0.58 nats with it, 32 simulated
# ones lie at up to 9.7 mm and share 0.30 to 0.6, a CT of a chest, by the points that are drawn, at
# 10.0 to 11.3 mm and 0.17 to 0.23; noise shares 0.004
HEAD_LIMIT_MM, LEAST_INFORMATION = 10.0, 0.25


@dataclass(frozen=True, slots=True)
class HeadTemplate:
    """A mean head.

    Attributes
    ----------
    image : Image
        As T1 shows it, in MNI space.
    brain : Image
        Share of heads whose brain is there, 0-1.
    """

    image: Image = field(repr=False)
    brain: Image = field(repr=False)


def template_to(image: Image, *, study_id: str = "of one image") -> Affine:
    """Register the mean head to an image: RAS+ mm of the image to MNI RAS+ mm, (4, 4).

    Raises
    ------
    NotAssessableError
        If the image shows no head that the mean head fits.
    BundleError
        If this installation lacks the mean head.
    """
    found = register_affine(head_template().image, image)
    if found.local_shift_mm > HEAD_LIMIT_MM or found.mutual_information < LEAST_INFORMATION:
        raise NotAssessableError(
            f"study {study_id} shows no head that can be recognized: parts of it lie "
            f"{found.local_shift_mm:.1f} mm from where a mean head has them, at most "
            f"{HEAD_LIMIT_MM:g} mm is trusted, and the two share {found.mutual_information:.3f} "
            f"nats, at least {LEAST_INFORMATION:g} are needed; give MR of a whole adult head"
        )
    return found.to_moving


def likely_brain(to_template: Affine, grid: Grid) -> NDArray[np.float32]:
    """Give the share of heads whose brain is there, (X, Y, Z) on a grid."""
    return carry_image(head_template().brain, to_template, grid).array


@cache
def head_template() -> HeadTemplate:
    """Read the mean head of this package.

    Raises
    ------
    BundleError
        If it is not there.
    """
    kept = load_file(read_bundle(shipped_bundle(BUNDLE)).folder / TEMPLATE)
    affine = kept["affine"].astype(np.float64)
    image, brain = (_inflated(kept[name], kept["shape"]) for name in ("image", "brain"))
    return HeadTemplate(Image(image, affine, "mean head"), Image(brain, affine, "mean brain"))


def _inflated(deflated: NDArray[np.uint8], shape: NDArray[np.int64]) -> NDArray[np.float32]:
    """Read values of 0-1 (X, Y, Z) from deflated levels."""
    levels = np.frombuffer(bz2.decompress(deflated.tobytes()), dtype=np.uint8).reshape(shape)
    return levels.astype(np.float32) / np.float32(LEVELS)
