"""Whether a registration can be trusted: do the parts of the head lie where it puts them?

The head is cut into blocks of 40 mm. Each looks for its own best place up to 8 mm away along
each axis, where the pairs of intensities in it are those that are common in the whole head. In
one head all blocks stay nearly where they are; in two different heads, or after a registration
that went wrong, they scatter. The figure is the median of their shifts, so that a tumor, a
cavity or a moved jaw does not rule it.

Limits of evidence. The limits were chosen on these images, so they say what separates, not how
often. One head: at most 1.7 mm in 14 simulated pairs, in 36 pairs of sequences of 12 stripped
patients and in 12 pairs of raw images with slices of 5.5 mm; 2.3 mm between visits before and
after chemoradiation. Two heads: at least 8.3 mm in 36 pairs with skull, 3.7 mm in 24 stripped
pairs. `LIMIT_MM` lies between, at equal factors. A brain and a template are two heads that a
change of size brings close: 2.2 to 5.5 mm in 13 images of 7 patients, 8.6 mm and more where a
whole head or a mirrored one was laid on it; `ATLAS_LIMIT_MM` lies between these. Measured apart,
on 60 simulated pairs: `benchmarks/registration_error`.

Source: Rogelj et al., Comput Vis Image Underst 2003;92:1-25, doi:10.1016/S1077-3142(03)00116-4
(information of single points)
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gliokit.preprocessing.affine_motion import Motion
from gliokit.preprocessing.mutual_information import (
    BINS,
    Samples,
    Target,
    interpolate,
    joint_histogram,
    pointwise_information,
)

LIMIT_MM, ATLAS_LIMIT_MM = 3.0, 7.0
BLOCK_MM = 40.0
STEP_MM, STEPS = 4.0, 2  # of the search, to either side
FEWEST_POINTS = 120  # in a block, wherever it is moved
FEWEST_BLOCKS = 12
CHANCE = 0.1  # share of pairs taken as independent, so that a rare pair is no catastrophe


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a motion fits.

    Attributes
    ----------
    local_shift_mm : float
        Median distance of a block's best place from where the motion puts it; NaN without
        blocks.
    blocks : int
        Blocks that both images show.
    """

    local_shift_mm: float
    blocks: int


def measure_fit(samples: Samples, target: Target, motion: Motion) -> Fit:
    """Measure how far blocks of the head lie from where a motion puts them."""
    cells = np.rint(samples.points_mm / BLOCK_MM).astype(int)
    found, block = np.unique(cells, axis=0, return_inverse=True)
    table = _common_pairs(samples, target, motion)
    offsets = np.arange(-STEPS, STEPS + 1) * STEP_MM
    totals = np.zeros((len(offsets) ** 3, len(found)))
    counts = np.zeros_like(totals)
    for row, offset in enumerate(product(offsets, repeat=3)):
        landing = motion.landing_mm + np.array(offset)
        inside, levels, _ = interpolate(samples, target, motion.matrix, landing)
        common = table[samples.bins[inside], np.rint(levels).astype(np.intp)]
        where = block.ravel()[inside]
        totals[row] = np.bincount(where, weights=common, minlength=len(found))
        counts[row] = np.bincount(where, minlength=len(found))
    seen = counts.min(axis=0) >= FEWEST_POINTS
    if not seen.any():
        return Fit(float("nan"), 0)
    quality = (totals[:, seen] / counts[:, seen]).T.reshape(-1, *[len(offsets)] * 3)
    shifts = [np.linalg.norm(_peak(one)) * STEP_MM for one in quality]
    return Fit(float(np.median(shifts)), len(shifts))


def doubt_about(fit: Fit, limit_mm: float) -> str | None:
    """Say in one sentence why a registration is not trusted, or None if it is."""
    if fit.blocks < FEWEST_BLOCKS:
        return (
            f"the registration cannot be checked: both images show only {fit.blocks} blocks of "
            f"{BLOCK_MM:.0f} mm of the head, needed are {FEWEST_BLOCKS}"
        )
    if fit.local_shift_mm > limit_mm:
        return (
            f"the registration is doubtful: parts of the head lie {fit.local_shift_mm:.1f} mm "
            f"(median of {fit.blocks} blocks) from where it puts them, at most {limit_mm:g} mm "
            "is trusted; do both images show the same patient?"
        )
    return None


def _common_pairs(samples: Samples, target: Target, motion: Motion) -> NDArray[np.float64]:
    """Information of each pair of intensities under the motion, (BINS, BINS)."""
    inside, levels, _ = interpolate(samples, target, motion.matrix, motion.landing_mm)
    if not len(inside):
        return np.zeros((BINS, BINS))
    joint, _, _ = joint_histogram(samples.bins[inside], levels)
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return pointwise_information((1 - CHANCE) * joint + CHANCE * apart)


def _peak(quality: NDArray[np.float64]) -> NDArray[np.float64]:
    """Place (3,) of the highest value of (n, n, n) from the middle, by a parabola per axis."""
    top = np.array(np.unravel_index(quality.argmax(), quality.shape))
    place = top.astype(np.float64) - STEPS
    for axis in range(3):
        line = quality[tuple(slice(None) if a == axis else top[a] for a in range(3))]
        if 0 < top[axis] < len(line) - 1:
            before, here, after = line[top[axis] - 1 : top[axis] + 2]
            bend = before - 2 * here + after
            place[axis] += 0.5 * (before - after) / bend if bend < 0 else 0.0
    return place
