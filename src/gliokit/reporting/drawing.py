"""Slices as images and regions as vector lines, in the units of a square figure.

A figure is 100 units wide and high whatever it shows; a `Frame` says which square of the
picture (mm, see `gliokit.reporting.views`) fills it. Lines therefore stay crisp at any size,
and pixels keep their true aspect.
"""

import base64
import io
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import ArrayLike, NDArray
from PIL import Image as Raster

UNITS = 100.0  # side of a figure
FIGURE_PIXELS = 480  # side of a figure when rasterized: sharp at twice its usual size on screen
JPEG_QUALITY = 88
WINDOW_PERCENTILES = (1.0, 99.5)


@dataclass(frozen=True, slots=True)
class Frame:
    """A square of a picture: its upper left corner and side, in picture mm."""

    left: float
    top: float
    side: float


@dataclass(frozen=True, slots=True)
class Bitmap:
    """An image as a data URI, and the rectangle that it fills, in figure units."""

    uri: str
    x: float
    y: float
    width: float
    height: float


def frame_around(center: ArrayLike, side: float) -> Frame:
    """Frame a square of a given side in mm around a point (2,) in picture mm."""
    across, down = np.asarray(center, dtype=float)
    return Frame(across - side / 2, down - side / 2, side)


def to_units(points: ArrayLike, frame: Frame) -> NDArray[np.float64]:
    """Map picture mm (N, 2) to figure units (N, 2)."""
    corner = np.array([frame.left, frame.top])
    return (np.asarray(points, dtype=float) - corner) * (UNITS / frame.side)


def intensity_window(volume: NDArray[np.float32]) -> tuple[float, float]:
    """Choose the intensities shown black and white: robust extremes of the nonzero voxels.

    Every second voxel along each axis of `volume` (X, Y, Z) is looked at.
    """
    sample = volume[::2, ::2, ::2]
    inside = sample[sample != 0]
    if not inside.size:
        return 0.0, 1.0
    low, high = np.percentile(inside, WINDOW_PERCENTILES)
    return float(low), float(max(high, low + 1e-6 * max(abs(low), 1)))


def bitmap(
    pixels: NDArray[np.float32],
    window: tuple[float, float],
    *,
    pixel_mm: tuple[float, float],
    frame: Frame,
) -> Bitmap | None:
    """Draw the part of a picture (rows, columns) that lies in a frame; None if none does."""
    rows, columns = pixels.shape
    left, right = _span(frame.left, frame.side, pixel_mm[0], columns)
    top, bottom = _span(frame.top, frame.side, pixel_mm[1], rows)
    if left >= right or top >= bottom:
        return None
    low, high = window
    cut = pixels[top:bottom, left:right]
    gray = np.clip((cut - low) / (high - low), 0, 1) * (cut != 0) * 255
    corners = np.array([[left, top], [right, bottom]]) * np.array(pixel_mm)
    (x, y), (x_end, y_end) = to_units(corners, frame)
    size = (_raster(x_end - x), _raster(y_end - y))
    smooth = Raster.fromarray(np.rint(gray).astype(np.uint8)).resize(
        size, Raster.Resampling.BICUBIC
    )
    return Bitmap(_data_uri(smooth), *(round(float(v), 2) for v in (x, y, x_end - x, y_end - y)))


def outline(mask: NDArray[np.bool_], pixel_mm: tuple[float, float], frame: Frame) -> str:
    """Trace the boundary of a mask (rows, columns) as an SVG path in figure units.

    The line runs half-way between pixels inside and outside; empty if the mask is.
    """
    if not mask.any():
        return ""
    padded = np.pad(mask.astype(np.float64), 1)
    generator = contour_generator(z=padded, name="serial", line_type=LineType.Separate)
    parts = []
    for line in generator.lines(0.5):
        # padding moved every pixel by one, and its center lies half a pixel inside
        points = to_units((np.asarray(line) - 0.5) * np.array(pixel_mm), frame)
        parts.append("M" + " ".join(f"{x:.2f},{y:.2f}" for x, y in points[:-1]) + "Z")
    return "".join(parts)


def _span(start_mm: float, side_mm: float, pixel_mm: float, count: int) -> tuple[int, int]:
    first, last = floor(start_mm / pixel_mm), ceil((start_mm + side_mm) / pixel_mm)
    return max(first, 0), min(last, count)


def _raster(units: float) -> int:
    return max(1, round(units / UNITS * FIGURE_PIXELS))


def _data_uri(image: Raster.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=JPEG_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
