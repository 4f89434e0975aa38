"""Shared features against the definitions, written out for a dense matrix."""

import numpy as np
import pytest

from gliokit.radiomics.count_matrix import count_alike, describe_counts
from gliokit.radiomics.ngldm import DEFINITIONS


def things(seed, n=60):
    rng = np.random.default_rng(seed)
    return rng.integers(1, 6, size=n), rng.integers(1, 9, size=n)


def features_by_definition(level, size, n_voxels):
    matrix = np.zeros((6, 9))
    np.add.at(matrix, (level, size), 1)
    matrix = matrix[1:, 1:]
    n, i, j = matrix.sum(), np.arange(1, 6)[:, None], np.arange(1, 9)[None]
    p = matrix / n
    emphases = [1 / j**2, j**2, 1 / i**2, i**2]
    pairs = [1 / (i**2 * j**2), i**2 / j**2, j**2 / i**2, i**2 * j**2]
    by_level, by_size = (matrix.sum(axis=1) ** 2).sum(), (matrix.sum(axis=0) ** 2).sum()
    return [
        *((p * factor).sum() for factor in emphases + pairs),
        by_level / n,
        by_level / n**2,
        by_size / n,
        by_size / n**2,
        n / n_voxels,
        (p * (i - (p * i).sum()) ** 2).sum(),
        (p * (j - (p * j).sum()) ** 2).sum(),
        -(p[p > 0] * np.log2(p[p > 0])).sum(),
        (p**2).sum(),
    ]


def test_features_follow_their_definitions():
    level, size = things(0)
    counts = count_alike(np.zeros_like(level), level, size)
    found = describe_counts(counts, DEFINITIONS, np.array([100]))
    assert list(found) == [definition.name for definition in DEFINITIONS]
    assert list(found.values()) == pytest.approx(features_by_definition(level, size, 100))


def test_features_of_several_matrices_are_averaged_each_weighing_the_same():
    (level, size), (other_level, other_size) = things(1, n=10), things(2, n=90)
    counts = count_alike(
        np.repeat([0, 1], [10, 90]),
        np.concatenate([level, other_level]),
        np.concatenate([size, other_size]),
    )
    found = describe_counts(counts, DEFINITIONS, np.array([10, 100]))
    each = (
        features_by_definition(level, size, 10),
        features_by_definition(other_level, other_size, 100),
    )
    assert list(found.values()) == pytest.approx(np.mean(each, axis=0))


def test_equal_things_are_counted_together():
    counts = count_alike(np.array([0, 0, 0]), np.array([2, 1, 2]), np.array([7, 7, 7]))
    assert counts.level.tolist() == [1, 2]
    assert counts.size.tolist() == [7, 7]
    assert counts.count.tolist() == [1, 2]


def test_a_single_kind_of_thing_has_no_entropy_and_no_variance():
    counts = count_alike(np.zeros(5, dtype=int), np.full(5, 3), np.full(5, 2))
    found = describe_counts(counts, DEFINITIONS, np.array([10]))
    nothing = ("ngl_gl_var", "ngl_dc_var", "ngl_dc_entr")
    assert [str(found[name]) for name in nothing] == ["0.0", "0.0", "0.0"]
