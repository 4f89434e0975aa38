"""The intensity mask: voxels of a region whose intensities are in a range and no outliers.

Source: IBSI reference manual, arXiv:1612.07003, section 2.5 (identifiers USB3, 7ACA).
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import NotAssessableError


def resegment(
    image: NDArray[np.float64],
    mask: NDArray[np.bool_],
    *,
    lower: float | None = None,
    upper: float | None = None,
    outlier_sd: float | None = None,
) -> NDArray[np.bool_]:
    """Keep the voxels whose intensities count.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities.
    mask : (X, Y, Z)
        The region.
    lower, upper : float, optional
        Bounds of the range; both belong to it.
    outlier_sd : float, optional
        Standard deviations from the mean beyond which a voxel is an outlier. Mean and
        deviation are those of the whole region, before the range is applied.

    Returns
    -------
    (X, Y, Z)

    Raises
    ------
    NotAssessableError
        If nothing is left.
    """
    values = image[mask]
    kept = np.ones(values.shape, dtype=bool)
    if lower is not None:
        kept &= values >= lower
    if upper is not None:
        kept &= values <= upper
    if outlier_sd is not None:
        kept &= np.abs(values - values.mean()) <= outlier_sd * values.std()
    if not kept.any():
        raise NotAssessableError(
            f"re-segmentation leaves none of {values.size} voxels, whose intensities are "
            f"{values.min():g} to {values.max():g}; needed is one between {lower} and {upper}: "
            "change the range"
        )
    intensity_mask = np.zeros_like(mask)
    intensity_mask[mask] = kept
    return intensity_mask
