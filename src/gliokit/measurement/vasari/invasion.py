"""F18, F19, F20, F21: pia, ependyma, cortex and deep white matter that the tumor reaches.

Enhancing tumor and core count, edema does not. Reaching is lying next to: ependyma is the border of
ventricles, cortex is gray matter or the outermost layer of the brain, pia the surface of the brain
where enhancement lies on it. Deep white matter is a shape of a template (`places`), and the
brainstem a part of the map of lobes.

Limits: what borders on cortex may spare it; a ventricle that is pressed flat has no voxels; a mask
of the brain that was cut too tightly makes everything superficial.

Source: definitions of the lexicon, which has no numbers; limits are assumed.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import to_world
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.vasari.answers import DeepWhiteMatter, Presence
from gliokit.measurement.vasari.distances import depths_mm, gaps_mm
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.places import in_corpus_callosum, in_internal_capsule
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored
from gliokit.preprocessing.tissue_lobes import Lobe

TOUCH_MM = 1.0  # largest gap that may be partial volume
CORTEX_MM = 3.0  # thickness of cortex
PIA_MM = 1.0  # depth of what lies on the surface
TOUCHED_ML = 0.05  # of tumor that lies so near
DEEP_ML = 0.2  # of tumor in a tract
BRAIN_UNKNOWN = "the surface of the brain is not known; give the brain"


def score_invasion(scene: Scene) -> list[Score]:
    """Score F18, F19, F20 and F21."""
    return [_pia(scene), _ependyma(scene), _cortex(scene), _deep(scene)]


def _pia(scene: Scene) -> Score:
    feature = FeatureId.PIAL_INVASION
    if not scene.enhancing.any():
        how = "no voxel is labeled enhancing"
        return Score(feature, Presence.NO, how, trust(Basis.MASKS, span=1))
    if scene.brain is None:
        return unscored([feature], BRAIN_UNKNOWN)[0]
    depths = depths_mm(scene.enhancing, scene.brain, scene.spacing_mm)
    what = f"of enhancing tumor within {PIA_MM:g} mm of the brain's surface"
    return _touching(feature, scene.ml(depths <= PIA_MM), what, Basis.WEAK)


def _ependyma(scene: Scene) -> Score:
    feature = FeatureId.EPENDYMAL_INVASION
    if scene.anatomy is None:
        return unscored([feature], "the ventricles are not known; give the anatomy")[0]
    if not scene.anatomy.ventricles.any():
        return unscored([feature], "no ventricle was found")[0]
    gaps = gaps_mm(scene.solid, scene.anatomy.ventricles, scene.spacing_mm)
    what = f"of tumor within {TOUCH_MM:g} mm of a ventricle, the nearest at {gaps.min():.1f} mm"
    return _touching(feature, scene.ml(gaps <= TOUCH_MM), what, Basis.ANATOMY)


def _cortex(scene: Scene) -> Score:
    feature = FeatureId.CORTICAL_INVOLVEMENT
    if scene.anatomy is None or scene.brain is None:
        return unscored([feature], "the cortex is not known; give anatomy and brain")[0]
    near = gaps_mm(scene.solid, scene.anatomy.cortex, scene.spacing_mm) <= TOUCH_MM
    inside = scene.solid & scene.brain
    outer = np.zeros_like(scene.solid)
    outer[inside] = depths_mm(inside, scene.brain, scene.spacing_mm) <= CORTEX_MM
    what = "of tumor next to gray matter or in the outermost layer of the brain"
    return _touching(feature, scene.ml(near | outer[scene.solid]), what, Basis.ANATOMY)


def _deep(scene: Scene) -> Score:
    feature = FeatureId.DEEP_WHITE_MATTER
    if scene.anatomy is None:
        return unscored([feature], "deep white matter is not known; give the anatomy")[0]
    volumes = _deep_ml(scene, scene.anatomy)
    reached = tuple(tract for tract, volume in volumes.items() if volume >= DEEP_ML)
    how = ", ".join(f"{tract} {volume:.1f} mL" for tract, volume in volumes.items())
    sure = min(
        trust(Basis.ANATOMY, figure=volume, limits=(DEEP_ML,), span=DEEP_ML)
        for volume in volumes.values()
    )
    return Score(feature, reached or (DeepWhiteMatter.NONE,), how, sure)


def _deep_ml(scene: Scene, anatomy: Anatomy) -> dict[DeepWhiteMatter, float]:
    template = to_world(anatomy.to_template, scene.points_mm(scene.solid))
    there: dict[DeepWhiteMatter, NDArray[np.bool_]] = {
        DeepWhiteMatter.INTERNAL_CAPSULE: in_internal_capsule(template),
        DeepWhiteMatter.CORPUS_CALLOSUM: in_corpus_callosum(template),
        DeepWhiteMatter.BRAINSTEM: anatomy.lobes[scene.solid] == Lobe.BRAINSTEM,
    }
    return {tract: scene.ml(inside) for tract, inside in there.items()}


def _touching(feature: FeatureId, volume_ml: float, what: str, basis: Basis) -> Score:
    value = Presence.YES if volume_ml >= TOUCHED_ML else Presence.NO
    sure = trust(basis, figure=volume_ml, limits=(TOUCHED_ML,), span=TOUCHED_ML)
    return Score(feature, value, f"{volume_ml:.2f} mL {what}", sure)
