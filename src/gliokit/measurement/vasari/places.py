"""Places that VASARI names and a map of lobes does not, as shapes in MNI152 space: approximate.

All are drawn from general anatomy on the MNI152 2009a white matter map; a person's own gyri, and
brain that a tumor has pushed aside, are a centimeter and more away from them. Points are (n, 3),
MNI RAS+ mm.

Source: gliokit's own; of the eloquent areas, the lexicon's names: frontal operculum, temporal or
Wernicke's area, motor.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# along the middle of the corpus callosum, from rostrum to splenium: y, z
CALLOSUM_MM = (
    (20, -2),
    (28, 4),
    (30, 10),
    (26, 17),
    (14, 22),
    (0, 26),
    (-14, 26),
    (-28, 23),
    (-38, 20),
    (-42, 14),
    (-42, 8),
)
CALLOSUM_RADIUS_MM, CALLOSUM_HALF_WIDTH_MM = 5.0, 20.0
# along the middle of the internal capsule, from its anterior limb: distance from the midline, y
CAPSULE_MM = ((22, 14), (19, 8), (16, 0), (20, -8), (24, -16), (27, -22))
CAPSULE_RADIUS_MM, CAPSULE_Z_MM = 4.0, (-2.0, 20.0)
# reaches from the midline, y and z
THALAMUS_MM = ((0, 20), (-34, -4), (-4, 20))
SPEECH_MOTOR_MM = ((32, 64), (6, 34), (-2, 28))
SPEECH_RECEPTIVE_MM = ((40, 72), (-62, -22), (-2, 30))
MOTOR_MM = ((2, 66), (-40, 12), (8, 84))
MOTOR_MEDIAL_MM = (20.0, 50.0)  # nearer to the midline than this it lies higher than that
MOTOR_DEPTH_MM = 16.0  # in front of the central sulcus: cortex and the white matter under it


def in_corpus_callosum(points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie in the corpus callosum, (n,)."""
    middle = np.abs(points_mm[:, 0]) < CALLOSUM_HALF_WIDTH_MM
    return middle & (_from_line_mm(points_mm[:, 1:], CALLOSUM_MM) < CALLOSUM_RADIUS_MM)


def in_internal_capsule(points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie in an internal capsule, (n,)."""
    lowest, highest = CAPSULE_Z_MM
    level = (points_mm[:, 2] > lowest) & (points_mm[:, 2] < highest)
    axial = np.stack([np.abs(points_mm[:, 0]), points_mm[:, 1]], axis=1)
    return level & (_from_line_mm(axial, CAPSULE_MM) < CAPSULE_RADIUS_MM)


def in_thalamus(points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points of the deep gray lie in a thalamus, (n,)."""
    return _in_box(points_mm, THALAMUS_MM)


def in_speech_motor(points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie in a frontal operculum, of either side, (n,)."""
    return _in_box(points_mm, SPEECH_MOTOR_MM)


def in_speech_receptive(points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie where Wernicke's area would be, of either side, (n,)."""
    return _in_box(points_mm, SPEECH_RECEPTIVE_MM)


def in_motor(points_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which points lie in a precentral gyrus, (n,)."""
    # the central sulcus as `gliokit.preprocessing.tissue_lobes` draws it
    ahead = points_mm[:, 1] - (-5 - 0.55 * (points_mm[:, 2] - 18))
    near, high = MOTOR_MEDIAL_MM
    surface = (np.abs(points_mm[:, 0]) >= near) | (points_mm[:, 2] >= high)
    return _in_box(points_mm, MOTOR_MM) & surface & (ahead > 0) & (ahead < MOTOR_DEPTH_MM)


def _in_box(
    points_mm: NDArray[np.float64], box: tuple[tuple[float, float], ...]
) -> NDArray[np.bool_]:
    reach = np.array(box, dtype=np.float64)
    folded = points_mm.copy()
    folded[:, 0] = np.abs(folded[:, 0])
    return np.asarray(((folded >= reach[:, 0]) & (folded <= reach[:, 1])).all(axis=1))


def _from_line_mm(
    points: NDArray[np.float64], corners: tuple[tuple[float, float], ...]
) -> NDArray[np.float64]:
    """Distance of points (n, 2) from a line through corners, (n,)."""
    line = np.array(corners, dtype=np.float64)
    nearest = np.full(len(points), np.inf)
    for start, end in pairwise(line):
        step = end - start
        share = np.clip((points - start) @ step / (step @ step), 0, 1)
        away = points - start - share[:, None] * step
        nearest = np.minimum(nearest, np.linalg.norm(away, axis=1))
    return nearest
