"""Riesz transform of an image: derivatives of all scales alike, without their gain.

The transform of order (l, m, n) multiplies each frequency ν by (-i)^L √(L! / l! m! n!)
ν_x^l ν_y^m ν_z^n / |ν|^L, L = l + m + n.

Aligned, it is taken voxel by voxel along the directions of the image in place of the axes: the
eigenvectors of its structure tensor, the largest eigenvalue first. The tensor is that of the
first-order transforms, averaged under a Gaussian. A direction points where the first-order
transform is at least 0. Where eigenvalues are equal (flat or isotropic surroundings) directions
are arbitrary, and so is the response.

Limits: IBSI-2 gives no reference values of aligned transforms; they were checked on waves.

Source: IBSI-2 reference manual, arXiv:2006.05470 (identifier AYRS); alignment: Chenouard et al.,
IEEE Trans Image Process 2012;21:4522-33, doi:10.1109/TIP.2012.2206044
"""

from itertools import combinations_with_replacement
from math import factorial, prod, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliokit.radiomics.filters.spectrum import Frequencies, apply_transfer, radius

Order = tuple[int, int, int]

_UNITS: tuple[Order, ...] = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def riesz_transform(image: NDArray[np.floating], order: Order) -> NDArray[np.floating]:
    """Transform a periodic image (X, Y, Z) along its axes; `order` is not all 0."""
    return apply_transfer(image, lambda places: riesz_transfer(places, order), axes=(0, 1, 2))


def aligned_transform(
    image: NDArray[np.floating], order: Order, *, tensor_sigma_voxels: float
) -> NDArray[np.floating]:
    """Transform a periodic image along its own directions.

    Parameters
    ----------
    image : (X, Y, Z)
        Filtered intensities.
    order : (int, int, int)
        Along the directions, that of the largest eigenvalue first; not all 0.
    tensor_sigma_voxels : float
        Standard deviation of the Gaussian under which the tensor is averaged.

    Returns
    -------
    (X, Y, Z)
    """
    first = np.stack([riesz_transform(image, unit) for unit in _UNITS])
    tensor = {
        (a, b): ndimage.gaussian_filter(first[a] * first[b], tensor_sigma_voxels, mode="wrap")
        for a, b in combinations_with_replacement(range(3), 2)
    }
    total = sum(order)
    along_axes = {
        powers: riesz_transform(image, powers) / _root_of_ways(powers) for powers in _powers(total)
    }
    response = np.empty_like(image)
    for x in range(len(image)):  # by plane: frames are nine numbers a voxel
        frame = _frame({pair: part[x] for pair, part in tensor.items()}, first[:, x])
        steered = sum(
            weight * along_axes[powers][x] for powers, weight in _expanded(frame, order).items()
        )
        response[x] = _root_of_ways(order) * steered
    return response


def riesz_transfer(places: Frequencies, order: Order) -> NDArray[np.complex128]:
    """Give the transfer of a Riesz transform; 0 at frequency 0, where there is no direction."""
    total = sum(order)
    gain = (-1j) ** total * _root_of_ways(order)
    distance = radius(places)
    directed = prod((axis**power for axis, power in zip(places, order, strict=True)), start=gain)
    return np.where(distance > 0, directed / np.where(distance > 0, distance, 1) ** total, 0)


def _root_of_ways(order: Order) -> float:
    """Give the root of the number of ways to order as many derivatives."""
    return sqrt(factorial(sum(order)) / prod(map(factorial, order)))


def _powers(total: int) -> list[Order]:
    """Give all orders of a sum."""
    return [(a, b, total - a - b) for a in range(total + 1) for b in range(total + 1 - a)]


def _frame(
    tensor: dict[tuple[int, int], NDArray[np.floating]], first: NDArray[np.floating]
) -> NDArray[np.floating]:
    """Give the directions of a plane, (Y, Z, axis, direction), from tensor and gradient."""
    matrices = np.stack(
        [np.stack([tensor[min(a, b), max(a, b)] for b in range(3)], axis=-1) for a in range(3)],
        axis=-2,
    )
    directions = np.linalg.eigh(matrices).eigenvectors[..., ::-1]  # largest first
    along = np.einsum("ayz,yzad->yzd", first, directions)
    return directions * np.where(along < 0, -1, 1)[..., np.newaxis, :]


def _expanded(frame: NDArray[np.floating], order: Order) -> dict[Order, NDArray[np.floating]]:
    """Write a product of powers of directions as powers of the axes, with weights (Y, Z)."""
    weights: dict[Order, NDArray[np.floating]] = {(0, 0, 0): np.ones(frame.shape[:2], frame.dtype)}
    for direction in np.repeat(np.arange(3), order):
        longer: dict[Order, NDArray[np.floating]] = {}
        for (a, b, c), weight in weights.items():
            for axis, raised in enumerate(((a + 1, b, c), (a, b + 1, c), (a, b, c + 1))):
                term = weight * frame[..., axis, direction]
                longer[raised] = longer[raised] + term if raised in longer else term
        weights = longer
    return weights
