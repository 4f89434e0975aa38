"""Sparse matrices of counts, and the features that four families of texture share.

Runs, size zones, distance zones and dependences are all counted by level and a second number:
length, size, distance, dependence, here called size. What is then computed is the same, under
names of the family.

Source: IBSI reference manual, arXiv:1612.07003, sections 3.7 to 3.9 and 3.11.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliokit.radiomics.definition import Definition

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CountMatrices:
    """Cells that are not zero of one or more matrices, each array (n,).

    Attributes
    ----------
    matrix : (n,)
        Number of the matrix, from 0; each has at least one cell.
    level, size : (n,)
        Place of the cell, from 1.
    count : (n,)
        What it holds.
    """

    matrix: NDArray[np.int64]
    level: NDArray[np.int64]
    size: NDArray[np.int64]
    count: NDArray[np.int64]

    @property
    def n_matrices(self) -> int:
        """How many matrices there are."""
        return int(self.matrix.max(initial=-1)) + 1

    def total(self, weights: NDArray[np.generic]) -> FloatArray:
        """Sum a value of each cell over each matrix, (M,)."""
        summed = np.bincount(self.matrix, weights, minlength=self.n_matrices)
        return summed.astype(np.float64, copy=False)

    def margins(
        self, place: NDArray[np.int64], weights: NDArray[np.generic] | None = None
    ) -> FloatArray:
        """Sum counts, or other weights, by matrix and place, (M, highest place + 1)."""
        places = int(place.max(initial=0)) + 1
        weights = self.count if weights is None else weights
        summed = np.bincount(
            self.matrix * places + place, weights, minlength=self.n_matrices * places
        )
        return summed.reshape(-1, places).astype(np.float64, copy=False)


def count_alike(
    matrix: NDArray[np.int64], level: NDArray[np.int64], size: NDArray[np.int64]
) -> CountMatrices:
    """Count how many things of a matrix have the same level and size.

    Parameters
    ----------
    matrix, level, size : (n,)
        Of each thing: zone or voxel.
    """
    levels, sizes = int(level.max()) + 1, int(size.max()) + 1
    cell, count = np.unique((matrix * levels + level) * sizes + size, return_counts=True)
    place, size = np.divmod(cell, sizes)
    matrix, level = np.divmod(place, levels)
    return CountMatrices(matrix, level, size, count)


def describe_counts(
    counts: CountMatrices,
    definitions: Sequence[Definition],
    n_voxels: FloatArray | NDArray[np.int64],
) -> dict[str, float]:
    """Compute the features and average them over the matrices.

    Parameters
    ----------
    counts : CountMatrices
        Runs, zones or dependences.
    definitions : sequence
        Of the family, in the order of IBSI: emphases of small and large, of low and high levels,
        of the four pairs; non-uniformities of level and size, each with its normalized form;
        percentage; variances of level and size; entropy; and energy if the family has it.
    n_voxels : (M,)
        Voxels of each matrix.

    Returns
    -------
    dict
        By name of the definition.
    """
    total = counts.total(counts.count)
    share = counts.count / total[counts.matrix]
    columns = [
        *_emphases(counts, total),
        *_non_uniformities(counts.margins(counts.level), total),
        *_non_uniformities(counts.margins(counts.size), total),
        total / n_voxels,
        _variance(counts, counts.level, total),
        _variance(counts, counts.size, total),
        counts.total(share * np.log2(1 / share)),
        counts.total(share**2),
    ]
    return {
        definition.name: float(column.mean())
        for definition, column in zip(definitions, columns, strict=False)
    }


def _emphases(counts: CountMatrices, total: FloatArray) -> list[FloatArray]:
    """Mean of squared level and size, and of their inverses, each (M,)."""
    level, size = counts.level.astype(np.float64) ** 2, counts.size.astype(np.float64) ** 2
    factors = (1 / size, size, 1 / level, level)
    pairs = (1 / (size * level), level / size, size / level, size * level)
    return [counts.total(counts.count * factor) / total for factor in (*factors, *pairs)]


def _non_uniformities(margins: FloatArray, total: FloatArray) -> tuple[FloatArray, FloatArray]:
    squares = (margins**2).sum(axis=1)
    return squares / total, squares / total**2


def _variance(counts: CountMatrices, value: NDArray[np.int64], total: FloatArray) -> FloatArray:
    mean = counts.total(counts.count * value) / total
    return counts.total(counts.count * (value - mean[counts.matrix]) ** 2) / total
