"""Walls inside the skull that tumors do not cross: falx and tentorium.

A compartment map numbers the left and the right cerebrum, the cerebellum, and the passages
between them: the brainstem, and the corpus callosum, which is found on the midline as the
largest patch where left and right white matter touch. Two neighboring voxels are walled off
from each other if they lie in different compartments and neither is a passage.

Limits: the falx has no free edge below the callosum; other commissures are walled.

Source: anatomy as in Standring, Gray's Anatomy; gliomas cross by the callosum ("butterfly").
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from gliokit.phantom.body.tissue import Tissue

CALLOSUM_MM = 6  # to each side of the midline that counts as the passage


class Compartment(IntEnum):
    """A part of the skull's inside."""

    OUTSIDE = 0
    LEFT = 1
    RIGHT = 2
    CEREBELLUM = 3
    PASSAGE = 4


CEREBELLAR = (Tissue.CEREBELLAR_CORTEX, Tissue.CEREBELLAR_WHITE)


def compartments_of(
    tissues: NDArray[np.uint8], right: NDArray[np.bool_], *, spacing_mm: float = 1.0
) -> NDArray[np.uint8]:
    """Give each voxel the number of its compartment.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel, axes running to R, A and S.
    right : (X, Y, Z)
        Whether a voxel lies in the right half.

    Returns
    -------
    (X, Y, Z)
        `Compartment` per voxel.
    """
    parts = np.where(right, Compartment.RIGHT, Compartment.LEFT).astype(np.uint8)
    parts[np.isin(tissues, CEREBELLAR)] = Compartment.CEREBELLUM
    parts[tissues == Tissue.BRAINSTEM] = Compartment.PASSAGE
    parts[_callosum(tissues, right, spacing_mm)] = Compartment.PASSAGE
    parts[tissues == Tissue.BACKGROUND] = Compartment.OUTSIDE
    return parts


def open_faces(compartments: NDArray[np.uint8], axis: int) -> NDArray[np.bool_]:
    """Tell for each pair of neighbors along an axis whether cells can pass, one less there."""
    n = compartments.shape[axis]
    a = compartments.take(range(n - 1), axis=axis)
    b = compartments.take(range(1, n), axis=axis)
    return (a == b) | (a == Compartment.PASSAGE) | (b == Compartment.PASSAGE)


def _callosum(
    tissues: NDArray[np.uint8], right: NDArray[np.bool_], spacing_mm: float
) -> NDArray[np.bool_]:
    """Find white matter around the largest patch where the two sides touch, (X, Y, Z)."""
    white = tissues == Tissue.WHITE_MATTER
    touching = white[:-1] & white[1:] & (right[:-1] != right[1:])
    patches, count = label(touching.any(axis=0), structure=np.ones((3, 3)))
    near = np.zeros_like(white)
    if not count:
        return near
    largest = patches == 1 + np.bincount(patches.ravel())[1:].argmax()
    near[:-1] = touching & largest
    reach = max(1, round(CALLOSUM_MM / spacing_mm))
    line = np.zeros((3, 3, 3), dtype=bool)
    line[:, 1, 1] = True
    return binary_dilation(near, structure=line, iterations=reach) & white
