"""Examples changed a little each time they are drawn: scale, contrast, gain, noise, side.

Random is: draw the parameters, then call the plain functions. An example is images (C, ...) with
two or three axes of space, of which the first runs from left to right; 0 is background, and
stays it. How large the changes of `augment` are is assumed.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gliokit.core.interpolation import at_places

Scalar = TypeVar("Scalar", bound=np.generic)

CONTRAST, OFFSET = 0.1, 0.1  # standard deviation of log gain and offset of z-scores
LARGEST_NOISE = 0.1  # of the standard deviation of the brain


@dataclass(frozen=True, slots=True)
class Change:
    """Parameters of one change of an example.

    Attributes
    ----------
    mirror : bool
        Whether left and right change places.
    gain, offset : (C,)
        Each image is multiplied by the first, then the second is added.
    noise : float
        Standard deviation.
    seed : int
        Of the noise.
    """

    mirror: bool
    gain: NDArray[np.float32]
    offset: NDArray[np.float32]
    noise: float
    seed: int


def augment(
    x: NDArray[np.float32],
    y: NDArray[Scalar],
    rng: np.random.Generator,
    *,
    probability: float = 1.0,
) -> tuple[NDArray[np.float32], NDArray[Scalar]]:
    """Change an example, or leave it as it is.

    Parameters
    ----------
    x : (C, X, Y, Z) or (C, X, Y)
        Z-scores; 0 outside the brain.
    y : (..., X', Y', Z') or (..., X', Y') or ()
        The answer, on any part of the grid around the same middle; or one class, which no change
        touches.
    probability : float
        That anything is changed.
    """
    if not probability or rng.random() >= probability:
        return x, y
    change = draw_change(rng, images=len(x))
    x = changed(x, change)
    space = x.ndim - 1
    if not change.mirror:
        return x, y
    return mirrored(x, space=space), mirrored(y, space=space) if y.ndim >= space else y


def draw_change(rng: np.random.Generator, *, images: int) -> Change:
    """Draw how an example of so many images is changed."""
    return Change(
        mirror=bool(rng.random() < 0.5),
        gain=np.exp(rng.normal(0, CONTRAST, images)).astype(np.float32),
        offset=rng.normal(0, OFFSET, images).astype(np.float32),
        noise=float(rng.uniform(0, LARGEST_NOISE)),
        seed=int(rng.integers(2**31)),
    )


def changed(x: NDArray[np.float32], change: Change) -> NDArray[np.float32]:
    """Give images (C, ...) another contrast, brightness and noise; sides stay."""
    each = (-1, *(1,) * (x.ndim - 1))
    new = x * change.gain.reshape(each) + change.offset.reshape(each)
    new = with_noise(new, change.noise, np.random.default_rng(change.seed))
    return np.where(x == 0, np.float32(0), new)


def mirrored(array: NDArray[Scalar], *, space: int) -> NDArray[Scalar]:
    """Exchange left and right: the first of the last `space` axes runs backwards."""
    return np.ascontiguousarray(np.flip(array, axis=array.ndim - space))


def with_noise(
    image: NDArray[np.float32], deviation: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Add white noise of this standard deviation."""
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return image + np.float32(deviation) * noise


def with_gamma(image: NDArray[np.float32], exponent: float) -> NDArray[np.float32]:
    """Raise intensities to a power: another contrast that leaves 0 and 1 as they are."""
    return image.clip(0) ** np.float32(exponent)


def with_smooth_gain(
    image: NDArray[np.float32], log_gain: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Multiply by a gain that varies slowly.

    Parameters
    ----------
    image : (X, Y, Z)
    log_gain : (l, m, n)
        At evenly spaced knots, the outer ones in the outer voxels.
    """
    knots = [np.linspace(0, m - 1, n) for m, n in zip(log_gain.shape, image.shape, strict=True)]
    return image * np.exp(at_places(log_gain, knots))


def scaled_places(shape: tuple[int, ...], scales: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Give where voxels of a volume lie in itself when it is `1 / scales` times as large.

    Returns
    -------
    list of (n,)
        Fractional indices along each axis; the middle stays where it is.
    """
    return [
        (np.arange(n) - (n - 1) / 2) * scale + (n - 1) / 2
        for n, scale in zip(shape, scales, strict=True)
    ]


def nearest_voxels(
    places: list[NDArray[np.float64]], shape: tuple[int, ...]
) -> list[NDArray[np.int64]]:
    """Give the voxel nearest to each place, along each axis."""
    return [
        np.clip(np.rint(p), 0, n - 1).astype(np.int64) for p, n in zip(places, shape, strict=True)
    ]


def within(places: list[NDArray[np.float64]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Say which places lie in a volume of `shape`, (X, Y, Z)."""
    x, y, z = ((p > -0.5) & (p < n - 0.5) for p, n in zip(places, shape, strict=True))
    return x[:, None, None] & y[:, None] & z
