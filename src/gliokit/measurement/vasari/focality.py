"""F9, F24: tumor apart from the dominant mass, outside and inside its abnormality.

The dominant mass is the largest connected part of the whole abnormality, and in it of enhancing
tumor and core. What enhances in the same abnormality but a few millimeters away from that mass is a
satellite. Tumor in another abnormality makes it multifocal; multicentric, where it is far away and
in another lobe or hemisphere, since the route of its spread is not seen in masks.

Source: definitions of the lexicon, which has no numbers; the smallest focus is that of BraTS 2023,
50 mm³, the other limits are assumed.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import to_world
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.vasari.answers import Focality, Presence
from gliokit.measurement.vasari.distances import gaps_mm
from gliokit.measurement.vasari.evidence import Scene, largest_part, parts
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.location import locations, right_mm
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

FOCUS_ML = 0.05
SATELLITE_GAP_MM = 3.0
WIDELY_APART_MM = 20.0
MOST_OF_HEMISPHERE = 0.5
SURE_SHARE, SURE_MM = 0.2, 10.0  # this far from a limit it has no say any more


def score_focality(scene: Scene) -> list[Score]:
    """Score F9 and F24."""
    dominant = largest_part(scene.whole)
    return [_focality(scene, dominant), _satellites(scene, dominant)]


def _focality(scene: Scene, dominant: NDArray[np.bool_]) -> Score:
    feature = FeatureId.FOCALITY
    if share := _share_of_hemisphere(scene):
        sure = trust(Basis.WEAK, figure=share, limits=(MOST_OF_HEMISPHERE,), span=SURE_SHARE)
        how = f"the abnormality takes {100 * share:.0f} % of a hemisphere"
        return Score(feature, Focality.GLIOMATOSIS, how, sure)
    others = list(_foci(scene, scene.solid & ~dominant))
    if not others:
        how = f"no tumor of {FOCUS_ML:g} mL or more outside the dominant abnormality"
        return Score(feature, Focality.FOCAL, how, trust(Basis.MASKS, span=1))
    count = f"{len(others)} more outside the dominant abnormality"
    if scene.anatomy is None:
        reason = f"{count}; to tell multifocal from multicentric the lobes must be known"
        return unscored([feature], reason)[0]
    main = largest_part(scene.solid & dominant) if (scene.solid & dominant).any() else dominant
    home = _place(main, scene, scene.anatomy)
    gaps = {
        float(gaps_mm(focus, dominant, scene.spacing_mm).min())
        for focus in others
        if _place(focus, scene, scene.anatomy) != home
    }
    farthest = max(gaps, default=0.0)
    value = Focality.MULTICENTRIC if farthest >= WIDELY_APART_MM else Focality.MULTIFOCAL
    sure = trust(Basis.WEAK, figure=farthest, limits=(WIDELY_APART_MM,), span=SURE_MM)
    how = f"{count}, the farthest in another lobe or hemisphere {farthest:.0f} mm away"
    return Score(feature, value, how if gaps else f"{count}, in the same lobe", sure)


def _satellites(scene: Scene, dominant: NDArray[np.bool_]) -> Score:
    feature = FeatureId.SATELLITES
    around = scene.solid & dominant
    mass = largest_part(around)
    found = [
        focus
        for focus in _foci(scene, scene.enhancing & around & ~mass)
        if gaps_mm(focus, mass, scene.spacing_mm).min() >= SATELLITE_GAP_MM
    ]
    volume = sum(scene.ml(focus) for focus in found)
    how = f"{len(found)} enhancing foci of {FOCUS_ML:g} mL or more, {volume:.2f} mL"
    limits = (FOCUS_ML,) if found else ()
    basis = Basis.IMAGES if found else Basis.MASKS  # a small focus may be a vessel
    sure = trust(basis, figure=volume, limits=limits, span=FOCUS_ML)
    return Score(feature, Presence.YES if found else Presence.NO, how, sure)


def _foci(scene: Scene, mask: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    voxels = FOCUS_ML / scene.ml(np.ones(1, dtype=bool))
    return parts(mask, voxels - 1e-6)


def _place(mask: NDArray[np.bool_], scene: Scene, anatomy: Anatomy) -> tuple[str | None, bool]:
    """Name the commonest place of a region, and tell whether it is on the right."""
    points = scene.points_mm(mask)
    names = locations(anatomy.lobes[mask], to_world(anatomy.to_template, points))
    known = sorted({name for name in names if name})
    commonest = max(known, key=names.count, default=None)
    return commonest, bool(right_mm(points, anatomy).mean() > 0)


def _share_of_hemisphere(scene: Scene) -> float:
    """Share of the fuller hemisphere that is abnormal; 0 where it is not most, or not known."""
    if scene.anatomy is None or scene.brain is None or not scene.brain.any():
        return 0.0
    right = right_mm(scene.points_mm(scene.brain), scene.anatomy) > 0
    abnormal = scene.whole[scene.brain]
    shares = [abnormal[side].mean() for side in (right, ~right) if side.any()]
    share = float(max(shares))
    return share if share > MOST_OF_HEMISPHERE else 0.0
