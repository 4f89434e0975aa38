"""The same place of every visit as pictures: one axial plane, one scale, one frame for all.

The plane is axial in the common space and is cut out of each visit through its own affine by
linear interpolation, so that visits that lie at an angle to each other show the same anatomy.
Sizes are never measured on these pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from gliokit.core.findings import Point
from gliokit.core.geometry import to_voxel, to_world
from gliokit.core.image import region_mask
from gliokit.core.vocabulary import MRSequence, Region
from gliokit.reporting.drawing import UNITS, Frame, bitmap, outline
from gliokit.reporting.figures import Figure
from gliokit.reporting.stage import Stage
from gliokit.reporting.views import Plane, direction_text, letters

# what is shown, and the region that is outlined on it
SHOWN: MappingProxyType[MRSequence, Region] = MappingProxyType(
    {MRSequence.T1C: Region.ENHANCING_TUMOR, MRSequence.FLAIR: Region.WHOLE_TUMOR}
)
MARGIN_MM = 8.0
SCALE_MM = 50
SAMPLES = 320  # along a side: finer than 1 mm in any head
INSIDE = 0.5  # share of a region from which a point of the plane lies in it


@dataclass(frozen=True, slots=True)
class VisitPicture:
    """One visit at the place that is shown of all.

    Attributes
    ----------
    title : str
        Of the visit, such as its study id.
    figures : tuple of Figure
        T1c with the enhancing tumor outlined, then FLAIR with the whole tumor; without those that
        the visit lacks.
    """

    title: str
    figures: tuple[Figure, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Window:
    """A square of the common space: its right and front edge, height and side, in mm."""

    right: float
    front: float
    height: float
    side: float

    def points(self) -> NDArray[np.float64]:
        """Give the centers of the pixels, (rows, columns, 3), in RAS+ mm."""
        steps = (np.arange(SAMPLES) + 0.5) * (self.side / SAMPLES)
        y, x = np.meshgrid(self.front - steps, self.right - steps, indexing="ij")
        return np.stack([x, y, np.full_like(x, self.height)], axis=-1)


def visit_pictures(
    stages: Sequence[tuple[str, Stage]], center_mm: Point
) -> tuple[VisitPicture, ...]:
    """Show the same axial plane of each visit.

    Parameters
    ----------
    stages : sequence of (title, Stage)
        Each laid into the common space by its affine; titles are shown.
    center_mm : Point
        RAS+ mm of the common space; the plane runs through it, and the heads decide the frame.

    Returns
    -------
    tuple of VisitPicture
        In the given order. A figure whose image does not reach the plane has no bitmap.
    """
    if not stages:
        return ()
    window = _window([stage for _, stage in stages], center_mm[2])
    return tuple(
        VisitPicture(
            title,
            tuple(_figure(stage, shown, window) for shown in SHOWN if shown in stage.images),
        )
        for title, stage in stages
    )


def _window(stages: Sequence[Stage], height: float) -> _Window:
    """Frame all heads as seen from below."""
    ends = np.concatenate([_corners(stage) for stage in stages])[:, :2]
    low, high = ends.min(axis=0), ends.max(axis=0)
    side = float((high - low).max()) + 2 * MARGIN_MM
    right, front = ((low + high) / 2 + side / 2).tolist()
    return _Window(right, front, height, side)


def _corners(stage: Stage) -> NDArray[np.float64]:
    ends = (stage.head + np.array([[-0.5], [0.5]])).T  # to the outer faces of the voxels
    return to_world(stage.grid.affine, list(product(*ends.tolist())))


def _figure(stage: Stage, sequence: MRSequence, window: _Window) -> Figure:
    places = np.moveaxis(to_voxel(stage.grid.affine, window.points()), -1, 0)
    pixels = _cut(stage.images[sequence], places)
    size = (window.side / SAMPLES, window.side / SAMPLES)
    frame, region = Frame(0, 0, window.side), SHOWN[sequence]
    share = _cut(region_mask(stage.labels, region).astype(np.float32), places)
    path = outline(share >= INSIDE, size, frame)
    shown = (
        bitmap(pixels, stage.windows[sequence], pixel_mm=size, frame=frame)
        if pixels.any()
        else None
    )
    return Figure(
        sequence=sequence,
        plane=Plane.AXIAL,
        position=direction_text(window.height, 2),
        bitmap=shown,
        letters=letters(Plane.AXIAL),
        outlines=((region, path),) if path else (),
        scale_mm=SCALE_MM,
        scale_units=round(SCALE_MM / window.side * UNITS, 2),
    )


def _cut(volume: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """Interpolate a volume (X, Y, Z) at voxel indices (3, rows, columns); 0 outside of it."""
    return map_coordinates(volume, places, order=1, mode="grid-constant", cval=0.0)
