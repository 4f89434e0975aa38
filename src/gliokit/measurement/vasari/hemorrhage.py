"""F16: foci of blood in the tumor, bright on T1 before contrast or dark on T2.

White matter is the brightest normal tissue on T1 and the darkest on T2, so that what is clearly
brighter, or darker, is none. Calcium, melanin, vessels and protein look alike.

Source: the lexicon's signs; the limits are assumed.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import Presence
from gliokit.measurement.vasari.evidence import Scene, largest_part
from gliokit.measurement.vasari.levels import level_of, normal_white
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

BRIGHT, DARK = 1.25, 0.6  # of white matter, on T1 and on T2
SPREADS = 3.0  # standard deviations of white matter, that the signal must also be off by
FOCUS_ML = 0.1  # of one connected focus


def score_hemorrhage(scene: Scene) -> list[Score]:
    """Score F16."""
    feature = FeatureId.HEMORRHAGE
    seen = [s for s in (MRSequence.T1, MRSequence.T2) if s in scene.images]
    if not seen:
        return unscored([feature], "there is no t1 and no t2 image")
    white = normal_white(scene)
    if white is None:
        return unscored([feature], "white matter is not known; give the anatomy")
    volumes = {}
    for sequence in seen:
        foci = _foci(scene, sequence, white)
        if foci is None:
            return unscored([feature], f"there is no normal white matter on {sequence}")
        volumes[sequence] = scene.ml(largest_part(foci))
    volume = max(volumes.values())
    value = Presence.YES if volume >= FOCUS_ML else Presence.NO
    # blood of some ages shows on one of them only
    basis = Basis.IMAGES if value is Presence.YES or len(seen) == 2 else Basis.WEAK
    sure = trust(basis, figure=volume, limits=(FOCUS_ML,), span=FOCUS_ML)
    shown = {MRSequence.T1: "bright on t1", MRSequence.T2: "dark on t2"}
    how = ", ".join(f"{ml:.2f} mL {shown[sequence]}" for sequence, ml in volumes.items())
    return [Score(feature, value, f"largest focus: {how}", sure)]


def _foci(scene: Scene, sequence: MRSequence, white: NDArray[np.bool_]) -> NDArray[np.bool_] | None:
    image = scene.images[sequence]
    level = level_of(image, white, scene)
    if level is None:
        return None
    if sequence is MRSequence.T1:
        limit = max(BRIGHT * level.median, level.median + SPREADS * level.sd)
        return np.asarray(scene.solid & (image > limit))
    limit = min(DARK * level.median, level.median - SPREADS * level.sd)
    return np.asarray(scene.solid & (image < limit))
