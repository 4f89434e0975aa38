"""Gabor filter: modulus of the response to a wave under a Gaussian, in planes.

Kernel, in a plane with axes u and v: exp(-(x² + γ² y²) / 2σ² + 2πi x / λ), with
x = u cos θ + v sin θ and y = v cos θ - u sin θ. It ends 6 standard deviations from its middle,
where the Gaussian is below 2e-8. It is not normalized: responses grow with its area. An angle and
its opposite give the same modulus and are computed once.

Source: IBSI-2 reference manual, arXiv:2006.05470 (identifier Q88H).
"""

from dataclasses import dataclass
from math import ceil, cos, pi, radians, sin

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from gliokit.core.errors import SettingsError
from gliokit.radiomics.filters.boundary import Boundary, padded
from gliokit.radiomics.filters.rotation import Pooling

_TRUNCATE = 6.0  # standard deviations of the longer side of the Gaussian
_SLICES_AT_ONCE = 16  # bounds memory: spectra of as many slices are held


@dataclass(frozen=True, slots=True)
class Gabor:
    """Settings of a Gabor filter.

    Attributes
    ----------
    sigma_mm : float
        Standard deviation of the Gaussian along the wave.
    wavelength_mm : float
        Of the wave (λ).
    aspect : float
        Standard deviation along the wave over that across it (γ).
    theta_degrees : float
        Direction of the wave in the plane, or the first one.
    theta_step_degrees : float
        Between directions that fill the circle and are pooled; 0: one direction only.
    in_slices : bool
        Whether only planes of slices are filtered, or all three orthogonal planes, pooled.
    pooling : Pooling
        Of the responses in all directions and planes.
    boundary : Boundary
        Intensities beyond the image.
    """

    sigma_mm: float = 5.0
    wavelength_mm: float = 2.0
    aspect: float = 1.5
    theta_degrees: float = 0.0
    theta_step_degrees: float = 22.5
    in_slices: bool = False
    pooling: Pooling = Pooling.MEAN
    boundary: Boundary = Boundary.REFLECT

    def __post_init__(self) -> None:
        if not (self.sigma_mm > 0 and self.wavelength_mm > 0 and self.aspect > 0):
            raise SettingsError(
                f"Gabor filter: found sigma_mm {self.sigma_mm:g}, wavelength_mm "
                f"{self.wavelength_mm:g}, aspect {self.aspect:g}; needed are numbers above 0: "
                "the defaults are 5, 2 and 1.5"
            )
        step = self.theta_step_degrees
        if step < 0 or (step > 0 and abs(360 / step - round(360 / step)) > 1e-9):
            raise SettingsError(
                f"Gabor filter: found theta_step_degrees {step:g}; needed a part of the circle, "
                "such as 22.5 or 45, or 0 for one direction"
            )


def gabor_response(
    image: NDArray[np.floating], settings: Gabor, *, spacing_mm: float
) -> NDArray[np.floating]:
    """Filter an image (X, Y, Z); `spacing_mm` is that along every axis of a filtered plane."""
    reach = gabor_reach(settings, spacing_mm=spacing_mm)
    kernels = np.stack([_kernel(settings, theta, spacing_mm) for theta in directions(settings)])
    response = np.zeros_like(image)
    planes = (2,) if settings.in_slices else (0, 1, 2)  # each by the axis it is orthogonal to
    for axis in planes:
        stack, pooled = np.moveaxis(image, axis, 0), np.moveaxis(response, axis, 0)
        size = stack.shape[1:]
        shape = [fft.next_fast_len(n + 2 * reach) for n in size]
        spectra = fft.fft2(kernels, s=shape).astype(_complex_like(image))
        for start in range(0, len(stack), _SLICES_AT_ONCE):
            part = slice(start, start + _SLICES_AT_ONCE)
            slices = padded(stack[part], (0, reach, reach), settings.boundary)
            spectrum = fft.fft2(slices, s=shape)
            for kernel_spectrum in spectra:
                waves = fft.ifft2(spectrum * kernel_spectrum, overwrite_x=True)
                # the kernel begins at the origin, not around it
                ends = [slice(2 * reach, 2 * reach + n) for n in size]
                _pool(pooled[part], np.abs(waves[:, ends[0], ends[1]]), settings.pooling)
    if settings.pooling is Pooling.MEAN:
        response /= len(planes) * len(kernels)
    return response


def gabor_reach(settings: Gabor, *, spacing_mm: float) -> int:
    """Give how many voxels away an intensity matters."""
    longest_mm = settings.sigma_mm * max(1.0, 1 / settings.aspect)
    return ceil(_TRUNCATE * longest_mm / spacing_mm)


def directions(settings: Gabor) -> list[float]:
    """Give the different directions of the wave, in degrees; opposite ones are the same."""
    if settings.theta_step_degrees == 0:
        return [settings.theta_degrees]
    steps = round(360 / settings.theta_step_degrees)
    different = steps // 2 if steps % 2 == 0 else steps
    return [settings.theta_degrees + i * settings.theta_step_degrees for i in range(different)]


def _kernel(settings: Gabor, theta: float, spacing_mm: float) -> NDArray[np.complex128]:
    """Sample the kernel, (2 reach + 1, 2 reach + 1)."""
    reach = gabor_reach(settings, spacing_mm=spacing_mm)
    steps_mm = np.arange(-reach, reach + 1) * spacing_mm
    u, v = np.meshgrid(steps_mm, steps_mm, indexing="ij", sparse=True)
    c, s = cos(radians(theta)), sin(radians(theta))
    along, across = u * c + v * s, v * c - u * s
    bell = np.exp(-(along**2 + (settings.aspect * across) ** 2) / (2 * settings.sigma_mm**2))
    return bell * np.exp(2j * pi * along / settings.wavelength_mm)


def _pool(pooled: NDArray[np.floating], response: NDArray[np.floating], pooling: Pooling) -> None:
    """Add a response to the sum, or raise the maximum to it; a modulus is at least 0."""
    if pooling is Pooling.MEAN:
        pooled += response
    else:
        np.maximum(pooled, response, out=pooled)


def _complex_like(image: NDArray[np.floating]) -> type[np.complexfloating]:
    return np.complex64 if image.dtype == np.float32 else np.complex128
