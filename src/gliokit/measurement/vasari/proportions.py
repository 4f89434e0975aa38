"""F5, F6, F7, F14: shares of the whole abnormality that enhance, or are nCET, necrosis or edema.

The whole abnormality is enhancing tumor, core and edema; a resection cavity is no part of it. The
labels mix necrosis with nCET, so that only their sum is measured; the two apart come from the
images (`necrosis`), with less confidence. A label map calls all of the surrounding signal edema,
also tumor that infiltrates it.

Source: bins of the lexicon; their gaps (5 to 6 %, ...) close upward, and 99.5 % counts as all, as
in Ruffle et al., NeuroImage Clin 2024, doi:10.1016/j.nicl.2024.103668.
"""

from collections.abc import Sequence

from gliokit.measurement.vasari.answers import Proportion
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.necrosis import Split
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

UPPER_PERCENT: tuple[tuple[float, Proportion], ...] = (  # each bin with its upper end, included
    (0.0, Proportion.NONE),
    (5.0, Proportion.BELOW_5),
    (33.0, Proportion.TO_33),
    (67.0, Proportion.TO_67),
    (95.0, Proportion.TO_95),
    (99.5, Proportion.ABOVE_95),
)
SURE_PERCENT = 5.0  # this far from every edge the edge has no say any more (assumed)
ROUNDING = 1e-9  # percent


def proportion_bin(percent: float) -> Proportion:
    """Give the bin of a share in percent, 0 to 100."""
    return next(
        (bin_ for upper, bin_ in UPPER_PERCENT if percent <= upper + ROUNDING), Proportion.ALL
    )


def score_proportions(scene: Scene, split: Split | str) -> list[Score]:
    """Score F5, F6, F7 and F14 of a scene whose core was split, or could not be."""
    whole = scene.ml(scene.whole)
    enhancing, edema = (100 * scene.ml(mask) / whole for mask in (scene.enhancing, scene.edema))
    return [
        binned(FeatureId.PROPORTION_ENHANCING, enhancing, f"of {whole:.1f} mL"),
        *_of_core(100 * scene.ml(scene.core) / whole, split, scene),
        binned(FeatureId.PROPORTION_EDEMA, edema, f"of {whole:.1f} mL are labeled edema"),
    ]


def binned(
    feature: FeatureId, percent: float, what: str, *, basis: Basis = Basis.MASKS, doubt: float = 0.0
) -> Score:
    """Score a share, in percent; `doubt` is a share of the confidence that is taken off, 0-1."""
    edges = [upper for upper, _ in UPPER_PERCENT]
    # none is not next to the edge at 0: not one voxel is there
    sure = trust(basis, figure=percent, limits=edges if percent else (), span=SURE_PERCENT)
    return Score(feature, proportion_bin(percent), f"{percent:.1f} % {what}", sure * (1 - doubt))


def _of_core(percent: float, split: Split | str, scene: Scene) -> Sequence[Score]:
    both = (FeatureId.PROPORTION_NCET, FeatureId.PROPORTION_NECROSIS)
    if isinstance(split, str):
        return unscored(both, f"{split}; together they are {percent:.1f} % of the abnormality")
    whole = scene.ml(scene.whole)
    basis = Basis.IMAGES if percent else Basis.MASKS
    what = f"by T2 and T1, of the {percent:.1f} % that the label holds"
    return [
        binned(
            feature,
            100 * scene.ml(mask) / whole,
            what if percent else "labeled",
            basis=basis,
            doubt=split.in_doubt,
        )
        for feature, mask in zip(both, (split.ncet, split.necrosis), strict=True)
    ]
