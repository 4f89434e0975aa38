"""F26, F27, F28: shares of enhancing tumor, nCET and edema that an operation removed.

Volumes of the visit before are held against those after it, each on its own grid. What enhances
soon after an operation may be blood or reaction, and edema may grow for other reasons, so a volume
that grew counts as nothing removed, and says so.

Source: the lexicon's proportions; F27 needs the core taken apart on both visits (`necrosis`).
"""

from gliokit.measurement.vasari.answers import Proportion
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.necrosis import Split
from gliokit.measurement.vasari.proportions import binned
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

ALL_RESECTION = (
    FeatureId.RESECTION_ENHANCING,
    FeatureId.RESECTION_NCET,
    FeatureId.RESECTION_EDEMA,
)


def score_resection(
    before: Scene, after: Scene, before_split: Split | str, after_split: Split | str
) -> list[Score]:
    """Score F26, F27 and F28 of two visits, each with its core split, or why that failed."""
    enhancing, ncet, edema = ALL_RESECTION
    scores = [
        _removed(enhancing, before.ml(before.enhancing), after.ml(after.enhancing), Basis.ANATOMY),
        _removed(edema, before.ml(before.edema), after.ml(after.edema), Basis.WEAK),
    ]
    unknown = [split for split in (before_split, after_split) if isinstance(split, str)]
    if isinstance(before_split, str) or isinstance(after_split, str):
        return [*scores, *unscored([ncet], unknown[0])]
    first, second = before.ml(before_split.ncet), after.ml(after_split.ncet)
    return [*scores, _removed(ncet, first, second, Basis.WEAK)]


def _removed(feature: FeatureId, before_ml: float, after_ml: float, basis: Basis) -> Score:
    if before_ml == 0:
        how = "there was none before"
        return Score(feature, Proportion.NOT_APPLICABLE, how, trust(Basis.MASKS, span=1))
    percent = max(100 * (1 - after_ml / before_ml), 0.0)
    what = f"removed: {before_ml:.1f} mL before, {after_ml:.1f} mL after"
    return binned(feature, percent, what, basis=basis)
