"""The directions of texture, and which slices and directions share a matrix.

Of opposite directions one stands for both. In a slice there are 4, in the volume 13.

Source: IBSI reference manual, arXiv:1612.07003, sections 3.6 and 3.7.
"""

import itertools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.radiomics.aggregation import Aggregation, Dimension

Computed = TypeVar("Computed")

IN_VOLUME: NDArray[np.int64] = np.array(
    [step for step in itertools.product((-1, 0, 1), repeat=3) if step > (0, 0, 0)]
)
IN_SLICE: NDArray[np.int64] = IN_VOLUME[IN_VOLUME[:, 2] == 0]


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk along some directions, and what its matrices are for.

    Attributes
    ----------
    directions : (D, 3)
        Steps in voxels.
    by_slice : bool
        Whether each slice has matrices of its own.
    averaged, combined : Aggregation
        Those that need a matrix for each direction, and one for all directions.
    """

    directions: NDArray[np.int64]
    by_slice: bool
    averaged: Aggregation
    combined: Aggregation


WALKS = (
    Walk(IN_SLICE, True, Aggregation.SLICES_AVERAGED, Aggregation.SLICES_COMBINED),
    Walk(IN_SLICE, False, Aggregation.DIRECTIONS_AVERAGED, Aggregation.ALL_COMBINED),
    Walk(IN_VOLUME, False, Aggregation.VOLUME_AVERAGED, Aggregation.VOLUME_COMBINED),
)


def steps_within(distance: int, *, in_slice: bool) -> NDArray[np.int64]:
    """List the steps to all neighbors within a Chebyshev distance in voxels, (n, 3)."""
    reach = range(-distance, distance + 1)
    steps = itertools.product(reach, reach, (0,) if in_slice else reach)
    return np.array([step for step in steps if any(step)])


def compute_once(
    dimensions: Collection[Dimension], compute: Callable[[bool], Computed]
) -> Iterator[tuple[Dimension, Computed]]:
    """Compute what each dimension needs; slices need the same, averaged or merged.

    Parameters
    ----------
    dimensions : collection
        Those wanted.
    compute : callable
        Called with whether slices are apart, once for either.

    Yields
    ------
    Dimension
        In their order.
    Computed
        What it needs.
    """
    computed: dict[bool, Computed] = {}
    for dimension in (wanted for wanted in Dimension if wanted in dimensions):
        by_slice = dimension is not Dimension.VOLUME
        if by_slice not in computed:
            computed[by_slice] = compute(by_slice)
        yield dimension, computed[by_slice]
