"""F15, F22, F23: edema, nCET or enhancing tumor that reaches the other hemisphere.

A tissue crosses if it is on both sides beyond a strip along the midline and is joined there
through the corpus callosum; what is beyond the midline elsewhere may be herniated, and does not
count. The midline is a plane: a curved or displaced falx is not followed.

Source: definitions of the lexicon, which has no numbers; limits are assumed. F15 is worded by
memory of the lexicon, like the other two.
"""

from dataclasses import replace

import cc3d
import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import to_world
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.vasari.answers import Crossing
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.location import right_mm
from gliokit.measurement.vasari.necrosis import Split
from gliokit.measurement.vasari.places import in_corpus_callosum
from gliokit.measurement.vasari.scores import TRUST, Basis, Score, trust

STRIP_MM = 3.0  # to each side of the midline
BEYOND_ML = 0.2  # on the other side
SURE_ML = 1.0  # this far from it the limit has no say any more


def score_crossing(scene: Scene, split: Split | str) -> list[Score]:
    """Score F15, F22 and F23 of a scene whose core was split, or could not be."""
    return [
        _crosses(FeatureId.EDEMA_CROSSES, scene, scene.edema, "edema"),
        _ncet_crosses(scene, split),
        _crosses(FeatureId.CET_CROSSES, scene, scene.enhancing, "enhancing tumor"),
    ]


def _ncet_crosses(scene: Scene, split: Split | str) -> Score:
    feature = FeatureId.NCET_CROSSES
    if not isinstance(split, str):
        score = _crosses(feature, scene, split.ncet, "nCET")
        if score.confidence is None or not scene.core.any():
            return score
        return replace(score, confidence=min(score.confidence, TRUST[Basis.IMAGES]))
    core = _crosses(feature, scene, scene.core, "core")
    # where all of the core stays on its side, so does the nCET in it
    return core if core.value is not Crossing.YES else Score(feature, None, reason=split)


def _crosses(feature: FeatureId, scene: Scene, mask: NDArray[np.bool_], what: str) -> Score:
    if not mask.any():
        how = f"there is no {what}"
        return Score(feature, Crossing.NOT_APPLICABLE, how, trust(Basis.MASKS, span=1))
    if scene.anatomy is None:
        return Score(feature, None, reason="the midline is not known; give the anatomy")
    beyond = _beyond_ml(scene, scene.anatomy, mask)
    joined = _joined_ml(scene, scene.anatomy, mask) if beyond >= BEYOND_ML else 0.0
    value = Crossing.YES if joined >= BEYOND_ML else Crossing.NO
    how = f"{beyond:.1f} mL of {what} on the other side"
    if beyond >= BEYOND_ML:
        how += f", {joined:.1f} mL of it through the corpus callosum"
    # what lies beyond but not in the callosum may be herniated, or the plane is wrong there
    basis = Basis.MASKS if beyond < BEYOND_ML else Basis.ANATOMY if joined else Basis.WEAK
    figure = joined if beyond >= BEYOND_ML else beyond
    if not beyond:
        return Score(feature, value, how, trust(basis, span=1))
    sure = trust(basis, figure=figure, limits=(BEYOND_ML,), span=SURE_ML)
    return Score(feature, value, how, sure)


def _beyond_ml(scene: Scene, anatomy: Anatomy, mask: NDArray[np.bool_]) -> float:
    """Volume beyond the strip, on the side where there is less."""
    away = right_mm(scene.points_mm(mask), anatomy)
    return min(scene.ml(away > STRIP_MM), scene.ml(away < -STRIP_MM))


def _joined_ml(scene: Scene, anatomy: Anatomy, mask: NDArray[np.bool_]) -> float:
    """Volume beyond the strip, on the lesser side, of parts that pass it in the callosum."""
    numbers = cc3d.connected_components(mask, connectivity=26)[mask]
    points = scene.points_mm(mask)
    away = right_mm(points, anatomy)
    within = np.abs(away) <= STRIP_MM
    passing = np.zeros(len(points), dtype=bool)
    passing[within] = in_corpus_callosum(to_world(anatomy.to_template, points[within]))
    joined = np.isin(numbers, np.unique(numbers[passing]))
    return min(scene.ml(joined & (away > STRIP_MM)), scene.ml(joined & (away < -STRIP_MM)))
