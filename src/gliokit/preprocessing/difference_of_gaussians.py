"""A fixed bank of band-pass filters, applied in Fourier space: features of each voxel.

Filter k is the difference of two sampled Gaussians, G(s_k) - G(s_k+1), with s_k = smallest_mm
ratio^k in mm, whatever the spacing. Each kernel sums to 0. Beyond the image its last voxels are
repeated, so nothing wraps around and a constant image gives 0.

Limits: only the abstract and introduction of the source were seen; number, scales and ratio of
the filters are assumed.

Source: Yi et al., arXiv 2016;1611.04534, doi:10.48550/arXiv.1611.04534
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from gliokit.core.geometry import bounding_box


class Filter(StrEnum):
    """Kind of the filters of a bank."""

    DOG = "dog"  # difference of Gaussians
    LOG = "log"  # (ratio - 1) s² times the Laplacian, negated: its limit for ratio to 1
    RANDOM = "random"  # noise under the wider Gaussian, sum 0, energy of the difference
    RAW = "raw"  # none: the images alone


@dataclass(frozen=True, slots=True)
class FilterBank:
    """Filters and their scales.

    Attributes
    ----------
    kind : Filter
        Kind of all filters.
    number : int
        Filters a sequence, beside the image itself (assumed: 8).
    smallest_mm : float
        Standard deviation of the narrowest Gaussian (assumed: 0.7).
    ratio : float
        Of each standard deviation to the one before (assumed: √2).
    truncate : float
        Standard deviations of the wider Gaussian at which a kernel ends (assumed: 3).
    seed : int
        Of random filters.
    """

    kind: Filter = Filter.DOG
    number: int = 8
    smallest_mm: float = 0.7
    ratio: float = 2**0.5
    truncate: float = 3.0
    seed: int = 0

    @property
    def features(self) -> int:
        """Features a sequence: the image and its filter responses."""
        return 1 + (0 if self.kind is Filter.RAW else self.number)


def voxel_features(
    images: Sequence[NDArray[np.float32]],
    mask: NDArray[np.bool_],
    spacing_mm: NDArray[np.float64],
    *,
    bank: FilterBank,
) -> NDArray[np.float32]:
    """Give the features of voxels, sequence by sequence, the image before its responses.

    What is far from the mask is not computed; the result does not depend on that.

    Parameters
    ----------
    images : sequence of (X, Y, Z)
        Normalized images of one study.
    mask : (X, Y, Z)
        Voxels wanted, the brain for instance.
    spacing_mm : (3,)
        Of the grid.
    bank : FilterBank
        Filters.

    Returns
    -------
    (mask.sum(), len(images) * bank.features)
        Rows in the order of `image[mask]`.
    """
    voxels, columns = np.count_nonzero(mask), len(images) * bank.features
    features = np.empty((voxels, len(images), bank.features), np.float32)
    if not voxels:
        return features.reshape(0, columns)
    kernels = list(filter_kernels(bank, spacing_mm))
    reach = reduce(np.maximum, (_reach(kernel) for kernel in kernels), np.zeros(3, dtype=int))
    near = _widened(bounding_box(mask), reach, mask.shape)
    inside = mask[near]
    for number, image in enumerate(images):
        features[:, number, 0] = image[mask]
        responses = filter_responses(image[near], kernels)
        for k, response in enumerate(responses, start=1):
            features[:, number, k] = response[inside]
    return features.reshape(voxels, columns)


def filter_responses(
    image: NDArray[np.float32], kernels: Sequence[NDArray[np.float64]]
) -> Iterator[NDArray[np.float32]]:
    """Convolve an image (X, Y, Z) with each of some kernels of odd size; give (X, Y, Z) each."""
    if not kernels:
        return
    reach = reduce(np.maximum, (_reach(kernel) for kernel in kernels))
    padded = np.pad(image, [(r, r) for r in reach], mode="edge")
    shape = [fft.next_fast_len(n, real=True) for n in padded.shape]
    spectrum = fft.rfftn(padded, s=shape)
    for kernel in kernels:
        product = fft.rfftn(kernel.astype(image.dtype), s=shape)
        product *= spectrum
        response = fft.irfftn(product, s=shape, overwrite_x=True)
        starts = reach + _reach(kernel)  # the kernel begins at the origin, not around it
        yield response[tuple(map(slice, starts, starts + image.shape))]


def filter_kernels(
    bank: FilterBank, spacing_mm: NDArray[np.float64]
) -> Iterator[NDArray[np.float64]]:
    """Give the kernels (X, Y, Z) of a bank, the narrowest first; each sums to 0."""
    if bank.kind is Filter.RAW:
        return
    rng = np.random.default_rng(bank.seed)
    for k in range(bank.number):
        narrow = bank.smallest_mm * bank.ratio**k
        wide = narrow * bank.ratio
        offsets_mm = [
            np.arange(-n, n + 1) * step
            for step, n in zip(spacing_mm, _radii(bank.truncate * wide / spacing_mm), strict=True)
        ]
        if bank.kind is Filter.LOG:
            yield _laplacian(offsets_mm, narrow) * (1 - bank.ratio) * narrow**2
            continue
        difference = _gaussian(offsets_mm, narrow) - _gaussian(offsets_mm, wide)
        if bank.kind is Filter.DOG:
            yield difference
        else:
            yield _noise(_gaussian(offsets_mm, wide), like=difference, rng=rng)


def _radii(voxels: NDArray[np.float64]) -> NDArray[np.int_]:
    return np.maximum(np.ceil(voxels), 1).astype(int)


def _gaussian(offsets_mm: Sequence[NDArray[np.float64]], sigma_mm: float) -> NDArray[np.float64]:
    """Sample a Gaussian and scale it to sum 1."""
    return reduce(np.multiply.outer, (_bell(offsets, sigma_mm) for offsets in offsets_mm))


def _bell(offsets_mm: NDArray[np.float64], sigma_mm: float) -> NDArray[np.float64]:
    bell = np.exp(-0.5 * (offsets_mm / sigma_mm) ** 2)
    return bell / bell.sum()


def _laplacian(offsets_mm: Sequence[NDArray[np.float64]], sigma_mm: float) -> NDArray[np.float64]:
    """Sample the Laplacian of a Gaussian; what sampling adds to its sum of 0 is taken off."""
    bells = [_bell(offsets, sigma_mm) for offsets in offsets_mm]
    curved = [
        bell * (offsets**2 / sigma_mm**2 - 1) / sigma_mm**2
        for bell, offsets in zip(bells, offsets_mm, strict=True)
    ]
    terms = []
    for axis in range(3):
        second = curved[axis] - curved[axis].sum() * bells[axis]
        factors = [*bells[:axis], second, *bells[axis + 1 :]]
        terms.append(reduce(np.multiply.outer, factors))
    return terms[0] + terms[1] + terms[2]


def _noise(
    envelope: NDArray[np.float64], *, like: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw a kernel with sum 0 and the energy of another."""
    noise = rng.standard_normal(envelope.shape) * envelope
    noise -= envelope * (noise.sum() / envelope.sum())
    return noise * np.sqrt((like**2).sum() / (noise**2).sum())


def _reach(kernel: NDArray[np.float64]) -> NDArray[np.int_]:
    """Voxels that a kernel sees to each side."""
    return np.array(kernel.shape) // 2


def _widened(
    box: tuple[slice, ...], margin: NDArray[np.int_], shape: tuple[int, ...]
) -> tuple[slice, ...]:
    """Grow a box by a margin, as far as the grid goes."""
    return tuple(
        slice(max(part.start - m, 0), min(part.stop + m, n))
        for part, m, n in zip(box, margin, shape, strict=True)
    )
