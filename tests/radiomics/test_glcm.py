"""Co-occurrence against the definitions written out, closed forms, and regions without pairs."""

import math

import numpy as np
import pytest

from gliokit.radiomics.aggregation import Aggregation
from gliokit.radiomics.count_matrix import CountMatrices
from gliokit.radiomics.glcm import (
    DEFINITIONS,
    compute_features,
    describe_cooccurrence,
    to_probabilities,
)
from gliokit.radiomics.level_image import lay_out
from gliokit.radiomics.tally import tally_pairs


def levels_with_holes():
    rng = np.random.default_rng(4)
    levels = rng.integers(1, 6, size=(7, 6, 5)) * (rng.random((7, 6, 5)) < 0.9)
    return levels.astype(np.int32)


def features_by_definition(m, n_levels):
    """Compute all features of a symmetric matrix (levels, levels) as IBSI writes them."""
    p = m / m.sum()
    i, j = np.indices(p.shape) + 1
    difference, total = np.abs(i - j), i + j
    p_difference = np.array([p[difference == k].sum() for k in range(len(p))])
    p_sum = np.array([p[total == k].sum() for k in range(2, 2 * len(p) + 1)])
    k_difference, k_sum = np.arange(len(p)), np.arange(2, 2 * len(p) + 1)
    margin = p.sum(axis=1)
    independent = np.outer(margin, margin)
    mean, variance = (i * p).sum(), ((i - (i * p).sum()) ** 2 * p).sum()
    off, there = i != j, p > 0
    hxy, hx = entropy(p), entropy(margin)
    hxy1 = -(p[there] * np.log2(independent[there])).sum()
    difference_mean, sum_mean = (k_difference * p_difference).sum(), (k_sum * p_sum).sum()
    return [
        p.max(),
        mean,
        variance,
        hxy,
        difference_mean,
        ((k_difference - difference_mean) ** 2 * p_difference).sum(),
        entropy(p_difference),
        sum_mean,
        ((k_sum - sum_mean) ** 2 * p_sum).sum(),
        entropy(p_sum),
        (p**2).sum(),
        (difference**2 * p).sum(),
        (difference * p).sum(),
        (p / (1 + difference)).sum(),
        (p / (1 + difference / n_levels)).sum(),
        (p / (1 + difference**2)).sum(),
        (p / (1 + difference**2 / n_levels**2)).sum(),
        (p[off] / difference[off] ** 2).sum(),
        ((i * j * p).sum() - mean**2) / variance,
        (i * j * p).sum(),
        ((total - 2 * mean) ** 2 * p).sum(),
        ((total - 2 * mean) ** 3 * p).sum(),
        ((total - 2 * mean) ** 4 * p).sum(),
        (hxy - hxy1) / hx,
        math.sqrt(1 - math.exp(-2 * (entropy(independent) - hxy))),
    ]


def entropy(p):
    return -(p[p > 0] * np.log2(p[p > 0])).sum()


@pytest.mark.parametrize("aggregation", Aggregation)
def test_features_follow_their_definitions(aggregation):
    levels = levels_with_holes()
    ((_, pairs),) = tally_pairs(lay_out(levels, 6), [aggregation])
    rows = []
    for number in range(pairs.n_matrices):
        m, own = np.zeros((6, 6)), pairs.matrix == number
        m[pairs.level[own] - 1, pairs.size[own] - 1] = pairs.count[own]
        rows.append(features_by_definition(m + m.T, 6))
    found = describe_cooccurrence(levels, 6, [aggregation])
    assert list(found) == [f"{definition.name}_{aggregation}" for definition in DEFINITIONS]
    assert list(found.values()) == pytest.approx(np.mean(rows, axis=0))


def test_checkerboard_differs_along_axes_and_not_along_diagonals():
    board = (np.indices((9, 9, 1)).sum(axis=0) % 2 + 1).astype(np.int32)
    found = describe_cooccurrence(board, 2, [Aggregation.DIRECTIONS_AVERAGED])
    # two directions with correlation -1 and contrast 1, two with correlation 1 and contrast 0
    assert found["cm_corr_2_5D_avg"] == pytest.approx(0)
    assert found["cm_contrast_2_5D_avg"] == pytest.approx(0.5)
    # joint entropy is that of one level: knowing one voxel of a pair is knowing the other
    assert found["cm_info_corr1_2_5D_avg"] == pytest.approx(-1)


def test_at_twice_the_distance_a_checkerboard_does_not_differ():
    board = (np.indices((9, 9, 9)).sum(axis=0) % 2 + 1).astype(np.int32)
    found = describe_cooccurrence(board, 2, [Aggregation.VOLUME_COMBINED], distance=2)
    assert found["cm_contrast_3D_comb"] == 0
    assert found["cm_corr_3D_comb"] == pytest.approx(1)


def test_flat_region_has_no_correlations_and_everything_else():
    flat = np.full((4, 4, 4), 3, dtype=np.int32)
    found = describe_cooccurrence(flat, 5, [Aggregation.VOLUME_COMBINED])
    undefined = {"cm_corr_3D_comb", "cm_info_corr1_3D_comb"}
    assert {name for name, value in found.items() if math.isnan(value)} == undefined
    assert found["cm_joint_max_3D_comb"] == found["cm_energy_3D_comb"] == 1
    assert found["cm_auto_corr_3D_comb"] == 9
    assert str(found["cm_joint_entr_3D_comb"]) == "0.0"


def test_flat_slice_is_left_out_of_the_mean_correlation_only():
    textured = levels_with_holes()[:, :, :1]
    both = np.concatenate([textured, np.full_like(textured, 2)], axis=2)
    alone = describe_cooccurrence(textured, 5, [Aggregation.SLICES_COMBINED])
    found = describe_cooccurrence(both, 5, [Aggregation.SLICES_COMBINED])
    assert found["cm_corr_2D_comb"] == pytest.approx(alone["cm_corr_2D_comb"])
    assert found["cm_contrast_2D_comb"] == pytest.approx(alone["cm_contrast_2D_comb"] / 2)


def test_slice_without_pairs_is_left_out():
    textured = levels_with_holes()[:, :, :1]
    lonely = np.zeros_like(textured)
    lonely[3, 3] = 4
    both = np.concatenate([textured, lonely], axis=2)
    for aggregation in (Aggregation.SLICES_AVERAGED, Aggregation.SLICES_COMBINED):
        assert describe_cooccurrence(both, 5, [aggregation]) == pytest.approx(
            describe_cooccurrence(textured, 5, [aggregation])
        )


def test_levels_that_do_not_occur_change_only_the_normalized_inverse_differences():
    levels = levels_with_holes()
    few, many = (describe_cooccurrence(levels, n, list(Aggregation)) for n in (5, 50))
    changed = {name for name in few if few[name] != many[name]}
    assert {name.split("_norm_")[0] for name in changed} == {"cm_inv_diff", "cm_inv_diff_mom"}
    assert len(changed) == 2 * len(Aggregation)


@pytest.mark.parametrize("n_levels", [3, 5, 6, 7])
def test_independent_levels_have_no_information_correlation(n_levels):
    lower, higher = np.triu_indices(n_levels)
    counts = np.where(lower == higher, 1, 2)
    pairs = CountMatrices(np.zeros_like(lower), lower + 1, higher + 1, counts)
    *_, first, second = compute_features(to_probabilities(pairs), n_levels)
    assert first[0] == pytest.approx(0, abs=1e-12)
    assert second[0] == pytest.approx(0, abs=1e-6)  # a square root, of rounding
