"""One picture of an outline: the axial, coronal and sagittal slice that show most of it."""

from collections.abc import Iterator

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray
from PIL import Image as Raster
from PIL import ImageDraw, ImageFont

from gliokit.core.errors import GeometryError
from gliokit.core.findings import DISCLAIMER
from gliokit.core.geometry import Grid, to_world
from gliokit.core.image import Image
from gliokit.preprocessing.orientation import grid_in_ras, turn_to_ras
from gliokit.reporting.drawing import intensity_window
from gliokit.reporting.views import (
    PICTURE_AXES,
    Plane,
    direction_text,
    letters,
    picture,
    pixel_mm,
)

PIXELS_PER_MM = 2.0
GAP, FOOT = 8, 28  # pixels
LINE, INK = (255, 210, 60), (200, 200, 200)
LINE_PIXELS = 2
FONT = 16


def draw_outline(image: Image, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Draw the outline of a mask on an image, (rows, columns, 3) in red, green and blue.

    Parameters
    ----------
    image : Image
        In any orientation; shown as radiologists look at it.
    mask : (X, Y, Z)
        On its grid; the slices through the middle are shown if it is empty.

    Raises
    ------
    GeometryError
        If shapes differ.
    """
    if image.array.shape != mask.shape:
        raise GeometryError(
            f"the image has the shape {image.array.shape}, the mask {mask.shape}; resample it"
        )
    panels = list(_panels(image, mask))
    size = (sum(p.width + GAP for p in panels) - GAP, max(p.height for p in panels) + FOOT)
    sheet, left = Raster.new("RGB", size), 0
    for panel in panels:
        sheet.paste(panel, (left, (size[1] - FOOT - panel.height) // 2))
        left += panel.width + GAP
    ImageDraw.Draw(sheet).text((4, size[1] - FOOT + 4), DISCLAIMER, INK, _font())
    return np.asarray(sheet)


def _panels(image: Image, mask: NDArray[np.bool_]) -> Iterator[Raster.Image]:
    grid = grid_in_ras(image.grid)
    pixels, inside = turn_to_ras(image.array, image.affine), turn_to_ras(mask, image.affine)
    window = intensity_window(pixels)
    labels = inside.astype(np.uint8)
    for plane in Plane:
        index = _fullest(inside, PICTURE_AXES[plane][2])
        low, high = window
        gray = np.clip((picture(pixels, plane, index) - low) / (high - low), 0, 1) * 255
        panel = _scaled(gray.astype(np.uint8), pixel_mm(grid, plane))
        _trace(panel, picture(labels, plane, index), pixel_mm(grid, plane))
        _write(panel, grid, plane, index)
        yield panel


def _fullest(mask: NDArray[np.bool_], axis: int) -> int:
    if not mask.any():
        return mask.shape[axis] // 2
    others = tuple(other for other in range(3) if other != axis)
    return int(mask.sum(axis=others).argmax())


def _scaled(gray: NDArray[np.uint8], size_mm: tuple[float, float]) -> Raster.Image:
    rows, columns = gray.shape
    size = (
        max(round(columns * size_mm[0] * PIXELS_PER_MM), 1),
        max(round(rows * size_mm[1] * PIXELS_PER_MM), 1),
    )
    upright = Raster.fromarray(np.ascontiguousarray(gray))
    return upright.resize(size, Raster.Resampling.BICUBIC).convert("RGB")


def _trace(panel: Raster.Image, mask: NDArray[np.uint8], size_mm: tuple[float, float]) -> None:
    if not mask.any():
        return
    pen = ImageDraw.Draw(panel)
    scale = np.array(size_mm) * PIXELS_PER_MM
    for line in contour_generator(z=np.pad(mask.astype(np.float64), 1)).lines(0.5):
        # padding moved every pixel by one, and its center lies half a pixel inside
        points = (np.asarray(line) - 0.5) * scale
        pen.line([(float(x), float(y)) for x, y in points], fill=LINE, width=LINE_PIXELS)


def _write(panel: Raster.Image, grid: Grid, plane: Plane, index: int) -> None:
    """Write the directions at the edges, and where the slice lies."""
    through = PICTURE_AXES[plane][2]
    voxel = np.where(np.arange(3) == through, index, (np.array(grid.shape) - 1) / 2)
    place = direction_text(float(to_world(grid.affine, voxel)[through]), through)
    pen, font = ImageDraw.Draw(panel), _font()
    left, right, upper, lower = letters(plane)
    wide, high = panel.size
    pen.text((4, high // 2), left, INK, font, anchor="lm")
    pen.text((wide - 4, high // 2), right, INK, font, anchor="rm")
    pen.text((wide // 2, 4), upper, INK, font, anchor="mt")
    pen.text((wide // 2, high - 4), lower, INK, font, anchor="mb")
    pen.text((4, 4), f"{plane} {place} mm", INK, font, anchor="lt")


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(FONT)
