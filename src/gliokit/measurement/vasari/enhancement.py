"""F4: how strongly the enhancing tumor enhances.

Both T1 images are divided by their level in brain away from the tumor; what the median voxel of
the enhancing label gains between them is the enhancement, in units of normal brain.

Source: grades of the lexicon, which has no numbers; the limits are assumed.
"""

import numpy as np

from gliokit.core.vocabulary import MRSequence
from gliokit.measurement.vasari.answers import EnhancementQuality
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.levels import level_of, normal_brain
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

# of normal brain: obvious; about as much as white and gray matter differ on T1 (assumed)
MARKED = 0.25
SEEN = 0.05  # below it labels and images contradict each other (assumed)
SURE = 0.2  # this far from a limit it has no say any more (assumed)


def score_enhancement_quality(scene: Scene) -> list[Score]:
    """Score F4."""
    feature = FeatureId.ENHANCEMENT_QUALITY
    if not scene.enhancing.any():
        how = "no voxel is labeled enhancing"
        return [Score(feature, EnhancementQuality.NONE, how, trust(Basis.MASKS, span=1))]
    if missing := scene.missing(MRSequence.T1, MRSequence.T1C):
        return unscored([feature], f"there is no {missing} image")
    brain = normal_brain(scene)
    if brain is None:
        return unscored([feature], "the brain must be known, to compare the two images")
    relative = []
    for sequence in (MRSequence.T1, MRSequence.T1C):
        level = level_of(scene.images[sequence], brain, scene)
        if level is None:
            return unscored([feature], f"there is no normal brain to scale {sequence} by")
        relative.append(scene.images[sequence][scene.enhancing] / level.median)
    gain = float(np.median(relative[1] - relative[0]))
    if gain < SEEN:
        reason = f"labeled enhancing, but its signal changes by {gain:+.2f} of normal brain only"
        return unscored([feature], reason)
    value = EnhancementQuality.MARKED if gain >= MARKED else EnhancementQuality.MILD
    sure = trust(Basis.IMAGES, figure=gain, limits=(MARKED, SEEN), span=SURE)
    return [Score(feature, value, f"signal rises by {gain:.2f} of normal brain", sure)]
