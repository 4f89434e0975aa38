"""F3: eloquent brain that enhancing tumor or core reaches.

Eloquent areas are shapes of a template (`places`), vision is the occipital lobe. Speech has one
side only: while nobody says which, a tumor that reaches a speech area of either side gets no score.

Source: areas of the lexicon; the volume that counts is assumed.
"""

import numpy as np

from gliokit.core.geometry import to_world
from gliokit.core.vocabulary import Side
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.vasari.answers import Eloquence
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.location import right_mm
from gliokit.measurement.vasari.places import in_motor, in_speech_motor, in_speech_receptive
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored
from gliokit.preprocessing.tissue_lobes import Lobe

REACHED_ML = 0.5  # of an area (assumed)
SPEECH = (Eloquence.SPEECH_MOTOR, Eloquence.SPEECH_RECEPTIVE)


def score_eloquence(scene: Scene) -> list[Score]:
    """Score F3."""
    feature = FeatureId.ELOQUENT
    if scene.anatomy is None:
        return unscored([feature], "eloquent areas are not known; give the anatomy")
    volumes = _reached_ml(scene, scene.anatomy)
    unclear = [area for area in SPEECH if volumes[area] >= REACHED_ML]
    if unclear and scene.dominant_side is None:
        reason = f"reaches {' and '.join(unclear)} if its hemisphere is that of speech"
        return unscored([feature], f"{reason}, which is not known")
    reached = tuple(area for area, volume in volumes.items() if volume >= REACHED_ML)
    how = ", ".join(f"{area} {volume:.1f} mL" for area, volume in volumes.items())
    sure = min(
        trust(Basis.ANATOMY, figure=volume, limits=(REACHED_ML,), span=REACHED_ML)
        for volume in volumes.values()
    )
    return [Score(feature, reached or (Eloquence.NONE,), how, sure)]


def _reached_ml(scene: Scene, anatomy: Anatomy) -> dict[Eloquence, float]:
    """Volume of tumor in each area; of speech on its side, on both while that is not known."""
    points = scene.points_mm(scene.solid)
    template = to_world(anatomy.to_template, points)
    speaks = np.ones(len(points), dtype=bool)
    if scene.dominant_side is not None:
        speaks = (right_mm(points, anatomy) > 0) == (scene.dominant_side is Side.RIGHT)
    there = {
        Eloquence.SPEECH_MOTOR: speaks & in_speech_motor(template),
        Eloquence.SPEECH_RECEPTIVE: speaks & in_speech_receptive(template),
        Eloquence.MOTOR: in_motor(template),
        Eloquence.VISION: anatomy.lobes[scene.solid] == Lobe.OCCIPITAL,
    }
    return {area: scene.ml(inside) for area, inside in there.items()}
