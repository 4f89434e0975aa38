"""Texture of runs: how many voxels of the same level follow each other in a line.

Lengths are in voxels, whatever their size. Features of matrices that are not merged are averaged
over slices and directions.

Source: Galloway, Comput Graph Image Process 1975;4:172-179, doi:10.1016/S0146-664X(75)80008-6;
IBSI reference manual, arXiv:1612.07003, section 3.7.
"""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from gliokit.radiomics.aggregation import Aggregation
from gliokit.radiomics.count_matrix import describe_counts
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.level_image import lay_out
from gliokit.radiomics.tally import tally_runs

DEFINITIONS = (
    Definition("rlm_sre", "short runs emphasis", "1", "22OV"),
    Definition("rlm_lre", "long runs emphasis", "1", "W4KF"),
    Definition("rlm_lgre", "low gray level run emphasis", "level⁻²", "V3SW"),
    Definition("rlm_hgre", "high gray level run emphasis", "level²", "G3QZ"),
    Definition("rlm_srlge", "short run low gray level emphasis", "level⁻²", "HTZT"),
    Definition("rlm_srhge", "short run high gray level emphasis", "level²", "GD3A"),
    Definition("rlm_lrlge", "long run low gray level emphasis", "level⁻²", "IVPO"),
    Definition("rlm_lrhge", "long run high gray level emphasis", "level²", "3KUM"),
    Definition("rlm_glnu", "gray level non-uniformity", "1", "R5YN"),
    Definition("rlm_glnu_norm", "normalized gray level non-uniformity", "1", "OVBL"),
    Definition("rlm_rlnu", "run length non-uniformity", "1", "W92Y"),
    Definition("rlm_rlnu_norm", "normalized run length non-uniformity", "1", "IC23"),
    Definition("rlm_r_perc", "run percentage", "1", "9ZK5"),
    Definition("rlm_gl_var", "gray level variance", "level²", "8CE5"),
    Definition("rlm_rl_var", "run length variance", "1", "SXLW"),
    Definition("rlm_rl_entr", "run entropy", "bit", "HJ9O"),
)


def describe_run_lengths(
    levels: NDArray[np.int32], n_levels: int, aggregations: Collection[Aggregation]
) -> dict[str, float]:
    """Compute the 16 features of the gray level run length matrix, for each aggregation.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside the mask, 1 to `n_levels` inside.
    n_levels : int
        The highest level there may be; levels that do not occur change nothing.
    aggregations : collection
        Those wanted.

    Returns
    -------
    dict
        Name with aggregation to value.

    Raises
    ------
    ImageError
        If `levels` is no discretized image, or empty.
    """
    region = lay_out(levels, n_levels)
    features: dict[str, float] = {}
    for aggregation, runs in tally_runs(region, aggregations):
        # every voxel belongs to one run in each direction
        values = describe_counts(runs, DEFINITIONS, runs.total(runs.count * runs.size))
        features |= {f"{name}_{aggregation}": value for name, value in values.items()}
    return features
