"""How far the volume of a prediction is off.

The signed error shows bias over many cases, where the absolute one shows the size of the errors;
report both. Two volumes may be equal and lie apart: read them beside Dice.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError


@dataclass(frozen=True, slots=True)
class VolumeError:
    """Two volumes and their difference.

    Attributes
    ----------
    reference_ml, prediction_ml : float
        Volumes in mL; 0 for an empty mask.
    """

    reference_ml: float
    prediction_ml: float

    @property
    def signed_ml(self) -> float:
        """Prediction less reference; above 0 if the prediction is too large."""
        return self.prediction_ml - self.reference_ml

    @property
    def absolute_ml(self) -> float:
        """Size of the error, 0 or more."""
        return abs(self.signed_ml)

    @property
    def relative(self) -> float:
        """Signed error as a fraction of the reference; `nan` if the reference is empty."""
        return self.signed_ml / self.reference_ml if self.reference_ml else math.nan


def measure_volume_error(
    reference: NDArray[np.bool_], prediction: NDArray[np.bool_], *, voxel_ml: float
) -> VolumeError:
    """Compare the volumes of two masks, in whole voxels.

    Parameters
    ----------
    reference, prediction : (X, Y, Z)
        Voxels of the same region on the same grid.
    voxel_ml : float
        Volume of a voxel.

    Raises
    ------
    GeometryError
        If the shapes differ.
    ValueError
        If `voxel_ml` is not positive.
    """
    if reference.shape != prediction.shape:
        raise GeometryError(
            f"reference is {reference.shape}, prediction {prediction.shape}; "
            "give both on the same grid"
        )
    if not voxel_ml > 0:
        raise ValueError(f"a voxel of {voxel_ml:g} mL; the volume must be positive")
    first, second = (int(np.count_nonzero(mask)) * voxel_ml for mask in (reference, prediction))
    return VolumeError(first, second)
