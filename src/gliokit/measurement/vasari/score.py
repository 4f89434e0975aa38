"""All 30 features of VASARI, computed from what a study offers.

Features describe a tumor before surgery. Where two visits are given, F26 to F28 compare them, and
the others describe the later one, for what that is worth. Nothing is guessed: a feature that the
evidence does not allow has no value, and says why.

Limits: the rules have been compared with no reader; see `docs/vasari.md`. For research only.
"""

from types import MappingProxyType

from gliokit.measurement.vasari.calvarium import score_calvarium
from gliokit.measurement.vasari.crossing import score_crossing
from gliokit.measurement.vasari.cysts import score_cysts
from gliokit.measurement.vasari.diffusion import score_diffusion
from gliokit.measurement.vasari.eloquence import score_eloquence
from gliokit.measurement.vasari.enhancement import score_enhancement_quality
from gliokit.measurement.vasari.envelope import score_envelope
from gliokit.measurement.vasari.evidence import Evidence, Scene, look_at
from gliokit.measurement.vasari.focality import score_focality
from gliokit.measurement.vasari.hemorrhage import score_hemorrhage
from gliokit.measurement.vasari.invasion import score_invasion
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.location import score_location
from gliokit.measurement.vasari.margins import score_margins
from gliokit.measurement.vasari.necrosis import Split, split_core
from gliokit.measurement.vasari.proportions import score_proportions
from gliokit.measurement.vasari.resection import ALL_RESECTION, score_resection
from gliokit.measurement.vasari.rim import score_rim
from gliokit.measurement.vasari.scores import Score, unscored
from gliokit.measurement.vasari.size import score_size


def score_vasari(evidence: Evidence) -> MappingProxyType[FeatureId, Score]:
    """Score a study.

    Returns
    -------
    mapping
        Every feature with its score, in the lexicon's order.

    Raises
    ------
    GeometryError
        If something lies on another grid than the labels.
    LabelError
        If the label map has values that are no labels.
    """
    scene = look_at(evidence)
    split = split_core(scene)
    scores = [*_of_one_visit(scene, evidence, split), *_of_two_visits(scene, evidence, split)]
    by_feature = {score.feature: score for score in scores}
    return MappingProxyType({feature: by_feature[feature] for feature in FeatureId})


def _of_one_visit(scene: Scene, evidence: Evidence, split: Split | str) -> list[Score]:
    single = [feature for feature in FeatureId if feature not in ALL_RESECTION]
    if not scene.whole.any():
        return unscored(single, "the label map holds no tumor")
    scores = [
        *score_location(scene),
        *score_proportions(scene, split),
        *score_envelope(scene),
        *score_focality(scene),
        *score_size(scene),
        score_crossing(scene, split)[0],
    ]
    if not scene.solid.any():
        done = {score.feature for score in scores}
        rest = [feature for feature in single if feature not in done]
        return [*scores, *unscored(rest, "the label map holds edema only, and no solid tumor")]
    return [
        *scores,
        *score_crossing(scene, split)[1:],
        *score_eloquence(scene),
        *score_enhancement_quality(scene),
        *score_cysts(scene),
        *score_rim(scene),
        *score_margins(scene, split),
        *score_hemorrhage(scene),
        *score_diffusion(scene),
        *score_invasion(scene),
        *score_calvarium(scene, evidence),
    ]


def _of_two_visits(scene: Scene, evidence: Evidence, split: Split | str) -> list[Score]:
    if evidence.before_surgery is None:
        return unscored(ALL_RESECTION, "there is no visit before surgery to compare with")
    before = look_at(evidence.before_surgery)
    return score_resection(before, scene, split_core(before), split)
