"""Maps without a scale of their own, made relative to normal-appearing white matter.

Source: Emblem et al., Radiology 2008;247:808-17, doi:10.1148/radiol.2473070571 (blood volume
against unaffected white matter). Assumed: the median, which vessels do not rule.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, NotAssessableError


def relative_to_white_matter(
    image: NDArray[np.float32], white: NDArray[np.bool_], *, least_voxels: int = 20
) -> NDArray[np.float32]:
    """Divide a map by its median in normal-appearing white matter of the other side.

    Parameters
    ----------
    image : (X, Y, Z)
        Blood volume or peak height; `nan` where unknown.
    white : (X, Y, Z)
        White matter away from the tumor.
    least_voxels : int
        Voxels with a value that are needed (assumed: 20).

    Raises
    ------
    GeometryError
        If shapes differ.
    NotAssessableError
        If there is too little white matter, or its median is not positive.
    """
    if white.shape != image.shape:
        raise GeometryError(
            f"white matter has shape {white.shape}, the map {image.shape}; resample the mask"
        )
    values = image[white]
    values = values[np.isfinite(values)]
    if len(values) < least_voxels:
        raise NotAssessableError(
            f"white matter has {len(values)} voxels with a value; needed {least_voxels}: "
            "enlarge the mask, within the brain of the series"
        )
    median = float(np.median(values))
    if median <= 0:
        raise NotAssessableError(
            f"the median of white matter is {median:g}; needed one above 0: check the mask"
        )
    return image / np.float32(median)
