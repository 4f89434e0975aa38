"""What the contrast agent brightened: T1c less T1, after both were put on one scale.

T1 is turned into T1c by a straight line that is fitted in the brain to all but the outliers:
enhancing tissue, vessels and what one of the images spoils. What T1c then has more is enhancement.
It is counted in units of noise: the robust spread of the difference in the brain, which holds the
scanner's noise and all that a straight line cannot match. So one threshold serves all scanners.

Blood that is bright before contrast is no enhancement; it is found as what lies beyond Tukey's
upper fence of T1 in the brain, 1.5 times the interquartile range above the third quartile, since
white matter is the brightest healthy tissue. Tumor that is as bright before contrast goes with it.

Limits: images are co-registered; one straight line, so a coil's shading that differs between the
images shows as enhancement. Vessels and choroid plexus enhance, and are the reader's to leave out.

Source: Rousseeuw and Leroy, Robust Regression and Outlier Detection, Wiley 1987,
doi:10.1002/0471725382 (reweighted least squares within 2.5 robust deviations); Tukey, Exploratory
Data Analysis, Addison-Wesley 1977 (fence; from memory); Chow et al. 2007 as named by the 2019
review (subtraction for volumetry of glioblastoma; its algorithm was not to be had, so this is
ours).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, NotAssessableError

FENCE = 1.5  # interquartile ranges above the third quartile
OUTLIER = 2.5  # robust standard deviations
NORMAL = 1.4826  # standard deviation of a normal distribution over its median absolute deviation
LOOKED_AT = 200_000  # voxels of the brain that the line is fitted to
LEAST_VOXELS = 1000  # assumed: fewer do not tell two tissues apart
MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """T1 in the units of T1c is `intercept + slope * T1`."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class Subtraction:
    """The difference of two images.

    Attributes
    ----------
    enhancement : (X, Y, Z)
        In units of noise; outside the brain too, by the brain's line.
    difference : (X, Y, Z)
        The same in units of T1c.
    blood : (X, Y, Z)
        Bright before contrast, within the brain.
    brain : (X, Y, Z)
        Where the images were matched.
    line : Line
        From T1 to T1c.
    noise : float
        Units of T1c.
    """

    enhancement: NDArray[np.float32] = field(repr=False)
    difference: NDArray[np.float32] = field(repr=False)
    blood: NDArray[np.bool_] = field(repr=False)
    brain: NDArray[np.bool_] = field(repr=False)
    line: Line
    noise: float


def subtract(
    t1: NDArray[np.float32], t1c: NDArray[np.float32], brain: NDArray[np.bool_]
) -> Subtraction:
    """Subtract T1 from T1c.

    Parameters
    ----------
    t1, t1c : (X, Y, Z)
        Before and after contrast, on one grid.
    brain : (X, Y, Z)
        Where the two are matched, tumor included.

    Raises
    ------
    GeometryError
        If shapes differ.
    NotAssessableError
        If the brain is too small, or the images have nothing or all in common.
    """
    _check(t1, t1c, brain)
    before, after = t1[brain].astype(np.float64), t1c[brain].astype(np.float64)
    line = match(before, after)
    rest = after - (line.intercept + line.slope * before)
    offset, noise = robust_spread(rest)
    if noise <= 1e-6 * float(np.ptp(after)):
        raise NotAssessableError(
            "t1 and t1c are one image but for their scale; give the image before contrast as t1"
        )
    line = Line(line.slope, line.intercept + offset)
    difference = (t1c - (line.intercept + line.slope * t1)).astype(np.float32)
    return Subtraction(
        enhancement=(difference / noise).astype(np.float32),
        difference=difference,
        blood=bright_before_contrast(t1, brain),
        brain=brain,
        line=line,
        noise=noise,
    )


def match(before: NDArray[np.float64], after: NDArray[np.float64]) -> Line:
    """Fit a line through the pairs that are no outliers.

    Parameters
    ----------
    before, after : (n,)
        Intensities of the same voxels.

    Raises
    ------
    NotAssessableError
        If either is constant, or one falls as the other rises.
    """
    step = -(-before.size // LOOKED_AT)
    x, y = before[::step], after[::step]
    (low, middle, high), (low_y, middle_y, high_y) = (
        np.percentile(values, (25, 50, 75)) for values in (x, y)
    )
    if high <= low or high_y <= low_y:
        raise NotAssessableError("t1 or t1c is all but constant in the brain; give MR images")
    slope = (high_y - low_y) / (high - low)
    line = Line(float(slope), float(middle_y - slope * middle))
    kept = np.zeros(x.shape, dtype=bool)
    for _ in range(MOST_ROUNDS):
        rest = y - (line.intercept + line.slope * x)
        offset, spread = robust_spread(rest)
        was, kept = kept, np.abs(rest - offset) <= OUTLIER * spread
        if np.array_equal(was, kept):
            break
        line = _least_squares(x[kept], y[kept])
    if line.slope <= 0:
        raise NotAssessableError(
            "t1c falls where t1 rises; needed two T1-weighted images of one head on one grid"
        )
    return line


def bright_before_contrast(
    t1: NDArray[np.float32], brain: NDArray[np.bool_], *, fence: float = FENCE
) -> NDArray[np.bool_]:
    """Find what is too bright on T1 for healthy tissue, such as subacute blood.

    Parameters
    ----------
    t1 : (X, Y, Z)
        Before contrast.
    brain : (X, Y, Z)
        Nothing outside it is called blood.
    fence : float
        Interquartile ranges above the third quartile.
    """
    first, third = np.percentile(t1[brain], (25, 75))
    return brain & (t1 > third + fence * (third - first))


def robust_spread(values: NDArray[np.float64]) -> tuple[float, float]:
    """Give the median, and the median absolute deviation as a standard deviation."""
    middle = float(np.median(values))
    return middle, NORMAL * float(np.median(np.abs(values - middle)))


def _check(t1: NDArray[np.float32], t1c: NDArray[np.float32], brain: NDArray[np.bool_]) -> None:
    if not t1.shape == t1c.shape == brain.shape:
        raise GeometryError(
            f"t1, t1c and brain have the shapes {t1.shape}, {t1c.shape} and {brain.shape}; "
            "resample them to one grid"
        )
    voxels = np.count_nonzero(brain)
    if voxels < LEAST_VOXELS:
        raise NotAssessableError(
            f"the brain has {voxels} voxels; needed {LEAST_VOXELS} to match t1 with t1c; "
            "give a larger mask"
        )


def _least_squares(x: NDArray[np.float64], y: NDArray[np.float64]) -> Line:
    from_middle = x - x.mean()
    squares = float(from_middle @ from_middle)
    slope = float(from_middle @ y) / squares if squares > 0 else 0.0
    return Line(slope, float(y.mean()) - slope * float(x.mean()))
