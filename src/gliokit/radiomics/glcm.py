"""Texture of co-occurrence: which levels stand side by side.

Matrices are symmetric: a pair counts in both orders. Most features need only three sums over the
matrix, by level, by difference and by sum of levels; entropy, energy and maximum need its cells.
Features of matrices that are not merged are averaged over slices and directions; those without a
pair are left out.

Source: Haralick et al., IEEE Trans Syst Man Cybern 1973;3:610-621, doi:10.1109/TSMC.1973.4309314;
IBSI reference manual, arXiv:1612.07003, section 3.6.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.radiomics.aggregation import Aggregation
from gliokit.radiomics.count_matrix import CountMatrices
from gliokit.radiomics.definition import Definition
from gliokit.radiomics.level_image import lay_out
from gliokit.radiomics.tally import tally_pairs

FloatArray = NDArray[np.float64]

DEFINITIONS = (
    Definition("cm_joint_max", "joint maximum", "1", "GYBY"),
    Definition("cm_joint_avg", "joint average", "level", "60VM"),
    Definition("cm_joint_var", "joint variance", "level²", "UR99"),
    Definition("cm_joint_entr", "joint entropy", "bit", "TU9B"),
    Definition("cm_diff_avg", "difference average", "level", "TF7R"),
    Definition("cm_diff_var", "difference variance", "level²", "D3YU"),
    Definition("cm_diff_entr", "difference entropy", "bit", "NTRS"),
    Definition("cm_sum_avg", "sum average", "level", "ZGXS"),
    Definition("cm_sum_var", "sum variance", "level²", "OEEB"),
    Definition("cm_sum_entr", "sum entropy", "bit", "P6QZ"),
    Definition("cm_energy", "angular second moment", "1", "8ZQL"),
    Definition("cm_contrast", "contrast", "level²", "ACUI"),
    Definition("cm_dissimilarity", "dissimilarity", "level", "8S9J"),
    Definition("cm_inv_diff", "inverse difference", "1", "IB1Z"),
    Definition("cm_inv_diff_norm", "normalized inverse difference", "1", "NDRX"),
    Definition("cm_inv_diff_mom", "inverse difference moment", "1", "WF0Z"),
    Definition("cm_inv_diff_mom_norm", "normalized inverse difference moment", "1", "1QCO"),
    Definition("cm_inv_var", "inverse variance", "level⁻²", "E8JP"),
    Definition("cm_corr", "correlation", "1", "NI2N"),
    Definition("cm_auto_corr", "autocorrelation", "level²", "QWB0"),
    Definition("cm_clust_tend", "cluster tendency", "level²", "DG8W"),
    Definition("cm_clust_shade", "cluster shade", "level³", "7NFM"),
    Definition("cm_clust_prom", "cluster prominence", "level⁴", "AE86"),
    Definition("cm_info_corr1", "first measure of information correlation", "1", "R8DG"),
    Definition("cm_info_corr2", "second measure of information correlation", "1", "JN9H"),
)


@dataclass(frozen=True, slots=True)
class Probabilities:
    """What the features need of M symmetric matrices whose cells sum to 1.

    Attributes
    ----------
    by_level, by_difference, by_sum : (M, values)
        Sums over the cells of a level, of an absolute difference and of a sum of levels, from 0.
    joint_max, joint_entropy, energy : (M,)
        Of the cells.
    """

    by_level: FloatArray
    by_difference: FloatArray
    by_sum: FloatArray
    joint_max: FloatArray
    joint_entropy: FloatArray
    energy: FloatArray


def describe_cooccurrence(
    levels: NDArray[np.int32],
    n_levels: int,
    aggregations: Collection[Aggregation],
    *,
    distance: int = 1,
) -> dict[str, float]:
    """Compute the 25 features of the gray level co-occurrence matrix, for each aggregation.

    Parameters
    ----------
    levels : (X, Y, Z)
        0 outside the mask, 1 to `n_levels` inside.
    n_levels : int
        Number of levels; the two normalized inverse differences refer to it. Other features do
        not change with levels that do not occur.
    aggregations : collection
        Those wanted.
    distance : int
        Between the two voxels, in voxels along the direction.

    Returns
    -------
    dict
        Name with aggregation to value; `nan` if no voxel has a neighbor. A matrix with a single
        level has no correlation and no first information correlation.

    Raises
    ------
    ImageError
        If `levels` is no discretized image, or empty.
    SettingsError
        If `distance` is below 1.
    """
    region = lay_out(levels, n_levels, margin=distance)
    features: dict[str, float] = {}
    for aggregation, pairs in tally_pairs(region, aggregations, distance):
        values = compute_features(to_probabilities(pairs), n_levels)
        features |= {
            f"{definition.name}_{aggregation}": mean_of_defined(value)
            for definition, value in zip(DEFINITIONS, values, strict=True)
        }
    return features


def to_probabilities(pairs: CountMatrices) -> Probabilities:
    """Make the matrices symmetric, divide by their sums, and sum their cells up.

    Parameters
    ----------
    pairs : CountMatrices
        Each pair once, the lower level as `level`, the higher one as `size`.
    """
    lower, higher = pairs.level, pairs.size
    share = pairs.count / pairs.total(pairs.count)[pairs.matrix]
    twice = lower != higher  # the cell and its mirror image, each with half the share
    cell = np.where(twice, share / 2, share)
    by_higher = pairs.margins(higher, share)  # the widest: higher is the larger number
    by_lower = pairs.margins(lower, share)
    by_higher[:, : by_lower.shape[1]] += by_lower
    joint_max = np.zeros(pairs.n_matrices)
    np.maximum.at(joint_max, pairs.matrix, cell)
    return Probabilities(
        by_level=by_higher / 2,
        by_difference=pairs.margins(higher - lower, share),
        by_sum=pairs.margins(higher + lower, share),
        joint_max=joint_max,
        joint_entropy=pairs.total(share * np.log2(1 / cell)),
        energy=pairs.total(share * cell),
    )


def compute_features(of: Probabilities, n_levels: int) -> list[FloatArray]:
    """Compute all features of each matrix, in the order of `DEFINITIONS`, each (M,)."""
    level, difference, total = (
        np.arange(p.shape[1], dtype=np.float64) for p in (of.by_level, of.by_difference, of.by_sum)
    )
    joint_mean, difference_mean = of.by_level @ level, of.by_difference @ difference
    sum_mean, entropy = of.by_sum @ total, entropies(of.by_level)
    contrast = of.by_difference @ difference**2
    auto_correlation = (of.by_sum @ total**2 - contrast) / 4  # ij = ((i+j)² - (i-j)²) / 4
    joint_variance, *_ = central_moments(of.by_level)
    sum_variance, sum_third, sum_fourth = central_moments(of.by_sum)
    return [
        of.joint_max,
        joint_mean,
        joint_variance,
        of.joint_entropy,
        difference_mean,
        central_moments(of.by_difference)[0],
        entropies(of.by_difference),
        sum_mean,
        sum_variance,
        entropies(of.by_sum),
        of.energy,
        contrast,
        difference_mean,
        *inverse_differences(of.by_difference, n_levels),
        ratio(sum_variance / 2 - joint_variance, joint_variance),
        auto_correlation,
        sum_variance,
        sum_third,
        sum_fourth,
        # of a symmetric matrix both entropies of independent levels are twice that of one
        ratio(of.joint_entropy - 2 * entropy, entropy),
        np.sqrt(-np.expm1(-2 * np.maximum(2 * entropy - of.joint_entropy, 0))),
    ]


def inverse_differences(by_difference: FloatArray, n_levels: int) -> list[FloatArray]:
    """Inverse difference and its moment, each also normalized, and inverse variance."""
    k = np.arange(by_difference.shape[1], dtype=np.float64)
    return [
        by_difference @ (1 / (1 + k)),
        by_difference @ (1 / (1 + k / n_levels)),
        by_difference @ (1 / (1 + k**2)),
        by_difference @ (1 / (1 + k**2 / n_levels**2)),
        by_difference[:, 1:] @ (1 / k[1:] ** 2),
    ]


def central_moments(p: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Second, third and fourth moment about the mean of M distributions over 0, 1, ..., (M,)."""
    value = np.arange(p.shape[1], dtype=np.float64)
    away = value - (p @ value)[:, None]
    second = p * away**2
    third = second * away
    return second.sum(axis=1), third.sum(axis=1), (third * away).sum(axis=1)


def entropies(p: FloatArray) -> FloatArray:
    """Entropy of M distributions in bit, (M,)."""
    rarity = np.divide(1, p, where=p > 0, out=np.ones_like(p))
    return (p * np.log2(rarity)).sum(axis=1)


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Divide; `nan` where the denominator is zero."""
    undefined = np.full_like(numerator, math.nan)
    return np.divide(numerator, denominator, where=denominator > 0, out=undefined)


def mean_of_defined(values: FloatArray) -> float:
    """Average what is not `nan`; `nan` if nothing is left."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else math.nan
