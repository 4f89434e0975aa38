"""F10: how much of the abnormality on FLAIR shows on T1 before contrast.

The label map, which is drawn on FLAIR or T2, is the envelope. Of it, abnormal on T1 is all solid
tumor, and edema that is darker than white matter by a limit; gray matter in it would count too.

Source: the lexicon's classes, which have no numbers; the limits are assumed.
"""

from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import EnvelopeRatio
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.levels import level_of, normal_white
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

DARK = 0.8  # of white matter on T1
EXPANSIVE, MIXED = 0.8, 0.4  # share of the envelope, from which on
SURE_SHARE = 0.15  # this far from a limit it has no say any more


def score_envelope(scene: Scene) -> list[Score]:
    """Score F10."""
    feature = FeatureId.ENVELOPE_RATIO
    if scene.missing(MRSequence.T1):
        return unscored([feature], "there is no t1 image")
    white = normal_white(scene)
    if white is None:
        return unscored([feature], "white matter is not known; give the anatomy")
    image = scene.images[MRSequence.T1]
    normal = level_of(image, white, scene)
    if normal is None:
        return unscored([feature], "there is no normal white matter on t1")
    abnormal = scene.solid | (scene.edema & (image < DARK * normal.median))
    share = scene.ml(abnormal) / scene.ml(scene.whole)
    value = EnvelopeRatio.INFILTRATIVE
    if share >= MIXED:
        value = EnvelopeRatio.EXPANSIVE if share >= EXPANSIVE else EnvelopeRatio.MIXED
    sure = trust(Basis.WEAK, figure=share, limits=(EXPANSIVE, MIXED), span=SURE_SHARE)
    how = f"{100 * share:.0f} % of the labeled abnormality is solid tumor or dark on t1"
    return [Score(feature, value, how, sure)]
