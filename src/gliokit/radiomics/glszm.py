"""Texture of size zones: how many connected voxels share a level.

Sizes are in voxels. Voxels are connected by face, edge or corner.

Source: Thibault et al., IEEE Trans Biomed Eng 2014;61:630-637, doi:10.1109/TBME.2013.2284600;
IBSI reference manual, arXiv:1612.07003, section 3.8.
"""

from collections.abc import Collection
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.count_matrix import count_alike, describe_counts
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.directions import compute_once
from gliokit.radiomics.level_image import check_levels
from gliokit.radiomics.zones import find_zones

DEFINITIONS = (
    Definition("szm_sze", "small zone emphasis", "1", "5QRC"),
    Definition("szm_lze", "large zone emphasis", "1", "48P8"),
    Definition("szm_lgze", "low gray level zone emphasis", "level⁻²", "XMSY"),
    Definition("szm_hgze", "high gray level zone emphasis", "level²", "5GN9"),
    Definition("szm_szlge", "small zone low gray level emphasis", "level⁻²", "5RAI"),
    Definition("szm_szhge", "small zone high gray level emphasis", "level²", "HW1V"),
    Definition("szm_lzlge", "large zone low gray level emphasis", "level⁻²", "YH51"),
    Definition("szm_lzhge", "large zone high gray level emphasis", "level²", "J17V"),
    Definition("szm_glnu", "gray level non-uniformity", "1", "JNSA"),
    Definition("szm_glnu_norm", "normalized gray level non-uniformity", "1", "Y1RO"),
    Definition("szm_zsnu", "zone size non-uniformity", "1", "4JP3"),
    Definition("szm_zsnu_norm", "normalized zone size non-uniformity", "1", "VB3A"),
    Definition("szm_z_perc", "zone percentage", "1", "P30P"),
    Definition("szm_gl_var", "gray level variance", "level²", "BYLV"),
    Definition("szm_zs_var", "zone size variance", "1", "3NSA"),
    Definition("szm_zs_entr", "zone size entropy", "bit", "GU8N"),
)


def describe_size_zones(
    levels: NDArray[np.int32], n_levels: int, dimensions: Collection[Dimension]
) -> dict[str, float]:
    """Compute the 16 features of the gray level size zone matrix, for each dimension.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside the mask, 1 to `n_levels` inside.
    n_levels : int
        The highest level there may be; levels that do not occur change nothing.
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
    """
    check_levels(levels, n_levels)
    features: dict[str, float] = {}
    for dimension, zones in compute_once(dimensions, partial(find_zones, levels)):
        matrix = zones.slice * (dimension is Dimension.SLICES)
        counts = count_alike(matrix, zones.level, zones.size)
        values = describe_counts(counts, DEFINITIONS, counts.total(counts.count * counts.size))
        features |= {f"{name}_{dimension}": value for name, value in values.items()}
    return features
