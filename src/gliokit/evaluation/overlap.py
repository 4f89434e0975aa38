"""Overlap of two segmentations."""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError


def dice(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> float:
    """Measure overlap as twice the common voxels over the sum of both.

    Parameters
    ----------
    reference, prediction : (X, Y, Z)
        Voxels of the same region on the same grid; any number of dimensions.

    Returns
    -------
    float
        0 to 1. 1 if both are empty, since they agree; 0 if only one is.

    Raises
    ------
    GeometryError
        If the shapes differ.

    Source: Dice, Ecology 1945;26:297-302, doi:10.2307/1932409; the rule for empty masks is that
    of BraTS 2023.
    """
    if reference.shape != prediction.shape:
        raise GeometryError(
            f"reference is {reference.shape}, prediction {prediction.shape}; "
            "give both on the same grid"
        )
    total = np.count_nonzero(reference) + np.count_nonzero(prediction)
    return float(2 * np.count_nonzero(reference & prediction) / total) if total else 1.0
