"""Images and label maps: an array, where it lies, and where it came from."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.core.geometry import Affine, Grid
from gliokit.core.vocabulary import REGION_LABELS, Region


@dataclass(frozen=True, slots=True)
class Image:
    """One MR image.

    Attributes
    ----------
    array : (X, Y, Z)
        Intensities in the scanner's arbitrary unit.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    source : str
        Where it came from, for messages to the caller only: never written into a result,
        since file names may hold patient names.
    sha256 : str
        Hash of the file's bytes; empty for an image that was made in memory.
    """

    array: NDArray[np.float32] = field(repr=False)
    affine: Affine
    source: str = "image"
    sha256: str = ""

    @property
    def grid(self) -> Grid:
        """The voxel grid."""
        x, y, z = self.array.shape
        return Grid((x, y, z), self.affine)


@dataclass(frozen=True, slots=True)
class LabelMap:
    """One label per voxel, in the numbers of `gliokit.core.vocabulary.Label`.

    Attributes
    ----------
    array : (X, Y, Z)
        Labels.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    source : str
        Where it came from, for messages to the caller only.
    note : str
        What the reader must know of how the values were read; empty where they allow no other
        reading.
    sha256 : str
        Hash of the file's bytes; empty for a map that was made in memory.
    """

    array: NDArray[np.uint8] = field(repr=False)
    affine: Affine
    source: str = "label map"
    note: str = ""
    sha256: str = ""

    @property
    def grid(self) -> Grid:
        """The voxel grid."""
        x, y, z = self.array.shape
        return Grid((x, y, z), self.affine)


@dataclass(frozen=True, slots=True)
class Mask:
    """A region of an image.

    Attributes
    ----------
    array : (X, Y, Z)
        Whether a voxel belongs to it.
    affine : (4, 4)
        Voxel index to RAS+ mm.
    source : str
        Where it came from, for messages to the caller only.
    sha256 : str
        Hash of the file's bytes; empty for a mask that was made in memory.
    """

    array: NDArray[np.bool_] = field(repr=False)
    affine: Affine
    source: str = "mask"
    sha256: str = ""

    @property
    def grid(self) -> Grid:
        """The voxel grid."""
        x, y, z = self.array.shape
        return Grid((x, y, z), self.affine)


def region_mask(labels: NDArray[np.integer], region: Region) -> NDArray[np.bool_]:
    """Select the voxels of a region from labels of any shape."""
    table = np.zeros(256, dtype=bool)
    table[list(REGION_LABELS[region])] = True
    return table[labels]
