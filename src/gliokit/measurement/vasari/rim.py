"""F11: thickness of the enhancing rim around what does not enhance.

From every voxel of enhancement that touches what it surrounds, the way to the nearest voxel outside
is the thickness of the rim there: across a rim of n voxels it is n voxels. The middle one decides.
Without surrounded core there is no rim.

Source: classes and 3 mm of the lexicon; the share is assumed.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt

from gliokit.core.geometry import bounding_box
from gliokit.measurement.vasari.answers import RimThickness
from gliokit.measurement.vasari.enclosure import surrounded
from gliokit.measurement.vasari.evidence import Scene
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Basis, Score, trust

THICK_MM = 3.0  # the lexicon's
SOLID_BELOW = 0.05  # surrounded share of the solid tumor, below which there is no rim (assumed)
SURE_MM = 1.0  # this far from the limit it has no say any more (assumed)
SURE_SHARE = 0.05


def score_rim(scene: Scene) -> list[Score]:
    """Score F11."""
    feature = FeatureId.RIM_THICKNESS
    if not scene.enhancing.any():
        how = "no voxel is labeled enhancing"
        return [Score(feature, RimThickness.NOT_APPLICABLE, how, trust(Basis.MASKS, span=1))]
    inner = surrounded(scene.core, scene.enhancing)
    share = scene.ml(inner) / scene.ml(scene.enhancing | inner)
    if share < SOLID_BELOW:
        how = f"the enhancement surrounds {100 * share:.1f} % of core"
        sure = trust(Basis.MASKS, figure=share, limits=(SOLID_BELOW,), span=SURE_SHARE)
        return [Score(feature, RimThickness.SOLID, how, sure)]
    thickness = float(np.median(rim_thickness_mm(inner, scene.enhancing, scene.spacing_mm)))
    value = RimThickness.THICK if thickness >= THICK_MM else RimThickness.THIN
    sure = trust(Basis.MASKS, figure=thickness, limits=(THICK_MM,), span=SURE_MM)
    return [Score(feature, value, f"median thickness {thickness:.1f} mm", sure)]


def rim_thickness_mm(
    inner: NDArray[np.bool_], rim: NDArray[np.bool_], spacing_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Measure the rim at every voxel of it that touches what it surrounds, (n,) in mm.

    Parameters
    ----------
    inner, rim : (X, Y, Z)
        What is surrounded, and the rim; neither reaches the border.
    spacing_mm : (3,)
        Of the grid.
    """
    box = bounding_box(inner | rim)
    box = tuple(slice(max(side.start - 1, 0), side.stop + 1) for side in box)
    way = distance_transform_edt((inner | rim)[box], sampling=spacing_mm)
    return np.asarray(way[rim[box] & binary_dilation(inner[box])])
