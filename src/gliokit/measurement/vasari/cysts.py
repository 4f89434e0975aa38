"""F8: round parts of the core that look like fluid and have a thin wall.

Fluid is what comes near the ventricles on T2 and T1, and is dark on FLAIR if there is one. A cyst
fills much of the smallest ball around it, and what enhances around it is thin. Necrosis, which is
fluid too, is told apart by shape and wall alone.

Source: the lexicon's definition, which has no numbers; the limits are assumed.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import Presence
from gliokit.measurement.vasari.evidence import Scene, parts
from gliokit.measurement.vasari.levels import level_of, normal_white
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.rim import THICK_MM, rim_thickness_mm
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

LIKE_FLUID = 0.75  # of the way from white matter to fluid
CYST_ML = 1.0
ROUND = 0.35  # share of the ball as wide as its longest way from the middle; 0.35: 1.7 times longer
SURE_ROUND = 0.2  # this far from the limit it has no say any more


def score_cysts(scene: Scene) -> list[Score]:
    """Score F8."""
    feature = FeatureId.CYSTS
    if not scene.core.any():
        how = "no voxel is labeled core"
        return [Score(feature, Presence.NO, how, trust(Basis.ANATOMY, span=1))]
    if missing := scene.missing(MRSequence.T1, MRSequence.T2):
        return unscored([feature], f"there is no {missing} image")
    fluid = _like_fluid(scene)
    if fluid is None:
        return unscored([feature], "fluid and white matter are not known; give the anatomy")
    least = CYST_ML / scene.ml(np.ones(1, bool))
    roundness = [
        _roundness(part, scene) for part in parts(scene.core & fluid, least) if _thin(part, scene)
    ]
    roundest = max(roundness, default=0.0)
    value = Presence.YES if roundest >= ROUND else Presence.NO
    how = f"{len(roundness)} parts of {CYST_ML:g} mL or more like fluid, with a thin wall"
    if roundness:
        how += f"; the roundest fills {100 * roundest:.0f} % of its ball"
    sure = trust(Basis.WEAK, figure=roundest, limits=(ROUND,), span=SURE_ROUND)
    return [Score(feature, value, how, sure)]


def _like_fluid(scene: Scene) -> NDArray[np.bool_] | None:
    """Tell which voxels look like the fluid of ventricles, (X, Y, Z); None if that is unknown."""
    white = normal_white(scene)
    if white is None or scene.anatomy is None:
        return None
    alike = np.ones_like(scene.core)
    for sequence in (MRSequence.T2, MRSequence.T1, MRSequence.FLAIR):
        if sequence not in scene.images:
            continue
        image = scene.images[sequence]
        normal = level_of(image, white, scene)
        fluid = level_of(image, scene.anatomy.ventricles & scene.away, scene)
        if normal is None or fluid is None or normal.median == fluid.median:
            return None
        alike &= (image - normal.median) / (fluid.median - normal.median) >= LIKE_FLUID
    return alike


def _thin(part: NDArray[np.bool_], scene: Scene) -> bool:
    if not (binary_dilation(part) & scene.enhancing).any():
        return True
    thickness = rim_thickness_mm(part, scene.enhancing, scene.spacing_mm)
    return bool(np.median(thickness) < THICK_MM)


def _roundness(part: NDArray[np.bool_], scene: Scene) -> float:
    """Share of the ball around the middle of a part that the part takes."""
    points = scene.points_mm(part)
    radius = float(np.linalg.norm(points - points.mean(axis=0), axis=1).max())
    radius += float(scene.spacing_mm.mean()) / 2  # from the middle of a voxel to its face
    return 1000 * scene.ml(part) / (4 / 3 * np.pi * radius**3)
