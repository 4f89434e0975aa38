"""Volume of tumor regions, by counting whole voxels on their native grid.

Partial volume is not modelled: a voxel belongs to its label with its whole volume.
"""

import numpy as np
from numpy.typing import NDArray

from gliokit.core.findings import LabelVolume, Quantity, RegionVolume
from gliokit.core.geometry import Affine, voxel_volume_mm3
from gliokit.core.image import LabelMap
from gliokit.core.vocabulary import REGION_LABELS, Label, Region

MM3_PER_ML = 1000


def volume_ml(mask: NDArray[np.bool_], affine: Affine) -> float:
    """Measure the volume of a region.

    Parameters
    ----------
    mask : (X, Y, Z)
        Voxels of the region.
    affine : (4, 4)
        Voxel index to RAS+ mm.

    Returns
    -------
    float
        Millilitres; 0 for an empty mask.

    Raises
    ------
    GeometryError
        If `affine` is singular.
    """
    return voxels_ml(int(np.count_nonzero(mask)), affine)


def voxels_ml(voxels: int, affine: Affine) -> float:
    """Convert a number of voxels to millilitres."""
    return voxels * voxel_volume_mm3(affine) / MM3_PER_ML


def volumes_by_label(label_map: LabelMap) -> tuple[LabelVolume, ...]:
    """Measure every label but the background, in the order of `Label`; absent ones are 0 mL."""
    counts = _count_labels(label_map)
    return tuple(
        LabelVolume(
            label, counts[label], Quantity(voxels_ml(counts[label], label_map.affine), "mL")
        )
        for label in Label
        if label is not Label.BACKGROUND
    )


def volumes_by_region(label_map: LabelMap) -> tuple[RegionVolume, ...]:
    """Measure every region, in the order of `Region`; absent ones are 0 mL."""
    counts = _count_labels(label_map)
    sizes = {region: sum(counts[label] for label in REGION_LABELS[region]) for region in Region}
    return tuple(
        RegionVolume(region, voxels, Quantity(voxels_ml(voxels, label_map.affine), "mL"))
        for region, voxels in sizes.items()
    )


def _count_labels(label_map: LabelMap) -> list[int]:
    # bincount widens its input to 64 bits: without the background that is a small array
    labels = label_map.array[label_map.array > 0]
    return np.bincount(labels, minlength=len(Label)).tolist()
