"""The smallest residual tumor that a study can show, by a stated rule.

The rule: a ball of tumor is sure to be seen if, wherever it lies between the voxels, it fills at
least a stated share of one of them. It lies worst with its center on the corner where eight voxels
meet: each gets an eighth of it. So the ball must hold eight times the share of a voxel, and more
where voxels are so thin that it reaches beyond their neighbors. A smaller one may be seen or not,
by where it happens to lie.

Half a voxel is what a label by majority needs; `share_for_contrast` gives the share that lifts a
voxel out of the noise. Parts smaller than a minimum volume that the program drops are not found
either, so the limit is never below it.

Limits: geometry only. Vessels, blood and what a reader expects set a higher limit after surgery.

Source: the rule is ours. Contrast against noise: Rose, J Opt Soc Am 1948;38:196-208,
doi:10.1364/JOSA.38.000196 (from memory: five standard deviations for certain detection).
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import quad
from scipy.optimize import brentq

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.core.findings import Quantity
from gliokit.measurement.volume import MM3_PER_ML

HALF = 0.5
ROSE = 5.0  # standard deviations of the noise


@dataclass(frozen=True, slots=True)
class DetectionLimit:
    """Smallest tumor that is sure to be seen.

    Attributes
    ----------
    volume : Quantity
        mL.
    diameter : Quantity
        Of a ball of that volume, mm.
    rule : str
        Sentence that says by which rule.
    """

    volume: Quantity
    diameter: Quantity
    rule: str


def detection_limit(
    spacing_mm: ArrayLike, *, share: float = HALF, minimum_ml: float = 0.0
) -> DetectionLimit:
    """Give the smallest ball of tumor that is sure to be seen on a grid.

    Parameters
    ----------
    spacing_mm : (3,)
        Distance of voxels along each axis; for slices with gaps their thickness is not enough.
    share : float
        Part of a voxel that must be tumor, above 0 and below 1.
    minimum_ml : float
        Smaller parts are dropped by the program.

    Raises
    ------
    GeometryError
        If there are not three positive spacings.
    SettingsError
        If the share is out of range.
    """
    spacing = np.asarray(spacing_mm, dtype=np.float64)
    if spacing.shape != (3,) or not (np.isfinite(spacing) & (spacing > 0)).all():
        raise GeometryError(
            f"spacing is {spacing.tolist()} mm; needed three positive distances, repair the header"
        )
    if not 0 < share < 1:
        raise SettingsError(f"the share of a voxel is {share:g}; needed more than 0, less than 1")
    voxel = float(np.prod(spacing))
    radius = brentq(
        lambda r: _octant_in_box(r, spacing) - share * voxel, 0, float(np.linalg.norm(spacing))
    )
    geometric = 4 / 3 * math.pi * radius**3 / MM3_PER_ML
    limit = max(geometric, minimum_ml)
    rule = (
        f"a ball that fills {share:.0%} of a voxel wherever it lies"
        if geometric >= minimum_ml
        else f"parts below {minimum_ml:g} mL are dropped"
    )
    diameter = 2 * (3 * limit * MM3_PER_ML / (4 * math.pi)) ** (1 / 3)
    return DetectionLimit(Quantity(limit, "mL"), Quantity(diameter, "mm"), rule)


def share_for_contrast(contrast: float, noise: float, *, deviations: float = ROSE) -> float:
    """Give the share of a voxel that must enhance for it to stand out from the noise.

    Parameters
    ----------
    contrast : float
        Intensity of tumor less that of what is around it.
    noise : float
        Standard deviation of the intensity, in the same unit.
    deviations : float
        How far it must stand out.

    Returns
    -------
    float
        1 or more if even a full voxel does not.

    Raises
    ------
    SettingsError
        If contrast or noise is not positive.
    """
    if not (contrast > 0 and noise > 0):
        raise SettingsError(f"contrast {contrast:g} and noise {noise:g} must both be positive")
    return deviations * noise / contrast


def _octant_in_box(radius: float, sides: NDArray[np.float64]) -> float:
    """Volume of an eighth of a ball, centered on a corner of a box, that lies in the box."""
    x, y, z = sorted(sides.tolist())
    if radius <= x:
        return math.pi / 6 * radius**3

    def section(height: float) -> float:
        return _quarter_in_rectangle(math.sqrt(max(radius**2 - height**2, 0.0)), x, y)

    kinks = [math.sqrt(radius**2 - side**2) for side in (x, y, math.hypot(x, y)) if side < radius]
    top = min(z, radius)
    edges = sorted({0.0, top, *(kink for kink in kinks if kink < top)})
    return sum(quad(section, low, high)[0] for low, high in pairwise(edges))


def _quarter_in_rectangle(radius: float, x: float, y: float) -> float:
    """Area of a quarter of a disc, centered on a corner of a rectangle, that lies in it."""
    if radius >= math.hypot(x, y):
        return x * y

    def up_to(side: float) -> float:
        """Integrate the arc from 0 to `side`."""
        side = min(side, radius)
        return 0.5 * (side * math.sqrt(radius**2 - side**2) + radius**2 * math.asin(side / radius))

    if radius == 0:
        return 0.0
    if radius <= y:
        return up_to(x)
    cut = math.sqrt(radius**2 - y**2)  # up to here the arc is above the rectangle
    return y * cut + up_to(x) - up_to(cut)
