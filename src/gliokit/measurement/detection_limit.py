"""The smallest enhancing tumor that is found in a study: what images can show, and the model finds.

The images. A ball of tumor is sure to be seen if, wherever it lies between the voxels, it fills at
least a stated share of one of them. It lies worst with its center on the corner where eight voxels
meet: each gets an eighth of it. So the ball must hold eight times the share of a voxel, and more
where voxels are so thin that it reaches beyond their neighbors. A smaller one may be seen or not,
by where it happens to lie. Half a voxel is what a label by majority needs; more, where less would
drown in the noise. Enhancement is taken to stand out by half the spread of tissues: in 12 real
cases (TCIA) its median does so by 0.5 to 1.4 of it, and in one that hardly enhances not at all.
Geometry only: vessels, blood and what a reader expects set a higher limit after surgery.

The model. It misses some of what the images show, and outlines some where there is nothing. Both
are measured on simulated patients after surgery: from which volume on it finds nine in ten residual
tumors, and up to which volume it outlines enhancing tumor in nine of ten studies without any (the
limit of the blank of laboratory medicine). A smaller outline cannot be told from none.

The limit of a study is the largest of the three.

Source: the rules are ours. Contrast against noise: Rose, J Opt Soc Am 1948;38:196-208,
doi:10.1364/JOSA.38.000196 (from memory: five standard deviations for certain detection). Limit of
the blank: Armbruster and Pry, Clin Biochem Rev 2008;29 Suppl 1:S49-52 (there at 95 %).
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gliokit.core.errors import GeometryError, SettingsError
from gliokit.core.findings import DetectionLimit, Quantity
from gliokit.core.vocabulary import Region
from gliokit.measurement.volume import MM3_PER_ML

HALF = 0.5
ROSE = 5.0  # standard deviations of the noise
ENHANCEMENT = 0.5  # of the spread of tissues; see above
LIMITS = ("images", "model", "blank")  # all of which must be known
GIVEN = "The labels were given: how small an enhancing tumor would have been drawn is not known."


@dataclass(frozen=True, slots=True)
class SmallestBall:
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
    spacing_mm: ArrayLike,
    contrast_to_noise: float,
    *,
    model: Quantity | None,
    blank: Quantity | None,
    asked: bool = True,
) -> DetectionLimit:
    """Say from which volume on enhancing tumor is told from none in a study, at 90 %.

    Parameters
    ----------
    spacing_mm : (3,)
        Of the T1c image as it was scanned.
    contrast_to_noise : float
        Spread of its tissues over the standard deviation of its noise; `nan` if not known.
    model : Quantity or None
        From which volume on the model finds 90 %, as measured; None where that was not.
    blank : Quantity or None
        Up to which volume it outlines something in 90 % of studies without any; as above.
    asked : bool
        Whether a model outlined the tumor, and not a person.
    """
    shown = _shown(spacing_mm, contrast_to_noise)
    known = [limit for limit in (shown, model, blank) if limit is not None]
    largest = max(known, key=lambda limit: limit.value) if len(known) == len(LIMITS) else None
    parts = [
        _of_study(largest),
        _of_model(model, blank) if asked else GIVEN,
        _of_images(shown, spacing_mm),
    ]
    return DetectionLimit(
        Region.ENHANCING_TUMOR,
        largest and Quantity(largest.value, largest.unit),
        shown,
        model,
        blank,
        " ".join(part for part in parts if part),
    )


def smallest_ball(
    spacing_mm: ArrayLike, *, share: float = HALF, minimum_ml: float = 0.0
) -> SmallestBall:
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
    radius = _radius_filling(share, spacing)
    geometric = 4 / 3 * math.pi * radius**3 / MM3_PER_ML
    limit = max(geometric, minimum_ml)
    rule = (
        f"a ball that fills {share:.0%} of a voxel wherever it lies"
        if geometric >= minimum_ml
        else f"parts below {minimum_ml:g} mL are dropped"
    )
    diameter = 2 * (3 * limit * MM3_PER_ML / (4 * math.pi)) ** (1 / 3)
    return SmallestBall(Quantity(limit, "mL"), Quantity(diameter, "mm"), rule)


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


def _shown(spacing_mm: ArrayLike, contrast_to_noise: float) -> Quantity | None:
    """Give the smallest ball of enhancing tumor that the images show; None if noise hides it."""
    if not contrast_to_noise > 0:
        return None
    share = max(HALF, share_for_contrast(ENHANCEMENT * contrast_to_noise, 1.0))
    return smallest_ball(spacing_mm, share=share).volume if share < 1 else None


def _of_study(limit: Quantity | None) -> str:
    """Say what follows."""
    if limit is None:
        return ""
    step = 10.0 ** (math.floor(math.log10(limit.value)) - 1)  # two digits, rounded up
    value = math.ceil(round(limit.value / step, 6)) * step
    return (
        f"Enhancing tumor is told from none with 90 % probability from {value:.2g} mL on; a "
        "smaller one may be missed, and a smaller outline need not be tumor."
    )


def _of_model(model: Quantity | None, blank: Quantity | None) -> str:
    """Say what the model finds, and what it makes up."""
    if model is None or blank is None:
        return "How small an enhancing tumor this model finds in such a study was not measured."
    between = ""
    if model.interval is not None:
        low, high = model.interval
        between = f" (90 % interval {low:.2g} to {high:.2g} mL)"
    return (
        "In simulated patients after surgery this model finds nine in ten residual tumors of "
        f"{model.value:.2g} mL{between}, and outlines up to {blank.value:.2g} mL in nine of ten "
        "without any."
    )


def _of_images(shown: Quantity | None, spacing_mm: ArrayLike) -> str:
    """Say what can be seen."""
    if shown is None:
        return "In the T1c image the noise hides what fills a single voxel, or was not measured."
    voxel = " × ".join(f"{step:.2g}" for step in np.asarray(spacing_mm).tolist())
    return f"The T1c image, with voxels of {voxel} mm, could show {shown.value:.2g} mL."


def _radius_filling(share: float, spacing: NDArray[np.float64]) -> float:
    """Radius of the ball that fills a share of a voxel wherever it lies."""
    filled = share * float(np.prod(spacing))
    radius = math.cbrt(6 * filled / math.pi)  # of the octant that does
    if radius <= spacing.min():
        return radius
    from scipy.optimize import brentq  # 0.2 s to load, for the few voxels that come here

    return float(brentq(lambda r: _octant_in_box(r, spacing) - filled, 0, np.linalg.norm(spacing)))


def _octant_in_box(radius: float, sides: NDArray[np.float64]) -> float:
    """Volume of an eighth of a ball, centered on a corner of a box, that lies in the box."""
    x, y, z = sorted(sides.tolist())
    if radius <= x:
        return math.pi / 6 * radius**3
    from scipy.integrate import quad

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
