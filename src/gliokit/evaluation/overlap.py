"""Overlap of two segmentations, all from one count of voxels.

Two empty masks agree: every share is 1. Where only the denominator of a share is empty, the share
is `nan`: no voxel was there to be found, or none was claimed. Dice needs no such case.

Beware of names. Specificity here is the share of the voxels outside the region that were left
out; with a tumor in a whole image it is always near 1. The "specificity" that Havaei et al. print
(Med Image Anal 2017;35:18-31, doi:10.1016/j.media.2016.05.004) is the positive predictive value:
their Dice D = 0.78 and sensitivity S = 0.96 leave a PPV of DS / (2S - D) = 0.66, they print 0.67,
and a specificity would have been about 0.99.

Source: Dice, Ecology 1945;26:297-302, doi:10.2307/1932409; the rule for two empty masks is that of
BraTS 2023.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError


@dataclass(frozen=True, slots=True)
class Confusion:
    """Voxels of an image by what reference and prediction say of them.

    Attributes
    ----------
    both, only_reference, only_prediction, neither : int
        True positive, false negative, false positive and true negative voxels.
    """

    both: int
    only_reference: int
    only_prediction: int
    neither: int

    @property
    def dice(self) -> float:
        """See `dice`."""
        return self._share(2 * self.both, self.only_reference + self.only_prediction)

    @property
    def sensitivity(self) -> float:
        """See `sensitivity`."""
        return self._share(self.both, self.only_reference)

    @property
    def specificity(self) -> float:
        """See `specificity`."""
        return self._share(self.neither, self.only_prediction)

    @property
    def positive_predictive_value(self) -> float:
        """See `positive_predictive_value`."""
        return self._share(self.both, self.only_prediction)

    def _share(self, right: int, wrong: int) -> float:
        if not self.both + self.only_reference + self.only_prediction:
            return 1.0
        return right / (right + wrong) if right + wrong else math.nan


def count_confusion(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> Confusion:
    """Count agreement and both kinds of error.

    Parameters
    ----------
    reference, prediction : (X, Y, Z)
        Voxels of the same region on the same grid; any number of dimensions.

    Raises
    ------
    GeometryError
        If the shapes differ.
    """
    if reference.shape != prediction.shape:
        raise GeometryError(
            f"reference is {reference.shape}, prediction {prediction.shape}; "
            "give both on the same grid"
        )
    both = int(np.count_nonzero(reference & prediction))
    only_reference = int(np.count_nonzero(reference)) - both
    only_prediction = int(np.count_nonzero(prediction)) - both
    neither = reference.size - both - only_reference - only_prediction
    return Confusion(both, only_reference, only_prediction, neither)


def dice(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> float:
    """Measure overlap as twice the common voxels over the sum of both.

    Takes and raises what `count_confusion` does.

    Returns
    -------
    float
        0 to 1. 1 if both are empty, since they agree; 0 if only one is.
    """
    return count_confusion(reference, prediction).dice


def sensitivity(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> float:
    """Measure the share of the reference that lies in the prediction (recall).

    Takes and raises what `count_confusion` does.

    Returns
    -------
    float
        0 to 1. 1 if both are empty; `nan` if only the reference is.
    """
    return count_confusion(reference, prediction).sensitivity


def specificity(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> float:
    """Measure the share of the image outside the reference that lies outside the prediction.

    It grows with the empty margin of the image, so it compares only on equal grids. Takes and
    raises what `count_confusion` does.

    Returns
    -------
    float
        0 to 1. 1 if both are empty; `nan` if the reference fills the image.
    """
    return count_confusion(reference, prediction).specificity


def positive_predictive_value(reference: NDArray[np.bool_], prediction: NDArray[np.bool_]) -> float:
    """Measure the share of the prediction that lies in the reference (precision).

    Takes and raises what `count_confusion` does.

    Returns
    -------
    float
        0 to 1. 1 if both are empty; `nan` if only the prediction is.
    """
    return count_confusion(reference, prediction).positive_predictive_value
