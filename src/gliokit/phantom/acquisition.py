"""From signal to a stored image: slices, misregistration, coil bias, noise, skull strip.

Random draw and plain application are apart: `draw_acquisition` gives an `Acquisition`,
`acquire` applies it. Resolution, slice thickness, gap and shift are separable, so each is a
small matrix per axis.

Limits: no rotation between sequences, no motion ghosts, no distortion.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gliokit.phantom.noise import smooth_field, stretch


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How one sequence was scanned.

    Attributes
    ----------
    blur_mm : (3,)
        Standard deviation of the point spread along each axis.
    slice_axis : int
        Axis across the slices.
    thickness_mm : float
        Slice thickness (and distance); at most the voxel size for a 3-D scan.
    shift_mm : (3,)
        Misregistration against the other sequences.
    bias : (4, 4, 4)
        Control points of the log of the coil's sensitivity.
    noise : float
        Standard deviation of the noise in a voxel of 1 mm, as a fraction of the brightest
        tissue.
    texture_scale : float
        Correlation length of tissue unevenness in mm.
    texture_gain : float
        Factor on each tissue's own unevenness.
    gamma : float
        Exponent of a monotonous change of contrast.
    """

    blur_mm: NDArray[np.float64]
    slice_axis: int
    thickness_mm: float
    shift_mm: NDArray[np.float64]
    bias: NDArray[np.float64] = field(repr=False)
    noise: float
    texture_scale: float
    texture_gain: float
    gamma: float


def draw_acquisition(rng: np.random.Generator) -> Acquisition:
    """Draw how one sequence is scanned: 3-D or thick slices, mostly axial."""
    thick = rng.random() < 0.55
    return Acquisition(
        blur_mm=rng.uniform(0.2, 0.9, 3),
        slice_axis=int(rng.choice(3, p=[0.12, 0.10, 0.78])),
        thickness_mm=float(rng.uniform(2, 6.5)) if thick else 1.0,
        shift_mm=rng.normal(0, 0.5, 3),
        bias=rng.normal(0, rng.uniform(0.02, 0.2), (4, 4, 4)),
        noise=float(np.exp(rng.uniform(np.log(0.004), np.log(0.04)))),
        texture_scale=float(rng.uniform(1.0, 4.0)),
        texture_gain=float(rng.uniform(0.6, 1.8)),
        gamma=float(np.exp(rng.normal(0, 0.12))),
    )


def acquire(
    tissues: NDArray[np.uint8],
    signal: tuple[NDArray[np.float32], NDArray[np.float32]],
    acquisition: Acquisition,
    *,
    spacing_mm: int,
    crop: tuple[slice, ...],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Scan a tissue map once.

    Parameters
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel, isotropic 1 mm.
    signal : tuple of (n_tissues,)
        Signal of each tissue, and its unevenness as a fraction of it.
    spacing_mm : int
        1 or 2: voxels of the image; at 2 mm the tissue is averaged (partial volume).
    crop : tuple of slice
        Part to scan, in voxels of `tissues`; the coil's bias is that of the whole.
    rng : Generator
        Of noise and texture.

    Returns
    -------
    (X, Y, Z) or (X / 2, Y / 2, Z / 2)
        Not yet stripped; non-negative.
    """
    level, spread = signal
    part = tissues[crop]
    image = mean_blocks(level[part], spacing_mm)
    uneven = mean_blocks((level * spread)[part], spacing_mm)
    image += (
        acquisition.texture_gain
        * uneven
        * smooth_field(image.shape, acquisition.texture_scale / spacing_mm, rng)
    )
    for axis, n in enumerate(image.shape):
        thickness = acquisition.thickness_mm if axis == acquisition.slice_axis else 0.0
        matrix = sampling_matrix(
            n,
            spacing_mm,
            blur_mm=acquisition.blur_mm[axis],
            thickness_mm=thickness,
            shift_mm=acquisition.shift_mm[axis],
        )
        image = np.moveaxis(np.tensordot(matrix, image, axes=(1, axis)), 0, axis)
    image = image * mean_blocks(coil_bias(acquisition, tissues.shape, crop), spacing_mm)
    brightest = level.max()
    # averaging 1 mm voxels averages their noise
    sigma = np.float32(acquisition.noise * brightest / spacing_mm**1.5)
    real = image + sigma * rng.standard_normal(image.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(image.shape, dtype=np.float32)
    magnitude = np.hypot(real, imaginary)
    return (magnitude / brightest) ** np.float32(acquisition.gamma)


def coil_bias(
    acquisition: Acquisition, shape: tuple[int, ...], crop: tuple[slice, ...]
) -> NDArray[np.float32]:
    """Sensitivity of the coil in a part of a volume of `shape`, (X, Y, Z) of the part."""
    return np.exp(stretch(acquisition.bias.astype(np.float32), shape, part=crop))


def sampling_matrix(
    n: int, spacing_mm: float, *, blur_mm: float, thickness_mm: float, shift_mm: float
) -> NDArray[np.float32]:
    """Blur, cut into slices, shift and interpolate back along one axis, as one matrix.

    Returns
    -------
    (n, n)
        Rows sum to 1.
    """
    position = np.arange(n) * spacing_mm
    step = max(thickness_mm, spacing_mm)
    centers = np.arange(position[0], position[-1] + step, step)
    apart = centers[:, None] - position[None, :]
    sigma = max(blur_mm, 0.3 * spacing_mm)
    window = np.maximum(thickness_mm / 2, 1e-6)
    profile = _edge((apart + window) / sigma) - _edge((apart - window) / sigma)
    if thickness_mm <= spacing_mm:
        profile = np.exp(-0.5 * (apart / sigma) ** 2)
    profile /= profile.sum(axis=1, keepdims=True) + 1e-12
    # linear interpolation from the slices back to the voxels
    slot = np.clip((position + shift_mm - centers[0]) / step, 0, len(centers) - 1)
    low = np.minimum(slot.astype(int), max(len(centers) - 2, 0))
    weight = slot - low
    rows = np.arange(n)
    back = np.zeros((n, len(centers)))
    back[rows, low] += 1 - weight
    back[rows, np.minimum(low + 1, len(centers) - 1)] += weight
    return (back @ profile).astype(np.float32)


def _edge(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-1.702 * np.clip(x, -30, 30)))  # close to the normal integral


def mean_blocks(array: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Average blocks of `factor`³ voxels; a remainder at the far side is cut."""
    for axis in range(3) if factor > 1 else ():
        n = array.shape[axis] // factor * factor
        ahead = np.moveaxis(array, axis, 0)[:n]
        total = np.add.reduce([ahead[start::factor] for start in range(factor)])
        array = np.moveaxis(total / np.float32(factor), 0, axis)
    return array
