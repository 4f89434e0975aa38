"""F1, F2: where the center of the tumor lies, and on which side.

The center is the middle of the largest connected part of enhancing tumor and core, of edema where
there is neither. Lobes come from landmarks of a template and are approximate; the side is known
from the midline, or without anatomy from the middle of the brain.

Source: definitions of the lexicon; places and the width of the middle are gliokit's.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import to_voxel, to_world
from gliokit.measurement.lesions import MIDLINE_TOLERANCE_MM
from gliokit.measurement.vasari.anatomy import Anatomy
from gliokit.measurement.vasari.answers import Location, TumorSide
from gliokit.measurement.vasari.evidence import Scene, largest_part
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.places import in_corpus_callosum, in_thalamus
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored
from gliokit.preprocessing.tissue_lobes import Lobe
from gliokit.preprocessing.tissue_midline import right_of_midline_mm

SURE_MM = 5.0  # this far from the edge of the middle it has no say any more (assumed)
PLACES = {
    Lobe.FRONTAL: Location.FRONTAL,
    Lobe.TEMPORAL: Location.TEMPORAL,
    Lobe.PARIETAL: Location.PARIETAL,
    Lobe.OCCIPITAL: Location.OCCIPITAL,
    Lobe.INSULAR: Location.INSULAR,
    Lobe.DEEP: Location.BASAL_GANGLIA,
    Lobe.CEREBELLUM: Location.CEREBELLUM,
    Lobe.BRAINSTEM: Location.BRAINSTEM,
}


def score_location(scene: Scene) -> list[Score]:
    """Score F1 and F2."""
    main = largest_part(scene.solid if scene.solid.any() else scene.whole)
    center = scene.points_mm(main).mean(axis=0)
    return [_location(scene, main, center), _side(scene, center)]


def locations(lobes: NDArray[np.uint8], template_mm: NDArray[np.float64]) -> list[Location | None]:
    """Name the places of points.

    Parameters
    ----------
    lobes : (n,)
        `Lobe` of each.
    template_mm : (n, 3)
        Where they lie, MNI RAS+ mm.

    Returns
    -------
    list
        None for a point outside the brain.
    """
    names = [PLACES[Lobe(lobe)] if lobe else None for lobe in lobes.tolist()]
    thalamus, callosum = in_thalamus(template_mm), in_corpus_callosum(template_mm)
    for number, name in enumerate(names):
        if name is not None and callosum[number]:
            names[number] = Location.CORPUS_CALLOSUM
        elif name is Location.BASAL_GANGLIA and thalamus[number]:
            names[number] = Location.THALAMUS
    return names


def right_mm(points_mm: NDArray[np.float64], anatomy: Anatomy) -> NDArray[np.float64]:
    """How far points (n, 3) lie to the right of the midline, (n,) in mm."""
    return right_of_midline_mm(points_mm, anatomy.midline)


def _location(scene: Scene, main: NDArray[np.bool_], center: NDArray[np.float64]) -> Score:
    feature = FeatureId.LOCATION
    anatomy = scene.anatomy
    if anatomy is None:
        return Score(feature, None, reason="the lobes are not known; give the anatomy")
    voxel = np.rint(to_voxel(scene.affine, center)).astype(int)
    lobes = anatomy.lobes[tuple(voxel)][None]
    value = locations(lobes, to_world(anatomy.to_template, center)[None])[0]
    if value is None:
        return Score(feature, None, reason="the center lies outside the map of lobes")
    points = to_world(anatomy.to_template, scene.points_mm(main))
    share = float(np.mean([name is value for name in locations(anatomy.lobes[main], points)]))
    how = f"the center lies there, and {100 * share:.0f} % of the main part of the tumor"
    # a center in a corner of its lobe may as well lie next door
    sure = trust(Basis.ANATOMY, figure=share, limits=(0.0,), span=1.0)
    return Score(feature, value, how, sure)


def _side(scene: Scene, center: NDArray[np.float64]) -> Score:
    feature = FeatureId.SIDE
    if scene.anatomy is not None:
        away, basis, what = float(right_mm(center[None], scene.anatomy)[0]), Basis.MASKS, "midline"
    elif scene.brain is not None and scene.brain.any():
        middle = scene.points_mm(scene.brain)[:, 0].mean()
        away, basis, what = float(center[0] - middle), Basis.ANATOMY, "middle of the brain"
    else:
        return unscored([feature], "the midline is not known; give the anatomy or the brain")[0]
    value = TumorSide.CENTER
    if abs(away) > MIDLINE_TOLERANCE_MM:
        value = TumorSide.RIGHT if away > 0 else TumorSide.LEFT
    how = f"the center lies {abs(away):.0f} mm {'right' if away > 0 else 'left'} of the {what}"
    sure = trust(basis, figure=abs(away), limits=(MIDLINE_TOLERANCE_MM,), span=SURE_MM)
    return Score(feature, value, how, sure)
