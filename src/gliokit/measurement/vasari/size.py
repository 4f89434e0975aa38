"""F29, F30: the two diameters of the whole abnormality on the axial slice where it is largest.

The largest connected part is measured, in the acquired slice with its largest area; the diameters
are chords within it (`gliokit.measurement.diameters`).

Source: RadElement RDES221 (slice of the largest area); 30 degrees as in gliokit's other measures.
"""

import numpy as np

from gliokit.core.geometry import axial_tilt_degrees, canonical_axes
from gliokit.measurement.diameters import measure_slice
from gliokit.measurement.vasari.evidence import Scene, largest_part
from gliokit.measurement.vasari.lexicon import FeatureId
from gliokit.measurement.vasari.scores import Basis, Score, trust, unscored

LARGEST_TILT_DEGREES = 30.0


def score_size(scene: Scene) -> list[Score]:
    """Score F29 and F30."""
    both = (FeatureId.LONG_AXIS, FeatureId.SHORT_AXIS)
    tilt = axial_tilt_degrees(scene.affine)
    if tilt > LARGEST_TILT_DEGREES:
        reason = f"slices are {tilt:.0f} degrees from axial; measure on an axial reformat"
        return unscored(both, reason)
    axis = canonical_axes(scene.affine)[0][2]
    slices = np.moveaxis(largest_part(scene.whole), axis, 0)
    index = int(slices.sum(axis=(1, 2)).argmax())
    found = measure_slice(slices[index], np.delete(scene.spacing_mm, axis))
    how = "whole abnormality, on the axial slice of its largest area"
    chords = (found.longest, found.perpendicular)
    return [
        Score(feature, chord.length_mm, how, trust(Basis.MASKS, span=1))
        for feature, chord in zip(both, chords, strict=True)
    ]
