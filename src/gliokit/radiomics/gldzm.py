"""Texture of distance zones: how far from the border connected voxels of one level lie.

A zone's distance is that of its voxel closest to the border of the morphological mask, in steps
over faces; a voxel at the border has distance 1. Zones are those of the intensity mask. In slices
both zone and border are those of the slice.

Source: Thibault et al., IEEE Trans Biomed Eng 2014;61:630-637, doi:10.1109/TBME.2013.2284600;
IBSI reference manual, arXiv:1612.07003, section 3.9.
"""

from collections.abc import Collection
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.core.errors import GeometryError
from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.count_matrix import count_alike, describe_counts
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.directions import compute_once
from gliokit.radiomics.level_image import check_levels
from gliokit.radiomics.zones import Zones, find_zones

DEFINITIONS = (
    Definition("dzm_sde", "small distance emphasis", "1", "0GBI"),
    Definition("dzm_lde", "large distance emphasis", "1", "MB4I"),
    Definition("dzm_lgze", "low gray level zone emphasis", "level⁻²", "S1RA"),
    Definition("dzm_hgze", "high gray level zone emphasis", "level²", "K26C"),
    Definition("dzm_sdlge", "small distance low gray level emphasis", "level⁻²", "RUVG"),
    Definition("dzm_sdhge", "small distance high gray level emphasis", "level²", "DKNJ"),
    Definition("dzm_ldlge", "large distance low gray level emphasis", "level⁻²", "A7WM"),
    Definition("dzm_ldhge", "large distance high gray level emphasis", "level²", "KLTH"),
    Definition("dzm_glnu", "gray level non-uniformity", "1", "VFT7"),
    Definition("dzm_glnu_norm", "normalized gray level non-uniformity", "1", "7HP3"),
    Definition("dzm_zdnu", "zone distance non-uniformity", "1", "V294"),
    Definition("dzm_zdnu_norm", "normalized zone distance non-uniformity", "1", "IATH"),
    Definition("dzm_z_perc", "zone percentage", "1", "VIWW"),
    Definition("dzm_gl_var", "gray level variance", "level²", "QK93"),
    Definition("dzm_zd_var", "zone distance variance", "1", "7WT1"),
    Definition("dzm_zd_entr", "zone distance entropy", "bit", "GBDU"),
)


def describe_distance_zones(
    levels: NDArray[np.int32],
    n_levels: int,
    morphological_mask: NDArray[np.bool_],
    dimensions: Collection[Dimension],
) -> dict[str, float]:
    """Compute the 16 features of the gray level distance zone matrix, for each dimension.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside the intensity mask, 1 to `n_levels` inside.
    n_levels : int
        The highest level there may be; levels that do not occur change nothing.
    morphological_mask : (X, Y, Z)
        The region whose border counts; what lies beyond the array is outside. Holds the
        intensity mask.
    dimensions : collection
        Those wanted.

    Returns
    -------
    dict
        Name with dimension to value.

    Raises
    ------
    ImageError
        If `levels` is no discretized image, or empty.
    GeometryError
        If the mask has another shape, or leaves out a voxel that has a level.
    """
    check_levels(levels, n_levels)
    _check_mask(levels, morphological_mask)
    features: dict[str, float] = {}
    find = partial(_find_distances, levels, morphological_mask)
    for dimension, (zones, distance) in compute_once(dimensions, find):
        matrix = zones.slice * (dimension is Dimension.SLICES)
        counts = count_alike(matrix, zones.level, distance)
        values = describe_counts(counts, DEFINITIONS, np.bincount(matrix, zones.size))
        features |= {f"{name}_{dimension}": value for name, value in values.items()}
    return features


def steps_to_border(mask: NDArray[np.bool_], *, by_slice: bool) -> NDArray[np.int32]:
    """Count the steps over faces from each voxel until the mask is left, (X, Y, Z).

    Parameters
    ----------
    mask : (X, Y, Z)
        The region; beyond the array is outside.
    by_slice : bool
        Whether steps stay in the slice.
    """
    faces = ndimage.generate_binary_structure(3, 1)
    if by_slice:
        faces[:, :, [0, 2]] = False
    padded = np.pad(mask, 1)
    return ndimage.distance_transform_cdt(padded, metric=faces)[1:-1, 1:-1, 1:-1]


def _find_distances(
    levels: NDArray[np.int32], mask: NDArray[np.bool_], by_slice: bool
) -> tuple[Zones, NDArray[np.int64]]:
    """Find the zones, and the distance of that voxel of each that is closest to the border."""
    zones = find_zones(levels, by_slice)
    steps = steps_to_border(mask, by_slice=by_slice)[levels > 0].astype(np.int64)
    closest = np.full(zones.level.size, np.iinfo(np.int64).max)
    np.minimum.at(closest, zones.zone_of_voxel, steps)
    return zones, closest


def _check_mask(levels: NDArray[np.int32], mask: NDArray[np.bool_]) -> None:
    if mask.shape != levels.shape:
        raise GeometryError(
            f"the morphological mask has shape {mask.shape}, the levels {levels.shape}; "
            "needed one grid: crop both to the same box"
        )
    if outside := int(np.count_nonzero(levels[~mask])):
        raise GeometryError(
            f"{outside} voxels with a level lie outside the morphological mask; needed none: "
            "the intensity mask is a part of the morphological one"
        )
