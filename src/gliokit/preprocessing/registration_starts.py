"""Where the search for a motion starts: several places, each with several turns.

The headers may be right, so their pose always starts; else the middles of both heads are laid
onto each other, or their tops, which serves where one image ends at the brain and the other at
the shoulders. About each of these the head is also turned by 15 degrees to either side of each
axis.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.preprocessing.affine_motion import RADIUS_MM, Motion
from gliokit.preprocessing.registration_levels import Head

TURN_DEGREES = 15.0  # a climb at 8 mm finds its way over about as much (measured on 14 pairs)


def starting_motions(fixed: Head, moving: Head) -> list[Motion]:
    """List rigid motions to start from; the first is what the headers say."""
    middles = moving.center_mm - fixed.center_mm
    tops = np.array([*middles[:2], moving.top_mm - fixed.top_mm])
    return [
        Motion(fixed.center_mm, np.concatenate([shift, turn]))
        for shift in (np.zeros(3), middles, tops)
        for turn in _turns()
    ]


def _turns() -> list[NDArray[np.float64]]:
    largest = np.radians(TURN_DEGREES) * RADIUS_MM
    sides = np.eye(3) * largest
    return [np.zeros(3), *sides, *-sides]
