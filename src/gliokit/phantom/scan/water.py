"""Water content of tissue, which varies over centimeters, alike in every sequence.

Wetter tissue has a longer T1 and a longer T2 at once, so that T2, FLAIR and T1 of one place
change together. Edema dries toward its outer border, which is why that border is soft. The
field is the patient's own: every sequence of every visit sees the same one.

Assumed: correlation length, amounts, width of the border.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from gliokit.core.geometry import bounding_box
from gliokit.phantom.body.noise import smooth_field
from gliokit.phantom.body.tissue import FIRST_OUTSIDE, Tissue

FIELD_MM = (7.0, 2.5)  # correlation lengths
SHARES = (0.8, 0.6)  # of the two in the standard deviation
BORDER_MM = 3.0  # width of the soft border of edema
BORDER = 1.5  # by so many standard deviations edema is drier at its border
LARGEST = 2.5  # standard deviations
# log of T1, log of T2 and of proton density, per standard deviation of water
DISEASED = (0.17, 0.34, 0.02)
SWOLLEN = (0.15, 0.26, 0.02)  # edema, whose border is drier already
HEALTHY = (0.035, 0.05, 0.005)
FLUID = (Tissue.CSF, Tissue.VENTRICLE, Tissue.CYST, Tissue.CAVITY_FLUID)


def response() -> NDArray[np.float64]:
    """Log of T1, of T2 and of density per standard deviation of water, (n_tissues, 3)."""
    table = np.zeros((len(Tissue), 3))
    table[Tissue.CORTEX : FIRST_OUTSIDE] = HEALTHY
    table[Tissue.WHITE_MATTER_LESION : Tissue.CALCIFICATION] = DISEASED
    table[Tissue.EDEMA] = SWOLLEN
    table[list(FLUID)] = 0
    return table


def water_content(
    tissues: NDArray[np.uint8], spacing_mm: float, *, seed: int
) -> NDArray[np.float32]:
    """Draw water content against the tissue's usual, (X, Y, Z), in standard deviations.

    Parameters
    ----------
    seed : int
        The patient's: the same at every visit.
    """
    rng = np.random.default_rng(seed)
    coarse, fine = (smooth_field(tissues.shape, mm / spacing_mm, rng) for mm in FIELD_MM)
    field = np.float32(SHARES[0]) * coarse + np.float32(SHARES[1]) * fine
    np.clip(field, -LARGEST, LARGEST, out=field)
    lesion = (tissues >= Tissue.NECROSIS) & (tissues <= Tissue.CALCIFICATION)
    if lesion.any():
        box = bounding_box(lesion)
        sigma = BORDER_MM / spacing_mm
        inside = gaussian_filter(lesion[box].astype(np.float32), sigma, mode="constant")
        edema = tissues[box] == Tissue.EDEMA
        field[box] -= np.float32(BORDER) * edema * (2 - 2 * inside).clip(0, 1)
    return field
