"""F17: whether diffusion in the tumor is mostly facilitated or restricted.

Enhancing tumor is looked at, without it the core. Each voxel is held against normal white matter.

Source: the lexicon's question, which has no numbers; the limits are assumed.
"""

import numpy as np

from gliokit.measurement.vasari.answers import Diffusion
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.levels import LEAST_ML, level_of, normal_white
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

RESTRICTED, FACILITATED = 0.9, 1.1  # of normal white matter
MOSTLY = 2 / 3  # of the voxels that are either
SURE_SHARE = 0.2  # this far from a limit it has no say any more


def score_diffusion(scene: Scene) -> list[Score]:
    """Score F17."""
    feature = FeatureId.DIFFUSION
    white = normal_white(scene)
    if scene.adc is None or white is None:
        missing = "ADC map" if scene.adc is None else "anatomy to find white matter by"
        return unscored([feature], f"there is no {missing}")
    normal = level_of(np.where(scene.adc > 0, scene.adc, np.nan), white, scene)
    tumor = scene.enhancing if scene.enhancing.any() else scene.core
    values = scene.adc[tumor]
    values = values[np.isfinite(values) & (values > 0)]
    if normal is None or len(values) * scene.ml(np.ones(1, bool)) < LEAST_ML / 10:
        return unscored([feature], "the ADC map has too few values in white matter or tumor")
    relative = values / normal.median
    facilitated, restricted = (relative > FACILITATED).mean(), (relative < RESTRICTED).mean()
    if facilitated + restricted == 0:
        return unscored([feature], "diffusion in the tumor is that of white matter")
    share = float(facilitated / (facilitated + restricted))
    value = Diffusion.MIXED
    if max(share, 1 - share) >= MOSTLY:
        value = Diffusion.FACILITATED if share > 0.5 else Diffusion.RESTRICTED
    sure = trust(Basis.IMAGES, figure=share, limits=(MOSTLY, 1 - MOSTLY), span=SURE_SHARE)
    how = f"{100 * facilitated:.0f} % of the tumor above, {100 * restricted:.0f} % below"
    return [Score(feature, value, f"{how} normal white matter", sure)]
