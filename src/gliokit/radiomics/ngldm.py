"""Texture of dependence: how many neighbors have a level like that of the voxel itself.

A neighbor within the distance depends on the voxel if their levels differ by `alpha` at most. The
voxel itself counts too, so a dependence is 1 or more.

Source: Comput Vis Graph Image Process 1983;23:341-352,
doi:10.1016/0734-189X(83)90032-4; IBSI reference manual, arXiv:1612.07003, section 3.11.
"""

from collections.abc import Collection
from functools import partial

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import SettingsError
from gliokit.radiomics.aggregation import Dimension
from gliokit.radiomics.count_matrix import count_alike, describe_counts
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.directions import compute_once, steps_within
from gliokit.radiomics.level_image import LevelImage, lay_out

DEFINITIONS = (
    Definition("ngl_lde", "low dependence emphasis", "1", "SODN"),
    Definition("ngl_hde", "high dependence emphasis", "1", "IMOQ"),
    Definition("ngl_lgce", "low gray level count emphasis", "level⁻²", "TL9H"),
    Definition("ngl_hgce", "high gray level count emphasis", "level²", "OAE7"),
    Definition("ngl_ldlge", "low dependence low gray level emphasis", "level⁻²", "EQ3F"),
    Definition("ngl_ldhge", "low dependence high gray level emphasis", "level²", "JA6D"),
    Definition("ngl_hdlge", "high dependence low gray level emphasis", "level⁻²", "NBZI"),
    Definition("ngl_hdhge", "high dependence high gray level emphasis", "level²", "9QMG"),
    Definition("ngl_glnu", "gray level non-uniformity", "1", "FP8K"),
    Definition("ngl_glnu_norm", "normalized gray level non-uniformity", "1", "5SPA"),
    Definition("ngl_dcnu", "dependence count non-uniformity", "1", "Z87G"),
    Definition("ngl_dcnu_norm", "normalized dependence count non-uniformity", "1", "OKJI"),
    Definition("ngl_dc_perc", "dependence count percentage", "1", "6XV8"),
    Definition("ngl_gl_var", "gray level variance", "level²", "1PFV"),
    Definition("ngl_dc_var", "dependence count variance", "1", "DNX2"),
    Definition("ngl_dc_entr", "dependence count entropy", "bit", "FCBV"),
    Definition("ngl_dc_energy", "dependence count energy", "1", "CAS9"),
)


def describe_dependence(
    levels: NDArray[np.int32],
    n_levels: int,
    dimensions: Collection[Dimension],
    *,
    alpha: int = 0,
    distance: int = 1,
) -> dict[str, float]:
    """Compute the 17 features of the neighboring gray level dependence matrix.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside the mask, 1 to `n_levels` inside.
    n_levels : int
        The highest level there may be; levels that do not occur change nothing.
    dimensions : collection
        Those wanted.
    alpha : int
        Levels by which a neighbor that depends may differ (coarseness).
    distance : int
        Of neighbors, Chebyshev, in voxels.

    Returns
    -------
    dict
        Name with dimension to value.

    Raises
    ------
    ImageError
        If `levels` is no discretized image, or empty.
    SettingsError
        If `alpha` is below 0 or `distance` below 1.
    """
    if alpha < 0:
        raise SettingsError(f"alpha is {alpha} levels; needed 0 or more")
    region = lay_out(levels, n_levels, margin=distance)
    level, slices = region.levels[region.voxels].astype(np.int64), region.slice_of_voxel()
    features: dict[str, float] = {}
    count = partial(_dependence, region, alpha, distance)
    for dimension, dependence in compute_once(dimensions, count):
        matrix = slices * (dimension is Dimension.SLICES)
        counts = count_alike(matrix, level, dependence)
        values = describe_counts(counts, DEFINITIONS, np.bincount(matrix))
        features |= {f"{name}_{dimension}": value for name, value in values.items()}
    return features


def _dependence(region: LevelImage, alpha: int, distance: int, by_slice: bool) -> NDArray[np.int64]:
    """Count the voxel itself and the neighbors that depend on it, (N,)."""
    steps = steps_within(distance, in_slice=by_slice)
    least, greatest = np.maximum(region.beside() - alpha, 1), region.beside() + alpha
    dependence = np.ones(least.size, dtype=np.min_scalar_type(len(steps) + 1))
    for step in steps:
        neighbor = region.beside(step)
        dependence += (neighbor >= least) & (neighbor <= greatest)
    return dependence[region.voxels - region.voxels[0]].astype(np.int64)
