"""F25: whether the inner table of the skull is eroded over the tumor.

A tumor that stays away from the surface of the brain cannot erode it. Over one that does not, the
dark layer between brain and the next bright tissue outside (inner table, and what fluid there is)
is measured from the brain outward on T1, and held against its mirror image on the other side.

Limits: bone marrow, fluid and dura differ from side to side; one T1 image shows bone poorly, so the
answer is a weak hint. Source: the lexicon's question; method and limits are gliokit's own.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter, map_coordinates

from gliokit.core.geometry import to_voxel, to_world
from gliokit.measurement.vasari.answers import Presence
from gliokit.measurement.vasari.distances import depths_mm, gaps_mm
from gliokit.measurement.vasari.evidence import Evidence, Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored
from gliokit.preprocessing.tissue_midline import Midline, mirrored

FAR_MM = 10.0  # from the surface: no contact
OVER_MM = 5.0  # surface that lies so near to the tumor is over it
BRIGHT = 0.5  # of the brain's median: the dark layer ends
REACH_MM, STEP_MM, BLUR_MM = 15.0, 0.5, 2.0
THINNED = 0.7  # of the other side
SURE_RATIO, SURE_MM = 0.3, 5.0  # this far from a limit it has no say any more
FEWEST = 30  # places


def score_calvarium(scene: Scene, evidence: Evidence) -> list[Score]:
    """Score F25; the head is taken from the evidence, since the scene is cut to the brain."""
    feature = FeatureId.CALVARIAL_REMODELING
    if scene.brain is None:
        return unscored([feature], "the surface of the brain is not known; give the brain")
    depths = depths_mm(scene.solid, scene.brain, scene.spacing_mm)
    depth = float(depths.min(initial=np.inf))
    if depth > FAR_MM:
        how = f"the tumor stays {depth:.0f} mm under the surface of the brain"
        sure = trust(Basis.ANATOMY, figure=depth, limits=(FAR_MM,), span=SURE_MM)
        return [Score(feature, Presence.NO, how, sure)]
    if evidence.head is None or scene.anatomy is None:
        missing = "image of the head" if evidence.head is None else "anatomy"
        return unscored([feature], f"the tumor reaches the surface, and there is no {missing}")
    here, there = _layers_mm(scene, evidence, scene.anatomy.midline)
    if min(len(here), len(there)) < FEWEST or not np.median(there) > 0:
        return unscored([feature], "the skull over the tumor, or opposite to it, is not shown")
    ratio = float(np.median(here) / np.median(there))
    value = Presence.YES if ratio < THINNED else Presence.NO
    how = f"the dark layer over the tumor is {ratio:.2f} times that of the other side"
    sure = trust(Basis.WEAK, figure=ratio, limits=(THINNED,), span=SURE_RATIO)
    return [Score(feature, value, how, sure)]


def _layers_mm(
    scene: Scene, evidence: Evidence, midline: Midline
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the dark layer over the tumor, and at the mirrored places of the other side."""
    starts, outward = _surface(scene)
    opposite = mirrored(starts, midline)
    away = mirrored(starts + outward, midline) - opposite
    return _dark_mm(evidence, starts, outward), _dark_mm(evidence, opposite, away)


def _surface(scene: Scene) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Find the brain's surface over the tumor: places and directions outward, (n, 3) in RAS+ mm."""
    assert scene.brain is not None
    surface = scene.brain & ~binary_erosion(scene.brain)
    free = surface & ~scene.solid
    near = gaps_mm(free, scene.solid, scene.spacing_mm) <= OVER_MM
    chosen = np.concatenate([np.argwhere(free)[near], np.argwhere(surface & scene.solid)])
    soft = gaussian_filter(scene.brain.astype(np.float32), BLUR_MM / scene.spacing_mm)
    slopes = np.stack([slope[tuple(chosen.T)] for slope in np.gradient(soft)], axis=1)
    outward = -slopes @ np.linalg.inv(scene.affine[:3, :3])
    length = np.linalg.norm(outward, axis=1)
    clear = length > 0
    return to_world(scene.affine, chosen)[clear], outward[clear] / length[clear, None]


def _dark_mm(
    evidence: Evidence, starts: NDArray[np.float64], outward: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure from the end of the brain to what is bright, along each way that shows both, (k,)."""
    assert evidence.brain is not None
    assert evidence.head is not None
    along = np.arange(-REACH_MM / 2, REACH_MM, STEP_MM)
    points = starts[:, None] + along[:, None] * outward[:, None]
    places = np.moveaxis(to_voxel(evidence.labels.affine, points), 2, 0)
    head = map_coordinates(evidence.head.array, places, order=1, mode="nearest")
    brain = map_coordinates(evidence.brain.view(np.uint8), places, order=0, mode="nearest") > 0
    bright = BRIGHT * float(np.median(evidence.head.array[evidence.brain]))
    last = len(along) - 1 - brain[:, ::-1].argmax(axis=1)
    lit = (head >= bright) & (np.arange(len(along)) > last[:, None])
    shown = brain.any(axis=1) & lit.any(axis=1)
    return (lit.argmax(axis=1) - last - 1)[shown] * STEP_MM
