"""Separable kernels turned by right angles, and pooling of their responses.

A kernel is turned by exchanging and flipping its factors along the axes; only proper rotations
count: 4 in the plane of slices, 24 in space. Turns that give the same kernel are applied once;
each would count as often as any other, so neither mean nor maximum changes. Kernels that
share their first factors share these convolutions.

Source: IBSI-2 reference manual, arXiv:2006.05470, section on rotation invariance.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import reduce
from itertools import groupby, permutations, product

import numpy as np
from numpy.typing import NDArray

from gliokit.radiomics.filters.boundary import Boundary, Kernel, convolve

Stages = tuple[Kernel, ...]  # applied one after the other along the same axis
Factors = tuple[Stages, ...]  # one for each filtered axis


class Pooling(StrEnum):
    """How responses of several directions become one."""

    MAX = "max"
    MEAN = "mean"


def turned(factors: Factors) -> list[Factors]:
    """Give the different kernels into which right angles turn a kernel, itself first."""
    n = len(factors)
    found: dict[Factors, None] = {}
    for order, signs in product(permutations(range(n)), product((1, -1), repeat=n)):
        if _permutation_sign(order) * np.prod(signs) == 1:
            rotated = (_flipped(factors[i], sign) for i, sign in zip(order, signs, strict=True))
            found[tuple(rotated)] = None
    return list(found)


def pooled_response(
    image: NDArray[np.floating],
    kernels: Sequence[Factors],
    *,
    boundary: Boundary,
    pooling: Pooling,
) -> NDArray[np.floating]:
    """Filter an image by several kernels and pool the responses voxel by voxel.

    Parameters
    ----------
    image : (X, Y, Z)
        Intensities.
    kernels : sequence of Factors
        Factors along the first two axes or along all three.
    boundary : Boundary
        Rule by which each stage continues its input.
    pooling : Pooling
        Maximum or mean.

    Returns
    -------
    (X, Y, Z)
    """
    axis = len(kernels[0]) - 1
    if pooling is Pooling.MAX:
        responses = (
            _staged(part, stages, axis, boundary)
            for part, lasts in _parts(image, sorted(kernels), 0, boundary)
            for stages in lasts
        )
        return reduce(np.maximum, responses)
    # sums before the last convolution: those that share it are convolved once
    sums: dict[Stages, NDArray[np.floating]] = {}
    for part, lasts in _parts(image, sorted(kernels), 0, boundary):
        for stages in lasts:
            sums[stages] = sums[stages] + part if stages in sums else part
    total = sum(_staged(part, stages, axis, boundary) for stages, part in sums.items())
    return np.asarray(total / len(kernels), dtype=image.dtype)


def _parts(
    image: NDArray[np.floating], kernels: Sequence[Factors], axis: int, boundary: Boundary
) -> Iterator[tuple[NDArray[np.floating], list[Stages]]]:
    """Filter along all axes but the last; say which last factors belong to each result."""
    if len(kernels[0]) == 1:
        yield image, [stages for (stages,) in kernels]
        return
    for stages, alike in groupby(kernels, key=lambda factors: factors[0]):
        part = _staged(image, stages, axis, boundary)
        yield from _parts(part, [factors[1:] for factors in alike], axis + 1, boundary)


def _staged(
    image: NDArray[np.floating], stages: Stages, axis: int, boundary: Boundary
) -> NDArray[np.floating]:
    for kernel in stages:
        image = convolve(image, kernel, axis=axis, boundary=boundary)
    return image


def _flipped(stages: Stages, sign: int) -> Stages:
    return tuple(kernel[::sign] for kernel in stages)


def _permutation_sign(order: tuple[int, ...]) -> int:
    pairs = ((a, b) for i, a in enumerate(order) for b in order[i + 1 :])
    return int(np.prod([-1 if a > b else 1 for a, b in pairs]))
