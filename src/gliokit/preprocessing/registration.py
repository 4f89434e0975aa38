"""Where a point of one image lies in another: in one head rigidly, against an atlas affinely.

Mutual information is climbed along its derivative on images averaged to 8, 4 and 2 mm: at 8 mm
from the most promising of many starts (`registration_starts`), then from the best three, then
from the best. Points are drawn at random places in the fixed head and not on its voxels, where
the mutual information of two alike grids has false peaks. Each image keeps its grid; slices
thicker than a level are only interpolated between. The best is what tells most of the fixed
head, so overlap counts: a part that agrees does not win over the whole.

`registration_check` measures whether the result can be trusted.

Limits: no distortion, no growth between visits; two images of one head are found up to 20
degrees and 30 mm from each other (`benchmarks/registration_error`), from further away perhaps.

Source: Maes et al., IEEE Trans Med Imaging 1997;16:187-98, doi:10.1109/42.563664 (registration
by mutual information); Pluim et al., IEEE Trans Med Imaging 2003;22:986-1004,
doi:10.1109/TMI.2003.815867 (its false peaks, overlap)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from gliokit.core.geometry import Affine
from gliokit.core.image import Image
from gliokit.preprocessing.affine_motion import AFFINE, RIGID, Motion
from gliokit.preprocessing.mutual_information import Samples, Target, agreement
from gliokit.preprocessing.registration_check import (
    ATLAS_LIMIT_MM,
    LIMIT_MM,
    doubt_about,
    measure_fit,
)
from gliokit.preprocessing.registration_levels import LOOKS, Head, Leveled, Reference
from gliokit.preprocessing.registration_starts import starting_motions

PROMISING = 8  # starts that are climbed from, beside the headers' pose
KEPT = (3, 1)  # motions that go on to 4 and to 2 mm
STEEPNESS = 300.0  # makes the first step of a climb about a millimeter
CLIMB = {"maxiter": 40, "ftol": 1e-6}


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the points of a fixed image lie in a moving one.

    Attributes
    ----------
    to_moving : (4, 4)
        RAS+ mm of the fixed image to RAS+ mm of the moving one.
    mutual_information : float
        Of the two images there, in nats, at 2 mm.
    overlap : float
        Share of the fixed head that lies inside the moving image, 0-1.
    local_shift_mm : float
        Median distance at which blocks of the head fit better than where the motion puts them.
    doubt : str or None
        Why the result is not to be trusted, with the figure and its limit; None if it is.
    """

    to_moving: Affine = field(repr=False)
    mutual_information: float
    overlap: float
    local_shift_mm: float
    doubt: str | None


def register_rigid(moving: Image, fixed: Image | Reference, *, seed: int = 0) -> Registration:
    """Register two images of one head, whole or stripped, of any contrast.

    Parameters
    ----------
    moving : Image
        On its own grid, oblique or not.
    fixed : Image or Reference
        A reference, where several images are registered to it: the result is the same.
    seed : int
        Of the points that are looked at; the same seed gives the same bytes. A reference has its
        own.

    Raises
    ------
    NotAssessableError
        If an image shows no head.
    """
    return _register(moving, fixed, numbers=RIGID, seed=seed, limit_mm=LIMIT_MM)


def register_affine(moving: Image, fixed: Image | Reference, *, seed: int = 0) -> Registration:
    """Register a head and an atlas, both whole or both stripped, with change of size and shear.

    Parameters and errors are those of `register_rigid`.
    """
    return _register(moving, fixed, numbers=AFFINE, seed=seed, limit_mm=ATLAS_LIMIT_MM)


def _register(
    moving: Image, fixed: Image | Reference, *, numbers: int, seed: int, limit_mm: float
) -> Registration:
    reference = fixed if isinstance(fixed, Reference) else Reference(fixed, seed=seed)
    leveled = Leveled(moving)
    heads = leveled.head, reference.head
    looks = [
        (samples, leveled.target(level_mm))
        for samples, (level_mm, _) in zip(reference.samples, LOOKS, strict=True)
    ]
    coarse, *finer, check = looks
    motions = _climb_from_starts(*coarse, heads, numbers)
    for look, kept in zip(finer, KEPT, strict=True):
        motions = _climb_all(*look, motions[:kept])
    best = motions[0]
    there = agreement(*finer[-1], best.matrix, best.landing_mm)
    fit = measure_fit(*check, best)
    return Registration(
        best.affine, there.information, there.inside, fit.local_shift_mm, doubt_about(fit, limit_mm)
    )


def _climb_from_starts(
    samples: Samples, target: Target, heads: tuple[Head, Head], numbers: int
) -> list[Motion]:
    moving, fixed = heads
    stated, *others = starting_motions(fixed, moving)
    promising = sorted(others, key=lambda motion: -_worth(samples, target, motion))[:PROMISING]
    found = _climb_all(samples, target, [stated, *promising])
    if numbers == RIGID:
        return found
    wider = [Motion(one.center_mm, np.pad(one.numbers, (0, numbers - RIGID))) for one in found]
    return _climb_all(samples, target, wider)


def _climb_all(samples: Samples, target: Target, motions: Sequence[Motion]) -> list[Motion]:
    """Climb from each motion; the best comes first."""
    climbed = [_climb(samples, target, motion) for motion in motions]
    return sorted(climbed, key=lambda motion: -_worth(samples, target, motion))


def _climb(samples: Samples, target: Target, start: Motion) -> Motion:
    def depth(numbers: np.ndarray) -> tuple[float, np.ndarray]:
        motion = Motion(start.center_mm, numbers)
        there = agreement(samples, target, motion.matrix, motion.landing_mm)
        slope = motion.slope(there.by_matrix, there.by_shift)
        return -STEEPNESS * there.information, -STEEPNESS * slope

    from scipy.optimize import minimize  # 0.2 s to load; registered studies need not wait for it

    found = minimize(depth, start.numbers, jac=True, method="L-BFGS-B", options=CLIMB)
    return Motion(start.center_mm, found.x)


def _worth(samples: Samples, target: Target, motion: Motion) -> float:
    """Information per point of the fixed head; a point outside the moving image tells nothing."""
    there = agreement(samples, target, motion.matrix, motion.landing_mm)
    return there.information * there.inside
