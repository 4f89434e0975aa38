"""N4: the coil's brightness, estimated from one image and divided out.

The logarithm of brightness is a smooth field: cubic B-splines on a mesh over the brain's box that
gets finer level by level. At each level the histogram of the corrected logarithm is sharpened
(deconvolved from a narrow Gaussian), each voxel is pulled towards the mean that the sharp histogram
gives its value, and the pull, smoothed by the splines, is added to the field. Only voxels of the
brain count, averaged to about 4 mm; the field is then laid over the image's own voxels.

The field has a geometric mean of 1 in the brain, so that intensities keep their scale. Outside the
brain nothing is changed: a background of 0 stays 0.

The mesh ends at 2 elements to a side, about 85 mm. Four levels, to 8, as are usual (ITK lays them
over the whole image), take a tumor for brightness: in four real cases the field of FLAIR rose to
1.1-2.0 over the tumor, and the shipped model found 23 to 81 % less of the whole tumor than before
(`benchmarks/bias_field`). What is known of the tumor can be left out by `exclude`.

Source: Tustison et al., IEEE Trans Med Imaging 2010;29:1310-20, doi:10.1109/TMI.2010.2046908 (N4);
Sled et al., IEEE Trans Med Imaging 1998;17:87-97, doi:10.1109/42.668698 (sharpening); Lee et al.,
IEEE Trans Vis Comput Graph 1997;3:228-44, doi:10.1109/2945.620490 (splines from scattered points).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliokit.core.errors import GeometryError, NotAssessableError
from gliokit.core.geometry import bounding_box, spacing_mm
from gliokit.core.image import Image
from gliokit.core.study import Study
from gliokit.preprocessing.resampling import resample

WORKING_MM = 4.0
DEGREE = 3
FEWEST = 500  # voxels of the brain at `WORKING_MM`
MOST_BELOW_0 = 0.05  # of the brain; interpolation leaves less, a shifted scale much more
BINS = 200
TINY = 1e-12

Array: TypeAlias = NDArray[np.float64]


class BiasField(StrEnum):
    """What is done about the coil's brightness."""

    NONE = "none"
    N4 = "n4"


@dataclass(frozen=True, slots=True)
class N4:
    """How the field is estimated; all but the mesh are those of ITK.

    Attributes
    ----------
    meshes : tuple of int
        Elements of the spline to a side of the box, level by level.
    rounds : int
        Of sharpening at a level, at most.
    close : float
        Coefficient of variation of the field's change at which a level ends.
    width : float
        Full width at half maximum of the Gaussian, in log intensity.
    noise : float
        Of the Wiener filter that divides by it.
    """

    meshes: tuple[int, ...] = (1, 2)
    rounds: int = 50
    close: float = 1e-3
    width: float = 0.15
    noise: float = 0.01


DEFAULT = N4()


def correct_bias(
    image: Image,
    brain: NDArray[np.bool_],
    *,
    exclude: NDArray[np.bool_] | None = None,
    settings: N4 = DEFAULT,
) -> Image:
    """Divide an image by its field in the brain; its source and hash stay.

    Parameters and errors are those of `bias_field`.
    """
    field = bias_field(image, brain, exclude=exclude, settings=settings)
    return replace(image, array=image.array / field)


def corrected_study(
    study: Study, brain: NDArray[np.bool_], *, exclude: NDArray[np.bool_] | None = None
) -> Study:
    """Correct every image of a study on one grid.

    Parameters and errors are those of `bias_field`.
    """
    images = {s: correct_bias(one, brain, exclude=exclude) for s, one in study.images.items()}
    return replace(study, images=images)


def bias_field(
    image: Image,
    brain: NDArray[np.bool_],
    *,
    exclude: NDArray[np.bool_] | None = None,
    settings: N4 = DEFAULT,
) -> NDArray[np.float32]:
    """Estimate the field, (X, Y, Z): 1 outside the brain, geometric mean 1 inside.

    Parameters
    ----------
    image : Image
        With voxels of any size; what is not above 0 does not count.
    brain : (X, Y, Z)
        Where the field is estimated and divided out.
    exclude : (X, Y, Z), optional
        Voxels that tell nothing of it, such as the tumor; it is divided out there too.
    settings : N4
        How it is estimated.

    Raises
    ------
    GeometryError
        If shapes differ.
    NotAssessableError
        If too little of the brain counts, or intensities are shifted, as z-scores are.
    """
    for mask in (brain, exclude):
        if mask is not None and mask.shape != image.array.shape:
            raise GeometryError(
                f"{image.source} has shape {image.array.shape}, a mask {mask.shape}; resample it"
            )
    used = brain & (image.array > 0)
    if exclude is not None:
        used &= ~exclude
    field = np.ones(image.array.shape, np.float32)
    if not used.any():
        raise _too_little(image, 0)
    if (below := float((image.array[brain] < 0).mean())) > MOST_BELOW_0:
        raise NotAssessableError(
            f"{image.source}: {below:.0%} of the brain is below 0; needed intensities that the "
            "coil's brightness multiplies, as scanned: give the image before it was standardized, "
            "or leave out N4"
        )
    box = bounding_box(brain)
    spacing = spacing_mm(image.affine)
    logs, counted = _coarse_logs(image.array[box], used[box], spacing)
    if (found := int(np.count_nonzero(counted))) < FEWEST:
        raise _too_little(image, found)
    shape = brain[box].shape
    log_field = _estimate(logs, counted, shape, settings)
    inside = brain[box]
    log_field -= log_field[inside].mean()
    field[box][inside] = np.exp(log_field[inside])
    return field


def _too_little(image: Image, found: int) -> NotAssessableError:
    return NotAssessableError(
        f"{image.source}: only {found} voxels of {WORKING_MM:g} mm are above 0 in the brain; "
        f"needed {FEWEST} to estimate the coil's brightness: check the image, or leave out N4"
    )


def _coarse_logs(
    array: NDArray[np.float32], used: NDArray[np.bool_], spacing: Array
) -> tuple[Array, NDArray[np.bool_]]:
    """Average the logarithm over the voxels that count, and say where there are any."""
    wanted = np.maximum(spacing, WORKING_MM)
    share = resample(used.astype(np.float32), spacing, wanted)
    logs = np.log(np.where(used, array, np.float32(1)), dtype=np.float32)
    total = resample(logs, spacing, wanted)
    return np.asarray(total / share.clip(0.25), np.float64), share >= 0.5


def _estimate(logs: Array, counted: NDArray[np.bool_], shape: Sequence[int], settings: N4) -> Array:
    """Climb from level to level; give the logarithm of the field on `shape` voxels."""
    smooth = np.zeros_like(logs)
    whole = np.zeros(shape)
    for mesh in settings.meshes:
        bases = [_splines(n, mesh) for n in logs.shape]
        control = np.zeros([mesh + DEGREE] * 3)
        for _ in range(settings.rounds):
            corrected = logs[counted] - smooth[counted]
            pull = np.zeros_like(logs)
            pull[counted] = corrected - _sharpened(corrected, settings)
            added = _fit(pull, counted, bases)
            change = _spread(added, bases)
            control += added
            smooth += change
            ratio = np.exp(change[counted])
            if ratio.std() / ratio.mean() < settings.close:
                break
        whole += _spread(control, [_splines(n, mesh) for n in shape])
    return whole


def _sharpened(values: Array, settings: N4) -> Array:
    """Give the expected true value of each, (n,), by the histogram without the Gaussian."""
    low, high = values.min(), values.max()
    step = (high - low) / (BINS - 1)
    if step < TINY:
        return values
    places = (values - low) / step
    first = np.minimum(places.astype(np.intp), BINS - 2)
    part = places - first
    counts = np.bincount(first, 1 - part, BINS) + np.bincount(first + 1, part, BINS)
    size = 2 ** int(np.ceil(np.log2(BINS)) + 1)
    start = (size - BINS) // 2
    padded = np.zeros(size)
    padded[start : start + BINS] = counts
    offsets = np.minimum(np.arange(size), size - np.arange(size)) * step
    gauss = np.exp(-4 * np.log(2) * (offsets / settings.width) ** 2)
    filtered = np.fft.rfft(gauss / gauss.sum())
    wiener = filtered.conj() / (np.abs(filtered) ** 2 + settings.noise)
    sharp = np.fft.irfft(np.fft.rfft(padded) * wiener, size).clip(0)
    middles = low + (np.arange(size) - start) * step
    above = np.fft.irfft(np.fft.rfft(sharp * middles) * filtered, size)
    below = np.fft.irfft(np.fft.rfft(sharp) * filtered, size)
    expected = np.where(below > TINY, above / np.maximum(below, TINY), middles)
    return np.interp(values, middles, expected)


def _splines(n: int, mesh: int) -> Array:
    """Weights (n, mesh + 3) of the control points at the middles of n voxels."""
    places = (np.arange(n) + 0.5) / n * mesh
    first = places.astype(np.intp)
    t, rows = places - first, np.arange(n)
    u = 1 - t
    weights = np.zeros((n, mesh + DEGREE))
    weights[rows, first] = u**3 / 6
    weights[rows, first + 1] = (4 - 6 * t**2 + 3 * t**3) / 6
    weights[rows, first + 2] = (4 - 6 * u**2 + 3 * u**3) / 6
    weights[rows, first + 3] = t**3 / 6
    return weights


def _fit(values: Array, counted: NDArray[np.bool_], bases: Sequence[Array]) -> Array:
    """Approximate values (X, Y, Z) at the voxels that count by control points."""
    squares = [basis**2 for basis in bases]
    x, y, z = (square.sum(axis=1) for square in squares)
    scaled = values / (x[:, None, None] * y[:, None] * z)
    weighted = _gather(scaled, [basis**3 for basis in bases])
    total = _gather(counted.astype(np.float64), squares)
    return np.where(total > TINY, weighted / np.maximum(total, TINY), 0.0)


def _gather(array: Array, bases: Sequence[Array]) -> Array:
    """Sum an array (X, Y, Z) into control points."""
    for basis in bases:  # each turns the first axis into the last
        array = np.tensordot(array, basis, axes=(0, 0))
    return array


def _spread(control: Array, bases: Sequence[Array]) -> Array:
    """Evaluate control points at voxels, (X, Y, Z)."""
    for basis in bases:
        control = np.tensordot(control, basis, axes=(0, 1))
    return control
