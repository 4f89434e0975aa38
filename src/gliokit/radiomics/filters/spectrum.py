"""Filters that are given by their transfer function over frequencies.

Frequencies are relative to that of Nyquist and, as the reference maps of IBSI-2 have it, n of
them lie evenly from -1 to 1: along an axis of even length none is exactly 0. The response to
a real image is kept real. The image counts as periodic: what is near one border sees the other.

Source: IBSI-2 reference manual, arXiv:2006.05470, section on non-separable filters; reference
maps 8.a.2 and 8.a.3, which follow from these frequencies only.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from gliokit.core.errors import GeometryError

Frequencies = Sequence[NDArray[np.float64]]  # one an axis, shaped to broadcast
Transfer = Callable[[Frequencies], NDArray[np.inexact]]


def apply_transfer(
    image: NDArray[np.floating], transfer: Transfer, *, axes: Sequence[int]
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z) along its first two axes or all three.

    Raises
    ------
    GeometryError
        If there is one voxel only along one of the axes.
    """
    sizes = [image.shape[axis] for axis in axes]
    if min(sizes) < 2:
        raise GeometryError(
            f"image of {'×'.join(map(str, image.shape))} voxels: a filter of frequencies needs two "
            "or more along each axis; filter in slices, or give more of the image"
        )
    spectrum = fft.rfftn(image, axes=axes)
    here = transfer(_half(sizes, image.ndim, opposite=False))
    there = transfer(_half(sizes, image.ndim, opposite=True))
    # of a real response the value at -f is the conjugate of that at f
    spectrum *= ((here + there.conj()) / 2).astype(spectrum.dtype)
    return fft.irfftn(spectrum, s=sizes, axes=axes, overwrite_x=True)


def frequencies(n: int) -> NDArray[np.float64]:
    """Give the frequencies of an axis of n voxels in the order of Fourier coefficients, (n,)."""
    return fft.ifftshift(np.linspace(-1, 1, n))


def radius(places: Frequencies) -> NDArray[np.float64]:
    """Give how far frequencies are from 0."""
    return np.sqrt(sum((axis**2 for axis in places), start=np.zeros(1)))


def _half(sizes: Sequence[int], dimensions: int, *, opposite: bool) -> Frequencies:
    """Give the frequencies that a real transform keeps, or those opposite to them."""
    places = []
    for axis, n in enumerate(sizes):
        kept = np.arange(n // 2 + 1 if axis == len(sizes) - 1 else n)
        along = frequencies(n)[-kept if opposite else kept]
        places.append(along.reshape([-1 if a == axis else 1 for a in range(dimensions)]))
    return places
