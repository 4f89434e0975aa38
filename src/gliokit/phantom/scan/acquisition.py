"""From signal to a stored image: slices, misregistration, coil bias, ghosts, noise.

Random draw and plain application are apart: `draw_acquisition` gives an `Acquisition`,
`acquire` and `acquire_on_grid` apply it. Blur, slice profile and interpolation are separable,
so each is a small matrix per axis. Noise is added to the slices as they are scanned, before
anything is interpolated, and the magnitude is taken there.

Limits: no geometric distortion, no motion within a slice but as a ghost.

Source: Gudbjartsson and Patz, Magn Reson Med 1995;34:910-4 (Rician noise).
"""

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from gliokit.core.geometry import Affine, Grid, spacing_mm
from gliokit.phantom.body.deformation import rotation
from gliokit.phantom.body.noise import smooth_field, stretch
from gliokit.phantom.body.tissue import Tissue
from gliokit.phantom.scan.sampling import (
    along,
    interpolation_matrix,
    mean_blocks,
    profile_matrix,
)
from gliokit.phantom.scan.signal import TissueSignal


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
    shift_mm, turn_degrees : (3,)
        Misregistration against the other sequences.
    bias : (4, 4, 4)
        Control points of the log of the coil's sensitivity.
    noise : float
        Standard deviation of the noise, as a fraction of the brightest tissue.
    ghost, ghost_shift : float
        Share of the signal that a moving head throws into a ghost, and how far along the
        field of view, 0-1.
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
    turn_degrees: NDArray[np.float64]
    bias: NDArray[np.float64] = field(repr=False)
    noise: float
    ghost: float
    ghost_shift: float
    texture_scale: float
    texture_gain: float
    gamma: float


@dataclass(frozen=True, slots=True)
class Body:
    """What lies in the scanner.

    Attributes
    ----------
    tissues : (X, Y, Z)
        `Tissue` per voxel.
    spacing_mm : float
        Side of a voxel.
    infiltration : (X, Y, Z), optional
        Share of each voxel's signal, 0-1, that tumor cells outside the core have changed.
    texture : (X, Y, Z), optional
        Factor on the signal.
    water : (X, Y, Z), optional
        Water content against the tissue's usual, in standard deviations, of
        `gliokit.phantom.scan.water`; as usual everywhere where it is not given.
    """

    tissues: NDArray[np.uint8] = field(repr=False)
    spacing_mm: float = 1.0
    infiltration: NDArray[np.float32] | None = field(default=None, repr=False)
    texture: NDArray[np.float32] | None = field(default=None, repr=False)
    water: NDArray[np.float32] | None = field(default=None, repr=False)


WHOLE = (slice(None),) * 3
Voxel = TypeVar("Voxel", bound=np.generic)


def draw_acquisition(rng: np.random.Generator, *, thick_slices: float = 0.75) -> Acquisition:
    """Draw how one sequence is scanned: with thick slices, by that chance, or 3-D."""
    thick = rng.random() < thick_slices
    moved = rng.random() < 0.15
    return Acquisition(
        blur_mm=rng.uniform(0.4, 1.1, 3),
        slice_axis=int(rng.choice(3, p=[0.07, 0.03, 0.90])),
        thickness_mm=float(rng.uniform(3.0, 7.0)) if thick else 1.0,
        shift_mm=rng.normal(0, 0.4, 3),
        turn_degrees=rng.normal(0, 0.5, 3) if rng.random() < 0.3 else np.zeros(3),
        bias=rng.normal(0, rng.uniform(0.02, 0.2), (4, 4, 4)),
        noise=float(np.exp(rng.uniform(np.log(0.004), np.log(0.025)))),
        ghost=float(rng.uniform(0.01, 0.08)) if moved else 0.0,
        ghost_shift=float(rng.uniform(0.15, 0.85)),
        texture_scale=float(rng.uniform(1.0, 4.0)),
        texture_gain=float(rng.uniform(0.2, 1.0)),
        gamma=float(np.exp(rng.normal(0, 0.12))),
    )


def acquire(
    body: Body,
    signal: TissueSignal,
    acquisition: Acquisition,
    *,
    rng: np.random.Generator,
    factor: int = 1,
    crop: tuple[slice, ...] = WHOLE,
) -> NDArray[np.float32]:
    """Scan a body once and bring the slices back to its own grid.

    Parameters
    ----------
    rng : Generator
        Of noise and texture.
    factor : int
        Voxels of the image are so many times larger; the tissue in them is averaged.
    crop : tuple of slice
        Part to scan, in voxels of the body; the coil's bias is that of the whole.

    Returns
    -------
    (X, Y, Z) or (X / factor, ...)
        Not stripped; non-negative, in units of the brightest tissue.
    """
    step = body.spacing_mm * factor
    image = _emitted(body, signal, acquisition, rng, factor=factor, crop=crop)
    image = _misplaced(image, acquisition, step)
    bias = coil_bias(acquisition, body.tissues.shape, crop)
    image *= mean_blocks(bias, factor)
    positions = [np.arange(n, dtype=np.float64) * step for n in image.shape]
    centers = [p.copy() for p in positions]
    axis = acquisition.slice_axis
    if acquisition.thickness_mm > step:
        last = positions[axis][-1]
        centers[axis] = np.arange(0, last + acquisition.thickness_mm, acquisition.thickness_mm)
    slices = _sliced(image, positions, centers, acquisition)
    scanned = _detected(slices, acquisition, float(np.abs(signal.level).max()), rng, factor)
    for a in range(3):
        back = interpolation_matrix(positions[a] + acquisition.shift_mm[a], centers[a])
        scanned = along(back, scanned, a)
    return np.maximum(scanned, 0) ** np.float32(acquisition.gamma)


def acquire_on_grid(
    body: Body,
    affine: Affine,
    grid: Grid,
    signal: TissueSignal,
    acquisition: Acquisition,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Scan a body on a grid of its own, oblique or not, as a scanner stores it.

    Parameters
    ----------
    affine : (4, 4)
        Of the body: voxel index to RAS+ mm.
    grid : Grid
        The third axis runs across the slices, whose thickness is the acquisition's.

    Returns
    -------
    (X, Y, Z) of the grid
        Non-negative, in units of the brightest tissue.
    """
    frame, positions, centers = _frame(body, affine, grid, acquisition)
    image = _emitted(frame, signal, acquisition, rng)
    image = _misplaced(image, acquisition, frame.spacing_mm)
    image *= coil_bias(acquisition, frame.tissues.shape, WHOLE)
    slices = _sliced(image, positions, centers, acquisition, across=2)
    scanned = _detected(slices, acquisition, float(np.abs(signal.level).max()), rng, 1)
    return np.maximum(scanned, 0) ** np.float32(acquisition.gamma)


def coil_bias(
    acquisition: Acquisition, shape: tuple[int, ...], crop: tuple[slice, ...]
) -> NDArray[np.float32]:
    """Sensitivity of the coil in a part of a volume of `shape`, (X, Y, Z) of the part."""
    return np.exp(stretch(acquisition.bias.astype(np.float32), shape, part=crop))


def _emitted(
    body: Body,
    signal: TissueSignal,
    acquisition: Acquisition,
    rng: np.random.Generator,
    *,
    factor: int = 1,
    crop: tuple[slice, ...] = WHOLE,
) -> NDArray[np.float32]:
    """Signal of the tissue, signed, with its unevenness, before anything is scanned."""
    part = body.tissues[crop]
    image = signal.level[part]
    if signal.wetter is not None and body.water is not None:
        image += body.water[crop] * signal.wetter[part]
    if body.infiltration is not None:
        image += body.infiltration[crop] * (signal.level[Tissue.NON_ENHANCING_TUMOR] - image)
    if body.texture is not None:
        image *= body.texture[crop]
    image = mean_blocks(image, factor)
    uneven = mean_blocks(np.abs(signal.level * signal.spread)[part], factor)
    scale = acquisition.texture_scale / (body.spacing_mm * factor)
    image += acquisition.texture_gain * uneven * smooth_field(image.shape, scale, rng)
    return image


def _misplaced(
    image: NDArray[np.float32], acquisition: Acquisition, step_mm: float
) -> NDArray[np.float32]:
    """Turn a volume about its center; shifts are part of the interpolation."""
    if not np.any(acquisition.turn_degrees):
        return image
    matrix = np.eye(3)
    for axis, angle in enumerate(np.radians(acquisition.turn_degrees)):
        matrix = matrix @ rotation(axis, angle)
    center = (np.array(image.shape) - 1) / 2
    turned: NDArray[np.float32] = affine_transform(
        image, matrix, center - matrix @ center, order=1, mode="nearest"
    )
    return turned


def _sliced(
    image: NDArray[np.float32],
    positions: list[NDArray[np.float64]],
    centers: list[NDArray[np.float64]],
    acquisition: Acquisition,
    across: int | None = None,
) -> NDArray[np.float32]:
    axis = acquisition.slice_axis if across is None else across
    for a in range(3):
        pixel = centers[a][1] - centers[a][0]
        matrix = profile_matrix(
            positions[a],
            centers[a],
            blur_mm=acquisition.blur_mm[a],
            thickness_mm=acquisition.thickness_mm if a == axis else pixel,
        )
        image = along(matrix, image, a)
    return image


def _detected(
    slices: NDArray[np.float32],
    acquisition: Acquisition,
    brightest: float,
    rng: np.random.Generator,
    factor: int,
) -> NDArray[np.float32]:
    """Add ghost and noise to what the coil hears, and take the magnitude."""
    if acquisition.ghost > 0:
        phase_axis = 1 if acquisition.slice_axis != 1 else 0
        shift = round(acquisition.ghost_shift * slices.shape[phase_axis])
        slices = slices + np.float32(acquisition.ghost) * np.roll(slices, shift, axis=phase_axis)
    # averaging voxels averages their noise
    sigma = np.float32(acquisition.noise * brightest / factor**1.5)
    real = slices + sigma * rng.standard_normal(slices.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(slices.shape, dtype=np.float32)
    return np.hypot(real, imaginary) / np.float32(brightest)


def _frame(
    body: Body, affine: Affine, grid: Grid, acquisition: Acquisition
) -> tuple[Body, list[NDArray[np.float64]], list[NDArray[np.float64]]]:
    """Turn the body into the axes of a grid, by nearest neighbor, a little beyond its edges."""
    step = body.spacing_mm
    pixels = spacing_mm(grid.affine)
    axes = grid.affine[:3, :3] / pixels
    beyond = max(acquisition.thickness_mm, 3 * step)
    counts = [
        int(np.ceil(((n - 1) * p + 2 * beyond) / step)) + 1
        for n, p in zip(grid.shape, pixels, strict=True)
    ]
    start = grid.affine[:3, 3] - axes @ np.full(3, beyond) - axes @ (acquisition.shift_mm)
    to_body = np.linalg.inv(affine)
    matrix = to_body[:3, :3] @ axes * step
    offset = to_body[:3, :3] @ start + to_body[:3, 3]
    # start on a voxel of the body: halfway between two, the nearest would be the same side's
    aside = np.linalg.solve(matrix, np.rint(offset) - offset)
    offset = np.rint(offset)

    def turned(array: NDArray[Voxel], order: int, rest: float) -> NDArray[Voxel]:
        there: NDArray[Voxel] = affine_transform(
            array, matrix, offset, output_shape=tuple(counts), order=order, cval=rest
        )
        return there

    frame = Body(
        turned(body.tissues, 0, Tissue.BACKGROUND),
        step,
        None if body.infiltration is None else turned(body.infiltration, 1, 0.0),
        None if body.texture is None else turned(body.texture, 1, 1.0),
        None if body.water is None else turned(body.water, 1, 0.0),
    )
    positions: list[NDArray[np.float64]] = [
        (np.arange(n) + a) * step - beyond for n, a in zip(counts, aside, strict=True)
    ]
    centers: list[NDArray[np.float64]] = [
        np.arange(n) * p for n, p in zip(grid.shape, pixels, strict=True)
    ]
    return frame, positions, centers
