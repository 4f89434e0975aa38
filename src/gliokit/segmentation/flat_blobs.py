"""Parts of a prediction that keep to the surface of the brain, where bright corners deceive.

The rule of the paper is not stated; that a part is flat where it nowhere lies deep is assumed.

Source: Havaei et al., Med Image Anal 2017;35:18-31, doi:10.1016/j.media.2016.05.004
"""

import cc3d
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt


def remove_flat_blobs(
    classes: NDArray[np.uint8],
    brain: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    *,
    deepest_mm: float,
) -> None:
    """Remove, in place, the parts of a tumor that keep to the surface of the brain.

    Parameters
    ----------
    classes, brain : (X, Y, Z)
        0 is background.
    spacing : (3,)
        mm.
    deepest_mm : float
        Of a part that is removed.
    """
    parts = cc3d.connected_components((classes > 0).view(np.uint8), connectivity=26)
    inside = distance_transform_edt(np.pad(brain, 1), sampling=spacing)[1:-1, 1:-1, 1:-1]
    depths = np.zeros(int(parts.max()) + 1, dtype=np.float32)
    np.maximum.at(depths, parts[parts > 0], inside[parts > 0])
    classes[depths[parts] <= deepest_mm] = 0
