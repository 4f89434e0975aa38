"""F12, F13: whether the outside of the enhancement, and of nCET, can be traced.

Profiles run outward through the margin, at right angles to it. The width of the edge is the
contrast between both sides over the steepest slope: what a straight ramp of that height and slope
would measure. A margin is well-defined where most profiles are narrow. Where they leave the brain
there is no profile: the outside of a stripped image is no margin.

nCET has an outside of its own where it borders on edema or brain; whether it is smooth, the other
half of the lexicon's question, is not judged.

Source: questions of the lexicon, which have no numbers; limits and lengths are assumed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter, map_coordinates

from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import MarginDefinition
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.necrosis import Split
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

NARROW_MM = 4.0  # a well-defined edge (assumed)
MOST = 0.5  # share of the margin: the lexicon's "most"
SURE_SHARE = 0.25  # this far from it the limit has no say any more (assumed)
FEWEST, MOST_PROFILES = 50, 4000
BLUR_MM = 1.5  # of the mask whose gradient gives the direction
STEP_MM = 0.5
INSIDE_MM, OUTSIDE_MM = -3.0, 6.0  # ends of a profile
LEVEL_MM = 4.0  # from here on a profile shows what lies outside


@dataclass(frozen=True, slots=True)
class Edge:
    """A margin in an image: its profiles, the share of narrow ones, and the median width."""

    profiles: int
    narrow: float
    width_mm: float


def score_margins(scene: Scene, split: Split | str) -> list[Score]:
    """Score F12 and F13 of a scene whose core was split, or could not be."""
    return [_enhancing(scene), _nonenhancing(scene, split)]


def _enhancing(scene: Scene) -> Score:
    feature = FeatureId.ENHANCING_MARGIN
    if not scene.enhancing.any():
        how = "no voxel is labeled enhancing"
        return Score(feature, MarginDefinition.NOT_APPLICABLE, how, trust(Basis.MASKS, span=1))
    if scene.missing(MRSequence.T1C):
        return Score(feature, None, reason="there is no t1c image")
    at = scene.enhancing & binary_dilation(~scene.solid)
    return _defined(feature, scene, scene.images[MRSequence.T1C], at, Basis.IMAGES)


def _nonenhancing(scene: Scene, split: Split | str) -> Score:
    feature = FeatureId.NONENHANCING_MARGIN
    if isinstance(split, str):
        return Score(feature, None, reason=split)
    if not split.ncet.any():
        basis = Basis.IMAGES if scene.core.any() else Basis.MASKS
        how = "there is no nCET"
        return Score(feature, MarginDefinition.NOT_APPLICABLE, how, trust(basis, span=1))
    shown = [s for s in (MRSequence.FLAIR, MRSequence.T2) if s in scene.images]
    if not shown:
        return Score(feature, None, reason="there is no flair and no t2 image")
    at = split.ncet & binary_dilation(~scene.solid)
    return _defined(feature, scene, scene.images[shown[0]], at, Basis.WEAK)


def _defined(
    feature: FeatureId,
    scene: Scene,
    image: NDArray[np.float32],
    at: NDArray[np.bool_],
    basis: Basis,
) -> Score:
    edge = find_edge(image, scene.solid, at, scene)
    if edge.profiles < FEWEST:
        reason = f"only {edge.profiles} places of the margin can be judged; needed {FEWEST}"
        return unscored([feature], reason)[0]
    value = MarginDefinition.WELL if edge.narrow > MOST else MarginDefinition.POOR
    how = f"{100 * edge.narrow:.0f} % of the margin is at most {NARROW_MM:g} mm wide"
    sure = trust(basis, figure=edge.narrow, limits=(MOST,), span=SURE_SHARE)
    return Score(feature, value, f"{how}; median {edge.width_mm:.1f} mm", sure)


def find_edge(
    image: NDArray[np.float32], region: NDArray[np.bool_], at: NDArray[np.bool_], scene: Scene
) -> Edge:
    """Measure the edge of a bright region.

    Parameters
    ----------
    image : (X, Y, Z)
        Where the region is bright.
    region : (X, Y, Z)
        Its outline gives the direction of the profiles.
    at : (X, Y, Z)
        Voxels of the outline that are looked at.
    scene : Scene
        For the grid, and the brain that profiles must not leave.

    Returns
    -------
    Edge
        A profile that falls nowhere has an infinite width.
    """
    starts, outward = _starts(region, at, scene.spacing_mm)
    along = np.arange(INSIDE_MM, OUTSIDE_MM + STEP_MM / 2, STEP_MM)
    places = starts[:, None] + along[:, None] * outward[:, None] / scene.spacing_mm
    if scene.brain is not None:
        ends = np.rint(places[:, -1]).astype(int)
        ends = ends.clip(0, np.array(scene.brain.shape) - 1)
        places = places[scene.brain[tuple(ends.T)]]
    if not len(places):
        return Edge(0, np.nan, np.nan)
    profiles = map_coordinates(image, np.moveaxis(places, 2, 0), order=1, mode="nearest")
    widths = _widths_mm(profiles, along)
    return Edge(len(widths), float(np.mean(widths <= NARROW_MM)), float(np.median(widths)))


def _starts(
    region: NDArray[np.bool_], at: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose voxels of an outline: indices (n, 3), and the way outward in mm of length 1 (n, 3)."""
    soft = gaussian_filter(region.astype(np.float32), BLUR_MM / spacing_mm)
    slopes = np.gradient(soft, *spacing_mm)
    voxels = np.argwhere(at)
    voxels = voxels[:: max(1, len(voxels) // MOST_PROFILES)]
    outward = -np.stack([slope[tuple(voxels.T)] for slope in slopes], axis=1).astype(np.float64)
    length = np.linalg.norm(outward, axis=1)
    clear = length > 1e-6  # in the middle of a sheet there is no outward
    return voxels[clear].astype(np.float64), outward[clear] / length[clear, None]


def _widths_mm(profiles: NDArray[np.float32], along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Width of the edge in each profile (n, p), places in mm (p,)."""
    inside = profiles[:, along <= 1].max(axis=1)
    outside = np.median(profiles[:, along >= LEVEL_MM], axis=1)
    one_mm = round(1 / STEP_MM)
    steepest = (profiles[:, :-one_mm] - profiles[:, one_mm:]).max(axis=1)
    contrast = inside - outside
    falls = (contrast > 0) & (steepest > 0)
    widths = np.full(len(profiles), np.inf)
    widths[falls] = contrast[falls] / steepest[falls]
    return widths
